#!/usr/bin/env python3
"""shapes.py PERISCOPE DIR: one conversation in every shape that frames come in (what stands between
Ethernet and IP, lengths left at 0, outer fragments), read as tshark reads it. Prints one line a check;
status 1 if any failed."""
import os
import shutil
import struct
import subprocess
import sys

import checks
import captures
import results
from checks import check, unlike
from packets import ACK, PSH, SYN, TCP, arp, checksum, ether, fragments, frame, ip, mirror, save, tcp

PERISCOPE, DIR = sys.argv[1:3]
START = 1700000000 * 10**9
CLIENT, SERVER = "10.0.1.10", "10.0.2.20"
BODY = b"x" * 900


def replay(capture, *arguments):
    shutil.rmtree(DIR + "/out", ignore_errors=True)
    run = subprocess.run([PERISCOPE, "replay", "-l", DIR + "/out", *arguments, capture],
                         capture_output=True, text=True, timeout=120)
    if run.returncode or run.stderr:
        raise RuntimeError("%s: status %d: %s" % (capture, run.returncode, run.stderr))
    return results.summary(DIR + "/out"), results.flows(DIR + "/out")


def capture(name, packets):
    path = "%s/%s.pcap" % (DIR, name)
    save(path, [(START + i * 10**6, data, len(data)) for i, data in enumerate(packets)])
    return path


def talk():
    post = b"POST /upload HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 900\r\n\r\n" + BODY
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    rows = [(True, SYN, 1, 0, b""), (False, SYN | ACK, 9, 2, b""), (True, ACK, 2, 10, b""),
            (True, PSH | ACK, 2, 10, post), (False, PSH | ACK, 10, 2 + len(post), answer)]
    return [ip(CLIENT, SERVER, TCP, tcp(CLIENT, 40000, SERVER, 80, flags, seq, ack, data)) if first
            else ip(SERVER, CLIENT, TCP, tcp(SERVER, 80, CLIENT, 40000, flags, seq, ack, data))
            for first, flags, seq, ack, data in rows]


def said(flow):
    http = flow["http"] or {}
    return (flow["src_ip"], flow["src_port"], flow["dst_port"], flow["client"]["packets"],
            flow["server"]["packets"], http.get("method"), http.get("url"), http.get("status"))


WANT = [(CLIENT, 40000, 80, 3, 2, "POST", "shop.example/upload", 200)]


def tshark(path, *arguments):
    if not shutil.which("tshark"):
        return None
    return subprocess.run(["tshark", "-n", "-r", path, "-T", "fields", "-e", "http.request.full_uri",
                           "-Y", "http.request", *arguments],
                          capture_output=True, text=True, check=True).stdout.split()


LINKS = {
    "an MPLS label": lambda p: ether(struct.pack("!I", 100 << 12 | 1 << 8 | 64) + p, 0x8847),
    "three MPLS labels": lambda p: ether(struct.pack("!III", 100 << 12 | 64, 200 << 12 | 64,
                                                     300 << 12 | 1 << 8 | 64) + p, 0x8847),
    "a PPPoE session": lambda p: ether(struct.pack("!BBHHH", 0x11, 0, 7, len(p) + 2, 0x21) + p, 0x8864),
    "VN-Tag": lambda p: ether(struct.pack("!IH", 0x80010002, 0x0800) + p, 0x8926),
    "LLC and SNAP": lambda p: ether(bytes.fromhex("aaaa03000000") + b"\x08\x00" + p, len(p) + 8),
    "a backbone header (802.1ah)": lambda p: ether(struct.pack("!I", 4711) + frame(p), 0x88E7),
    "a VLAN tag and a label": lambda p: ether(struct.pack("!I", 100 << 12 | 1 << 8 | 64) + p, 0x8847,
                                              tags=[(0x8100, 5)]),
}


def between():
    for name, wrap in LINKS.items():
        frames = [wrap(p) for p in talk()]
        plain = capture("plain", frames)
        _, flows = replay(plain, "--input", "plain")
        wrong = unlike("plain", [said(f) for f in flows], WANT)
        _, flows = replay(capture("mirrored", [mirror(f, 42) for f in frames]))
        wrong += unlike("mirrored", [said(f) for f in flows], WANT)
        for path in plain, DIR + "/mirrored.pcap":
            uri = tshark(path)
            if uri is not None and name != "three MPLS labels":
                wrong += unlike("tshark", uri, ["http://shop.example/upload"])
        check("%s between Ethernet and IP" % name, wrong)


