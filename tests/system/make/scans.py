#!/usr/bin/env python3
"""Captures of scans and floods, and of what is like them, and judges them. scans.py COMMAND ...

  make FILE [seed]      mirrored scans of each kind, each from a source of its own, among sources that do something
                        alike that is none; prints what must be found
  flood FILE N          N SYNs of as many sources to one port within ten seconds; prints what must be found
  judge DIR EXPECT      the alerts of DIR of categories scan and flood are those, each once
  live FILE EXPECT      lines of FILE: the last of each alert
"""
import collections
import json
import sys

from capgen import MS, START
from packets import (ACK, FIN, ICMP, ICMP6, PSH, RST, SYN, TCP, UDP, Random, frame, icmp, icmp6, ip, mirror, save,
                     tcp, udp)
from points import stamp

S = 10**9
VNI = 7
KEPT = 256  # probes of a source that are held: exact up to so many


class Net:
    """Packets, and of each source which (protocol, address, port) failed when: the exact sets."""

    def __init__(self, seed):
        self.random = Random(seed)
        self.packets, self.failed = [], collections.defaultdict(dict)
        self.port = 20000

    def put(self, time, src, dst, proto, body):
        self.packets.append((time, mirror(frame(ip(src, dst, proto, body)), VNI), None))

    def segment(self, time, src, sport, dst, dport, flags, seq=1, ack=0, payload=b""):
        self.put(time, src, dst, TCP, tcp(src, sport, dst, dport, flags, seq, ack, payload))

    def sport(self):
        self.port = self.port + 1 if self.port < 60000 else 20000
        return self.port

    def fail(self, src, proto, dst, port, time):
        self.failed[src][proto, dst, port] = time

    def unanswered(self, time, src, dst, port):
        self.segment(time, src, self.sport(), dst, port, SYN)
        self.fail(src, TCP, dst, port, time)

    def refused(self, time, src, dst, port):
        sport = self.sport()
        self.segment(time, src, sport, dst, port, SYN)
        self.segment(time + MS, dst, port, src, sport, RST | ACK, 0, 2)
        self.fail(src, TCP, dst, port, time + MS)

    def half_open(self, time, src, dst, port):
        sport = self.sport()
        self.segment(time, src, sport, dst, port, SYN)
        self.segment(time + MS, dst, port, src, sport, SYN | ACK, 100, 2)
        self.segment(time + 2 * MS, src, sport, dst, port, RST, 2)
        self.fail(src, TCP, dst, port, time + 2 * MS)

    def fine(self, time, src, dst, port, both=True):
        sport = self.sport()
        self.segment(time, src, sport, dst, port, SYN, 1)
        if both:
            self.segment(time + MS, dst, port, src, sport, SYN | ACK, 100, 2)
        self.segment(time + 2 * MS, src, sport, dst, port, ACK, 2, 101)
        self.segment(time + 3 * MS, src, sport, dst, port, PSH | ACK, 2, 101, b"x" * 40)
        if both:
            self.segment(time + 4 * MS, dst, port, src, sport, PSH | ACK, 101, 42, b"y" * 40)
        self.segment(time + 5 * MS, src, sport, dst, port, FIN | ACK, 42, 141)
        if both:
            self.segment(time + 6 * MS, dst, port, src, sport, FIN | ACK, 141, 43)

    def unreachable(self, time, src, sport, dst, port, by=None):
        """A datagram that a host, or somebody else, says it has no port for."""
        asked = ip(src, dst, UDP, udp(src, sport, dst, port, b"?" * 12))
        self.packets.append((time, mirror(frame(asked), VNI), None))
        by = by or dst
        if ":" in dst:
            self.put(time + MS, by, src, ICMP6, icmp6(by, src, 1, 4, 0, 0, asked))
        else:
            self.put(time + MS, by, src, ICMP, icmp(3, 3, 0, 0, asked[:28]))


