#!/usr/bin/env python3
"""fragments.py PERISCOPE DIR: inner IP fragments in every order, IPv4 and IPv6, plain and mirrored, from
one end and from both: whose flow they are, by tshark's reassembly, and that nothing depends on the number
of workers. Prints one line a check; status 1 if any failed."""
import collections
import os
import shutil
import struct
import subprocess
import sys

import checks
import results
from checks import check, unlike
from packets import (ACK, ICMP, PSH, TCP, UDP, Random, fragments, fragments6, frame, icmp, ip, ip4,
                     mirror, save, tcp, udp)

PERISCOPE, DIR = sys.argv[1:3]
START = 1700000000 * 10**9
TALKS = 300
ENDS = "172.31.0.10", "172.31.0.20"
ORDERS = {
    "in order": lambda random, parts: parts,
    "last first": lambda random, parts: parts[::-1],
    "random": lambda random, parts: [parts.pop(random.below(len(parts))) for _ in list(parts)],
}
WRAPS = {  # the frame of a packet, and what the capture has of it
    "plain": (lambda p, end: frame(p), lambda f, end: f),
    "mirrored": (lambda p, end: frame(p), lambda f, end: mirror(f, 42, src=ENDS[end])),
    "VLANs": (lambda p, end: frame(p, tags=[(0x8100, 5 + end)]), lambda f, end: mirror(f, 42)),
}


def capture(name, packets):
    path = "%s/%s.pcap" % (DIR, name)
    save(path, [(START + i * 10**5, data, len(data)) for i, data in enumerate(packets)])
    return path


def bytes_of(path):
    with open(path, "rb") as file:
        return file.read()


def replay(path, workers):
    shutil.rmtree(DIR + "/out", ignore_errors=True)
    run = subprocess.run([PERISCOPE, "replay", "--workers", workers, "-l", DIR + "/out", "--force", "-w",
                          DIR + "/w.pcap", path],
                         capture_output=True, text=True, timeout=120)
    if run.returncode or run.stderr:
        raise RuntimeError("%s: status %d: %s" % (path, run.returncode, run.stderr))
    canon = subprocess.run([sys.executable, os.path.dirname(__file__) + "/results.py", "canon",
                            DIR + "/out"], capture_output=True, check=True).stdout
    return results.summary(DIR + "/out"), results.flows(DIR + "/out"), canon


def wrapped(wrap, packets):
    tag, around = WRAPS[wrap]
    return [around(tag(p, end), end) for p, end in packets]


def replayed(wrap, packets):
    """Of (packet, end): the flows, and what is wrong with the results of 1, 2 and 4 workers."""
    wrong, canons, n = [], set(), len(packets)
    inner = capture("inner", [WRAPS[wrap][0](p, end) for p, end in packets])
    path = capture("fragments", wrapped(wrap, packets))
    for workers in "1", "2", "4":
        total, flows, canon = replay(path, workers)
        canons.add(canon)
        ledger = {k: v for k, v in total["ledger"].items() if v}
        wrong += unlike("ledger", ledger, {"inspected": n})
        wrong += unlike("packets of flows", sum(f["client"]["packets"] + f["server"]["packets"]
                                                for f in flows), n)
        wrong += unlike("-w has all", bytes_of(DIR + "/w.pcap")[24:] == bytes_of(inner)[24:], True)
    return flows, wrong + unlike("results of 1, 2 and 4 workers", len(canons), 1)


def name(labels):
    return b"".join(struct.pack("!B", len(label)) + label for label in labels.split(b".")) + b"\0"


def dns(number, answer):
    question = name(b"host%d.example.com" % number) + struct.pack("!HH", 16, 1)
    head = struct.pack("!HHHHHH", number, 0x8180 if answer else 0x100, 1, 3 if answer else 0, 0, 0)
    text = struct.pack("!HHHIHB", 0xC00C, 16, 1, 60, 201, 200) + b"x" * 200
    return head + question + (text * 3 if answer else b"")


