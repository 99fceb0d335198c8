#!/usr/bin/env python3
"""first_screen.py PERISCOPE DIR: the summary's conversations, names, failures and encryption, against what
this script has put into a capture; for 1, 2 and 4 workers; with each table off, and with transactions off; and
with more names than the table holds. Prints one line a check; status 1 if any failed."""
import collections
import json
import os
import struct
import subprocess
import sys

import checks
from checks import check, unlike
from packets import ACK, FIN, PSH, RST, SYN, TCP, UDP, frame, ip, save, tcp, udp

PERISCOPE, DIR = sys.argv[1:3]
START = 1700000000 * 10**9
SERVER, BOUND = "10.2.0.1", 16384


class Capture:
    def __init__(self):
        self.packets, self.time = [], START
        self.names, self.failures, self.clients = (collections.Counter(), collections.Counter(),
                                                   collections.defaultdict(set))
        self.bytes = collections.Counter()

    def send(self, src, sport, dst, dport, proto, body):
        packet = ip(src, dst, proto, body)
        self.time += 10**6
        data = frame(packet)
        self.packets.append((self.time, data, len(data)))
        client = dport in (53, 80, 81, 5353)
        key = (src, dst, dport, proto) if client else (dst, src, sport, proto)
        self.bytes[key] += len(packet)

    def say(self, by, name, client, failure=None):
        for table, key in ((self.names, (by, name)),) + (
                ((self.failures, (by, failure, name)),) if failure else ()):
            table[key] += 1
            self.clients[key].add(client)

    def dns(self, client, sport, name, rcode=0, answered=True, dst=SERVER, dport=53, known=True):
        """A question of type A and, if answered, an answer without records."""
        qname = b"".join(bytes([len(label)]) + label for label in name.encode("latin-1").split(b".")) + b"\0"
        question = qname + struct.pack("!HH", 1, 1)
        ident = len(self.packets) & 0xffff
        self.send(client, sport, dst, dport, UDP,
                  udp(client, sport, dst, dport, struct.pack("!6H", ident, 0x100, 1, 0, 0, 0) + question))
        if answered:
            self.send(dst, dport, client, sport, UDP, udp(
                dst, dport, client, sport, struct.pack("!6H", ident, 0x8180 | rcode, 1, 0, 0, 0) + question))
        word = {0: None, 3: "NXDOMAIN", 2: "SERVFAIL", 5: "REFUSED"}[rcode] if answered else "no answer"
        if known:
            self.say("dns", name.lower(), client, word if dport == 53 else None)

    def syn(self, client, sport, dport, refused):
        self.send(client, sport, SERVER, dport, TCP, tcp(client, sport, SERVER, dport, SYN, 7, 0))
        if refused:
            self.send(SERVER, dport, client, sport, TCP,
                      tcp(SERVER, dport, client, sport, RST | ACK, 0, 8))
        key = ("tcp", "refused" if refused else "no answer", "%s:%d" % (SERVER, dport))
        self.failures[key] += 1
        self.clients[key].add(client)

    def http(self, client, sport, host, statuses):
        """One connection; a request and a response for each status."""
        ends, seq = ((client, sport), (SERVER, 80)), [100, 900]

        def segment(side, flags, payload=b""):
            (src, sp), (dst, dp) = ends[side], ends[1 - side]
            self.send(src, sp, dst, dp, TCP, tcp(src, sp, dst, dp, flags, seq[side],
                                                 seq[1 - side] if flags & ACK else 0, payload))
            seq[side] += len(payload) + (1 if flags & (SYN | FIN) else 0)

        segment(0, SYN)
        segment(1, SYN | ACK)
        segment(0, ACK)
        for status in statuses:
            segment(0, PSH | ACK, b"GET /x HTTP/1.1\r\nHost: " + host.encode("latin-1") + b"\r\n\r\n")
            segment(1, PSH | ACK, b"HTTP/1.1 %d X\r\nContent-Length: 2\r\n\r\nok" % status)
            self.say("http", host.lower(), client, str(status) if status >= 400 else None)
        segment(0, FIN | ACK)
        segment(1, FIN | ACK)


def make():
    c = Capture()
    for i in range(12):
        c.dns("10.0.0.%d" % (i % 3 + 1), 20000 + i, "Shop.Example", answered=i % 4 != 3)
    for i in range(5):
        c.dns("10.0.0.9", 21000, "gone.example", 3)  # five questions of one flow
    c.dns("10.0.0.9", 21001, "down.example", 2)
    c.dns("10.0.0.9", 21002, "private.example", 5)
    c.dns("10.0.0.9", 5353, "printer.local", answered=False, dst="224.0.0.251", dport=5353)
    c.http("10.0.0.4", 22000, "Shop.Example", [200, 404, 404, 500])
    c.http("10.0.0.5", 22001, "shop.example", [200, 404])
    c.http("10.0.0.5", 22002, "\x1b]0;x\x9b.example", [503])
    for i in range(6):
        c.syn("10.0.0.%d" % (i % 2 + 6), 23000 + i, 80, False)
    c.syn("10.0.0.8", 24000, 81, True)
    return c


