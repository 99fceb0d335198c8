#!/usr/bin/env python3
"""What periscope read gives, against the capture that nothing was wrapped around, as tshark and an own reader of captures see it.

  read_packets.py equal EXPECTED GOT [ethernet]   the same packets, by time: times, bytes, true lengths, ties in their order;
                                                  `ethernet`: raw IP of EXPECTED has a header with zero MAC addresses in GOT
  read_packets.py flows PERISCOPE PLAIN OUT COUNT SOURCE...
        OUT is the output directory of a replay of the same packets. For COUNT of its flows, and as many lines of its flow
        logs: --flow, --community, --event as Suricata and Zeek write it, --log, each against PLAIN
"""
import glob
import gzip
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timezone

import captures
import truth

S = 10**9
NAMES = {1: "ICMP", 6: "TCP", 17: "UDP", 58: "IPv6-ICMP", 132: "SCTP"}
ZEEK = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp"}
WITH_PORTS = (6, 17, 132)


def same(expected, got, what):
    left = [(p.time, p.data, p.wire) for p in expected]
    right = [(p.time, p.data, p.wire) for p in got]
    if left == right:
        return
    at = next((i for i, (a, b) in enumerate(zip(left, right)) if a != b), min(len(left), len(right)))
    sys.exit("%s: %d packets expected, %d there; the first difference is at %d" % (what, len(left), len(right), at))


def behind_ethernet(packet):
    if packet.link == 1:
        return packet
    kind = b"\x86\xdd" if packet.data[0] >> 4 == 6 else b"\x08\x00"
    return packet._replace(data=bytes(12) + kind + packet.data, wire=packet.wire + 14)


def equal(expected, got, how=""):
    packets = captures.read(expected)
    if how == "ethernet":
        packets = [behind_ethernet(p) for p in packets]
    same(sorted(packets, key=lambda p: p.time), captures.read(got), got)


def moment(text):
    """ns of 2026-11-22T03:08:16.285046618Z"""
    whole, part = text.rstrip("Z").split(".")
    return int(datetime.fromisoformat(whole + "+00:00").timestamp()) * S + int(part.ljust(9, "0"))


