#!/usr/bin/env python3
"""disorder.py PERISCOPE FOLDER PERCENT KINDS CAPTURE...: what mirror and network do to packets, and what is told
of the flows after it. Every capture is mirrored with a VNI of its own, in order and, for each of KINDS
(comma separated), otherwise:

  shuffle=N     every N packets of the capture in another order, and at once
  fragments=N   every inner IP packet longer than N bytes in fragments of at most so many
  cut=N         frames cut to N bytes, as a session's packet length does

There must be the same flows as in order, with the same packets and bytes (fragments: at least as many). Shuffled, PERCENT
of the flows that have a label or details must have the same ones; in fragments, no label may be another one; of the
names that arrived whole in a cut frame (arrived.py), PERCENT must be told. What is told of a flow are server name,
JA3, JA4, HASSH, HTTP's URL and DNS's question of all its transactions. Prints how many there are of each kind, and each
that differs."""
import collections
import heapq
import os
import shutil
import subprocess
import sys

import arrived
import captures
import packets
import results
import tshark_messages

PERISCOPE, FOLDER, PERCENT, KINDS = sys.argv[1:5]
FIRST_VNI, BEGIN, PAUSE = 1000, 1_700_000_000 * 10**9, 10**9
DETAILS = (("tls", "sni"), ("tls", "ja3"), ("tls", "ja4"), ("http", "url"), ("dns", "query"), ("ssh", "hassh"))


def shuffled(frames, window):
    """Every packet stays in its window, whose packets come at once, at the time of the last; but no more than PAUSE
    after the window before, so that fragments on both sides of its begin are not too far apart to be of one datagram."""
    random, out, last = packets.Random(window), [], 0
    for start in range(0, len(frames), window):
        part = [data for _, data in frames[start:start + window]]
        end = max([last] + [time for time, _ in frames[start:start + window]])
        last = min(end, last + PAUSE) if last else end
        for i in range(len(part) - 1, 0, -1):
            j = random.below(i + 1)
            part[i], part[j] = part[j], part[i]
        out += [(last, data) for data in part]
    return out


