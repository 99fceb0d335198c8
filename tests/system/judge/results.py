#!/usr/bin/env python3
"""Reads what a replay wrote and judges it. results.py COMMAND ...

  ledger DIR [EXPECT]   everything adds up; with the JSON that capgen.py printed: the buckets too
  flows DIR EXPECT      the flow events are the conversations that capgen.py made
  canon DIR             events, flow log lines and summary, sorted, without what may differ from
                        run to run: equal for equal inputs
  balance DIR SHARE     no worker had less than packets * SHARE
  summary DIR KEY       one value of summary.json, its keys joined by dots
  show DIR              one line a flow: vni app protocol src sport dst dport packets bytes
"""
import collections
import functools
import glob
import gzip
import json
import operator
import os
import sys


def events(directory):
    """Every event of the directory; each line is one JSON object, or this fails."""
    for path in sorted(glob.glob(os.path.join(directory, "events", "*.jsonl")) +
                       glob.glob(os.path.join(directory, "alerts", "*.jsonl"))):
        with open(path, encoding="utf-8", errors="strict") as file:
            for line in file:
                if not line.endswith("\n"):
                    raise ValueError("%s: the last line has no end" % path)
                yield json.loads(line)


def flows(directory):
    return [event for event in events(directory) if event["event"] == "flow"]


TRANSACTIONS = ("dns", "http", "tls", "quic", "ssh")
# Where lines of an event go, but for flow events.
OUTPUTS = dict.fromkeys(TRANSACTIONS + ("flow_start",), "transactions") | {"alert": "alerts"}


def written(directory):
    """Lines of each output of events. A flow that is told of at its start is told of once, before its own event's
    line could be; and a flow event says how many transactions of each kind there are. (An input that comes again has flows
    of the same id: their counts are added up.)"""
    lines = collections.Counter()
    kinds = collections.Counter()
    starts, counts = set(), {}
    for event in events(directory):
        kind = event["event"]
        lines[OUTPUTS.get(kind, "events")] += 1
        if kind == "flow_start" and event["flow_id"] in starts:
            raise ValueError("%s: %s has two flow_start" % (directory, event["flow_id"]))
        if kind == "flow_start":
            starts.add(event["flow_id"])
        elif kind == "flow":
            said = counts.setdefault(event["flow_id"], collections.Counter())
            said.update({kind: n for kind, n in event["transactions"].items() if n})
        elif kind in TRANSACTIONS:
            kinds[event["flow_id"], kind] += 1
    check_counts(directory, starts, counts, kinds)
    return {name: lines[name] for name in ("events", "transactions", "alerts")}


def check_counts(directory, starts, counts, kinds):
    """Where nothing was left out or lost. Without flow events there is nothing to compare."""
    with open(os.path.join(directory, "summary.json"), encoding="utf-8") as file:
        output = json.load(file)["outputs"]["transactions"]
    if not counts or output["offered"] != output["written"]:
        return
    if starts and starts != set(counts):
        raise ValueError("%s: flow_start without a flow, or the other way round" % directory)
    for (flow, kind), n in kinds.items():
        if counts[flow][kind] != n:
            raise ValueError("%s: flow %s has %s %s events, and says %s" %
                             (directory, flow, n, kind, counts[flow][kind]))
    for flow, said in counts.items():
        for kind, n in said.items():
            if n and kinds[flow, kind] != n:
                raise ValueError("%s: flow %s says %s %s, and has %s" %
                                 (directory, flow, n, kind, kinds[flow, kind]))


# What tells that a capacity limit was hit: each by itself makes a summary not deterministic.
LIMITS = ("flow_table.evicted", "flow_table.refused", "dpi.refused_flows", "dpi.shed_flows",
          "dpi.fragments_given_up", "flow_logs.early", "outputs.events.by_policy",
          "outputs.transactions.by_policy", "outputs.alerts.by_policy",
          "memory.talkers_overflow", "memory.conversations_overflow", "memory.names_overflow",
          "memory.failures_overflow", "memory.alerts_overflow", "memory.alerts_unheard",
          "memory.alerts_scan_overflow", "memory.alerts_tunnel_overflow", "memory.alerts_beacon_overflow", "memory.alerts_listener_overflow", "memory.alerts_unlisted",
          "memory.suricata_lost_ids", "memory.suricata_flows_forgotten",
          "memory.sessions_overflow", "memory.sessions_evicted",
          "memory.fragments_overflow", "memory.outer_fragments_overflow")


def summary(directory):
    with open(os.path.join(directory, "summary.json"), encoding="utf-8") as file:
        s = json.load(file)
    hit = [name for name in LIMITS if functools.reduce(operator.getitem, name.split("."), s)]
    if s["deterministic"] == bool(hit):
        raise ValueError("%s: deterministic is %s, and the limits that were hit are: %s" %
                         (directory, s["deterministic"], ", ".join(hit) or "none"))
    return s


def flow_log_lines(directory):
    """The records of all flow log files, without their header lines."""
    pattern = os.path.join(directory, "flow-logs", "**", "*.log.gz")
    for path in sorted(glob.glob(pattern, recursive=True)):
        with gzip.open(path, "rt", encoding="ascii") as file:
            header = file.readline()
            if not header.startswith("version "):
                raise ValueError("%s: no header line" % path)
            for line in file:
                yield line.rstrip("\n")


class Judge:
    def __init__(self):
        self.wrong = []

    def same(self, what, got, want):
        if got != want:
            self.wrong.append("%s: %s, and not %s" % (what, got, want))

    def verdict(self):
        for line in self.wrong[:20]:
            print(line)
        return 1 if self.wrong else 0


