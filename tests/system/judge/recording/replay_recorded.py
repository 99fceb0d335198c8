#!/usr/bin/env python3
"""Judges the packets that a replay recorded (packets.record). replay_recorded.py COMMAND ...

  judged CAPTURE TRUTH DIR   all were recorded: every packet of CAPTURE (VXLAN below Ethernet and outer
                             IPv4), in its order, with what verdicts.py said of it in TRUTH
  less DIR FILE              FILE holds what was recorded less what was refused, and nothing else
  frames DIR DIR             both hold the same frames in the same order; some were refused in the first,
                             none in the second
"""
import collections
import json
import os
import socket
import struct
import sys

import captures
import results

INNER = 50  # where the inner frame begins
BUCKETS = {"dns_not_eligible": "rule_none", "direction_unknown": "rule_none"}
FLAGS = {None: 0, "ingress": 1, "egress": 2}


def recorded(directory):
    """Ethernet first, then raw IP."""
    paths = [os.path.join(directory, "packets", name)
             for name in ("packets.pcapng", "packets-ip.pcapng")]
    return [packet for path in paths if os.path.exists(path) for packet in captures.read(path)]


def words(packet):
    return dict(word.split("=", 1) for word in (packet.comment or "").split())


def expected(packet, verdict):
    """What is said of a packet: its comment without the flow, whether it has one, its flags."""
    _, _, direction, _, decision, rule, reason = verdict
    said = {"vni": str(struct.unpack_from("!I", packet.data, INNER - 4)[0] >> 8),
            "outer_src": socket.inet_ntoa(packet.data[26:30])}
    if rule is not None:
        said["rule"] = str(rule)
    if decision == "reject":
        said["refused"] = BUCKETS.get(reason, reason)
    return said, decision == "accept", FLAGS[direction]


def judged(capture, truth, directory):
    with open(truth, encoding="utf-8") as file:
        truth = json.load(file)
    packets, got = captures.read(capture), recorded(directory)
    if len(got) != len(packets):
        sys.exit("%d packets, and not %d" % (len(got), len(packets)))
    refused = collections.Counter()
    for number, (packet, verdict, one) in enumerate(zip(packets, truth["packets"], got), 1):
        said = words(one)
        has_flow = said.pop("flow", None) is not None
        if (said, has_flow, one.flags) != expected(packet, verdict):
            sys.exit("packet %d: %s, %s" % (number, one.comment, expected(packet, verdict)))
        if (one.data, one.time, one.wire) != (packet.data[INNER:], packet.time, packet.wire - INNER):
            sys.exit("packet %d is another one" % number)
        refused[said.get("refused", "inspected")] += 1
    if dict(refused) != truth["ledger"] or len(refused) < 3:
        sys.exit("%s, and not %s" % (dict(refused), truth["ledger"]))
    ledger = results.summary(directory)["outputs"]["recording"]
    if not ledger["enabled"] or not ledger["offered"] == ledger["written"] == len(packets):
        sys.exit("the summary says %s" % ledger)


def facts(packets):
    return [(p.time, p.link, p.data, p.wire, p.comment, p.flags) for p in packets]


def less(directory, path):
    kept = [packet for packet in recorded(directory) if "refused" not in words(packet)]
    found = captures.read(path)
    if facts(kept) != facts(found) or not found:
        sys.exit("%d packets in the file, %d were accepted" % (len(found), len(kept)))
    outputs = results.summary(directory)["outputs"]
    if (outputs["packets"]["written"], outputs["recording"]["written"]) != \
            (len(found), len(recorded(directory))):
        sys.exit("the summary says %s" % outputs)


def frames(one, other):
    first, second = recorded(one), recorded(other)
    if [(p.time, p.data, p.wire) for p in first] != [(p.time, p.data, p.wire) for p in second]:
        sys.exit("%d frames and %d" % (len(first), len(second)))
    refused = sum("refused" in words(p) for p in first)
    if not refused or any("refused" in words(p) for p in second):
        sys.exit("%d were refused" % refused)
    ledger = results.summary(one)["ledger"]
    if refused != ledger["session_unknown"]:
        sys.exit("%d were refused, and not %d" % (refused, ledger["session_unknown"]))


{"judged": judged, "less": less, "frames": frames}[sys.argv[1]](*sys.argv[2:])