def split(data, size, ident):
    """The frame's IP packet as fragments, each in a frame; a cut packet and one with options stay whole."""
    at = 12
    while data[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
        at += 4
    head, body = data[:at + 2], data[at + 2:]
    if data[at:at + 2] == b"\x08\x00" and len(body) > size and body[0] == 0x45:
        length = int.from_bytes(body[2:4], "big")
        if size < length <= len(body) and not int.from_bytes(body[6:8], "big") & 0x3FFF:
            # Packets of one capture may all have the id 0, which is theirs where they may not be fragmented.
            body = body[:4] + (ident % 65535 + 1).to_bytes(2, "big") + body[6:length]
            return [head + part for part in packets.fragments(body, size - 20)]
    if data[at:at + 2] == b"\x86\xdd" and len(body) > size and body[6] in (packets.TCP, packets.UDP):
        length = 40 + int.from_bytes(body[4:6], "big")
        if size < length <= len(body):
            return [head + part for part in packets.fragments6(body[:length], size - 48, ident)]
    return [data]


def fragmented(frames, size):
    return [(time, part) for i, (time, data) in enumerate(frames) for part in split(data, size, i)]


def cut(frames, size):
    return [(time, data[:size]) for time, data in frames]


CHANGES = {"shuffle": shuffled, "fragments": fragmented, "cut": cut, "order": lambda frames, _: frames}


def ethernet(packet):
    """Its frame; None for a link type that the tool beside the captures knows none of."""
    if packet.link == 1:
        return packet.data
    import wrap_vxlan  # of ../shared/tools, as are the captures of such types
    return wrap_vxlan.to_ethernet(packet.link, packet.data)


def mirrored(number, path, change, size):
    """(time, bytes, None) for each packet, the first one's time as every capture's first."""
    rows = [(p.time, ethernet(p)) for p in captures.read(path)]
    first = min((time for time, _ in rows), default=0)
    frames = CHANGES[change]([(BEGIN + time - first, data) for time, data in rows if data], size)
    return [(time, packets.mirror(data, FIRST_VNI + number), None) for time, data in frames]


def values(event):
    return tuple((event.get(part) or {}).get(key) for part, key in DETAILS)


def replay(paths, kind):
    """({(vni, protocol, ends): [flow]}, summary)"""
    change, _, size = kind.partition("=")
    capture, out = FOLDER + "/disorder.pcap", FOLDER + "/disorder"
    packets.save(capture, list(heapq.merge(*(mirrored(i, path, change, int(size or 0))
                                             for i, path in enumerate(paths)), key=lambda row: row[0])))
    shutil.rmtree(out, ignore_errors=True)
    run = subprocess.run([PERISCOPE, "replay", "-l", out, "--set", "flow.idle_timeout=0", "--set",
                          "flow.tcp_close_timeout=0", "--workers", "1", capture], capture_output=True, text=True,
                         check=False)
    os.remove(capture)
    if run.returncode or run.stderr:
        raise ValueError("%s: status %d: %s" % (kind, run.returncode, run.stderr))
    flows, said = collections.defaultdict(list), collections.defaultdict(set)
    names = collections.defaultdict(set)
    for event in results.events(out):
        if event["event"] in results.TRANSACTIONS:
            said[event["vni"], event["flow_id"]].add(values(event))
            names[event["vni"], event["flow_id"]] |= arrived.values(event)
    for flow in results.flows(out):
        flow["said"] = frozenset(said[flow["vni"], flow["flow_id"]] or {values(flow)})
        flow["names"] = names[flow["vni"], flow["flow_id"]] | arrived.values(flow)
        ends = sorted(((flow["src_ip"], flow["src_port"]), (flow["dst_ip"], flow["dst_port"])))
        flows[flow["vni"], flow["protocol"], *ends, (flow["icmp"] or {}).get("id")].append(flow)
    summary = results.summary(out)
    shutil.rmtree(out)
    return flows, summary


def told(flow):
    return tuple(sorted(flow["said"], key=str))


def sides(flow):
    """{end: (packets, bytes)}"""
    return {(flow["src_ip"], flow["src_port"]): (flow["client"]["packets"], flow["client"]["bytes"]),
            (flow["dst_ip"], flow["dst_port"]): (flow["server"]["packets"], flow["server"]["bytes"])}


def counts(flows):
    total = collections.Counter()
    for flow in flows:
        for end, (count, size) in sides(flow).items():
            total[end, "packets"] += count
            total[end, "bytes"] += size
    return total


def differences(before, after, change):
    """Yields (what, key, was, is)."""
    for key, old in before.items():
        new = after.get(key)
        if not new:
            yield "no flow", key, old[0]["app"], None
            continue
        was, now = counts(old), counts(new)
        if was != now and (change != "fragments" or any(now[k] < was[k] for k in was)):
            yield "counts", key, dict(was), dict(now)
        if change == "cut":
            continue
        for what, of in (("label", lambda f: f["app"]), ("details", told)):
            was, now = (collections.Counter(map(of, rows)) for rows in (old, new))
            if was != now:
                yield what, key, list(was - now), list(now - was)
    for key in after.keys() - before.keys():
        yield "flow of nothing", key, None, after[key][0]["app"]


def names_of(flows):
    return {key: set().union(*(flow["names"] for flow in rows)) for key, rows in flows.items()}


def names_lost(kind, paths, before, after):
    """(names that arrived whole, those of them that are not told)"""
    size, now = int(kind.partition("=")[2]), names_of(after)
    frames = {FIRST_VNI + i: [ethernet(p)[:size] for p in captures.read(path) if ethernet(p)]
              for i, path in enumerate(paths)}
    whole = arrived.arrived(frames, names_of(before))
    lost = [(key, value) for key, rows in whole.items() for value in sorted(rows - now.get(key, set()))]
    for key, value in lost:
        print("difference\t%s\tname\t%s\t%s\t%s" % (kind, os.path.basename(paths[key[0] - FIRST_VNI]), key[1:], value))
    return sum(map(len, whole.values())), len(lost)


def judge(kind, paths, before, after, summary):
    change = kind.partition("=")[0]
    found = list(differences(before, after, change))
    name = lambda key: os.path.basename(paths[key[0] - FIRST_VNI])
    for what, key, was, now in found:
        print("difference\t%s\t%s\t%s\t%s\t%s -> %s" % (kind, what, name(key), key[1:], was, now))
    many = collections.Counter(what for what, _, _, _ in found)
    changed = {key for what, key, _, _ in found if what in ("label", "details")}
    ledger = {k: v for k, v in summary["ledger"].items() if v}
    print("%s: %d flows, %d differ in label or details (%.3f %% do not); %s; %s" % (
        kind, len(before), len(changed), 100 - 100 * len(changed) / len(before), dict(many), ledger))
    lost = many["no flow"] + many["flow of nothing"] + many["counts"]
    if change == "cut":
        whole, missing = names_lost(kind, paths, before, after)
        print("%s: of %d names that arrived whole %d are told (%.3f %%)" % (
            kind, whole, whole - missing, 100 - 100 * missing / max(whole, 1)))
        return lost or not whole or missing > (1 - float(PERCENT) / 100) * whole
    if change == "shuffle":
        return lost or len(changed) > (1 - float(PERCENT) / 100) * len(before)
    return lost or many["label"]


def main():
    os.makedirs(FOLDER, exist_ok=True)
    sys.path.append(os.path.join(os.environ.get("PERISCOPE_SHARED", "../shared"), "tools"))
    paths = [part for path in sys.argv[5:] for part in tshark_messages.apart(path, FOLDER)]
    before, _ = replay(paths, "order")
    wrong = [kind for kind in KINDS.split(",") if judge(kind, paths, before, *replay(paths, kind))]
    if not before or wrong:
        print("wrong: %s" % (wrong or "no flow at all"))
    return 1 if not before or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