def check_outputs(judge, directory, total):
    for name, output in total["outputs"].items():
        parts = ("written", "by_policy", "lost_queue", "lost_disk")
        judge.same("outputs." + name, output["offered"], sum(output[p] for p in parts))
        judge.same("lost in " + name, output["lost_queue"] + output["lost_disk"], 0)
    for name, lines in written(directory).items():
        judge.same(name + " written", total["outputs"][name]["written"], lines)
    judge.same("flow logs written", total["outputs"]["flow_logs"]["written"],
               sum(1 for _ in flow_log_lines(directory)))


def check_applications(judge, found, total):
    apps = collections.defaultdict(lambda: [0, 0, 0])
    for flow in found:
        row = apps[flow["app"]]
        row[0] += 1
        row[1] += flow["client"]["packets"] + flow["server"]["packets"]
        row[2] += flow["client"]["bytes"] + flow["server"]["bytes"]
    said = {app: [row["flows"], row["packets"], row["bytes"]]
            for app, row in total["applications"].items()}
    for app in sorted(set(apps) | set(said)):
        judge.same("applications." + app, said.get(app), apps.get(app))


def check_flow_logs(judge, directory, total):
    """What all records say together is what all flows had."""
    packets = volume = 0
    for line in flow_log_lines(directory):
        fields = line.split(" ")
        packets, volume = packets + int(fields[8]), volume + int(fields[9])
    apps = total["applications"].values()
    judge.same("packets in flow logs", packets, total["ledger"]["inspected"])
    judge.same("bytes in flow logs", volume, sum(row["bytes"] for row in apps))


def ledger(directory, expect=None):
    judge, total, found = Judge(), summary(directory), flows(directory)
    buckets = total["ledger"]
    judge.same("buckets", sum(buckets.values()), total["received"])
    judge.same("in_flight", total["in_flight"], 0)
    # Outer fragments that the reader kept went to no worker.
    kept = total["received"] - sum(total["workers"])
    judge.same("packets of workers, and joined",
               buckets["outer_joined"] <= kept <= buckets["outer_joined"] +
               buckets["outer_fragment"], True)
    judge.same("flows", total["flows"], len(found))
    judge.same("packets of flows", sum(f["client"]["packets"] + f["server"]["packets"]
                                       for f in found), buckets["inspected"])
    check_applications(judge, found, total)
    check_outputs(judge, directory, total)
    check_flow_logs(judge, directory, total)
    if expect:
        with open(expect, encoding="utf-8") as file:
            want = json.load(file)
        judge.same("received", total["received"], want["packets"])
        for bucket in buckets if want["ledger"] else ():
            judge.same("ledger." + bucket, buckets[bucket], want["ledger"].get(bucket, 0))
    return judge.verdict()


KEYS = ("vni", "src_ip", "src_port", "dst_ip", "dst_port", "protocol")


def side_of(side):
    return (side["packets"], side["bytes"]) if isinstance(side, dict) else tuple(side)


def row_of(flow):
    """A flow event, or a conversation as capgen.py wrote it."""
    return tuple(flow[k] for k in KEYS) + (side_of(flow["client"]), side_of(flow["server"]))


def compare_flows(directory, expect):
    with open(expect, encoding="utf-8") as file:
        made = json.load(file)["flows"]
    want, apps = collections.Counter(), {}
    for flow in made:
        want[row_of(flow)] += 1
        apps[row_of(flow)] = flow["app"]
    got = collections.Counter()
    for flow in flows(directory):
        row = row_of(flow)
        if apps.get(row) not in (None, flow["app"]):
            row += (flow["app"],)  # wrongly labelled: no conversation has it
        got[row] += 1
    for row in list((want - got).elements())[:8]:
        print("missing", *row)
    for row in list((got - want).elements())[:8]:
        print("too many", *row)
    return 0 if want == got else 1


def canon(directory):
    total = summary(directory)
    for key in ("run", "workers", "memory"):
        total.pop(key, None)
    print(json.dumps(total, sort_keys=True, indent=1))
    for line in sorted(json.dumps(event, sort_keys=True) for event in events(directory)):
        print(line)
    for line in sorted(flow_log_lines(directory)):
        print(line)
    return 0


def balance(directory, share):
    workers = summary(directory)["workers"]
    least = sum(workers) * float(share)
    print("workers", workers, "at least", least)
    return 0 if min(workers) >= least else 1


def value(directory, key):
    at = summary(directory)
    for part in key.split("."):
        at = at[int(part)] if isinstance(at, list) else at[part]
    print(json.dumps(at))
    return 0


def show(directory):
    rows = []
    for flow in flows(directory):
        sides = [(flow[s]["packets"], flow[s]["bytes"]) for s in ("client", "server")]
        rows.append("%s %s %d %s %d %s %d %d/%d packets %d/%d bytes" % (
            "-" if flow["vni"] is None else flow["vni"], flow["app"].replace(" ", "_"),
            flow["protocol"], flow["src_ip"], flow["src_port"], flow["dst_ip"], flow["dst_port"],
            sides[0][0], sides[1][0], sides[0][1], sides[1][1]))
    print("\n".join(sorted(rows)))
    return 0


COMMANDS = {"ledger": ledger, "flows": compare_flows, "canon": canon, "balance": balance,
            "summary": value, "show": show}

if __name__ == "__main__":
    sys.exit(COMMANDS[sys.argv[1]](*sys.argv[2:]))
