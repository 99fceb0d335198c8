#!/usr/bin/env python3
"""parity.py PERISCOPE SHARED DIR WANTED [replay's arguments...]: nDPI's captures, wrapped into VXLAN with
one VNI each and mixed in time, against ndpiReader of the same library version on the captures
themselves. A flow that ndpiReader classifies is met when one flow here has the same addresses,
ports and protocol, label, packets each way and server name. ndpiReader drops the later fragments of a datagram, which
belong to the flow here: as many as tshark counts are added to its packets. Prints the share with
and without that, and each difference with its class (docs/TESTING.md explains them); status 1 when
less than WANTED percent are met. Then: the packets written with -w are the originals, byte for
byte, in order, at their times and with their lengths on the wire."""
import collections
import csv
import glob
import ipaddress
import multiprocessing
import os
import pickle
import shutil
import subprocess
import sys
import tempfile

import captures
import packets
import results
import truth

PERISCOPE, SHARED, DIR = map(os.path.abspath, sys.argv[1:4])
sys.path.insert(0, os.path.join(SHARED, "tools"))
FIRST_VNI = 1000
WANTED = float(sys.argv[4])


def ndpi_reader(path):
    """[(protocol, {endpoint: packets}, app, name)]: the flows that ndpiReader classifies."""
    with tempfile.NamedTemporaryFile(mode="r", suffix=".csv", errors="replace", newline="") as out:
        subprocess.run(["ndpiReader", "-q", "-t", "-i", path, "-C", out.name], cwd="/", check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        head = out.readline().lstrip("#").rstrip("\n")
        comma = "|" if "|" in head else ","  # since nDPI 4.4
        rows = [dict(zip(head.split(comma), row)) for row in csv.reader(out, delimiter=comma)]
    flows = []
    for row in rows:
        proto = int(row["protocol"])
        client = (address(row["src_ip"]), int(row["src_port"]))
        server = (address(row["dst_ip"]), int(row["dst_port"]))
        packets = collections.Counter({client: int(row["c_to_s_pkts"])})
        packets[server] += int(row["s_to_c_pkts"])
        flows.append((proto, packets, row["ndpi_proto"], row["server_name_sni"]))
    return flows


def address(text):
    return str(ipaddress.ip_address(text))


def name_of(flow):
    for part, key in (("tls", "sni"), ("http", "host"), ("dns", "query")):
        if flow[part] and flow[part][key]:
            return flow[part][key]
    return ""


def ours(flow):
    has_ports = flow["protocol"] in (6, 17, 33, 136)
    client = (address(flow["src_ip"]), flow["src_port"] if has_ports else 0)
    server = (address(flow["dst_ip"]), flow["dst_port"] if has_ports else 0)
    packets = collections.Counter({client: flow["client"]["packets"]})
    packets[server] += flow["server"]["packets"]
    return flow["protocol"], packets, flow["app"], name_of(flow)


def joined(rows):
    """One row for all flows between two ends: ndpiReader knows no ports of ICMP and SCTP."""
    total = collections.Counter()
    for row in rows:
        total.update(row[1])
    return rows[0][0], total, "/".join(sorted({row[2] for row in rows})), rows[0][3]


def classify(row, rows):
    """What the flows between the same ends do not share with the oracle's."""
    if not rows:
        return "no such flow"
    if all(row[1] != own[1] for own in rows):
        return "packets"
    return "label" if all(row[2] != own[2] for own in rows) else "name"


def add_fragments(row, fragments):
    """The oracle's row with the fragments that it dropped."""
    total = collections.Counter(row[1])
    ends = sorted(row[1])
    for a, b in (ends, reversed(ends)) if len(ends) == 2 else ():
        total[a] += fragments.get((row[0], *a, *b), 0)
    return (row[0], total) + row[2:]


def same_name(row, own):
    """ndpiReader's column also holds what DHCP, NetBIOS, MDNS, STUN and mail servers call
    themselves, and names of DNS in lower case; an SNI is the name of TLS, DTLS and QUIC."""
    return row[2].split(".")[0] not in ("TLS", "DTLS", "QUIC", "HTTP") or row[3] == own[3]


def compare(oracle, flows):
    """Yields (class, oracle's row, our rows between the same ends) for each difference."""
    by_ends = collections.defaultdict(list)
    for row in map(ours, flows):
        by_ends[row[0], frozenset(row[1])].append(row)
    for row in oracle:
        rows = by_ends[row[0], frozenset(row[1])]
        candidates = list(rows)
        if row[0] in (1, 58, 132) and len(rows) > 1:
            candidates.append(joined(rows))
        for own in candidates:
            if own[1:3] == row[1:3] and same_name(row, own):
                if own in rows:
                    rows.remove(own)
                break
        else:
            yield classify(row, rows), row, rows


def claimed(frame):
    """The length on the wire: what the IP header says, where the capture holds less of it."""
    at, kind = 14, frame[12:14]
    while kind in (b"\x81\x00", b"\x88\xa8"):
        at, kind = at + 4, frame[at + 2:at + 4]
    if kind == b"\x08\x00":
        return max(len(frame), at + int.from_bytes(frame[at + 2:at + 4], "big"))
    if kind == b"\x86\xdd":
        return max(len(frame), at + 40 + int.from_bytes(frame[at + 4:at + 6], "big"))
    return len(frame)


def check_packets(files, path):
    """-w: of each VNI, the frames of its file."""
    import wrap_vxlan
    got = collections.defaultdict(list)
    for packet in captures.read(path):
        vni = int(dict(word.split("=", 1) for word in packet.comment.split())["vni"])
        got[vni].append(packet)
    wrong, count = [], 0
    for i, file in enumerate(files):
        mine, shift = got.pop(FIRST_VNI + i, []), None
        frames = []
        for packet in captures.read(file):
            frame = wrap_vxlan.to_ethernet(packet.link, packet.data)
            if frame is not None:
                frames.append((packet.time, frame))
        count += len(frames)
        if [p.data for p in mine] != [frame for _, frame in frames]:
            wrong.append("%s: other packets" % file)
        elif len({p.time - time for p, (time, _) in zip(mine, frames)}) > 1:
            wrong.append("%s: other times" % file)
        elif [p.wire for p in mine] != [claimed(frame) for _, frame in frames]:
            wrong.append("%s: other lengths" % file)
    wrong += ["VNI %d was never sent" % vni for vni in got]
    return count, wrong


def in_order(path, ends):
    """What ndpiReader says of one TCP connection once its segments are in order."""
    (a, sport), (b, dport) = ends
    family = "ipv6" if ":" in a else "ip"
    rows = subprocess.run(
        ["tshark", "-r", path, "-T", "fields", "-e", "frame.number", "-e", "tcp.srcport", "-e",
         "tcp.seq_raw", "-Y", "tcp.port==%d && tcp.port==%d && %s.addr==%s && %s.addr==%s" %
         (sport, dport, family, a, family, b)], capture_output=True, text=True, check=True)
    rows = [tuple(map(int, line.split("\t"))) for line in rows.stdout.split("\n") if line]
    whole = captures.read(path)
    times = [whole[number - 1].time for number, _, _ in rows]
    for end in range(len(rows), 1, -1):
        for i in range(end - 1):
            (_, port, seq), (_, next_port, next_seq) = rows[i:i + 2]
            if port == next_port and (next_seq - seq) % 2**32 > 2**31:
                rows[i], rows[i + 1] = rows[i + 1], rows[i]
    with tempfile.NamedTemporaryFile(suffix=".pcap") as out:
        packets.save(out.name, [(time, whole[row[0] - 1].data, whole[row[0] - 1].wire)
                                for time, row in zip(times, rows)], link=whole[0].link)
        return [row[2] for row in ndpi_reader(out.name)]


def ask_oracle(files):
    """Kept in DIR for a second comparison: it takes longer than the replay."""
    kept = DIR + "/oracle.pickle"
    if not os.path.exists(kept):
        with multiprocessing.Pool(2) as pool, open(kept, "wb") as file:
            pickle.dump(pool.map(ndpi_reader, files), file)
    with open(kept, "rb") as file:
        return pickle.load(file)


def main():
    files = sorted(p for p in glob.glob(SHARED + "/pcaps/ndpi42/*.pcap*") if not p.endswith(".out"))
    mixed, recorded = DIR + "/parity.pcap", DIR + "/parity.pcapng"
    subprocess.run([sys.executable, SHARED + "/tools/wrap_vxlan.py", *files, "--vni",
                    str(FIRST_VNI), "--interleave", "-o", mixed], check=True,
                   stderr=subprocess.DEVNULL)
    shutil.rmtree(DIR + "/parity", ignore_errors=True)
    run = subprocess.run([PERISCOPE, "replay", "-l", DIR + "/parity", "--force", "--set",
                          "flow.idle_timeout=0", "--set", "flow.tcp_close_timeout=0", "-w", recorded,
                          *sys.argv[5:], mixed], capture_output=True, text=True, check=False)
    if run.returncode:
        print("FAIL replay: status %d: %s" % (run.returncode, run.stderr))
        return 1
    oracle = ask_oracle(files)
    flows = collections.defaultdict(list)
    for flow in results.flows(DIR + "/parity"):
        flows[flow["vni"]].append(flow)
    total, strict, classes = 0, 0, collections.Counter()
    for i, file in enumerate(files):
        own = flows[FIRST_VNI + i]
        total += len(oracle[i])
        differences = list(compare(oracle[i], own))
        strict += len(differences)
        if any(kind == "packets" for kind, _, _ in differences):
            fragments = truth.later_fragments(file)
            differences = list(compare([add_fragments(r, fragments) for r in oracle[i]], own))
        for kind, row, rows in differences:
            if kind == "label" and row[0] == 6 and rows[0][2] in in_order(file, sorted(row[1])):
                kind = "order"
            classes[kind] += 1
            print("%s\t%s\t%d %s %s '%s'\there: %s" % (
                kind, os.path.basename(file), row[0], dict(row[1]), row[2], row[3],
                ["%s %s '%s'" % (dict(r[1]), r[2], r[3]) for r in rows[:3]]))
    met = total - sum(classes.values())
    print("%d of %d flows that ndpiReader classifies are the same here, %.3f %% (%.3f %% without "
          "the fragments that it drops); differences: %s" %
          (met, total, 100 * met / total, 100 * (total - strict) / total,
           ", ".join("%s %d" % row for row in sorted(classes.items()))))
    failed = 100 * met < WANTED * total
    count, wrong = check_packets(files, recorded)
    print("-w: %d packets of %d captures" % (count, len(files)), *wrong[:10], sep="\n")
    return 1 if failed or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
