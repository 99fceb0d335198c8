#!/usr/bin/env python3
"""questions.py FILE: mirrored questions that nobody answers, each for a name of its own below bad.example: of DNS, HTTP and
TLS; and a second question of DNS in one flow, which is answered."""
import sys

from capgen import START, Stream
from packets import ACK, PSH, UDP, Random, frame, ip, mirror, save, udp

S = 10**9


def question(number, name, answered=False):
    labels = b"".join(bytes([len(part)]) + part for part in name.split(b".")) + b"\0\0\1\0\1"
    return number.to_bytes(2, "big") + (b"\x81\x80" if answered else b"\1\0") + b"\0\1\0\0\0\0\0\0" + labels


def hello(name):
    """A ClientHello of TLS 1.2 with one cipher suite and a server name."""
    sni = b"\0\0" + (len(name) + 5).to_bytes(2, "big") + (len(name) + 3).to_bytes(2, "big") + b"\0" + len(name).to_bytes(2, "big") + name
    body = b"\3\3" + bytes(range(32)) + b"\0" + b"\0\2\xc0\x2f" + b"\1\0" + len(sni).to_bytes(2, "big") + sni
    message = b"\1" + len(body).to_bytes(3, "big") + body
    return b"\x16\3\1" + len(message).to_bytes(2, "big") + message


def dns(time, port, number, name, back=False, answered=False):
    ends = ("10.3.0.53", 53, "10.3.0.1", port) if back else ("10.3.0.1", port, "10.3.0.53", 53)
    return (time, None, ip(ends[0], ends[2], UDP, udp(*ends, question(number, name, answered))))


def main():
    random = Random(3)
    packets = [dns(START, 30000, 1, b"dns.bad.example")]
    packets += [dns(START + S // 10, 30001, 2, b"fine.example"), dns(START + S // 5, 30001, 2, b"fine.example", True, True),
                dns(START + S // 4, 30001, 3, b"second.bad.example"), dns(START + S // 3, 30001, 3, b"second.bad.example", True, True)]
    for port, dport, data in ((30002, 80, b"GET /poll HTTP/1.1\r\nHost: http.bad.example\r\n\r\n"), (30003, 443, hello(b"tls.bad.example"))):
        talk = Stream(random, "10.3.0.1", port, "10.3.0.9", dport, START + S)
        talk.begin()
        talk.segment(0, PSH | ACK, data)
        packets += talk.packets
    packets.sort(key=lambda packet: packet[0])
    save(sys.argv[1], [(time, mirror(frame(data), 9), None) for time, _, data in packets])


main()
