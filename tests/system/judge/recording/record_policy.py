#!/usr/bin/env python3
"""Which packets a policy of packets.record leaves in packets/, told from the mirror traffic itself.
record_policy.py COMMAND ...

  bounds DIR CAPTURE PACKETS BYTES SNAPLEN   of each flow the first ones (0: any number), cut; and `recorded` of
                                             flow events says what the file holds of each
  first DIR PACKETS                          of each flow so many were recorded, or all of its packets
  settings LAB WHICH OUT                     the sessions of LAB with rules: TCP headers alone, no UDP of port 53,
                                             and what is not said otherwise as WHICH (packets.record) has it
  rules DIR CAPTURE WHICH                    what those leave
"""
import calendar
import collections
import glob
import struct
import sys
import time

import captures
import results

OUTER = 14 + 20 + 8 + 8
TCP, UDP = 6, 17

RULES = """      - {{rule_number: 1, traffic_direction: {0}, rule_action: accept, protocol: 6, record: headers, source_cidr_block: {1}, destination_cidr_block: {1}}}
      - {{rule_number: 2, traffic_direction: {0}, rule_action: accept, protocol: 17, record: false, source_cidr_block: {1}, destination_cidr_block: {1}, source_port_range: {{from_port: 53, to_port: 53}}}}
      - {{rule_number: 3, traffic_direction: {0}, rule_action: accept, protocol: 17, record: false, source_cidr_block: {1}, destination_cidr_block: {1}, destination_port_range: {{from_port: 53, to_port: 53}}}}
      - {{rule_number: 4, traffic_direction: {0}, rule_action: accept, protocol: {2}, record: true, source_cidr_block: {1}, destination_cidr_block: {1}}}
      - {{rule_number: 5, traffic_direction: {0}, rule_action: accept, source_cidr_block: {1}, destination_cidr_block: {1}}}
"""


class Inner:
    """One mirrored packet: its flow, its frame, how long its headers are."""

    def __init__(self, frame, time, vni):
        self.frame, self.time = frame, time
        at, kind = 14, struct.unpack_from("!H", self.frame, 12)[0]
        if kind == 0x0800:
            self.protocol, l4 = self.frame[at + 9], at + (self.frame[at] & 15) * 4
            ends = [self.frame[at + 12:at + 16], self.frame[at + 16:at + 20]]
            self.fragment = struct.unpack_from("!H", self.frame, at + 6)[0] & 0x3FFF
        elif kind == 0x86DD:
            self.protocol, l4 = self.frame[at + 6], at + 40
            ends = [self.frame[at + 8:at + 24], self.frame[at + 24:at + 40]]
            self.fragment = 0
            if self.protocol == 44:
                self.protocol, self.fragment, l4 = self.frame[l4], 1, l4 + 8
        else:
            sys.exit("no IP")
        self.ports = [0, 0]
        if self.protocol in (TCP, UDP) and not self.fragment:
            self.ports = list(struct.unpack_from("!HH", self.frame, l4))
        self.l4 = l4
        self.flow = (vni, self.protocol, *sorted(zip(map(bytes, ends), self.ports)))


    def headers(self):
        return self.l4 + ((self.frame[self.l4 + 12] >> 4) * 4 if self.protocol == TCP else 8)

    def is_simple(self):
        return self.protocol in (TCP, UDP) and not self.fragment


def inner(capture):
    return [Inner(p.data[OUTER:], p.time, struct.unpack_from("!I", p.data, OUTER - 4)[0] >> 8)
            for p in captures.read(capture)]


def recorded(directory):
    return [p for path in sorted(glob.glob(directory + "/packets/*.pcapng")) if not path.endswith("-ip.pcapng")
            for p in captures.read(path)]


def compare(got, want):
    if got != want or not want:
        at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
        sys.exit("%d packets, and not %d; packet %d differs" % (len(got), len(want), at + 1))
    print(len(want), "packets")


def bounds(directory, capture, packets, size, snaplen):
    want, count, total = [], collections.Counter(), collections.Counter()
    for p in inner(capture):
        if not p.is_simple() or (packets and count[p.flow] >= packets) or (size and total[p.flow] >= size):
            continue
        kept = p.frame[:snaplen or None]
        count[p.flow] += 1
        total[p.flow] += len(kept)
        want.append((p.time, kept))
    got = [Inner(p.data, p.time, 0) for p in recorded(directory)]
    compare([(p.time, p.frame) for p in got if p.is_simple()], want)
    told(directory)


def ns(text):
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) * 10**9 + int(text[20:29])


def told(directory):
    """What flow events say is what the file holds of each flow."""
    held = collections.defaultdict(list)
    for p in recorded(directory):
        flow = dict(word.split("=", 1) for word in p.comment.split()).get("flow")
        held[flow].append(p)
    refused = held.pop(None, [])
    for f in results.flows(directory):
        packets = held.pop(f["flow_id"], [])
        said = f["recorded"]
        if not packets:
            if said is not None:
                sys.exit("flow %s: %s, and nothing is there" % (f["flow_id"], said))
            continue
        times = [p.time for p in packets]
        want = (len(packets), sum(len(p.data) for p in packets), times[0], max(times))
        have = (said["packets"], said["bytes"], ns(said["first"]), ns(said["last"]))
        if want != have:
            sys.exit("flow %s: %s, and not %s" % (f["flow_id"], have, want))
    if held:
        sys.exit("packets of flows without an event: %s" % list(held)[:3])
    print(len(refused), "of no flow")


def first(directory, packets):
    for f in results.flows(directory):
        want = min(int(packets), f["client"]["packets"] + f["server"]["packets"])
        if f["recorded"]["packets"] != want:
            sys.exit("flow %s: %s, and not %d" % (f["flow_id"], f["recorded"], want))
    told(directory)


def settings(lab, which, out):
    text, lines = "", open(lab, encoding="utf-8").read().split("\n")
    keep = True
    for line in lines:
        if not line.startswith((" ", "#")):
            keep = not line.startswith("vpcs")
        if "- {rule_number" in line or not keep:
            continue
        text += line + "\n"
        if line.strip() == "rules:":
            for direction in ("ingress", "egress"):
                for cidr, icmp in (("0.0.0.0/0", 1), ('"::/0"', 58)):
                    rules = RULES.format(direction, cidr, icmp)
                    first = 0 if icmp == 1 else 10
                    for n in range(1, 6):
                        rules = rules.replace("rule_number: %d," % n, "rule_number: %d," % (n + first + 100))
                    text += rules
    with open(out, "w", encoding="utf-8") as file:
        file.write(text + "packets: {record: %s}\n" % which)


def rules(directory, capture, which):
    want = []
    for p in inner(capture):
        if p.protocol == TCP:
            want.append((p.time, p.frame[:p.headers()]))
        elif p.protocol == UDP and 53 in p.ports:
            continue
        elif p.protocol in (1, 58) or which != "selected":
            want.append((p.time, p.frame))
    compare([(p.time, p.data) for p in recorded(directory)], want)
    told(directory)


def main():
    command, *words = sys.argv[1:]
    if command == "bounds":
        bounds(words[0], words[1], *map(int, words[2:]))
    else:
        {"first": first, "settings": settings, "rules": rules}[command](*words)


if __name__ == "__main__":
    main()
