#!/usr/bin/env python3
"""roundtrip.py PERISCOPE FOLDER MIRROR... -- CAPTURE...: every capture through `periscope mirror` (with
MIRROR's options) and back through replay, against a replay of the capture itself with --input plain.
Same packets: what mirror writes is the capture behind its headers. Same flows: the events are equal but
for what says where a packet was mirrored. With --packet-length N: packets and bytes of each flow are
equal, and as many are counted as truncated as are longer.
"""
import hashlib
import json
import os
import shutil
import subprocess
import sys

import captures
import results

VANTAGE = ("flow_id", "vni", "outer_src", "session", "interface_id", "direction")
ETHERNET, RAW = 1, (12, 101, 228, 229)


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stderr.strip()


def replay(periscope, out, *arguments):
    shutil.rmtree(out, ignore_errors=True)
    # The captures of a corpus may be damaged on purpose: both replays must say so alike.
    status, said = run(periscope, "replay", "-l", out, *arguments)
    if not os.path.exists(os.path.join(out, "summary.json")):
        raise ValueError("replay: %d %s" % (status, said))
    return out


def replay_plain(periscope, folder, path):
    """Of the capture itself: the same for every way of mirroring it, so it is replayed once in FOLDER."""
    with open(path, "rb") as file:
        name = "plain-" + hashlib.sha256(file.read()).hexdigest()
    out = os.path.join(folder, name)
    if os.path.exists(os.path.join(out, "summary.json")):
        return out
    return replay(periscope, out, "--input", "plain", path)


def flows(out, keep):
    """The events as text, sorted; equal for equal flows. An alert's id is of its tenant, too, which the VNI makes."""
    def of(key, value):
        return [{k: v for k, v in alert.items() if k != "alert_id"} for alert in value] if key == "alerts" else value
    return sorted(json.dumps({key: of(key, value) for key, value in event.items() if keep(key)},
                             sort_keys=True) for event in results.flows(out))


def counted(out, keys):
    """What the headers of a flow's packets say: its fields without those made of the payload that arrived."""
    def of(value):
        return {k: v for k, v in value.items() if k != "entropy"} if isinstance(value, dict) else value
    return sorted(json.dumps({key: of(event[key]) for key in keys}) for event in results.flows(out))


def same_packets(path, mirrored, over):
    try:
        before = captures.read(path)
    except ValueError:
        return []  # cut, and of a form that the reader here does not know: the flows say enough
    after = captures.read(mirrored)
    clock = not os.path.basename(path).startswith("fuzz")  # else times that no clock has shown
    wrong = []
    if len(before) != len(after):
        return ["%d packets became %d" % (len(before), len(after))]
    for number, (a, b) in enumerate(zip(before, after), 1):
        body = b.data[over:]
        if a.link == ETHERNET:
            same = body == a.data[:65535 - over + 14]
        elif a.link in RAW:
            same = body[14:] == a.data
        else:
            same = a.data.endswith(body[14:]) and len(body) > 14
        if not same or clock and a.time != b.time:
            wrong.append("packet %d is another one" % number)
    return wrong


def same_flows(plain, back):
    a, b = (flows(out, lambda key: key not in VANTAGE) for out in (plain, back))
    return ["flow: %s" % line for line in set(a) ^ set(b)] or (["flows"] if a != b else [])


def cut_flows(plain, back, length):
    """Packets and bytes, flow by flow, whatever the label; and the packets that are cut."""
    keys = ("src_ip", "dst_ip", "src_port", "dst_port", "protocol", "start", "end", "client", "server")
    a, b = (counted(out, keys) for out in (plain, back))
    wrong = ["flow: %s" % line for line in set(a) ^ set(b)]
    cut = sum(event["truncated"] for event in results.flows(back))
    return wrong, cut


def longer(path, length):
    """Packets of which the IP packet and 14 bytes are longer, and that are whole in the capture."""
    n = 0
    for packet in captures.read(path):
        if packet.link != ETHERNET or packet.wire != len(packet.data):
            return None
        kind, ip = packet.data[12:14], packet.data[14:]
        if kind == b"\x08\x00" and len(ip) >= 20:
            size = int.from_bytes(ip[2:4], "big")
        elif kind == b"\x86\xdd" and len(ip) >= 40:
            size = 40 + int.from_bytes(ip[4:6], "big")
        else:
            return None  # tags and others: their packets are counted by the C tests
        n += size + 14 > length
    return n


def judge(periscope, folder, options, path):
    length = int(options[options.index("--packet-length") + 1]) if "--packet-length" in options else 0
    mirrored = os.path.join(folder, "mirrored.pcap")
    status, said = run(periscope, "mirror", "--force", *options, path, mirrored)
    if status > 1 or (status == 1 and "breaks off" not in said):
        return ["mirror: %d %s" % (status, said)]
    plain = replay_plain(periscope, folder, path)
    back = replay(periscope, os.path.join(folder, "back"), "--input", "mirror", mirrored)
    if length:
        wrong, cut = cut_flows(plain, back, length)
        want = longer(path, length)
        inspected = results.summary(plain)["ledger"]["inspected"]
        if want is not None and inspected == results.summary(plain)["received"] and cut != want:
            wrong.append("%d packets truncated, and not %d" % (cut, want))
        judge.cut += cut
        return wrong
    over = 50 + (20 if ":" in options[options.index("--source") + 1] else 0) + (
        68 if "--gwlb" in options else 0)
    wrong = same_packets(path, mirrored, over) + same_flows(plain, back)
    a, b = (results.summary(out)["ledger"] for out in (plain, back))
    if a != b:
        wrong.append("ledger: %s, and not %s" % (b, a))
    return wrong


judge.cut = 0


def main():
    periscope, folder, *rest = sys.argv[1:]
    split = rest.index("--")
    options, paths = rest[:split], rest[split + 1:]
    bad = 0
    for path in paths:
        try:
            wrong = judge(periscope, folder, options, path)
        except (ValueError, OSError) as error:
            wrong = [str(error)]
        if wrong:
            bad += 1
            print("%s: %d differences, such as %s" % (os.path.basename(path), len(wrong), wrong[0]))
    print("%d captures, %d of them differ; %d packets cut" % (len(paths), bad, judge.cut))
    return bad > 0 or not paths


if __name__ == "__main__":
    sys.exit(main())
