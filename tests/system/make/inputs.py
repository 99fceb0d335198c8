#!/usr/bin/env python3
"""inputs.py KIND FILE: captures of which not everything is mirror traffic, or not as it should be.

  behind   ordinary packets, 1,500 of them, then a mirrored conversation: prints its packets
  mixed    an ordinary conversation and a mirrored one, packet by packet: prints the packets of each
  foreign  encapsulations that are not taken off: VXLAN and GENEVE on other ports, VXLAN-GPE, ERSPAN
           II and III, TZSP, NVGRE; and what only resembles them
  cropped  a mirrored conversation whose larger frames were cut without a word of it in the headers:
           prints packets, those cut, the bytes that its server sent
  links    one conversation as Ethernet inside VXLAN and one as IP inside GENEVE, packets cut
  large    ordinary packets of 64 KB with nothing in them: 400 MB, and little as FILE.gz
"""
import json
import struct
import sys

import capgen
from packets import (ACK, IP4, PSH, UDP, Random, ether, frame, gateway, geneve, ip4, mirror, save, udp,
                     vxlan)

MS = capgen.MS
TAP, COLLECTOR = "172.31.0.238", "172.31.17.188"


def http(n, body=2000):
    """Client and server of number `n`; the server sends segments of 700 bytes."""
    talk = capgen.Stream(Random(n), "10.1.0.%d" % n, 40000 + n, "10.2.0.%d" % n, 80, capgen.START)
    talk.begin()
    talk.segment(0, PSH | ACK, b"GET /%d HTTP/1.1\r\nHost: shop.example\r\n\r\n" % n)
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % body + b"x" * body
    for at in range(0, len(reply), 700):
        talk.segment(1, PSH | ACK, reply[at:at + 700])
        talk.segment(0, ACK)
    talk.end()
    return [frame(packet) for _, _, packet in talk.packets]


def at(frames, step=MS):
    return [(capgen.START + i * step, data, None) for i, data in enumerate(frames)]


def behind():
    ordinary = [frame(ip4("10.9.0.1", "10.9.0.2", UDP, udp("10.9.0.1", 5000 + i % 50, "10.9.0.2", 6000,
                                                          b"health"))) for i in range(1500)]
    mirrored = [mirror(f, 42) for f in http(1)]
    return at(ordinary + mirrored), {"mirrored": len(mirrored), "plain": len(ordinary)}


def mixed():
    ordinary, mirrored = http(2), [mirror(f, 42) for f in http(3)]
    frames = [f for pair in zip(ordinary, mirrored) for f in pair]
    return at(frames), {"mirrored": len(mirrored), "plain": len(ordinary)}


def over_udp(port, payload, sport=50000):
    return frame(ip4(TAP, COLLECTOR, UDP, udp(TAP, sport, COLLECTOR, port, payload)))


def gre(protocol, header, inner):
    """A source of its own for each kind: a flow is told by its first packet."""
    return frame(ip4("172.31.1.%d" % (protocol & 255), COLLECTOR, 47, struct.pack("!HH", 0x1000 if protocol == 0x88BE else 0,
                                                    protocol) + header + inner))


def foreign():
    inner = http(4)[3]
    gpe = struct.pack("!BBBB", 0x0C, 0, 0, 3) + struct.pack("!I", 7 << 8)
    frames = [over_udp(8472, vxlan(inner, 7)), over_udp(8472, vxlan(inner, 8), 50001),
              over_udp(4790, gpe + inner),
              over_udp(4790, gpe[:3] + b"\1" + gpe[4:] + inner[14:], 50001),
              over_udp(6082, geneve(inner, 9)),
              gre(0x88BE, bytes(4) + struct.pack("!II", 0x10010064, 0), inner),
              gre(0x22EB, struct.pack("!III", 0x20010064, 0, 0), inner),
              gre(0x6558, struct.pack("!I", 7 << 8), inner),
              over_udp(37008, b"\1\0\0\1\1" + inner),
              # What only resembles them.
              over_udp(8472, b"\x08\0\0\0" + b"plain text, and no frame behind it"),
              over_udp(37008, b"\2\0\0\1\1" + inner, 50002), gre(0x0800, b"", inner[14:])]
    return at(frames), {}


def cropped():
    """GRO joins the copies of two segments, and the copy of that is cut to 700 bytes."""
    frames = [mirror(f, 42) for f in http(5)]
    cut = [f[:700] if len(f) > 700 else f for f in frames]
    return at(cut), {"packets": len(cut), "cut": sum(len(f) > 700 for f in frames),
                     "server": sum(len(f) - 64 for f in frames if f[50 + 26:50 + 30] == bytes([10, 2, 0, 5]))}


def links():
    whole = [mirror(f, 1) for f in http(6)] + [gateway(f[14:], 2, protocol=IP4) for f in http(7)]
    return [(t, f[:140], len(f)) for t, f, _ in at(whole)], {}


def large():
    return at([ether(bytes(65000), 0x88B5)] * 6200), {}


def main():
    packets, said = globals()[sys.argv[1]]()
    save(sys.argv[2], packets)
    print(json.dumps(said))


main()
