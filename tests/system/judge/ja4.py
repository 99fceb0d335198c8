#!/usr/bin/env python3
"""ja4.py PERISCOPE FOLDER VECTORS: the JA4 of each stream in VECTORS/expect.tsv, as the authors' implementation gives
it, is that of its transaction. Captures with a stream that differs stand in KNOWN."""
import csv
import json
import os
import subprocess
import sys

import results

PERISCOPE, FOLDER, VECTORS = sys.argv[1:4]
# A protocol name of bytes that are not ASCII: the description takes the first and last digit of its hex, where
# the table has 99.
KNOWN = {"tls-non-ascii-alpn.pcapng"}


def told(capture):
    """{(transport, addresses and ports): {JA4}}"""
    out = os.path.join(FOLDER, "ja4")
    subprocess.run([PERISCOPE, "replay", "-l", out, "--force", os.path.join(VECTORS, capture)], capture_output=True,
                   check=False)
    found = {}
    for event in results.events(out):
        kind = event["event"]
        if kind in ("tls", "quic") and event[kind]:
            key = (kind == "quic", event["src_ip"], event["dst_ip"], event["src_port"], event["dst_port"])
            found.setdefault(key, set()).add(event[kind]["ja4"])
    return found


def main():
    with open(os.path.join(VECTORS, "expect.tsv"), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    events = {name: told(name) for name in {row["capture"] for row in rows}}
    equal, known, wrong = 0, 0, 0
    for row in rows:
        key = (row["transport"] == "udp", row["src"], row["dst"], int(row["src_port"]), int(row["dst_port"]))
        have = events[row["capture"]].get(key, set())
        if row["ja4"] in have:
            equal += 1
        elif row["capture"] in KNOWN:
            known += 1
        else:
            wrong += 1
            print("%s\there: %s" % (json.dumps(row), have))
    print("%d streams: JA4 equal %d, known %d, others %d" % (len(rows), equal, known, wrong))
    return 1 if wrong or not equal else 0


if __name__ == "__main__":
    sys.exit(main())
