#!/usr/bin/env python3
"""Captures of beacons, and of what is like them. beacons.py COMMAND ...

  make FILE           mirrored connections: each client does one thing; prints what must be found
  judge DIR EXPECT    the alerts of DIR of category beacon are those, each once
"""
import json
import sys

from capgen import START, Stream
from packets import ACK, PSH, UDP, Random, frame, ip, mirror, save, udp
import told

S = 10**9


def times(random, n, every, jitter):
    """`n` times, each after a wait of `every` seconds that is up to `jitter` percent of it longer or shorter."""
    at, found = START, []
    for _ in range(n):
        found.append(at)
        at += every * S + (random.below(2 * jitter + 1) - jitter) * every * S // 100 if jitter else every * S
    return found


def clients(random):
    """Client: server, port, when, bytes each time; whether it is a beacon."""
    clock = times(random, 40, 60, 0)
    return {
        "10.1.0.1": ("198.51.100.7", 443, clock, [300] * 40, True),
        "fd00:1::1": ("2001:db8:7::7", 8443, times(random, 30, 30, 10), [900] * 30, True),
        "10.1.0.2": ("198.51.100.8", 80, times(random, 64, 120, 5), [200 + random.below(20) for _ in range(64)], True),
        # What is like them: too few; other times; other sizes; inside; faster.
        "10.2.0.1": ("198.51.100.7", 443, clock[:23], [300] * 23, False),
        "10.2.0.2": ("198.51.100.7", 443, times(random, 60, 60, 70), [300] * 60, False),
        "10.2.0.3": ("198.51.100.7", 443, clock, [100 + random.below(1200) for _ in range(40)], False),
        "10.2.0.4": ("10.9.9.9", 9090, clock, [300] * 40, False),
        "10.2.0.5": ("198.51.100.9", 443, times(random, 60, 5, 0), [300] * 60, False),
    }


def datagrams(client, server, port, when, answered):
    packets = []
    for n, time in enumerate(when):
        packets.append((time, frame(ip(client, server, UDP, udp(client, 30000 + n, server, port, b"x" * 48)))))
        if answered:
            packets.append((time + S // 50, frame(ip(server, client, UDP, udp(server, port, client, 30000 + n, b"y" * 48)))))
    return packets


def make(path):
    random, packets, found = Random(7), [], []
    port = 20000
    for client, (server, dport, when, sizes, is_one) in clients(random).items():
        for time, size in zip(when, sizes):
            port += 1
            talk = Stream(random, client, port, server, dport, time)
            talk.begin()
            talk.segment(0, PSH | ACK, bytes(random.below(256) for _ in range(size)))
            talk.segment(1, PSH | ACK, b"ok" * 20)
            talk.end()
            packets += [(at, mirror(frame(data), 7), None) for at, _, data in talk.packets]
        if is_one:
            end = "[%s]:%d" % (server, dport) if ":" in server else "%s:%d" % (server, dport)
            found.append({"rule": "beacon", "src_ip": client, "title": "Beacon to " + end, "severity": 3,
                          "count": len(when), "tenant": "7"})
    clock = times(random, 40, 64, 0)
    for client, port, answered in (("10.2.0.6", 123, True), ("10.2.0.7", 5000, False)):  # NTP; nobody answers
        packets += [(at, mirror(data, 7), None) for at, data in datagrams(client, "198.51.100.7", port, clock, answered)]
    packets.sort(key=lambda packet: packet[0])
    save(path, packets)
    print(json.dumps(found))
    return 0


def judge(directory, expect):
    return told.judge(directory, expect, "beacon", "interval_s")


COMMANDS = {"make": make, "judge": judge}

if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    sys.exit(COMMANDS[sys.argv[1]](*sys.argv[2:]))