def host(i, net="10.20"):
    return "%s.%d.%d" % (net, i // 250, i % 250 + 1)


def attacks(net):
    """(rule, source): the least and the most that its count may be."""
    found = {}

    def scan(rule, src, steps, how, least=None):
        """`steps`: (ns after the start, address, port)."""
        for after, dst, port in steps:
            how(START + after, src, dst, port)
        groups = collections.Counter()
        for proto, dst, port in net.failed[src]:
            groups[(proto, port) if "horizontal" in rule else (proto, dst)] += 1
        n = max(groups.values())
        if len(net.failed[src]) > KEPT:
            # Four standard errors; of several groups the one that seems to be the largest is told.
            slack = 4 / KEPT**.5 * (2 if len(groups) > 1 else 1)
            found[rule, src] = [int(n * (1 - slack)), int(n * (1 + slack)) + 1]
        else:
            found[rule, src] = [n, n]

    def mixed(time, src, dst, port):
        [net.unanswered, net.unanswered, net.refused][net.random.below(3)](time, src, dst, port)

    def open_ports(time, src, dst, port):
        (net.half_open if port in (22, 80, 443) else net.refused)(time, src, dst, port)

    def udp_port(time, src, dst, port):
        net.unreachable(time, src, 40000, dst, port)
        net.fail(src, UDP, dst, port, time + MS)

    scan("horizontal_scan", "10.9.0.1", [(i * 100 * MS, host(i), 22) for i in range(200)], mixed)
    scan("horizontal_scan", "10.9.0.2", [(i * 500 * MS, host(i), 5900) for i in range(100)], net.refused)
    scan("horizontal_scan", "10.9.0.3", [(i * 10 * MS, host(i), 445) for i in range(5000)], net.unanswered)
    scan("vertical_scan", "10.9.0.4", [(i * 40 * MS, "10.20.0.1", i) for i in range(1, 121)], open_ports)
    scan("vertical_scan", "10.9.0.5", [(i * 2 * MS, "10.20.0.2", i) for i in range(1, 20001)], net.refused)
    scan("vertical_scan", "fd00::9", [(i * 40 * MS, "fd00::1:1", i) for i in range(1, 41)], mixed)
    scan("slow_horizontal_scan", "10.9.0.6", [(i * 18 * S, host(i), 3389) for i in range(255)], mixed)
    scan("slow_vertical_scan", "10.9.0.7", [(i * 60 * S, "10.20.0.3", i) for i in range(1, 61)], net.refused)
    scan("udp_vertical_scan", "10.9.0.8", [(i * S, "10.20.0.4", i) for i in range(1, 41)], udp_port)
    scan("udp_vertical_scan", "fd00::8", [(i * S, "fd00::1:2", i) for i in range(1, 41)], udp_port)
    scan("udp_horizontal_scan", "10.9.0.9", [(i * 200 * MS, host(i), 161) for i in range(150)], udp_port)
    # Many ports of many addresses: a sample has few of each.
    both = [(i * 50 * MS + j, host(i), 1000 + j) for i in range(160) for j in range(40)]
    scan("horizontal_scan", "10.9.0.10", both, net.refused)
    scan("vertical_scan", "10.9.0.10", [], net.refused)
    return found


def floods(net):
    """As attacks(); the source is the victim's, what came first is told beside it."""
    for i in range(6000):
        src = "10.%d.%d.%d" % (100 + net.random.below(50), net.random.below(250), net.random.below(250))
        net.segment(START + i * 3 * MS, src, 1024 + net.random.below(60000), "10.20.0.80", 80, SYN)
    for i in range(4096):  # from one address, answered by cookies
        sport, time = 1024 + i, START + i * 10 * MS
        net.segment(time, "10.9.0.20", sport, "10.20.0.81", 443, SYN)
        net.segment(time + MS, "10.20.0.81", 443, "10.9.0.20", sport, SYN | ACK, 7, 2)
    return {("syn_flood", "10.20.0.80"): [6000, 6000], ("syn_flood", "10.20.0.81"): [4096, 4096]}


def innocents(net):
    below = net.random.below
    for i in range(900):  # clients behind one address: 900 servers, of which 60 fail
        (net.unanswered if i % 15 == 0 else net.fine)(START + i * 60 * MS, "10.8.0.1", host(i), 443)
    for second in range(300):  # a load balancer asks ten dead services, on and on
        for i in range(10):
            (net.refused if i % 2 else net.unanswered)(START + second * S + i * MS, "10.8.0.2", host(i), 8080)
    for i in range(600):  # a peer-to-peer client: each peer has another port, half of them are gone
        how = net.fine if i % 2 else net.unanswered if i % 4 else net.refused
        how(START + i * 90 * MS, "10.8.0.3", host(i, "10.30"), 10000 + below(50000))
    for i in range(300):  # a resolver's late answers: the client's ports are closed again
        net.unreachable(START + i * 150 * MS, "10.8.0.4", 53, "10.20.0.7", 32768 + i)
    for i in range(99):  # one less than it takes
        net.refused(START + i * 500 * MS, "10.8.0.5", host(i), 25)
    for i in range(1, 20):
        net.refused(START + i * 500 * MS, "10.8.0.6", "10.20.0.8", i)
    for i in range(300):  # one direction alone is mirrored
        net.fine(START + i * 100 * MS, "10.8.0.7", host(i), 443, both=False)
    for i in range(4000):  # clients of a service that is down try again and again
        net.refused(START + i * 14 * MS, "10.8.1.%d" % (i % 100 + 1), "10.20.0.9", 5432)
    for i in range(1, 60):  # errors that the host itself did not send
        net.unreachable(START + i * 100 * MS, "10.8.0.8", 40000, "10.20.0.10", i, by="10.20.0.254")
    for i in range(240):  # few enough an hour
        net.unanswered(START + i * 30 * S, "10.8.0.9", host(i), 23)


def make(path, seed="1"):
    net = Net(int(seed))
    found = attacks(net)
    found.update(floods(net))
    innocents(net)
    net.packets.sort(key=lambda packet: packet[0])
    save(path, net.packets)
    expect = []
    for (rule, source), (least, most) in found.items():
        times = [time for (_, _, _), time in net.failed[source].items()] or None
        expect.append({"rule": rule, "source": source, "least": least, "most": most,
                       "first": times and stamp(min(times)), "last": times and stamp(max(times))})
    print(json.dumps(expect))
    return 0


def flood(path, count):
    net, count = Net(1), int(count)
    for i in range(count):
        src = "10.%d.%d.%d" % (100 + i // 65536, i // 256 % 256, i % 256)
        net.segment(START + i * 10 * S // count, src, 1024 + i % 60000, "10.20.0.80", 80, SYN)
    save(path, net.packets)
    print(json.dumps([{"rule": "syn_flood", "source": "10.20.0.80", "least": 4096, "most": count}]))
    return 0


def source_of(alert):
    return alert["dst_ip"] if alert["rule"] == "syn_flood" else alert["src_ip"]


def agree(wanted, alerts):
    ok = True
    got = collections.Counter((alert["rule"], source_of(alert)) for alert in alerts)
    want = collections.Counter((row["rule"], row["source"]) for row in wanted)
    for row in sorted((want - got).elements()):
        ok = print("missing:", row)
    for row in sorted((got - want).elements()):
        ok = print("not wanted:", row)
    for alert in alerts:
        for row in wanted:
            if (row["rule"], row["source"]) != (alert["rule"], source_of(alert)):
                continue
            if not row["least"] <= alert["count"] <= row["most"]:
                ok = print("count:", alert["count"], row)
            if row.get("first") and row["least"] == row["most"] and (alert["first"], alert["last"]) != (
                    row["first"], row["last"]):
                ok = print("times:", alert["first"], alert["last"], row)
    return ok is True


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [alert for alert in map(json.loads, file)
                if alert["event"] == "alert" and alert["category"] in ("scan", "flood")]


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def judge(directory, expect):
    alerts = lines(directory + "/alerts/alerts.jsonl")
    ok = agree(load(expect), alerts)
    for alert in alerts:
        good = (alert["engine"] == "periscope" and alert["ended"] and alert["flow_id"] and alert["why"] and
                alert["evidence"] and alert["tenant"] == str(VNI) and alert["severity"] in (2, 3))
        if not good:
            ok = print("odd:", alert)
    return 0 if ok else 1


def live(path, expect):
    last = {alert["alert_id"]: alert for alert in lines(path)}
    return 0 if agree(load(expect), list(last.values())) else 1


COMMANDS = {"make": make, "flood": flood, "judge": judge, "live": live}

if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    sys.exit(COMMANDS[sys.argv[1]](*sys.argv[2:]))
