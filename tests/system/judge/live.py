#!/usr/bin/env python3
"""Judges what the live appliance wrote. live.py COMMAND ...

  same REPLAY LIVE [WHAT]  the conversations of LIVE's events are those of REPLAY's: per (outer source,
                           VNI, protocol, ends) the same packets and bytes in all; with `apps` also
                           the same label, with `labels` the client and the counts of each side too
  closed DIR [NAME=N ...]  received = in_flight + all buckets, in_flight = 0, outputs add up; and the
                           bucket NAME holds N
  session DIR SOURCE FILE  the session of this outer source had as many packets as FILE, and TCP
                           acknowledged nothing that was not seen in its flows
  outside DIR NAME...      no bucket but these and `inspected` holds anything
"""
import collections
import sys

import captures
import results


def ends(flow):
    a = (flow["src_ip"], flow["src_port"])
    b = (flow["dst_ip"], flow["dst_port"])
    return (flow["outer_src"], flow["vni"], flow["protocol"]) + tuple(sorted([a, b]))


def conversations(directory, what):
    talks = collections.defaultdict(lambda: [0, 0])
    for flow in results.flows(directory):
        key = ends(flow)
        if what == "apps":
            key += (flow["app"], flow["interface_id"], flow["rule_number"])
        if what == "labels":
            sides = tuple(flow[s][k] for s in ("client", "server") for k in ("packets", "bytes"))
            key += (flow["src_ip"], flow["app"], flow["direction"], flow["interface_id"],
                    flow["rule_number"], sides)
        for side in ("client", "server"):
            talks[key][0] += flow[side]["packets"]
            talks[key][1] += flow[side]["bytes"]
    return dict(talks)


def same(replay, live, what):
    want, got = conversations(replay, what), conversations(live, what)
    if not want:
        sys.exit("the replay has no flow")
    wrong = 0
    for key in sorted(set(want) | set(got), key=str):
        if want.get(key) == got.get(key):
            continue
        wrong += 1
        if wrong <= 10:
            print("%s: replay %s, live %s" % (key, want.get(key), got.get(key)))
    if wrong:
        sys.exit("%d of %d conversations differ" % (wrong, len(set(want) | set(got))))


def closed(directory, wanted):
    summary = results.summary(directory)
    ledger = summary["ledger"]
    if summary["in_flight"] != 0:
        sys.exit("in_flight is %d" % summary["in_flight"])
    if summary["received"] != sum(ledger.values()):
        sys.exit("received %d, buckets %d" % (summary["received"], sum(ledger.values())))
    flows = results.flows(directory)
    seen = sum(f[s]["packets"] for f in flows for s in ("client", "server"))
    if seen != ledger["inspected"]:
        sys.exit("flow events hold %d packets, inspected %d" % (seen, ledger["inspected"]))
    for name, o in summary["outputs"].items():
        if o["offered"] != o["written"] + o["by_policy"] + o["lost_queue"] + o["lost_disk"]:
            sys.exit("output %s does not add up: %s" % (name, o))
    for item in wanted:
        name, n = item.split("=")
        if ledger[name] != int(n):
            sys.exit("%s is %d, and not %s" % (name, ledger[name], n))


def outside(directory, names):
    for name, n in results.summary(directory)["ledger"].items():
        if n and name != "inspected" and name not in names:
            sys.exit("%s holds %d packets" % (name, n))


def session(directory, source, capture):
    want = sum(1 for _ in captures.read(capture))
    got = [s["packets"] for s in results.summary(directory)["sessions"] if s["outer_src"] == source]
    if got != [want] or not want:
        sys.exit("%s: sessions of %s packets, and not one of %d" % (source, got, want))
    unseen = [f["acked_unseen"] for f in results.flows(directory)
              if f["outer_src"] == source and f["protocol"] == 6]
    if not unseen or any(unseen):
        sys.exit("%s: acked_unseen of its flows: %s" % (source, unseen))


def main():
    command, args = sys.argv[1], sys.argv[2:]
    if command == "same":
        same(args[0], args[1], args[2] if len(args) > 2 else "")
    elif command == "closed":
        closed(args[0], args[1:])
    elif command == "session":
        session(*args)
    elif command == "outside":
        outside(args[0], args[1:])
    else:
        sys.exit("no such command: " + command)


if __name__ == "__main__":
    main()
