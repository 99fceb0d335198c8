#!/usr/bin/env python3
"""Captures of what two interfaces mirror, and what must be found in them. points.py COMMAND ...

  ends PREFIX VNI-A VNI-B [lost]  conversations of two hosts, each packet mirrored at both ends:
                       PREFIX.pcap, and the inner frames of each end in PREFIX.a.pcap, PREFIX.b.pcap;
                       `lost`: A's copies of every second packet are missing where it holds HTTP
  vlans PREFIX on|off  equal addresses and ports in three VLANs; what is expected with and without
                       VLAN ids in the key
  wild PREFIX TIME     one packet of a conversation has this time (in s); PREFIX.a.pcap has it
                       at the time before
  gap PREFIX           after 200 s without a word the server speaks first
  late PREFIX          the packet that comes first has a later time than those behind it
  judge DIR EXPECT     the flow events of DIR are those of EXPECT, which the commands above print
  times FILE EXPECT    tshark sees the packets of FILE at the times that they were given
"""
import collections
import copy
import datetime
import json
import subprocess
import sys

import capgen
import results
from capgen import MS, START
from packets import ACK, MAC_A, MAC_B, PSH, TCP, UDP, Random, frame, mirror, save

# Each host is also the outer source of its copies (two.yaml of test_points.sh names them so).
A, B = "10.0.1.10", "10.0.1.20"
A6, B6 = "fd00::a", "fd00::b"
POINTS = (A, "eni-a"), (B, "eni-b")
VNI = 42


