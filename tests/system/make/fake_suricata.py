#!/usr/bin/env python3
"""Stands for Suricata: takes its arguments, its configuration and its packets, and says in its EVE socket what no
honest one would: lines that are no alerts, one that is too long, alerts of packets that were never sent, a last
line that breaks off. The argument before those is how it ends: `well`, or `refuse` (at once, with an error); or `drizzle`,
an honest one whose alerts come one by one, 20 us apart, as soon as it has got a packet."""
import json
import re
import socket
import sys
import time

how, arguments = sys.argv[1], sys.argv[2:]
with open(arguments[arguments.index("-c") + 1], encoding="utf-8") as file:
    where = re.search(r'filename: "([^"]+)"', file.read()).group(1)
if how == "refuse":
    print("Notice: suricata: This is none\nError: pcap: it will not\nInfo: pcap: more words", flush=True)
    sys.exit(1)
eve = socket.socket(socket.AF_UNIX)
eve.connect(where)
print("Info: detect: 1 rule files processed. 3 rules successfully loaded, 0 rules failed, 0", flush=True)
print("x" * 100000, flush=True)

def alert(**more):
    row = {"timestamp": "2026-11-22T03:08:20.000001+0000", "event_type": "alert", "src_ip": "192.0.2.1",
           "src_port": 1, "dest_ip": "192.0.2.2", "dest_port": 2, "proto": "TCP", "vlan": [9, 9, 9],
           "alert": {"gid": 1, "signature_id": 5, "rev": 1, "signature": "never sent", "category": "", "severity": 1}}
    row.update(more)
    return json.dumps({key: value for key, value in row.items() if value is not None}).encode() + b"\n"


if how == "drizzle":
    sys.stdin.buffer.read(64)
    row = alert(vlan=None)
    for _ in range(20000):
        until = time.perf_counter() + 20e-6
        while time.perf_counter() < until:
            pass
        eve.sendall(row)
    sys.stdin.buffer.read()
    sys.exit(0)
given = len(sys.stdin.buffer.read())
rows = [
    alert(),
    b"\xff\xfe\x00 no JSON\n", b"\n", b"[]\n", b"{" * 70000 + b"\n",
    alert(src_ip="192.0.2.300"), alert(vlan=[1, 2, 3, 4]),
    alert(http={"hostname": "a" * 300000}),
    alert(src_ip=None, src_port=None, dest_ip=None, dest_port=None, proto=None, vlan=None),
    b'{"event_type": "stats", "stats": {"given": %d}}\n' % given,
    alert(signature_id=None)[:-10],
]
for row in b"".join(rows), b"":
    for at in range(0, len(row), 7919):  # in pieces that end anywhere
        eve.sendall(row[at:at + 7919])
