#!/usr/bin/env python3
"""flow_logs.py WINDOW DIR CAPTURE...: the flow log records in DIR are those that tshark's
view of the captures of inner packets gives. CAPTURE may be ACCOUNT,INTERFACE,CAPTURE: what this
interface sent and received. Also: default format, ACCEPT and OK, and each record in the file of
the five minutes its end lies in."""
import collections
import datetime
import glob
import gzip
import os
import sys

import results
import truth

HEADER = ("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes "
          "start end action log-status\n")


def misplaced(directory):
    """Files that do not begin with the header, or records in the wrong file."""
    for path in glob.glob(os.path.join(directory, "flow-logs", "**", "*.log.gz"), recursive=True):
        stamp = os.path.basename(path).split("_")[-2]
        begin = datetime.datetime.strptime(stamp, "%Y%m%dT%H%MZ")
        begin = int(begin.replace(tzinfo=datetime.timezone.utc).timestamp())
        with gzip.open(path, "rt") as file:
            if file.readline() != HEADER:
                yield path + ": no header line"
            for line in file:
                if not begin <= int(line.split()[11]) < begin + 300:
                    yield path + ": " + line


def main():
    window, directory = int(sys.argv[1]), sys.argv[2]
    want = collections.Counter()
    truth.read([word.split(",")[-1] for word in sys.argv[3:]])
    for word in sys.argv[3:]:
        *owner, path = word.split(",")
        owner = tuple(owner) or ("unknown", "-")
        want.update(owner + record for record in truth.flow_logs(path, window))
    got, bad = collections.Counter(), list(misplaced(directory))
    for line in results.flow_log_lines(directory):
        f = line.split(" ")
        if len(f) != 14 or f[0] != "2" or f[12:] != ["ACCEPT", "OK"]:
            bad.append("odd record: " + line)
            continue
        got[tuple(f[1:5]) + tuple(map(int, f[5:12]))] += 1
    bad += ["missing: %s" % (row,) for row in (want - got).elements()]
    bad += ["too many: %s" % (row,) for row in (got - want).elements()]
    print("%d records wanted" % sum(want.values()))
    print("\n".join(bad[:10]))
    return 1 if bad or not want else 0


if __name__ == "__main__":
    sys.exit(main())
