#!/usr/bin/env python3
"""Judges the packets that an appliance recorded. recorded.py COMMAND ...

  same DIR CAPTURE [unordered]
                     the files hold what CAPTURE (Ethernet, IPv4, UDP, VXLAN) carries, byte for byte, no
                     packet twice, those of a flow in its order (unordered: in any, since the kernel
                     may give packets of several CPUs to two sockets in two orders); each names its
                     VNI, its source and a flow that has an event with as many packets
  counts DIR         the files hold as many packets as the summary says were written, and the output's
                     sum closes; prints the output's ledger
  readable DIR       every file can be read to its end; prints packets and files
"""
import collections
import glob
import os
import socket
import struct
import sys

import captures
import results

OUTER = 14 + 20 + 8 + 8  # bytes of encapsulation


def files(directory):
    return sorted(glob.glob(os.path.join(directory, "packets", "*.pcapng")))


def recorded(directory):
    return [packet for path in files(directory) for packet in captures.read(path)]


def words(packet):
    return dict(word.split("=", 1) for word in (packet.comment or "").split())


def mirrored(path):
    """(vni, source, inner frame) of each packet."""
    for packet in captures.read(path):
        vni = struct.unpack_from("!I", packet.data, OUTER - 4)[0] >> 8
        yield vni, socket.inet_ntoa(packet.data[26:30]), packet.data[OUTER:]


def same(directory, capture, order=None):
    where = collections.defaultdict(collections.deque)
    for number, key in enumerate(mirrored(capture)):
        where[key].append(number)
    flows, last = collections.Counter(), {}
    for packet in recorded(directory):
        said = words(packet)
        key = (int(said["vni"]), said["outer_src"], packet.data)
        if packet.wire != len(packet.data) or packet.link != 1:
            sys.exit("wire length %d, link %d" % (packet.wire, packet.link))
        if not where.get(key):
            sys.exit("not in the capture, or twice: %s" % said)
        number = where[key].popleft()
        if "flow" not in said:
            continue  # inner headers that are no flow's
        if order != "unordered" and last.get(said["flow"], -1) > number:
            sys.exit("flow %s is out of order" % said["flow"])
        last[said["flow"]] = number
        flows[said["flow"]] += 1
    left = sorted(number for numbers in where.values() for number in numbers)
    if left or not flows:
        sys.exit("%d packets are missing; the first ones of the capture's: %s" % (len(left), left[:5]))
    events = {f["flow_id"]: f["client"]["packets"] + f["server"]["packets"]
              for f in results.flows(directory)}
    if events != dict(flows):
        sys.exit("the flows of packets and of events differ")


def counts(directory):
    ledger = results.summary(directory)["outputs"]["recording"]
    found = len(recorded(directory))
    print(ledger)
    if found != ledger["written"]:
        sys.exit("the files hold %d packets" % found)
    if ledger["offered"] != sum(ledger[k] for k in ("written", "by_policy", "lost_queue", "lost_disk")):
        sys.exit("the sum does not close")


def readable(directory):
    print(len(recorded(directory)), len(files(directory)))


{"same": same, "counts": counts, "readable": readable}[sys.argv[1]](*sys.argv[2:])