def offload():
    packets = talk()
    packets[3] = packets[3][:2] + b"\0\0" + packets[3][4:]
    path = capture("offload", [mirror(frame(p), 42) for p in packets])
    _, flows = replay(path)
    wrong = unlike("flows", [said(f) for f in flows], WANT)
    wrong += unlike("bytes", flows[0]["client"]["bytes"], sum(map(len, (packets[i] for i in (0, 2, 3)))))
    uri = tshark(path)
    wrong += unlike("tshark", uri, ["http://shop.example/upload"]) if uri is not None else []
    check("an IPv4 length of 0, as segmentation offload leaves it", wrong)


def numbered(packet, ident):
    head = bytearray(packet[:20])
    struct.pack_into("!HHH", head, 4, ident, 0, head[8] << 8 | head[9])
    struct.pack_into("!H", head, 10, 0)
    struct.pack_into("!H", head, 10, checksum(bytes(head)))
    return bytes(head) + packet[20:]


def outer_fragments():
    whole = [mirror(frame(p), 42) for p in talk()]
    parts = [fragments(numbered(w[14:], 1 + i), 48) for i, w in enumerate(whole)]
    n = sum(map(len, parts))
    # A packet is whole when the last of its fragments is there.
    ends = [START + (sum(map(len, parts[:i + 1])) - 1) * 10**6 for i in range(len(parts))]
    one = capture("whole", whole)
    _, flows = replay(one, "-w", DIR + "/whole-w.pcap")
    want = [said(f) for f in flows]
    orders = {"in order": [p for ps in parts for p in ps],
              "all but the first of a packet reversed": [p for ps in parts for p in ps[:1] + ps[:0:-1]]}
    for name, packets in orders.items():
        path = capture("fragments", [frame(p) for p in packets])
        wrong, canons = [], set()
        for workers in "1", "2", "4":
            total, flows = replay(path, "--workers", workers, "-w", DIR + "/w.pcap")
            wrong += unlike("flows", [said(f) for f in flows], want)
            ledger = {k: v for k, v in total["ledger"].items() if v}
            wrong += unlike("ledger", ledger, {"inspected": len(whole), "outer_joined": n - len(whole)})
            wrong += unlike("received", total["received"], n)
            canons.add(subprocess.run([sys.executable, os.path.dirname(__file__) + "/results.py",
                                       "canon", DIR + "/out"], capture_output=True, check=True).stdout)
            wrong += unlike("-w", frames_of(DIR + "/w.pcap"), frames_of(DIR + "/whole-w.pcap"))
            wrong += unlike("times of -w", [p.time for p in captures.read(DIR + "/w.pcap")], ends)
            os.remove(DIR + "/w.pcap")
        wrong += unlike("results of 1, 2 and 4 workers", len(canons), 1)
        uri = tshark(path)
        wrong += unlike("tshark", uri, ["http://shop.example/upload"]) if uri is not None else []
        check("outer fragments %s are put together" % name, wrong)
    os.remove(DIR + "/whole-w.pcap")
    flat = [frame(p) for ps in parts for p in ps]
    gone = len(parts[3]) - 1
    del flat[-1 - len(parts[4])]
    for mode in "mirror", "auto":
        total, _ = replay(capture("missing", flat), "--input", mode)
        check("a fragment that never comes (--input %s)" % mode, unlike(
            "ledger", {k: v for k, v in total["ledger"].items() if v},
            {"inspected": 4, "outer_joined": n - len(parts[3]) - 4, "outer_fragment": gone}))
    twice = [frame(p) for ps in parts for p in (ps[:1] + ps if len(ps) > 1 else ps)]
    total, _ = replay(capture("overlap", twice))
    single = sum(len(ps) == 1 for ps in parts)
    check("fragments that overlap are refused by a reason of their own", unlike(
        "reasons", (total["ledger"]["inspected"], total["reasons"]["outer_overlap"]),
        (single, len(twice) - single)))


def frames_of(path):
    with open(path, "rb") as file:
        data = file.read()
    at, out = 24, []
    while at < len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        out.append(data[at + 16:at + 16 + size])
        at += 16 + size
    return out


def not_ip():
    packets = [mirror(ether(arp("10.0.0.1", "10.0.0.2"), 0x0806), 42)] * 3 + \
        [mirror(ether(bytes(46), 0x88CC), 42)] * 5 + [mirror(ether(b"\x42\x42\x03" + bytes(35), 38), 42)]
    for workers in "1", "3":
        total, _ = replay(capture("not-ip", packets), "--workers", workers)
        check("frames that are not IP are named (%s workers)" % workers, unlike(
            "ether types", total["inner_not_ip"],
            {"ether_types": [{"ether_type": 0x88CC, "name": "LLDP", "packets": 5},
                             {"ether_type": 0x0806, "name": "ARP", "packets": 3},
                             {"ether_type": 2, "name": "LLC", "packets": 1}], "others": 0}))


os.makedirs(DIR, exist_ok=True)
between()
offload()
outer_fragments()
not_ip()
sys.exit(checks.failures > 0)
