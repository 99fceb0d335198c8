#!/usr/bin/env python3
"""Mirror sessions that something is the matter with. mirror_states.py COMMAND ...

  settings FILE SOURCE         settings with two sessions of that outer source: tms-a, VNI 42, and tms-b, VNI 43
  make FILE                    a capture: 10.77.0.1 sends of tms-a, and of VNI 77, which is nobody's; none of tms-b
  crowd FILE N                 a capture of N sessions that nobody knows, three packets of each, in an order of their own; prints the
                               1,024 that came first, as titles of alerts have them, sorted
  send TARGET KIND [VNI]       sends that kind to a live appliance
  expect EVENTS RULE=N ...     so many alerts of each of these rules of category mirror, and no others, are in the lines of
                               EVENTS (those of one session have one alert_id and each its own `first`); RULE=N/M: and M of
                               them have ended

Kinds: talk, a conversation in UDP; overlay, containers' VXLAN on the same port, which is no loop; loop, mirror traffic of
tms-a, as whoever mirrors the target's interface sends it; loss, TCP that acknowledges ten segments of a hundred that nobody
shows; twice, 320 datagrams of which each comes twice (only sent)."""
import collections
import json
import socket
import sys
import time

import packets
from packets import ACK, FIN, PSH, SYN

SOURCE, TARGET, START, MS = "10.77.0.1", "10.77.0.2", 1700000000 * 10**9, 10**6
SETTINGS = """traffic_mirror_filters:
  - id: tmf-all
    rules:
      - {rule_number: 1, traffic_direction: ingress, rule_action: accept, source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0}
      - {rule_number: 1, traffic_direction: egress, rule_action: accept, source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0}
network_interfaces:
  - {id: eni-a, private_ip_addresses: [%s]}
traffic_mirror_sessions:
  - {id: tms-a, session_number: 1, virtual_network_id: 42, network_interface_id: eni-a, traffic_mirror_filter_id: tmf-all}
  - {id: tms-b, session_number: 2, virtual_network_id: 43, network_interface_id: eni-a, traffic_mirror_filter_id: tmf-all}
"""


def udp_frame(src, sport, dst, dport, body):
    return packets.frame(packets.ip(src, dst, packets.UDP, packets.udp(src, sport, dst, dport, body)))


def talk():
    return [udp_frame("10.5.0.1", 20000 + n, "10.5.0.2", 33333, b"\xf0\x0d" * 30) for n in range(20)]


def loop():
    return [packets.mirror(frame, 42, src=SOURCE, dst="10.77.0.9", sport=50000 + n) for n, frame in enumerate(talk())]


def overlay():
    return [packets.mirror(frame, 4096, src=SOURCE, dst="10.77.0.9", sport=51000 + n) for n, frame in enumerate(talk())]


def loss():
    ends = (("10.5.0.1", 40001), ("10.5.0.2", 443))
    seq, out = [1000, 5000], []

    def say(side, flags, size=0, shown=True):
        (src, sport), (dst, dport) = ends[side], ends[1 - side]
        segment = packets.tcp(src, sport, dst, dport, flags, seq[side], seq[1 - side] if flags & ACK else 0, bytes(size))
        seq[side] += size + bool(flags & (SYN | FIN))
        if shown:
            out.append(packets.frame(packets.ip(src, dst, packets.TCP, segment)))

    say(0, SYN)
    say(1, SYN | ACK)
    say(0, ACK)
    for n in range(100):
        say(0, ACK | PSH, 1400, shown=n % 10 != 5)
        say(1, ACK)
    say(0, FIN | ACK)
    say(1, FIN | ACK)
    say(0, ACK)
    return out


KINDS = {"talk": talk, "loop": loop, "overlay": overlay, "loss": loss}


def twice():
    numbered = [packets.udp("10.5.0.1", 20001, "10.5.0.2", 33333, n.to_bytes(4, "big") * 8) for n in range(320)]
    return [packets.frame(packets.ip4("10.5.0.1", "10.5.0.2", packets.UDP, one, ident=n))
            for n, one in enumerate(numbered) for _ in range(2)]


def make(path):
    frames = [packets.mirror(frame, 42, src=SOURCE, dst=TARGET) for kind in KINDS for frame in KINDS[kind]()]
    frames += [packets.mirror(frame, 77, src=SOURCE, dst=TARGET) for frame in talk()]
    packets.save(path, [(START + n * MS, frame, None) for n, frame in enumerate(frames)])


def crowd(path, n):
    random = packets.Random(14)
    of = [random.below(n) for _ in range(3 * n)] + list(range(n))
    frames, first = [], {}
    for at, vni in enumerate(of):
        source = "10.78.%d.%d" % (vni % 5, vni % 250)
        frames.append(packets.mirror(udp_frame("10.5.0.1", 1024 + at, "10.5.0.2", 33333, b"hello"), vni, src=source, dst=TARGET))
        first.setdefault((source, vni), at)
    packets.save(path, [(START + at * MS, frame, None) for at, frame in enumerate(frames)])
    for source, vni in sorted(sorted(first, key=first.get)[:1024]):
        print("%s, VNI %d is no session of the settings %d" % (source, vni, of.count(vni)))


def send(target, kind, vni=42):
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.connect((target, 4789))
    for n, frame in enumerate(twice() if kind == "twice" else KINDS[kind]()):
        out.send(packets.vxlan(frame, int(vni)))
        if kind != "twice" or n % 2:
            time.sleep(0.001)


def expect(path, words):
    begun, ended = collections.defaultdict(set), collections.Counter()
    for line in open(path):
        event = json.loads(line)
        if event["event"] != "alert" or event["category"] != "mirror":
            continue
        begun[event["rule"]].add((event["alert_id"], event["first"]))
        ended[event["rule"]] += event["ended"]
        if event["engine"] != "periscope" or event["flow_id"] is not None or event["src_ip"] is not None or \
                event["outer_src"] is None or event["count"] != 1 or not event["why"] or \
                (event["session"] is None) != (event["rule"] == "mirror_session_unknown"):
            sys.exit("an alert that is not as it should be: %s" % event)
    for word in words:
        rule, counts = word.split("=")
        want, _, over = counts.partition("/")
        got = len(begun.pop(rule, ()))
        if got != int(want) or (over and ended[rule] != int(over)):
            sys.exit("%s: %d begun, %d ended" % (rule, got, ended[rule]))
    if begun:
        sys.exit("and of %s" % dict(begun))


if __name__ == "__main__":
    if sys.argv[1] == "settings":
        with open(sys.argv[2], "w") as out:
            out.write(SETTINGS % sys.argv[3])
    elif sys.argv[1] == "make":
        make(sys.argv[2])
    elif sys.argv[1] == "crowd":
        crowd(sys.argv[2], int(sys.argv[3]))
    elif sys.argv[1] == "send":
        send(*sys.argv[2:])
    else:
        expect(sys.argv[2], sys.argv[3:])
