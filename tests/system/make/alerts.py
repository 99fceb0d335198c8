#!/usr/bin/env python3
"""Captures that raise alerts, and judges them. alerts.py COMMAND ...

  make FILE             mirrored HTTP: some clients send a segment again with other bytes (tcp_overlap), others
                        send it again as it was, which is none; prints what must be found
  replay DIR EXPECT     the alerts of DIR are those, once each
  live FILE EXPECT      lines of FILE: each alert when it began, at 10, 100, ... and when it ended
  less DIR EXPECT SOURCE@TENANT...
                        the alerts of DIR are those without these, which are counted
"""
import collections
import json
import sys

from capgen import START, Stream
from packets import ACK, PSH, Random, mirror, frame, save
from points import stamp

VNIS = (7, 8)
# Client: how many conversations with other bytes, and with the same.
CLIENTS = {"10.0.0.1": (1, 2), "10.0.0.2": (23, 0), "10.0.0.3": (0, 5), "fd00::4": (2, 1)}
REQUEST = b"GET /%s HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n\r\n"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


def conversation(random, client, port, time, other):
    """The packets, and when the bytes of another segment came."""
    server = "fd00::99" if ":" in client else "192.0.2.9"
    talk = Stream(random, client, port, server, 80, time)
    talk.begin()
    talk.segment(0, PSH | ACK, REQUEST % b"first")
    talk.next[0] -= len(REQUEST % b"first")
    when = talk.time
    talk.segment(0, PSH | ACK, REQUEST % (b"other" if other else b"first"))
    talk.segment(1, PSH | ACK, RESPONSE)
    talk.end()
    return talk.packets, when


def make(path):
    random, packets, found = Random(1), [], collections.defaultdict(list)
    port, time = 20000, START
    for client, (bad, good) in CLIENTS.items():
        for other in [True] * bad + [False] * good:
            port, time = port + 1, time + 50 * 10**6
            talk, when = conversation(random, client, port, time, other)
            for vni in VNIS:
                packets += [(at, mirror(frame(data), vni), None) for at, _, data in talk]
                if other:
                    found[client, vni].append(when)
    packets.sort(key=lambda packet: packet[0])
    save(path, packets)
    print(json.dumps([{"rule": "tcp_overlap", "src_ip": client, "tenant": str(vni), "vni": vni,
                       "count": len(times), "first": stamp(min(times)), "last": stamp(max(times))}
                      for (client, vni), times in found.items()]))
    return 0


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [event for event in map(json.loads, file) if event["event"] == "alert"]


def same(wanted, alerts, keys):
    def canon(rows):
        return sorted(json.dumps({key: row[key] for key in keys}, sort_keys=True) for row in rows)
    want, got = canon(wanted), canon(alerts)
    for row in sorted(set(want) - set(got)):
        print("missing:", row)
    for row in sorted(set(got) - set(want)):
        print("not wanted:", row)
    return want == got


def facts(alert):
    return (alert["event"], alert["engine"], alert["severity"], alert["category"]) == (
        "alert", "periscope", 2, "risk") and alert["why"] and alert["flow_id"]


def replay(directory, expect):
    alerts = lines(directory + "/alerts/alerts.jsonl")
    with open(expect, encoding="utf-8") as file:
        wanted = json.load(file)
    ok = same(wanted, alerts, ("rule", "src_ip", "tenant", "vni", "count", "first", "last"))
    ok &= all(facts(alert) and alert["ended"] for alert in alerts)
    ok &= len({alert["alert_id"] for alert in alerts}) == len(alerts) and joined(directory, alerts)
    return 0 if ok else 1


def joined(directory, alerts):
    """Each flow that raised an alert names it, no other does: the counts of alerts are those of flows."""
    named = collections.Counter()
    with open(directory + "/events/flows.jsonl", encoding="utf-8") as file:
        for flow in map(json.loads, file):
            for alert in flow["alerts"]:
                named[alert["alert_id"], alert["engine"], alert["rule"], alert["severity"], flow["src_ip"]] += 1
    told = {(alert["alert_id"], alert["engine"], alert["rule"], alert["severity"], alert["src_ip"]): alert["count"]
            for alert in alerts}
    if dict(named) != told:
        print("flows name", sorted(named.items()), "of", sorted(told.items()))
    return dict(named) == told


def less(directory, expect, *without):
    alerts = lines(directory + "/alerts/alerts.jsonl")
    with open(expect, encoding="utf-8") as file:
        wanted = json.load(file)
    left = [row for row in wanted if "%s@%s" % (row["src_ip"], row["tenant"]) not in without]
    with open(directory + "/summary.json", encoding="utf-8") as file:
        suppressed = json.load(file)["alerts"]["suppressed"]
    ok = len(left) == len(wanted) - len(without) and joined(directory, alerts)
    ok &= suppressed == sum(row["count"] for row in wanted) - sum(row["count"] for row in left) > 0
    return 0 if ok & same(left, alerts, ("rule", "src_ip", "tenant", "vni", "count", "first", "last")) else 1


def live(path, expect):
    with open(expect, encoding="utf-8") as file:
        wanted = json.load(file)
    told = collections.defaultdict(list)
    for alert in lines(path):
        told[alert["alert_id"]].append(alert)
    ok = same(wanted, [alerts[-1] for alerts in told.values()], ("rule", "src_ip", "tenant", "vni", "count"))
    for alerts in told.values():
        counts = [alert["count"] for alert in alerts]
        most = counts[-1]
        powers = [10**n for n in range(10) if 10**n <= most]
        if counts != powers + [most] or [alert["ended"] for alert in alerts] != [False] * len(powers) + [True]:
            print("told at", counts)
            ok = False
    return 0 if ok else 1


COMMANDS = {"make": make, "replay": replay, "less": less, "live": live}

if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    sys.exit(COMMANDS[sys.argv[1]](*sys.argv[2:]))
