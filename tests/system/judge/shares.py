#!/usr/bin/env python3
"""shares.py PERISCOPE DIR: what a flood of one mirror session leaves to the conversations of another:
their labels, their flows, their details. Unfinished fragments, SYNs and half ClientHellos; with both sessions
configured, and with the flood's or the other's unknown. Prints one line a check; status 1 if any failed."""
import os
import shutil
import subprocess
import sys

import checks
import results
from checks import check
from packets import ACK, FIN, PSH, SYN, TCP, UDP, frame, ip, ip4, mirror, save, tcp, udp

PERISCOPE, DIR = sys.argv[1:3]
START = 1700000000 * 10**9
FLOOD_SOURCE, QUIET_SOURCE = "172.31.0.7", "172.31.0.8"
FLOOD, QUIET = 7, 8
SECONDS, TALKS = 4, 80
HALF_HELLO = bytes.fromhex("160301 0fa0 01000f9c 0303") + bytes(700)

SESSIONS = {  # what the settings name
    "both configured": (FLOOD, QUIET),
    "flood unknown": (QUIET,),
    "quiet unknown": (FLOOD,),
    "both unknown": (),
}
APART = ["both configured", "flood unknown", "quiet unknown"]  # with a share each


def settings(path, vnis, lines):
    with open(path, "w") as file:
        file.write("\n".join(lines) + "\nnetwork_interfaces:\n" + "".join(
            "  - {id: eni-%d, private_ip_addresses: [%s]}\n" % (vni, source)
            for vni, source in ((FLOOD, FLOOD_SOURCE), (QUIET, QUIET_SOURCE)) if vni in vnis))
        file.write("traffic_mirror_sessions:\n" + "".join(
            "  - {id: tms-%d, session_number: 1, virtual_network_id: %d, network_interface_id: eni-%d}\n"
            % (vni, vni, vni) for vni in vnis) if vnis else "")


def talk(number):
    """A request over HTTP to port 8000, which no port tells, and its answer: times and IP packets."""
    client, server = "10.1.0.%d" % (number % 250 + 1), "10.2.0.1"
    ends, next_ = ((client, 30000 + number), (server, 8000)), [1000, 9000]
    time = START + number * SECONDS * 10**9 // (TALKS + 8) + 10**8

    def segment(side, flags, payload=b""):
        nonlocal time
        (src, sport), (dst, dport) = ends[side], ends[1 - side]
        body = tcp(src, sport, dst, dport, flags, next_[side], next_[1 - side] if flags & ACK else 0,
                   payload)
        next_[side] += len(payload) + (1 if flags & (SYN | FIN) else 0)
        time += 5 * 10**6
        return time, mirror(frame(ip(src, dst, TCP, body)), QUIET, src=QUIET_SOURCE)

    yield segment(0, SYN)
    yield segment(1, SYN | ACK)
    yield segment(0, ACK)
    yield segment(0, PSH | ACK, b"GET /%d HTTP/1.1\r\nHost: quiet.example\r\n\r\n" % number)
    yield segment(1, PSH | ACK, b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok")
    yield segment(0, FIN | ACK)
    yield segment(1, FIN | ACK)


def flood_packet(kind, n):
    src, dst, sport = "11.%d.%d.%d" % (n >> 16, n >> 8 & 255, n & 255), "10.0.1.9", 1024 + n % 60000
    if kind == "fragments":
        body = udp(src, sport, dst, 53, b"A" * 56, length=9000, zero=True)
        packet = ip4(src, dst, UDP, body, ident=n & 0xffff, more=True)
    else:
        flags, payload = (SYN, b"") if kind == "syns" else (PSH | ACK, HALF_HELLO)
        packet = ip(src, dst, TCP, tcp(src, sport, dst, 443, flags, n, 0, payload))
    return mirror(frame(packet), FLOOD, src=FLOOD_SOURCE)


def capture(kind, rate):
    path = "%s/%s.pcap" % (DIR, kind)
    packets = [(START + n * 10**9 // rate, flood_packet(kind, n)) for n in range(rate * SECONDS)]
    for number in range(TALKS):
        packets += talk(number)
    save(path, [(time, data, len(data)) for time, data in sorted(packets, key=lambda p: p[0])])
    return path, len(packets)


def replay(path, vnis, lines, workers):
    shutil.rmtree(DIR + "/out", ignore_errors=True)
    settings(DIR + "/settings.yaml", vnis, lines)
    run = subprocess.run([PERISCOPE, "replay", "-c", DIR + "/settings.yaml", "--workers", workers, "-l",
                          DIR + "/out", path], capture_output=True, text=True, timeout=300)
    if run.returncode:
        raise RuntimeError("%s: status %d: %s" % (path, run.returncode, run.stderr))
    return results.summary(DIR + "/out"), results.flows(DIR + "/out")


def quiet_flows(flows):
    """What is wrong with the conversations that the flood must leave alone."""
    mine, wrong = [f for f in flows if f["vni"] == QUIET], []
    if len(mine) != TALKS:
        wrong.append("%d flows of %d conversations" % (len(mine), TALKS))
    for f in mine:
        if (f["app"], f["guessed"], f["inspection"]) != ("HTTP", False, "done"):
            wrong.append("%s:%s is %s, %s" % (f["src_ip"], f["src_port"], f["app"], f["inspection"]))
        elif (f["http"] or {}).get("status") != 200 or f["http"]["host"] != "quiet.example":
            wrong.append("details: %s" % f["http"])
        elif f["reason"] == "evicted" or f["client"]["packets"] + f["server"]["packets"] != 7:
            wrong.append("%s, %s packets" % (f["reason"], f["client"]["packets"]))
    return wrong


def counted(total, packets, kind, vnis):
    """The flood was one: a bound was reached, said, and nothing is missing from the sums."""
    ledger, wrong = total["ledger"], []
    if ledger["inspected"] + ledger["flow_table_full"] != packets:
        wrong.append(ledger)
    if total["deterministic"]:
        wrong.append("no bound was reached")
    if kind == "fragments" and not total["dpi"]["fragments_given_up"]:
        wrong.append("no fragment was given up")
    if total["flow_table"]["refused_unknown"] != (0 if FLOOD in vnis else total["flow_table"]["refused"]):
        wrong.append(total["flow_table"])
    if total["dpi"]["refused_unknown_flows"] != (0 if FLOOD in vnis else total["dpi"]["refused_flows"]):
        wrong.append(total["dpi"])
    return wrong


FLOODS = {  # packets a second, the settings that make it one, and whose conversations it must leave
    "fragments": (20000, ["dpi: {memory_limit: 64MiB, fragment_limit: 8MiB}"], SESSIONS),
    "syns": (5000, ["flow: {capacity: 4096}", "dpi: {memory_limit: 4MiB}"], APART),
    "hellos": (5000, ["dpi: {memory_limit: 8MiB}"], APART),
}

os.makedirs(DIR, exist_ok=True)
for kind, (rate, lines, names) in FLOODS.items():
    path, packets = capture(kind, rate)
    for name, workers in [(name, "1") for name in names] + [("both configured", "2")]:
        total, flows = replay(path, SESSIONS[name], lines, workers)
        what = "%s, %s, %s worker%s" % (kind, name, workers, "s"[:workers != "1"])
        check(what, quiet_flows(flows) + counted(total, packets, kind, SESSIONS[name]))
    os.remove(path)
sys.exit(checks.failures > 0)
