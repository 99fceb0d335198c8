#!/usr/bin/env python3
"""Sends mirrored UDP conversations to a live appliance: mirror_send.py TARGET [name=value ...]

  flows=1 packets=1  conversations one after the other, packets of each, one behind the other
  first=1            number of the first conversation: it chooses addresses and ports
  rate=10000         packets a second
  dns=0              1: the packets are DNS questions, else bytes that are nothing
  seconds=0          goes on from the first conversation again for so long

Prints how many packets it sent. Waits at most 20 s in all."""
import socket
import struct
import sys
import time

import packets


def question(number):
    name = b"".join(bytes([len(p)]) + p for p in (b"host%d" % number, b"example", b"org"))
    return struct.pack("!6H", number % 65536, 0x0100, 1, 0, 0, 0) + name + b"\0\0\1\0\1"


def datagram(number, dns):
    src = "10.%d.%d.%d" % (1 + number // 62500, number // 250 % 250, 1 + number % 250)
    body = question(number) if dns else b"\xf0\x0d" * 30
    inner = packets.udp(src, 20000 + number % 40000, "10.200.0.1", 53 if dns else 33333, body)
    frame = packets.frame(packets.ip(src, "10.200.0.1", packets.UDP, inner))
    return packets.vxlan(frame, 42)


def main():
    given = {"flows": 1, "packets": 1, "first": 1, "rate": 10000, "dns": 0, "seconds": 0}
    for word in sys.argv[2:]:
        name, value = word.split("=")
        given[name] = type(given[name])(value)
    line = [datagram(given["first"] + n, given["dns"]) for n in range(given["flows"])]
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    out.connect((sys.argv[1], 4789))
    began, sent, again = time.monotonic(), 0, True
    end = began + (given["seconds"] or 20)
    while again:
        for bytes_ in line:
            for _ in range(given["packets"]):
                ahead = began + sent / given["rate"] - time.monotonic()
                if ahead > 0.001:
                    time.sleep(ahead)
                out.send(bytes_)
                sent += 1
            if time.monotonic() > end:
                break
        again = given["seconds"] > 0 and time.monotonic() < end
    print(sent)


main()