def stamp(time):
    """As an event writes it."""
    day = datetime.datetime.fromtimestamp(time // 10**9, datetime.timezone.utc)
    return "%s.%09dZ" % (day.strftime("%Y-%m-%dT%H:%M:%S"), time % 10**9)


def expected(talk, point, vni, **more):
    flow = talk.flow(vni)
    times = [time for time, _, _ in talk.packets]
    flow.update(interface_id=point[1], outer_src=point[0], start=stamp(min(times)),
                end=stamp(max(times)), vlan=None, acked_unseen=None)
    flow.pop("app")
    flow.update(more)
    return flow


def write(prefix, rows, flows, tame=None):
    """`rows`: (time, inner frame, point, VNI), in the order of the file; `tame`: the same at the
    times that are to be counted."""
    save(prefix + ".pcap", [(time, mirror(data, vni, src=point[0]), None)
                            for time, data, point, vni in rows])
    for point, name in zip(POINTS, "ab"):
        save("%s.%s.pcap" % (prefix, name), [(time, data, None) for time, data, of, _ in
                                             tame or rows if of == point])
    print(json.dumps({"flows": flows, "times": [time for time, _, _, _ in rows]}))


def conversations(random):
    second = 1000 * MS
    there, back = (A, 40000, B, 80), (B, 41000, A, 443)
    yield capgen.http(random, there, START)
    yield capgen.tls(random, back, START + 2 * second)
    yield capgen.dns(random, (A, 5353, B, 53), START + 3 * second)
    yield capgen.dns(random, (A6, 5353, B6, 53), START + 61 * second)
    yield capgen.http(random, (B6, 40001, A6, 80), START + 62 * second)
    yield capgen.large_datagrams(random, (A, 6000, B, 4000), START + 64 * second)
    for i in range(4):  # of four ids, in two windows
        yield capgen.ping(random, (A, 0, B, 0), START + 30 * i * second)
        yield capgen.ping(random, (B6, 0, A6, 0), START + 25 * i * second)


def ends(prefix, *args):
    vnis, lossy, random = [int(vni) for vni in args[:2]], args[2:] == ("lost",), Random(7)
    rows, flows, missing = [], [], 0
    for talk in conversations(random):
        for at, (point, vni) in enumerate(zip(POINTS, vnis)):
            seen, unseen = copy.copy(talk), 0
            seen.packets = []
            for nth, (time, side, packet) in enumerate(talk.packets):
                length = len(packet) - (40 if packet[0] >> 4 == 4 else 60)  # no options
                if lossy and at == 0 and talk.app == "HTTP" and length > 0 and nth % 2:
                    unseen += length
                    continue
                # A packet is first seen where it is sent.
                sender = talk.ends[side][0]
                later = 0 if sender in ((A, A6), (B, B6))[at] else 70_000
                seen.packets.append((time + later, side, packet))
                rows.append((time + later, framed(packet, sender), point, vni))
            missing += unseen
            flows.append(expected(seen, point, vni, both_ends=True,
                                  acked_unseen=unseen if talk.proto == TCP else None))
    if lossy and missing == 0:
        sys.exit("nothing is lost")
    write(prefix, sorted(rows, key=lambda row: row[0]), flows)


def framed(packet, sender):
    """With the addresses that the settings name: a direction is told by them."""
    if sender in (A, A6):
        return frame(packet, src=MAC_A, dst=MAC_B)
    return frame(packet, src=MAC_B, dst=MAC_A)


def vlans(prefix, key):
    random, rows, flows = Random(8), [], []
    for net in ((A, 7000, B, 53), (A6, 7000, B6, 53)):
        talks = []
        for number, tags in enumerate(([10], [20], [10, 20])):
            talk = capgen.Talk(random, *net, UDP, START + number * MS)
            for i in range(4 + 3 * number):
                talk.datagram(i % 3 // 2, random.bytes(100 + i))
            rows += [(time, frame(packet, tags=[(0x8100, tag) for tag in tags]), POINTS[0], VNI)
                     for time, _, packet in talk.packets]
            talks.append(talk)
            if key == "on":
                flows.append(expected(talk, POINTS[0], VNI, vlan=tags))
        if key == "off":
            talk.packets = sum((t.packets for t in talks), [])
            flows.append(expected(talk, POINTS[0], VNI))
    write(prefix, sorted(rows, key=lambda row: row[0]), flows)


def spoken(random, packets=40):
    talk = capgen.Stream(random, A, 40000, B, 8080, START)
    talk.begin()
    for i in range(packets):
        talk.segment(i % 2, PSH | ACK, random.bytes(10 + i))
    return talk


def in_file_order(talk):
    return [(time, framed(packet, talk.ends[side][0]), POINTS[0], VNI)
            for time, side, packet in talk.packets]


def wild(prefix, time):
    talk = spoken(Random(9))
    rows = in_file_order(talk)
    at = len(rows) // 2
    before = talk.packets[at - 1][0]
    talk.packets[at] = (before,) + talk.packets[at][1:]
    tame = in_file_order(talk)
    rows[at] = (int(time) * 10**9 + 123456789,) + rows[at][1:]
    write(prefix, rows, [expected(talk, POINTS[0], VNI, acked_unseen=0, client_by="syn")],
          tame=tame)


def gap(prefix):
    random = Random(10)
    talk = capgen.Stream(random, A, 40000, B, 80, START)
    talk.begin()
    for i in range(6):
        talk.segment(i % 2, PSH | ACK, random.bytes(50))
    first = expected(talk, POINTS[0], VNI, acked_unseen=0, client_by="syn")
    rows, talk.packets = in_file_order(talk), []
    talk.time += 200 * 10**9
    for i in range(5):
        talk.segment(1 - i % 2, PSH | ACK, random.bytes(60))
    second = expected(talk, POINTS[0], VNI, acked_unseen=0, client_by="ports")
    write(prefix, rows + in_file_order(talk), [first, second])


def late(prefix):
    talk = spoken(Random(11))
    time, side, packet = talk.packets[0]
    talk.packets[0] = time + 4 * 10**9, side, packet
    write(prefix, in_file_order(talk), [expected(talk, POINTS[0], VNI, acked_unseen=0)])


def key_of(flow, fields):
    sides = [(s["packets"], s["bytes"]) if isinstance(s, dict) else tuple(s)
             for s in (flow["client"], flow["server"])]
    return tuple((name, str(flow[name])) for name in fields) + tuple(sides)


def judge(directory, expect):
    with open(expect, encoding="utf-8") as file:
        want = json.load(file)["flows"]
    got, wrong = results.flows(directory), results.Judge()
    fields = sorted(set(want[0]) - {"client", "server", "both_ends"})
    wanted = collections.Counter(key_of(flow, fields) for flow in want)
    found = collections.Counter(key_of(flow, fields) for flow in got)
    wrong.wrong += ["missing: %s" % (key,) for key in (wanted - found).elements()]
    wrong.wrong += ["too many: %s" % (key,) for key in (found - wanted).elements()]
    wrong.same("different flow_ids", len({flow["flow_id"] for flow in got}), len(want))
    if "both_ends" in want[0]:
        at = {point: collections.Counter(flow["community_id"] for flow in got
                                         if flow["interface_id"] == point) for _, point in POINTS}
        wrong.same("community ids at B", at["eni-b"], at["eni-a"])
    return wrong.verdict()


def times(path, expect):
    with open(expect, encoding="utf-8") as file:
        want = json.load(file)["times"]
    run = subprocess.run(["tshark", "-r", path, "-T", "fields", "-e", "frame.time_epoch"],
                         capture_output=True, text=True, check=True)
    got = [int(s) * 10**9 + int(part) for s, part in (t.split(".") for t in run.stdout.split())]
    wrong = results.Judge()
    wrong.same("packets", len(got), len(want))
    for nth, (is_at, was_at) in enumerate(zip(got, want), 1):
        wrong.same("time of packet %d" % nth, is_at, was_at)
    return wrong.verdict()


COMMANDS = {f.__name__: f for f in (ends, vlans, wild, gap, late, judge, times)}

if __name__ == "__main__":
    sys.exit(COMMANDS[sys.argv[1]](*sys.argv[2:]))
