#!/usr/bin/env python3
"""Feeds: captures for them, readers, and judges of what these got. feeds.py COMMAND ...

  four IN OUT          the inner frames of one session of a mirror capture, mirrored four times: by four sources,
                       of which two have one VNI
  client PORT FILE [STOP]  connects to a feed and writes what comes to FILE, until the feed ends; STOP: reads
                       so many bytes, says so in FILE.stopped, and then nothing until it is killed
  server FILE          listens, prints its port, and writes what the first connection brings to FILE
  same FEED REF        packets of FEED are those of REF (of -w): bytes, lengths and times, in order
  tagged FEED REF TAGS CAPTURE  the same behind two tags, which name the session that the packet of the mirror
                       CAPTURE has; TAGS says which, each number once
  among FEED CAPTURE N  each packet of FEED is the inner frame of one of CAPTURE, none twice; at least N
  conversations FEED   tshark's, with their VLAN ids: prints how many, and how many pairs of ids there are
  output DIR NAME KEY=N...  of a feed in summary.json, which closes; N may be + (more than none)
"""
import json
import os
import socket
import struct
import subprocess
import sys
import time

import captures

TPIDS = b"\x88\xa8", b"\x81\x00"
OUTER = 14 + 20 + 8 + 8  # bytes of encapsulation


def mirrored(path):
    """(vni, source, inner frame) of each packet of a mirror capture: Ethernet, IPv4, UDP, VXLAN."""
    for packet in captures.read(path):
        vni = struct.unpack_from("!I", packet.data, OUTER - 4)[0] >> 8
        yield vni, socket.inet_ntoa(packet.data[26:30]), packet.data[OUTER:]


def four(path, out):
    frames = [(vni, source, data) for vni, source, data in mirrored(path)]
    first = frames[0][:2]
    sources = ("10.9.0.1", 7), ("10.9.0.2", 7), ("10.9.0.3", 8), ("10.9.0.4", 9)
    with open(out, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        at = 0
        for vni, source, data in frames:
            if (vni, source) != first:
                continue
            for host, number in sources:
                vxlan = struct.pack("!BxxxI", 8, number << 8) + data
                udp = struct.pack("!HHHH", 49152, 4789, 8 + len(vxlan), 0) + vxlan
                ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, socket.inet_aton(host),
                                 socket.inet_aton("10.9.9.9")) + udp
                packet = bytes(12) + b"\x08\x00" + ip
                file.write(struct.pack("<IIII", 1500000000 + at // 10**6, at % 10**6, len(packet), len(packet)) + packet)
                at += 100


def take(connection, path, stop=None):
    got = 0
    with open(path, "wb") as file:
        while stop is None or got < stop:
            data = connection.recv(65536 if stop is None else min(4096, stop - got))
            if not data:
                return
            got += len(data)
            file.write(data)
            file.flush()
    open(path + ".stopped", "w").close()
    time.sleep(600)


def client(port, path, stop=None):
    for _ in range(100):
        try:
            connection = socket.create_connection(("127.0.0.1", int(port)))
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
    else:
        sys.exit("nobody listens at %s" % port)
    take(connection, path, stop and int(stop))


def server(path):
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    take(listener.accept()[0], path)


def unit(path):
    with open(path, "rb") as file:
        return 1 if struct.unpack("=I", file.read(4))[0] == 0xA1B23C4D else 1000


def judge(got, expected, step):
    if len(got) != len(expected):
        sys.exit("%d packets, not %d" % (len(got), len(expected)))
    for number, (a, b) in enumerate(zip(got, expected), 1):
        if (a.link, a.data, a.wire, a.time) != (b.link, b.data, b.wire, b.time // step * step):
            sys.exit("packet %d differs: %s %s" % (number, a, b))
    print(len(got))


def same(feed, reference):
    judge(captures.read(feed), captures.read(reference), unit(feed))


def untagged(packet):
    """(ids, the packet without its two tags)"""
    data = packet.data
    if (data[12:14], data[16:18]) != TPIDS:
        sys.exit("no two tags: %s" % data[:24].hex())
    ids = tuple(n & 4095 for n in struct.unpack("!2xH2xH", data[12:20]))
    return ids, packet._replace(data=data[:12] + data[20:], wire=packet.wire - 8)


def tagged(feed, reference, tags, capture):
    packets = [untagged(packet) for packet in captures.read(feed)]
    judge([packet for _, packet in packets], captures.read(reference), unit(feed))
    names = {}
    with open(tags, encoding="utf-8") as file:
        for line in map(json.loads, file):
            if names.setdefault(tuple(line["vlan"]), (line["vni"], line["outer_src"])) != (line["vni"], line["outer_src"]):
                sys.exit("a number twice: %s" % line)
    for (ids, _), (vni, source, _) in zip(packets, mirrored(capture)):
        if names.get(ids) != (vni, source):
            sys.exit("%s is %s, not %s" % (ids, names.get(ids), (vni, source)))


def among(feed, capture, least):
    left = {}
    for _, _, data in mirrored(capture):
        left[data] = left.get(data, 0) + 1
    got = captures.read(feed)
    for packet in got:
        if left.get(packet.data, 0) == 0:
            sys.exit("not in the capture, or twice")
        left[packet.data] -= 1
    if len(got) < int(least):
        sys.exit("%d packets, and not %s" % (len(got), least))
    print(len(got))


def conversations(feed):
    fields = "ieee8021ad.id", "vlan.id", "ip.src", "ip.dst", "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport", "ip.proto"
    out = subprocess.run(["tshark", "-n", "-r", feed, "-Y", "ip && !icmp", "-E", "occurrence=f", "-T", "fields"]
                         + [word for field in fields for word in ("-e", field)], check=True, capture_output=True, text=True).stdout
    found, ids = set(), set()
    for line in out.splitlines():
        row = line.split("\t")
        ends = frozenset(((row[2], row[4] or row[6]), (row[3], row[5] or row[7])))
        found.add((row[0], row[1], ends, row[8]))
        ids.add((row[0], row[1]))
    print(len(found), len(ids))


def output(directory, name, *expected):
    with open(os.path.join(directory, "summary.json"), encoding="utf-8") as file:
        summary = json.load(file)
    got = summary["outputs"]["feed:" + name]
    if got["offered"] != sum(got[key] for key in ("written", "by_policy", "lost_queue", "lost_disk")):
        sys.exit("does not close: %s" % got)
    got.update(summary["feeds"]["feed:" + name])
    for word in expected:
        key, n = word.split("=")
        if (got[key] <= 0) if n == "+" else got[key] != int(n):
            sys.exit("%s: %s" % (word, got))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
