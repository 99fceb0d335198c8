#!/usr/bin/env python3
"""Captures of DNS tunnels, and of what is like them. dns_tunnels.py COMMAND ...

  make FILE           mirrored questions and answers: each client does one thing; prints what must be found
  judge DIR EXPECT    the alerts of DIR of category tunnel are those, each once
"""
import json
import sys

from capgen import START
from packets import UDP, Random, frame, ip, mirror, save, udp
import told

S = 10**9
SERVER = "10.8.0.53"
LETTERS = b"abcdefghijklmnopqrstuvwxyz234567"


def labels(name):
    return b"".join(bytes([len(part)]) + part for part in name.split(b".")) + b"\0"


def text(random, n):
    return bytes(LETTERS[random.below(len(LETTERS))] for _ in range(n))


def names(random):
    """Client: what it asks for, one name every so many ns; below what, if it is a tunnel; how many names differ."""
    long = [text(random, 50) + b"." + text(random, 40) for _ in range(400)]
    return {
        # 120 of them in two minutes; as many in IPv6.
        "10.1.0.1": ([n + b".t.example.com" for n in long[:120]], S, "example.com"),
        "fd00:1::1": ([n + b".example.co.uk" for n in long[:300]], S // 10, "example.co.uk"),
        # Without a domain, as one of the tools asks its own server.
        "10.1.0.2": ([b"dnscat." + n + b".a%05x" % k for k, n in enumerate(long[:150])], S // 10, "no domain"),
        # What is like it: fewer; the same again; slower than the window; short; by address; each below another domain.
        "10.2.0.1": ([n + b".example.com" for n in long[:99]], S // 10, None),
        "10.2.0.2": ([n + b".example.com" for n in long[:20]] * 20, S // 10, None),
        "10.2.0.3": ([n + b".example.com" for n in long[:110]], 4 * S, None),
        "10.2.0.4": ([b"host-%d.eu.example.com" % k for k in range(400)], S // 10, None),
        "10.2.0.5": ([b".".join(b"%x" % (k >> i & 15) for i in range(0, 128, 4)) + b".ip6.arpa" for k in range(300)],
                     S // 10, None),
        "10.2.0.6": ([b"a-name-of-a-distribution." + text(random, 14) + b".cloudfront.net" for _ in range(300)],
                     S // 10, None),
        "10.2.0.7": ([text(random, 30) + b"." + text(random, 20) + b".com" for _ in range(300)], S // 10, None),
    }


def make(path):
    random, packets, found = Random(4), [], []
    for client, (asked, every, domain) in names(random).items():
        server = "fd00:8::53" if ":" in client else SERVER
        for k, name in enumerate(asked):
            time, port = START + k * every, 20000 + k
            question = labels(name) + b"\0\x10\0\1"
            for at, src, sport, dst, dport, flags, answers in (
                    (time, client, port, server, 53, b"\1\0", 0), (time + S // 100, server, 53, client, port, b"\x81\x80", 1)):
                body = k.to_bytes(2, "big") + flags + b"\0\1" + answers.to_bytes(2, "big") + b"\0\0\0\0" + question
                if answers:
                    body += b"\xc0\x0c\0\x10\0\1\0\0\0\0\0\5\4" + text(random, 4)
                packets.append((at, mirror(frame(ip(src, dst, UDP, udp(src, sport, dst, dport, body))), 7), None))
        if domain:
            found.append({"rule": "dns_tunnel", "src_ip": client, "title": "DNS tunnel below " + domain, "severity": 2,
                          "count": len(asked), "tenant": "7"})
    packets.sort(key=lambda packet: packet[0])
    save(path, packets)
    print(json.dumps(found))
    return 0


def judge(directory, expect):
    return told.judge(directory, expect, "tunnel", "dns.query")


COMMANDS = {"make": make, "judge": judge}

if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    sys.exit(COMMANDS[sys.argv[1]](*sys.argv[2:]))