def eve_time(ns):
    at = datetime.fromtimestamp(ns // S, timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S") + ".%06d+0000" % (ns % S // 1000)


class Judge:
    def __init__(self, periscope, plain, out, source):
        self.periscope, self.source = periscope, source
        self.packets = captures.read(plain)
        self.seen = list(truth.packets(plain))
        if len(self.packets) != len(self.seen):
            sys.exit("%s: not all packets are IP" % plain)
        with open(os.path.join(out, "events", "flows.jsonl"), encoding="utf-8") as file:
            self.events = [json.loads(line) for line in file]
        self.lines = []
        for path in glob.glob(os.path.join(out, "flow-logs", "**", "*.gz"), recursive=True):
            with gzip.open(path, "rt") as file:
                self.lines += file.read().split("\n")[1:-1]
        self.spans = [(moment(e["start"]), moment(e["end"]), e) for e in self.events]
        self.asked = 0

    def read(self, *question):
        with tempfile.NamedTemporaryFile(suffix=".pcapng") as file:
            run = subprocess.run([self.periscope, "read", *self.source, "--force", "-w", file.name, *question],
                                 capture_output=True, text=True)
            if run.returncode != 0:
                sys.exit("%s: status %d: %s" % (question, run.returncode, run.stderr))
            self.asked += 1
            return captures.read(file.name)

    def chosen(self, wanted):
        return [p for p, s in zip(self.packets, self.seen) if wanted(s)]

    def key_of(self, start, event):
        return next(s.key() for s in self.seen
                    if s.time == start and {s.src, s.dst} == {event["src_ip"], event["dst_ip"]} and s.proto == event["protocol"])

    def packets_of(self, start, end, event):
        key = self.key_of(start, event)
        return {i for i, s in enumerate(self.seen) if s.key() == key and start <= s.time <= end}

    def covering(self, event, first, last):
        """The packets of all flows between these ends that were there then."""
        found = set()
        for start, end, other in self.spans:
            if other["protocol"] != event["protocol"] or start > last + S or end < first - S:
                continue
            ends = {(event["src_ip"], event["src_port"]), (event["dst_ip"], event["dst_port"])}
            others = {(other["src_ip"], other["src_port"]), (other["dst_ip"], other["dst_port"])}
            if event["protocol"] not in WITH_PORTS:
                ends, others = {a for a, _ in ends}, {a for a, _ in others}
            if ends == others:
                found |= self.packets_of(start, end, other)
        return [self.packets[i] for i in sorted(found)]

    def flow(self, start, end, event):
        mine = [self.packets[i] for i in sorted(self.packets_of(start, end, event))]
        if len(mine) != event["client"]["packets"] + event["server"]["packets"]:
            sys.exit("tshark sees %d packets of flow %s" % (len(mine), event["flow_id"]))
        same(mine, self.read("--flow", event["flow_id"]), "--flow " + event["flow_id"])

    def community(self, start, event):
        key = self.key_of(start, event)
        want = self.chosen(lambda s: s.key()[:1] + s.key()[2:] == key[:1] + key[2:])
        same(want, self.read("--community", event["community_id"]), "--community " + event["community_id"])

    def eve(self, start, end, event):
        """Of a moment within the flow; Suricata's client may be our server."""
        at = (start + end) // 2 // 1000 * 1000
        said = {"timestamp": eve_time(at), "flow_id": 1234567890123456, "event_type": "alert",
                "src_ip": event["dst_ip"], "src_port": event["dst_port"], "dest_ip": event["src_ip"],
                "dest_port": event["src_port"], "proto": NAMES.get(event["protocol"], "%03d" % event["protocol"]),
                "alert": {"signature": "x"}}
        same(self.covering(event, at, at), self.read("--event", json.dumps(said)), json.dumps(said))

    def zeek(self, start, end, event):
        if event["protocol"] not in ZEEK:
            return
        said = {"ts": start // 1000 / 1e6, "uid": "C1", "id.orig_h": event["src_ip"], "id.orig_p": event["src_port"],
                "id.resp_h": event["dst_ip"], "id.resp_p": event["dst_port"], "proto": ZEEK[event["protocol"]],
                "duration": (end - start) // 1000 / 1e6}
        text = json.dumps(said)
        same(self.covering(event, start, end), self.read("--event", text), text)

    def log(self, line):
        _, _, _, src, dst, sport, dport, proto, _, _, start, end, _, _ = line.split(" ")
        proto, first, last = int(proto), (int(start) - 60) * S, (int(end) + 61) * S
        ports = {int(sport), int(dport)}

        def wanted(s):
            return ({s.src, s.dst} == {src, dst} and s.proto == proto and first <= s.time < last and
                    (proto not in WITH_PORTS or ({s.sport, s.dport} == ports and
                                                 (s.sport if s.src == src else s.dport) == int(sport))))
        same(self.chosen(wanted), self.read("--log", line), line)
        named = " ".join("${%s}" % f for f in ("dstport", "end", "srcaddr", "protocol", "dstaddr", "start", "srcport"))
        said = " ".join((dport, end, src, str(proto), dst, start, sport))
        same(self.chosen(wanted), self.read("--log", said, "--log-format", named), said)


def answer(periscope, capture, *question):
    run = subprocess.run([periscope, "read", "-r", capture, "-w", "-", *question], capture_output=True)
    return run.returncode, run.stdout


class Words:
    """Random expressions about what the captures of capgen.py hold."""

    def __init__(self, capture, seed):
        self.random = random.Random(seed)
        packets = captures.read(capture)
        self.times = [packets[0].time, packets[len(packets) // 2].time, packets[-1].time]
        self.ids = sorted(os.environ["FLOWS"].split()) if "FLOWS" in os.environ else sorted({p.comment.split("flow=")[1].split(" ")[0] for p in packets if p.comment and "flow=" in p.comment})

    def leaf(self):
        pick = self.random.choice
        side = pick(["", "", "src ", "dst ", "src and dst "])
        moment = pick(self.times) + self.random.randrange(-20 * S, 20 * S)
        words = ["%shost 10.0.0.%d" % (side, pick([1, 2, 3, 5, 8, 100, 101, 104, 110, 200])), "%snet 10.0.0.%d/31" % (side, 2 * self.random.randrange(4)),
                 "host fd00::%x" % self.random.randrange(1, 6), "%sport %d" % (side, pick([53, 80, 443, 1160, 1172])), "proto %d" % pick([1, 6, 17, 58, 132]),
                 "tcp", "udp", "ip6", "arp", "vni %d" % pick([100, 101, 102, 7]), "less 80", "tcp[13] & 2 != 0",
                 "after %d.%09d" % divmod(moment, S), "before %d.%09d" % divmod(moment, S)]
        return "flow " + pick(self.ids) if self.ids and self.random.random() < 0.15 else pick(words)

    def certain(self):
        """Those in which an index must not know better."""
        yield from ["host 10.0.0.3 and not less 80", "host 10.0.0.3 and not src host 10.0.0.3", "host 10.0.0.3 and not tcp[13] & 2 != 0",
                    "host 10.0.0.3 or arp", "host 10.0.0.3 and (tcp or less 80)", "not host 10.0.0.3", "host 10.0.0.3 and not (udp or tcp)"]
        for flow in self.ids[::max(1, len(self.ids) // 3)][:3]:
            yield from ["flow %s" % flow, "not flow %s" % flow, "flow %s or host 10.0.0.3" % flow, "flow %s and not src host 10.0.0.3" % flow]

    def expression(self, depth=3):
        if depth == 0 or self.random.random() < 0.3:
            return self.leaf()
        kind = self.random.random()
        if kind < 0.25:
            return "not (%s)" % self.expression(depth - 1)
        return "(%s) %s (%s)" % (self.expression(depth - 1), "and" if kind < 0.75 else "or", self.expression(depth - 1))


def twins(periscope, capture, count, least):
    words, found, read = Words(capture, 1), 0, os.stat(capture).st_size
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, os.path.basename(capture))
        os.link(capture, copy) if os.stat(folder).st_dev == os.stat(capture).st_dev else shutil.copy(capture, copy)
        for text in [*words.certain(), *(words.expression() for _ in range(int(count)))]:
            by_index, by_reading = answer(periscope, capture, text), answer(periscope, copy, text)
            if by_index != by_reading:
                sys.exit("%r: status %d and %d bytes by index, %d and %d without" % (
                    text, by_index[0], len(by_index[1]), by_reading[0], len(by_reading[1])))
            found += 200 < len(by_reading[1]) < read // 2
    print("%d of %s expressions mean some packets" % (found, count))
    if found < int(least):
        sys.exit("too few of them mean something")


def damage(periscope, capture, count):
    good = answer(periscope, capture, "host 10.0.0.3 and tcp")
    with open(capture + ".idx", "rb") as file:
        index = file.read()
    if good[0] != 0 or len(good[1]) < 1000:
        sys.exit("nothing was found")
    for i in range(int(count)):
        at = (i * 2654435761 + 17) % len(index)
        changed = bytes([index[at] ^ (1 << i % 8)])
        for bad in (index[:at] + changed + index[at + 1:], index[:at]):
            with open(capture + ".idx", "wb") as file:
                file.write(bad)
            if answer(periscope, capture, "host 10.0.0.3 and tcp") != good:
                sys.exit("another answer with byte %d changed" % at)
    with open(capture + ".idx", "wb") as file:
        file.write(index)


def spread(items, count):
    """That many of them, from all parts."""
    step = max(1, len(items) // count)
    return items[::step][:count]


def flows(periscope, plain, out, count, *source):
    judge = Judge(periscope, plain, out, source)
    for start, end, event in spread(judge.spans, int(count)):
        judge.flow(start, end, event)
        judge.community(start, event)
        judge.eve(start, end, event)
        judge.zeek(start, end, event)
    for line in spread(judge.lines, int(count)):
        judge.log(line)
    print("%d questions" % judge.asked)
    if judge.asked < 4 * min(int(count), len(judge.spans)):
        sys.exit("too few were asked")


if __name__ == "__main__":
    {"equal": equal, "flows": flows, "twins": twins, "damage": damage}[sys.argv[1]](*sys.argv[2:])