def replay(capture, *options):
    out = os.path.join(DIR, "out")
    done = subprocess.run([PERISCOPE, "replay", "--force", "-l", out, *options, capture],
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    with open(os.path.join(out, "summary.json"), encoding="utf-8") as file:
        return json.load(file), done.stdout


def rows(table, kind):
    """What a list of the summary says, as {key: (count, client)}."""
    return {(r["by"],) + ((r["failure"],) if kind == "failures" else ()) + (r["name"],):
            (r["count"], r["client"]) for r in table}


def wanted(counter, clients):
    want = {}
    for key, count in counter.items():
        shown = key[:-1] + (key[-1].encode("latin-1").decode("utf-8", "replace"),)
        who = clients[key]
        want[shown] = (count, who.copy().pop() if len(who) == 1 else None)
    return want


def same(summary):
    return {k: v for k, v in summary.items() if k not in ("run", "workers")}


def main():
    os.makedirs(DIR)
    path, c = os.path.join(DIR, "made.pcap"), make()
    save(path, c.packets)
    first, screen = replay(path, "--workers", "1")
    check("names and how often, and who", unlike("names", rows(first["names"], "names"),
                                                 wanted(c.names, c.clients)))
    check("failures of DNS, HTTP and TCP", unlike("failures", rows(first["failures"], "failures"),
                                                  wanted(c.failures, c.clients)))
    got = {(r["client"], r["server"], r["server_port"], r["protocol"]): 0 for r in first["conversations"]}
    for r in first["conversations"]:
        got[r["client"], r["server"], r["server_port"], r["protocol"]] += r["bytes"]
    want = dict(c.bytes.most_common())
    check("bytes of conversations", ["%s: %s, and not %s" % (k, v, want.get(k)) for k, v in got.items()
                                     if want.get(k) != v] or unlike("all", len(got), len(want)))
    order = [r["bytes"] for r in first["conversations"]]
    check("most bytes first", unlike("order", order, sorted(order, reverse=True)))
    pair, = first["encryption_pairs"]
    check("encryption: all flows in one pair", unlike(
        "flows", (pair["flows"], pair["cleartext"] + pair["unknown"], first["encryption_others"]["flows"]),
        (first["flows"], first["flows"], 0)))
    for workers in "2", "4":
        check("the same with %s workers" % workers, [] if same(replay(path, "--workers", workers)[0])
              == same(first) else ["another summary"])
    check("no byte of a packet commands the terminal",
          unlike("control bytes", sorted(set(screen) - set(range(32, 127)) - {10}), []))
    check("but it is shown", [] if b"\\x1b]0;x\\x9b.example" in screen else [screen.decode("latin-1")])
    check("at most 100 columns", [line for line in screen.decode().split("\n") if len(line) > 100])
    for key in "conversations", "names", "failures":
        off, text = replay(path, "--set", "summary.%s=false" % key)
        check("summary.%s=false" % key, unlike(key, off[key], None) +
              ([] if b"\n" + key.capitalize().encode() not in text else ["it is printed"]))
    off, text = replay(path, "--set", "summary.encryption=false")
    check("summary.encryption=false", unlike("pairs", off["encryption_pairs"], None) +
          unlike("others", off["encryption_others"], None) + ([] if b"\nEncryption" not in text else ["printed"]))
    few, _ = replay(path, "--set", "events.dns=false", "--set", "events.http=false")
    names = rows(few["names"], "names")
    check("without transactions, the first of each flow", unlike("gone.example", names["dns", "gone.example"],
          (1, "10.0.0.9")) + unlike("http", names["http", "shop.example"], (2, None)))

    c = Capture()
    for i in range(BOUND + 4000):
        c.dns("10.0.0.1", 20000 + i % 50, "%08x.tunnel.example" % (i * 2654435761 % 2**32), known=False)
        if i % 10 == 0:
            c.dns("10.0.0.2", 30000, "often.example")
    save(path, c.packets)
    one, screen = replay(path, "--workers", "1")
    row, want = one["names"][0], c.names["dns", "often.example"]
    check("a flood of names: bounded, and said", unlike("rows", one["memory"]["names"], BOUND) +
          unlike("deterministic", one["deterministic"], False) +
          ([] if one["memory"]["names_overflow"] > 0 else ["no overflow"]) +
          ([] if b"the least there were" in screen else ["not said"]))
    check("and the frequent name stays", unlike("name", row["name"], "often.example") +
          ([] if 0 < row["count"] <= want else ["%d of %d" % (row["count"], want)]))
    return checks.failures > 0


sys.exit(main())