class Talks:
    """Conversations whose long packets come in fragments."""

    def __init__(self, count, seed, order):
        self.random, self.order, self.shuffle = Random(seed), ORDERS[order], Random(seed + 1)
        self.ident = 0
        talks = [self.talk(i) for i in range(count)]
        self.packets = []
        while talks:  # a few at a time, so that their packets mix
            at = self.random.below(min(4, len(talks)))
            self.packets.append(talks[at].pop(0))
            if not talks[at]:
                talks.pop(at)

    def talk(self, i):
        pair = ("2001:db8::%x" % (i + 1), "2001:db8:1::2") if i % 2 else \
            ("10.1.%d.%d" % (i // 250, i % 250 + 1), "10.2.0.2")
        return [self.dns, self.http, self.ping][i // 2 % 3](i, *pair)

    def cut(self, packet):
        self.ident += 1
        size = 160 + 8 * self.random.below(60)
        if packet[0] >> 4 == 6:
            parts = fragments6(packet, size, self.ident)
        else:
            parts = fragments(packet[:4] + struct.pack("!H", self.ident) + packet[6:], size)
        return self.order(self.shuffle, parts)

    def dns(self, i, a, b):
        return [ip(a, b, UDP, udp(a, 40000 + i, b, 53, dns(i, False)))] + \
            self.cut(ip(b, a, UDP, udp(b, 53, a, 40000 + i, dns(i, True))))

    def http(self, i, a, b):
        get = b"GET /%d HTTP/1.1\r\nHost: shop.example\r\nX: " % i + b"y" * 400 + b"\r\n\r\n"
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n" + b"z" * 600
        return self.cut(ip(a, b, TCP, tcp(a, 40000 + i, b, 80, PSH | ACK, 1, 1, get))) + \
            self.cut(ip(b, a, TCP, tcp(b, 80, a, 40000 + i, PSH | ACK, 1, 1 + len(get), answer)))

    def ping(self, i, a, b):
        if ":" in a:
            return self.dns(i, a, b)
        return self.cut(ip4(a, b, ICMP, icmp(8, 0, i, 1, b"p" * 900))) + \
            self.cut(ip4(b, a, ICMP, icmp(0, 0, i, 1, b"p" * 900)))


def ends(*rows):
    return tuple(sorted(rows))


def row(flow):
    key = ends((flow["src_ip"], flow["src_port"] or 0), (flow["dst_ip"], flow["dst_port"] or 0))
    return (flow["protocol"], key) if flow["protocol"] != 1 else (1, ends(flow["src_ip"], flow["dst_ip"]))


def rows_of(flows):
    return collections.Counter((*row(f), f["client"]["packets"] + f["server"]["packets"]) for f in flows)


def said(flows):
    """What does not depend on the order of fragments."""
    return sorted((str(f["outer_src"]), str(f["vlan"]), *map(str, row(f)), f["client"]["packets"],
                   f["server"]["packets"], f["client"]["bytes"], f["server"]["bytes"], f["app"],
                   (f["http"] or {}).get("url") or "", (f["http"] or {}).get("status") or 0,
                   (f["dns"] or {}).get("query") or "") for f in flows)


FIELDS = ["ip.src", "ip.dst", "ip.proto", "ipv6.src", "ipv6.dst", "ipv6.nxt", "ip.fragment.count",
          "ipv6.fragment.count", "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport"]


def by_tshark(path):
    """The same rows as tshark has them, which puts the datagrams together and counts fragments; None:
    it is not there."""
    if not shutil.which("tshark"):
        return None
    text = subprocess.run(
        ["tshark", "-n", "-r", path, "-T", "fields", "-E", "occurrence=l", "-E", "separator=;", "-o",
         "tcp.desegment_tcp_streams:FALSE", "-Y", "icmp || tcp || (udp && !vxlan) || dns"]
        + [word for field in FIELDS for word in ("-e", field)],
        capture_output=True, text=True, check=True).stdout
    sums = collections.Counter()
    for line in text.splitlines():
        v4src, v4dst, proto, v6src, v6dst, _, n4, n6, tsrc, tdst, usrc, udst = line.split(";")
        src, dst, n = (v6src, v6dst, n6) if v6src else (v4src, v4dst, n4)
        if tsrc:
            key = (TCP, ends((src, int(tsrc)), (dst, int(tdst))))
        elif v6src or proto != "1":
            key = (UDP, ends((src, int(usrc)), (dst, int(udst))))
        else:
            key = (ICMP, ends(src, dst))
        sums[key] += int(n or 1)
    return collections.Counter((*key, n) for key, n in sums.items())


def orders(wrap, n_ends):
    want = None
    for order in ORDERS:
        packets = [(p, end) for p in Talks(TALKS, 3, order).packets for end in range(n_ends)]
        flows, wrong = replayed(wrap, packets)
        want = want or said(flows)
        wrong += [x for x in said(flows) if x not in want] + [x for x in want if x not in said(flows)]
        wrong += unlike("flows", len(flows), TALKS * n_ends)
        theirs = by_tshark(capture("one-end", wrapped(wrap, packets[::n_ends])))
        if theirs is not None:
            ours = rows_of(flows)
            wrong += [("tshark only", *x) for x in theirs if ours[x] != n_ends]
            wrong += [("not tshark's", *x) for x in ours if not theirs[x]]
        check("fragments %s, %s, %d end%s" % (order, wrap, n_ends, "s" * (n_ends > 1)), wrong)


def distance():
    """How far the first fragment may be behind a later one, wherever blocks begin."""
    whole = ip4("10.0.0.1", "10.0.0.2", UDP, udp("10.0.0.1", 5000, "10.0.0.2", 6000, b"d" * 100), ident=9)
    first, later = fragments(whole, 64)
    other = ip4("10.9.0.1", "10.9.0.2", UDP, udp("10.9.0.1", 1, "10.9.0.2", 2, b"other"))
    for before in 0, 1000:
        for behind, n_flows in (256, 2), (257, 3):
            packets = [other] * before + [later] + [other] * (behind - 1) + [first] + [other]
            flows, wrong = replayed("mirrored", [(p, 0) for p in packets])
            wrong += unlike("flows", len(flows), n_flows)
            check("packet %d, its first fragment %d behind: %d flows" % (before + 1, behind, n_flows), wrong)


def lost_at_one_end():
    """What one end sends teaches nothing about the other end, whose mirror lost the first fragment."""
    whole = ip4("10.0.0.1", "10.0.0.2", UDP, udp("10.0.0.1", 5000, "10.0.0.2", 6000, b"d" * 100), ident=9)
    first, later = fragments(whole, 64)
    for what, rows in {"before": [(first, 0), (later, 0), (later, 1)],
                       "behind": [(later, 1), (later, 0), (first, 0)]}.items():
        flows, wrong = replayed("mirrored", rows)
        got = sorted((f["outer_src"], f["src_port"], f["client"]["packets"]) for f in flows)
        check("the other end's first fragment, %s" % what,
              wrong + unlike("flows", got, [(ENDS[0], 5000, 2), (ENDS[1], 0, 1)]))


os.makedirs(DIR, exist_ok=True)
orders("plain", 1)
orders("mirrored", 1)
orders("mirrored", 2)
orders("VLANs", 2)
distance()
lost_at_one_end()
sys.exit(checks.failures > 0)
