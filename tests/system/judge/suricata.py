#!/usr/bin/env python3
"""Judges Suricata's alerts as periscope tells them. suricata.py COMMAND ...

  same DIR VNI=EVE...    those of each VNI are those that Suricata itself wrote of its inner packets, into EVE
  even DIR VNI...        each of these VNIs has the same of them
  flows DIR              each names the flow that it belongs to
  restarted DIR N ENDED  live: it was started again N times, ENDED alerts say that it had ended; its sum closes
  counted DIR N          so many of its alerts were told, and each is in the count of one of ours
  lost DIR               what it did not get is counted, and an alert says so"""
import collections
import datetime
import glob
import ipaddress
import json
import sys


def lines(pattern):
    return [json.loads(line) for path in sorted(glob.glob(pattern)) for line in open(path, encoding="utf-8")]


def latest(directory):
    """Live an alert is written again when it has grown."""
    rows = {}
    for row in lines(directory + "/alerts/*.jsonl"):
        key = row["alert_id"], row["first"]
        if key not in rows or row["count"] > rows[key]["count"]:
            rows[key] = row
    return list(rows.values())


def alerts(directory):
    return [row for row in latest(directory) if row["engine"] == "suricata"]


def text(row):
    return row["rule"], row["revision"], row["title"], row["category"], row["severity"], row["src_ip"], row["tenant"]


def own(eve, vni):
    """As Suricata has them: rule, words, source -> how often."""
    found = collections.Counter()
    for row in lines(eve):
        if row["event_type"] != "alert":
            continue
        a = row["alert"]
        found["%d:%d" % (a["gid"], a["signature_id"]), a["rev"], a["signature"], a["category"] or None,
              min(a["severity"], 4), str(ipaddress.ip_address(row["src_ip"])), vni] += 1
    return found


def ours(directory, vni):
    found = collections.Counter()
    for row in alerts(directory):
        if row["vni"] == int(vni):
            assert row["session"] is None and row["tenant"] == vni, row
            found[text(row)] += row["count"]
    return found


def same(directory, *wanted):
    total = 0
    for want in wanted:
        vni, eve = want.split("=", 1)
        a, b = own(eve, vni), ours(directory, vni)
        assert a, "Suricata has no alerts in " + eve
        assert a == b, "VNI %s: Suricata alone %s, fed %s" % (vni, a - b, b - a)
        total += sum(a.values())
    stats = json.load(open(directory + "/summary.json"))["suricata"]
    assert stats["alerts"] == total == sum(row["count"] for row in alerts(directory)), (stats, total)
    assert stats["unreadable"] == 0 and stats["lost_ids"] == 0 and stats["offered"] == stats["written"] > 0, stats
    print(total, "alerts")


def even(directory, *vnis):
    sets = [collections.Counter({key[:-1]: n for key, n in ours(directory, vni).items()}) for vni in vnis]
    stats = json.load(open(directory + "/summary.json"))["suricata"]
    assert sets[0] and stats["alerts"] == sum(row["count"] for row in alerts(directory)), (stats, len(alerts(directory)))
    for vni, one in zip(vnis, sets):
        assert one == sets[0], "VNI %s has not %s, and alone %s; %s" % (vni, sets[0] - one, one - sets[0], stats)
    assert {row["outer_src"] for row in alerts(directory)} == {"10.250.0." + vni for vni in vnis}
    print(sum(sets[0].values()), "alerts in each of", len(sets))


def flows(directory):
    by_id = {row["flow_id"]: row for row in lines(directory + "/events/flows*.jsonl")}
    rows = alerts(directory)
    assert rows
    for row in rows:
        flow = by_id[row["flow_id"]]
        for key in ("vni", "outer_src", "community_id", "protocol"):
            assert flow[key] == row[key], (key, flow, row)
        there = row["src_ip"] == flow["src_ip"] and row["src_port"] == flow["src_port"]
        names = ("src", "dst") if there else ("dst", "src")
        for mine, its in zip(("src", "dst"), names):
            assert row[mine + "_ip"] == flow[its + "_ip"] and row[mine + "_port"] == flow[its + "_port"], (flow, row)
        if there:
            assert row["direction"] == flow["direction"], (flow, row)
        # Suricata's times have microseconds.
        assert flow["start"][:23] <= row["first"][:23], (flow, row)
    print(len(rows), "alerts name their flows")


def lost(directory):
    summary = json.load(open(directory + "/summary.json"))
    stats = summary["suricata"]
    assert stats["lost_ids"] > 0 and stats["written"] > 0, stats
    assert stats["offered"] == stats["written"] + stats["by_policy"] + stats["lost_ids"], stats
    assert summary["deterministic"] is False and summary["memory"]["suricata_lost_ids"] == stats["lost_ids"]
    told = [row for row in latest(directory) if row["rule"] == "suricata_ended"]
    assert len(told) == 1 and told[0]["engine"] == "periscope" and told[0]["category"] == "sensor", told
    assert all(told[0][key] is None for key in ("flow_id", "src_ip", "dst_port", "protocol", "vni", "tenant")), told
    print(stats, told[0]["why"])


def restarted(directory, times, ended):
    """Live: it was started again so often, so many alerts of now say that it had ended; the packets' sum closes."""
    summary = json.load(open(directory + "/summary.json"))
    stats = summary["suricata"]
    assert stats["restarts"] == int(times), stats
    assert stats["offered"] == stats["written"] + stats["by_policy"] + stats["lost_ids"], stats
    told = [row for row in latest(directory) if row["rule"] == "suricata_ended"]
    assert sum(row["count"] for row in told) == int(ended), told
    now = datetime.datetime.now(datetime.timezone.utc)
    for row in told:
        first = datetime.datetime.fromisoformat(row["first"][:19] + "+00:00")
        assert abs(now - first) < datetime.timedelta(minutes=10), row
    assert summary["deterministic"] == (stats["lost_ids"] == 0), summary["deterministic"]
    print(stats, [row["why"] for row in told])


def counted(directory, n):
    summary = json.load(open(directory + "/summary.json"))
    assert summary["suricata"]["alerts"] == int(n), summary["suricata"]
    told = sum(row["count"] for row in alerts(directory))
    assert told == int(n) and summary["memory"]["alerts_unheard"] == 0, (told, summary["memory"])


def main():
    {"counted": counted, "restarted": restarted, "same": same, "even": even, "flows": flows, "lost": lost}[sys.argv[1]](*sys.argv[2:])


main()
