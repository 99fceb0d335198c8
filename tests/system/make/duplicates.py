#!/usr/bin/env python3
"""Mirror sessions that send packets twice, and ones that look alike. duplicates.py COMMAND ...

  make FILE        a capture in which each kind below is a session of 10.77.0.1, its VNI the kind's number; prints as JSON
                   of each VNI how many packets the sample has, and how many of these are copies
  expect OUT WANT  the summary of the output folder OUT has these numbers (WANT: what `make` printed), and an
                   alert `mirror_duplicates` of each session of which 5 % and 8 packets are copies, and of no other

Packets whose IPv4 identification ends in 10, of 0 to 15, are the sample. Identifications count up, as in all common stacks,
but where a kind says otherwise."""
import json
import os
import sys

import packets
from packets import ACK, ICMP, PSH, TCP, UDP

A, B, SOURCE, TARGET = "10.5.0.1", "10.5.0.2", "10.77.0.1", "10.77.0.2"
START, MS = 1700000000 * 10**9, 10**6
N = 640


def frame(protocol, body, ident):
    return packets.frame(packets.ip4(A, B, protocol, body, ident=ident))


def udp(n, ident=None, body=b"\xf0\x0d" * 30, sport=20000):
    return frame(UDP, packets.udp(A, sport, B, 33333, body), n if ident is None else ident)


def tcp(n, seq, size=100, ident=None):
    return frame(TCP, packets.tcp(A, 40000, B, 443, ACK | PSH, seq, 1, bytes(size)), n if ident is None else ident)


# Each gives (ms, frame, whether it is a copy), in order.
def every_packet_twice():
    for n in range(N):
        yield n, udp(n), False
        yield n + 0.2, udp(n), True


def bursts_twice():
    """A B C ... A B C ..., of several conversations, as a bridge sends a burst on."""
    for at in range(0, N, 32):
        burst = [udp(n, sport=20000 + n % 7) if n % 2 else tcp(n, 1000 + 100 * n) for n in range(at, at + 32)]
        for copy in (False, True):
            for i, one in enumerate(burst):
                yield at + i * 0.1 + 5 * copy, one, copy


def one_of_ten_twice():
    for n in range(10 * N):
        yield n * 0.1, udp(n), False
        if n // 16 % 10 == 0:
            yield n * 0.1 + 0.01, udp(n), True


def one_of_fifty_twice():
    for n in range(20 * N):
        yield n * 0.1, udp(n), False
        if n // 16 % 50 == 0:
            yield n * 0.1 + 0.01, udp(n), True


def retransmissions():
    """Every segment three times, each with an identification of its own."""
    for n in range(3 * N):
        yield n * 0.3, tcp(n, 1000 + 100 * (n // 3)), False


def rtp_with_one_payload():
    """The same datagram over and over: nothing but the identification changes."""
    for n in range(N):
        yield n * 20, udp(n), False


def keep_alives():
    for n in range(N):
        yield n * 5, tcp(n, 999, size=1), False


def echo_flood():
    for n in range(4 * N):
        yield n * 0.05, frame(ICMP, packets.icmp(8, 0, 1, 1, bytes(56)), n), False


def late_with_one_identification():
    """Equal to the last bit, and no copies: further apart than a mirror's."""
    for n in range(N):
        yield n * 11, udp(n, ident=26), False


def without_identification():
    """0 says nothing: what comes twice is not told."""
    for n in range(N):
        for _ in range(2):
            yield n, udp(n, ident=0, body=bytes([n % 256]) * 40), None


def ipv6_twice():
    for n in range(N):
        for _ in range(2):
            yield n, packets.frame(packets.ip6("fd00::1", "fd00::2", UDP, packets.udp(
                "fd00::1", 20000, "fd00::2", 33333, n.to_bytes(4, "big")))), None


KINDS = {100: every_packet_twice, 101: bursts_twice, 102: one_of_ten_twice, 103: one_of_fifty_twice,
         104: retransmissions, 105: rtp_with_one_payload, 106: keep_alives, 107: echo_flood,
         108: late_with_one_identification, 109: without_identification, 110: ipv6_twice}
BOTH_ENDS = 111, 112  # each packet once in either: two observation points


def sample(one):
    ip = one[14:]
    return ip[0] >> 4 == 4 and ip[5] % 16 == 10


def make(path):
    all_of, want = [], {}
    for vni, kind in KINDS.items():
        counts = want[vni] = [0, 0]
        for ms, one, copy in kind():
            all_of.append((START + int(ms * MS), packets.mirror(one, vni, src=SOURCE, dst=TARGET), None))
            counts[0] += sample(one)
            counts[1] += bool(sample(one) and copy)
    for vni in BOTH_ENDS:
        want[vni] = [sum(sample(udp(n)) for n in range(N)), 0]
        all_of += [(START + n * MS, packets.mirror(udp(n), vni, src=SOURCE, dst=TARGET), None) for n in range(N)]
    all_of.sort(key=lambda one: one[0])
    packets.save(path, all_of)
    json.dump(want, sys.stdout)


def expect(out, path):
    want = {int(vni): tuple(counts) for vni, counts in json.load(open(path)).items()}
    summary = json.load(open(os.path.join(out, "summary.json")))
    got = {row["vni"]: (row["sampled"], row["sampled_copies"]) for row in summary["sessions"]}
    if got != want:
        sys.exit("sampled, copies: %s\nwant %s" % (got, want))
    doubled = sorted(vni for vni, (all_, copies) in want.items() if copies >= 8 and copies * 100 >= 5 * all_)
    alerts = [json.loads(line) for line in open(os.path.join(out, "alerts", "alerts.jsonl"))]
    told = sorted(a["vni"] for a in alerts if a["rule"] == "mirror_duplicates")
    if told != doubled or len(doubled) != 3:
        sys.exit("alerts of %s, want %s" % (told, doubled))
    for a in alerts:
        if a["rule"] == "mirror_duplicates" and a["evidence"] != {"sampled_copies": str(want[a["vni"]][1])}:
            sys.exit("evidence: %s" % a)


if __name__ == "__main__":
    {"make": make, "expect": expect}[sys.argv[1]](*sys.argv[2:])
