#!/usr/bin/env python3
"""For test_sinks.sh: a capture whose flows end in two bursts, readers, and judges. sinks.py COMMAND ...

  capture FILE TCP UDP   mirrored packets, one a flow: TCP flows that a RST closes, then UDP flows
  read SOCKET FILE       listens at a UNIX stream socket, and writes what comes to FILE until killed
  stall SOCKET FILE      listens, takes the connection, says so in FILE, and never reads
  whole DIR LINES [MAX]  the event files hold so many flow events, each line whole, none twice; names
                         sort by time; no file is longer than MAX bytes
  equal DIR FILE...      the event files of DIR, one behind the other, are FILE..., byte for byte
  output DIR NAME KEY=N...  of output NAME in summary.json; N may be + (more than none)
"""
import glob
import json
import os
import re
import socket
import struct
import sys
import time

NAME = re.compile(r"flows-\d{8}T\d{6}\.\d{3}Z\.jsonl$")


def ip4(src, dst, proto, payload):
    return struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(payload), 0, 0, 64, proto, 0, src, dst) + payload


def udp(sport, dport, payload):
    return struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload


def capture(path, n_tcp, n_udp):
    mac = bytes(12)
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for i in range(n_tcp + n_udp):
            sport, dport = 1024 + i % 60000, 40000 + i // 60000
            if i < n_tcp:
                layer4, proto = struct.pack(">HHIIBBHHH", sport, dport, 1, 1, 0x50, 0x14, 0, 0, 0), 6
            else:
                layer4, proto = udp(sport, dport, b"x" * 16), 17
            inner = mac + b"\x08\x00" + ip4(0x0A000001, 0x0A000002, proto, layer4)
            vxlan = struct.pack(">II", 0x08000000, 42 << 8) + inner
            frame = mac + b"\x08\x00" + ip4(0x0A090001, 0x0A090002, 17, udp(50000, 4789, vxlan))
            out.write(struct.pack("<IIII", 1700000000, i, len(frame), len(frame)) + frame)


def listen(path):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    if os.path.exists(path):
        os.unlink(path)
    listener.bind(path)
    listener.listen(1)
    return listener


def read(path, file):
    listener = listen(path)
    with open(file, "wb", buffering=0) as out:
        while True:
            reader, _ = listener.accept()
            while data := reader.recv(1 << 20):
                out.write(data)


def stall(path, file):
    listener = listen(path)
    reader, _ = listener.accept()
    open(file, "w").close()
    time.sleep(1000)
    reader.close()


def files(directory):
    return sorted(glob.glob(os.path.join(directory, "events", "*.jsonl")))


def whole(directory, lines, most=None):
    seen = set()
    last = 0
    for path in files(directory):
        if not NAME.match(os.path.basename(path)):
            continue
        if os.stat(path).st_mtime < last - 1:
            sys.exit("%s is older than the file before it" % path)
        last = os.stat(path).st_mtime
        if most and os.path.getsize(path) > int(most):
            sys.exit("%s has %d bytes" % (path, os.path.getsize(path)))
        for line in open(path, "rb"):
            event = json.loads(line)
            if not line.endswith(b"\n"):
                sys.exit("%s: a line without an end" % path)
            if event["event"] != "flow" or event["flow_id"] in seen:
                sys.exit("%s: %s" % (path, line[:80]))
            seen.add(event["flow_id"])
    if len(seen) != int(lines):
        sys.exit("%d flow events, and not %s" % (len(seen), lines))


def equal(directory, paths):
    want = b"".join(open(p, "rb").read() for p in files(directory))
    got = b"".join(open(p, "rb").read() for p in paths)
    if not want or want != got:
        sys.exit("%d bytes in files, %d bytes read, and they differ" % (len(want), len(got)))


def output(directory, name, wanted):
    summary = json.load(open(os.path.join(directory, "summary.json")))
    o = summary["outputs"][name]
    if o["offered"] != o["written"] + o["by_policy"] + o["lost_queue"] + o["lost_disk"]:
        sys.exit("output %s does not add up: %s" % (name, o))
    for item in wanted:
        key, n = item.split("=")
        if o[key] == 0 if n == "+" else o[key] != int(n):
            sys.exit("output %s: %s" % (name, o))


def main():
    command, args = sys.argv[1], sys.argv[2:]
    if command == "capture":
        capture(args[0], int(args[1]), int(args[2]))
    elif command == "read":
        read(*args)
    elif command == "stall":
        stall(*args)
    elif command == "whole":
        whole(*args)
    elif command == "equal":
        equal(args[0], args[1:])
    elif command == "output":
        output(args[0], args[1], args[2:])
    else:
        sys.exit("no such command: " + command)


if __name__ == "__main__":
    main()
