#!/usr/bin/env python3
"""capacity.py CASE...: more mirror sessions than sessions.capacity has room for.
  make FILE           a capture: SPOOFED unknown (outer source, VNI) pairs, each with one packet between the
                      same two addresses; then COPIES packets of the session of settings
  settings FILE       settings with that session
  replayed DIR        that this is what a replay of it must have found
  send spoofed|session INTERFACE    the same packets, live
  running DIR         what the appliance must say after both
"""
import json
import socket
import sys
import time

import results
from checks import unlike
from packets import UDP, frame, ip, mirror, save, udp

SPOOFED, COPIES, CAPACITY, START = 200, 50, 64, 1_700_000_000 * 10**9
INNER = "10.9.0.1", "10.9.0.2"
SOURCE, VNI, INTERFACE = "10.1.0.77", 4242, "10.1.0.77"

SETTINGS = """sessions: {capacity: %d}
traffic_mirror_filters:
  - id: tmf-1
    rules:
      - {rule_number: 10, traffic_direction: egress, rule_action: accept, protocol: 17, source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0}
traffic_mirror_sessions:
  - {id: tms-1, session_number: 1, virtual_network_id: %d, network_interface_id: eni-1, traffic_mirror_filter_id: tmf-1}
network_interfaces:
  - {id: eni-1, private_ip_addresses: [%s], owner_id: "111111111111", instance_id: i-1, subnet_id: subnet-1, vpc_id: vpc-1}
""" % (CAPACITY, VNI, INTERFACE)


def datagram(src, sport, dst):
    return frame(ip(src, dst, UDP, udp(src, sport, dst, 9999, b"x" * 32)))


def spoofed():
    """Two VNIs have all the pairs that come after the table is full, so that two tenants share a point."""
    return [mirror(datagram(INNER[0], 41000, INNER[1]), i if i < CAPACITY else 7000 + i % 2,
                   src="172.16.%d.%d" % (i // 250, 1 + i % 250)) for i in range(SPOOFED)]


def session():
    return [mirror(datagram(SOURCE, 2000, INNER[1]), VNI, src=SOURCE) for _ in range(COPIES)]


def of_session(rows):
    return [(r["packets"], r["configured"], r["interface_id"]) for r in rows if r["session"] == "tms-1"]


def replayed(path):
    total, flows = results.summary(path), results.flows(path)
    wrong = unlike("inspected", total["ledger"]["inspected"], SPOOFED + COPIES)
    wrong += unlike("closed", total["ledger_closed"], True)
    wrong += unlike("deterministic", total["deterministic"], False)
    beyond = SPOOFED - CAPACITY
    wrong += unlike("beyond capacity", [total["memory"]["sessions_overflow"],
                                        total["sessions_other"]["packets"]], [beyond, beyond])
    wrong += unlike("the session", of_session(total["sessions"]), [(COPIES, True, "eni-1")])
    wrong += unlike("packets of all rows", sum(r["packets"] for r in total["sessions"]) + beyond,
                    SPOOFED + COPIES)
    nameless = sorted((f["vni"], f["client"]["packets"]) for f in flows if f["outer_src"] is None)
    wrong += unlike("flows of nameless points", nameless, [(7000, beyond // 2), (7001, beyond // 2)])
    wrong += unlike("flows", len(flows), CAPACITY + 2 + 1)
    wrong += unlike("different flow ids", len({f["flow_id"] for f in flows}), len(flows))
    named = [f for f in flows if f["session"] == "tms-1"]
    wrong += unlike("the session's flow", [(f["client"]["packets"], f["rule_number"]) for f in named],
                    [(COPIES, 10)])
    return wrong


def running(path):
    """Reads the answers of `ctl sessions -j`, `ctl stats -j` and /health from DIR.sessions and so on."""
    answers = {}
    for kind in "sessions", "stats", "health":
        with open("%s.%s" % (path, kind)) as file:
            answers[kind] = json.load(file)
    wrong = unlike("the session", of_session(answers["sessions"]["sessions"]), [(COPIES, True, "eni-1")])
    wrong += unlike("packets beyond", answers["sessions"]["overflow_packets"], SPOOFED - CAPACITY)
    wrong += unlike("inspected", answers["stats"]["ledger"]["inspected"], SPOOFED + COPIES)
    wrong += unlike("healthy", answers["health"]["healthy"], True)
    wrong += unlike("notes", answers["health"]["notes"],
                    ["%d packets of unknown sessions found no room in sessions.capacity: those inspected share one "
                     "observation point a tenant" % (SPOOFED - CAPACITY)])
    return wrong


def send(what, interface):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind((interface, 0))
        for i, packet in enumerate(spoofed() if what == "spoofed" else session()):
            out.send(packet)
            if i % 32 == 31:
                time.sleep(0.005)


def main():
    case, *rest = sys.argv[1:]
    wrong = []
    if case == "make":
        packets = spoofed() + session()
        save(rest[0], [(START + i * 10**6, data, len(data)) for i, data in enumerate(packets)])
    elif case == "settings":
        with open(rest[0], "w") as file:
            file.write(SETTINGS)
    elif case == "send":
        send(*rest)
    else:
        wrong = {"replayed": replayed, "running": running}[case](*rest)
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
