#!/usr/bin/env python3
"""Captures of ports that listen, and judges alerts of new ones. listeners.py COMMAND ...

  make FILE           mirrored connections to interfaces and from one, over three hours; prints what must be found when
                      learning takes an hour
  settings            the settings file: sessions of these interfaces
  judge DIR EXPECT    the alerts of DIR of category listener are those, each once
"""
import json
import sys

from capgen import START, Stream
from packets import ACK, PSH, RST, SYN, TCP, Random, frame, ip, mirror, save, tcp
from points import stamp
import told

S = 10**9
KEYS = ("rule", "title", "src_ip", "dst_ip", "severity", "count", "outer_src", "second")
HOSTS = ("10.9.0.1", "10.9.0.2")  # a mirrored interface each, which is the outer source, too
VNI = 7


def connect(random, time, client, server, port):
    connect.sport += 1
    talk = Stream(random, client, connect.sport, server, port, time)
    talk.begin()
    talk.segment(0, PSH | ACK, b"x" * 40)
    talk.segment(1, PSH | ACK, b"y" * 40)
    talk.end()
    return [(at, data) for at, _, data in talk.packets]


connect.sport = 20000


def refused(time, client, server, port):
    return [(time, ip(client, server, TCP, tcp(client, 30000, server, port, SYN, 1, 0))),
            (time + S // 1000, ip(server, client, TCP, tcp(server, port, client, 30000, RST | ACK, 0, 2)))]


def make(path):
    random, packets = Random(5), []
    plan = {  # time in s, client, server, port
        HOSTS[0]: [(n * 60, "10.1.0.%d" % (n % 50 + 1), HOSTS[0], 443) for n in range(180)] + [
            (600, "10.1.0.1", HOSTS[0], 22), (7200, "10.1.0.9", HOSTS[0], 22),  # learned
            (5000, "10.1.0.9", HOSTS[0], 4444), (6000, "10.1.0.8", HOSTS[0], 4444),  # new
            (3590, "10.1.0.9", HOSTS[0], 8080), (9000, "10.1.0.9", HOSTS[0], 8080),  # just learned
            (8000, HOSTS[0], "198.51.100.7", 8443)],  # from within: another one's port
        HOSTS[1]: [(100, "10.1.0.2", HOSTS[1], 443), (3610, "10.1.0.2", HOSTS[1], 2222),  # hardly new
                   (9500, "10.1.0.2", HOSTS[1], 4444)],  # new here, too
    }
    for outer, rows in plan.items():
        for at, client, server, port in rows:
            packets += [(time, data, outer) for time, data in connect(random, START + at * S, client, server, port)]
    packets += [(time, data, HOSTS[0]) for time, data in refused(START + 9100 * S, "10.1.0.4", HOSTS[0], 5555)]
    packets.sort(key=lambda packet: packet[0])
    save(path, [(time, mirror(frame(data), VNI, src=outer), None) for time, data, outer in packets])
    found = [(HOSTS[0], 4444, "10.1.0.9", 5000), (HOSTS[1], 2222, "10.1.0.2", 3610), (HOSTS[1], 4444, "10.1.0.2", 9500)]
    print(json.dumps([{"rule": "new_listener", "title": "New listener %s:%d" % (host, port), "src_ip": client, "dst_ip": host,
                       "severity": 3, "count": 1, "outer_src": host, "second": stamp(START + at * S)[:19]}
                      for host, port, client, at in found]))
    return 0


def settings():
    print("traffic_mirror_filters:\n- id: tmf-1\n  rules:")
    for number, direction in ((100, "ingress"), (200, "egress")):
        print("  - {rule_number: %d, traffic_direction: %s, rule_action: accept, source_cidr_block: 0.0.0.0/0, "
              "destination_cidr_block: 0.0.0.0/0}" % (number, direction))
    print("traffic_mirror_sessions:")
    for n in range(len(HOSTS)):
        print("- {id: tms-%d, session_number: 1, virtual_network_id: %d, network_interface_id: eni-%d, "
              "traffic_mirror_filter_id: tmf-1}" % (n, VNI, n))
    print("network_interfaces:")
    for n, host in enumerate(HOSTS):
        print("- {id: eni-%d, private_ip_addresses: [%s]}" % (n, host))
    return 0


def judge(directory, expect):
    return told.judge(directory, expect, "listener", "listener", KEYS)


COMMANDS = {"make": make, "settings": settings, "judge": judge}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    sys.exit(COMMANDS[sys.argv[1]](*sys.argv[2:]))
