#!/usr/bin/env python3
"""capgen.py KIND FILE [key=value ...]: makes a capture for a test and prints, as JSON, what a
program that reads it must find. The same arguments give the same bytes.

  mix      conversations (HTTP, TLS, DNS, ping, IPv6, SCTP, fragments) of several VNIs
           flows=60 vnis=3 seed=1 span=200 (seconds) wrap=mirror|gateway|outer6|vlan|plain
           noise=0|1 (ARP)  inner=PREFIX (inner frames as captures PREFIX.VNI.pcap)
  every    a packet of every kind that the ledger names, most of them bad: for --input mirror
  garbage  random packets, for --input mirror: count=2000 seed=1
  rewind   a mix whose clock goes back twice, seconds and minutes
  tenants  one 5-tuple under two VNIs and without any
  windows  one long conversation with pauses around the limits of aggregation windows
  records  many flows of few flow log records: pings of 50 ids, ports used again, pauses longer than
           a flow, errors of ICMP, fragments without their first
           start=1700000000 (seconds) wrap=mirror|plain
  ping50   pings of 50 ids, all answered, in one minute
  giants   packets of one conversation whose claimed lengths sum up to more than 2^48 bytes

FILE ends in .pcap (nanoseconds), .pcapng or either with .gz; micro=1 gives microseconds.
"""
import json
import struct
import sys

from packets import (ACK, ARP, FIN, ICMP, ICMP6, IP4, PSH, RST, SCTP, SYN, TCP, UDP, Random, arp,
                     ether, fragments, frame, gateway, icmp, icmp6, ip, ip4, ip6, mirror, option,
                     save, tcp, udp, vxlan)

START = 1700000000 * 10**9
MS = 10**6


class Talk:
    """One conversation: its packets, and what its flow must say."""

    app = None  # nDPI's name for it, where nobody could think otherwise

    def __init__(self, random, client, cport, server, sport, proto, time):
        self.random, self.time, self.proto = random, time, proto
        self.ends = ((client, cport), (server, sport))
        self.packets = []  # (time, side, IP packet)

    def send(self, side, packet):
        self.packets.append((self.time, side, packet))
        self.time += (1 + self.random.below(40)) * MS + self.random.below(1000)

    def datagram(self, side, payload):
        (src, sport), (dst, dport) = self.ends[side], self.ends[1 - side]
        self.send(side, ip(src, dst, UDP, udp(src, sport, dst, dport, payload)))

    def flow(self, vni):
        sides = [[p for _, side, p in self.packets if side == k] for k in (0, 1)]
        return {"vni": vni, "app": self.app, "src_ip": self.ends[0][0], "src_port": self.ends[0][1],
                "dst_ip": self.ends[1][0], "dst_port": self.ends[1][1], "protocol": self.proto,
                "client": [len(sides[0]), sum(map(len, sides[0]))],
                "server": [len(sides[1]), sum(map(len, sides[1]))]}


class Stream(Talk):
    """A TCP conversation with its sequence numbers."""

    def __init__(self, random, client, cport, server, sport, time):
        super().__init__(random, client, cport, server, sport, TCP, time)
        self.next = [random.below(2**32), random.below(2**32)]

    def segment(self, side, flags, payload=b""):
        (src, sport), (dst, dport) = self.ends[side], self.ends[1 - side]
        body = tcp(src, sport, dst, dport, flags, self.next[side],
                   self.next[1 - side] if flags & ACK else 0, payload)
        self.next[side] += len(payload) + (1 if flags & (SYN | FIN) else 0)
        self.send(side, ip(src, dst, TCP, body))

    def begin(self):
        self.segment(0, SYN)
        self.segment(1, SYN | ACK)
        self.segment(0, ACK)

    def end(self):
        self.segment(0, FIN | ACK)
        self.segment(1, FIN | ACK)
        self.segment(0, ACK)


def http(random, ends, time):
    talk = Stream(random, *ends, time)
    talk.app = "HTTP"
    body = bytes(97 + random.below(26) for _ in range(random.below(3000)))
    talk.begin()
    talk.segment(0, PSH | ACK, b"GET /page/%d HTTP/1.1\r\nHost: www.example.org\r\n"
                 b"User-Agent: test/1.0\r\nAccept: */*\r\n\r\n" % random.below(1000))
    reply = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body)
    reply += body
    for at in range(0, len(reply), 1400):
        talk.segment(1, PSH | ACK, reply[at:at + 1400])
        talk.segment(0, ACK)
    talk.end()
    return talk


def client_hello(random, name):
    sni = struct.pack("!HBH", len(name) + 3, 0, len(name)) + name
    extensions = struct.pack("!HH", 0, len(sni)) + sni + bytes.fromhex("000a00040002001d000b00020100")
    body = b"\x03\x03" + random.bytes(32) + b"\0" + struct.pack("!HHH", 4, 0xC02F, 0x009C) + b"\1\0"
    body += struct.pack("!H", len(extensions)) + extensions
    hello = b"\1" + struct.pack("!I", len(body))[1:] + body
    return b"\x16\x03\x01" + struct.pack("!H", len(hello)) + hello


def tls(random, ends, time):
    talk = Stream(random, *ends, time)
    talk.app = "TLS"
    talk.begin()
    talk.segment(0, PSH | ACK, client_hello(random, b"host%d.example.net" % random.below(100)))
    talk.segment(1, ACK)
    for _ in range(2 + random.below(6)):
        data = random.bytes(60 + random.below(300))
        talk.segment(random.below(2), PSH | ACK, b"\x17\x03\x03" + struct.pack("!H", len(data)) + data)
    talk.segment(0, RST | ACK)
    return talk


def dns(random, ends, time):
    talk = Talk(random, *ends, UDP, time)
    talk.app = "DNS"
    name = b"\x04host\x07example\x03com\x00"
    ident = random.below(65536)
    question = name + struct.pack("!HH", 1, 1)
    talk.datagram(0, struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, 0) + question)
    answer = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + bytes([192, 0, 2, 7])
    talk.datagram(1, struct.pack("!HHHHHH", ident, 0x8180, 1, 1, 0, 0) + question + answer)
    return talk


def ping(random, ends, time):
    (client, _, server, _) = ends
    v6 = ":" in client
    talk = Talk(random, client, 128 if v6 else 8, server, 129 if v6 else 0, ICMP6 if v6 else ICMP,
                time)
    talk.app = "ICMPV6" if v6 else "ICMP"
    ident, data = random.below(65536), random.bytes(56)
    for seq in range(1 + random.below(4)):
        for side, kind in ((0, 128 if v6 else 8), (1, 129 if v6 else 0)):
            src, dst = (client, server) if side == 0 else (server, client)
            body = (icmp6(src, dst, kind, 0, ident, seq, data) if v6 else
                    icmp(kind, 0, ident, seq, data))
            talk.send(side, ip(src, dst, talk.proto, body))
    return talk


def sctp(random, ends, time):
    talk = Talk(random, *ends, SCTP, time)
    talk.app = "SCTP"
    for i in range(2 + random.below(5)):
        (src, sport), (dst, dport) = talk.ends[i % 2], talk.ends[1 - i % 2]
        talk.send(i % 2, ip(src, dst, SCTP, struct.pack("!HHII", sport, dport, 7, 0) +
                            b"\4\0\0\x14" + random.bytes(16)))
    return talk


def large_datagrams(random, ends, time):
    """UDP datagrams in fragments, IPv4: every fragment belongs to the conversation."""
    talk = Talk(random, *ends, UDP, time)
    for i in range(1 + random.below(3)):
        side = i % 2
        (src, sport), (dst, dport) = talk.ends[side], talk.ends[1 - side]
        body = udp(src, sport, dst, dport, random.bytes(1500 + random.below(3000)))
        for part in fragments(ip4(src, dst, UDP, body, ident=1 + random.below(65535)), 1480):
            talk.send(side, part)
    return talk


KINDS = [http, http, tls, tls, dns, dns, ping, sctp, large_datagrams]
SERVER_PORT = {http: 80, tls: 443, dns: 53, sctp: 36412, large_datagrams: 4000}


def wrap(inner, vni, how):
    source = "172.31.%d.%d" % (vni >> 8 & 255, vni & 255)
    if how == "plain":
        return inner
    if how == "gateway":
        data = option(1, bytes(8)) + option(2, bytes(8)) + option(3, bytes(4))
        outer = mirror(inner, vni, src=source)[14:]
        return gateway(outer, protocol=IP4, options=data)
    if how == "outer6":
        return mirror(inner, vni, src="fd00::%x" % vni, dst="fd00::ffff")
    packet = mirror(inner, vni, src=source)
    return packet if how == "mirror" else ether(packet[14:], IP4, tags=((0x8100, 5),))


def talks(random, flows, vnis, span):
    """Conversations, each with its VNI. Every VNI has the same ones: equal addresses and ports,
    at other times and with other contents."""
    for i in range(flows):
        same = Random(1 + i // vnis)
        kind = KINDS[same.below(len(KINDS))]
        v6 = kind is not large_datagrams and same.below(4) == 0
        net = "2001:db8::%x" if v6 else "10.0.0.%d"
        ends = (net % (1 + same.below(20)), 1024 + i // vnis, net % (100 + same.below(20)),
                SERVER_PORT.get(kind, 0))
        time = START + random.below(span * 1000) * MS + random.below(MS)
        yield 100 + i % vnis, kind(random, ends, time)


def mix(flows=60, vnis=3, seed=1, span=200, wrap_as="mirror", noise=0, **_):
    random = Random(seed)
    packets, expect = [], []
    if wrap_as == "plain":
        vnis = 1  # nothing would keep the same conversation of two VNIs apart
    for vni, talk in talks(random, flows, vnis, span):
        packets += [(time, frame(packet), vni) for time, _, packet in talk.packets]
        expect.append(talk.flow(None if wrap_as == "plain" else vni))
    ledger = {"inspected": len(packets)}
    for i in range(20 if noise else 0):
        inner = ether(arp("10.0.0.%d" % (1 + i), "10.0.0.200"), ARP)
        packets.append((START + random.below(span * 1000) * MS, inner, 100 + i % vnis))
        ledger["inner_not_ip"] = i + 1
    packets.sort(key=lambda p: p[0])
    wrapped = [(time, wrap(inner, vni, wrap_as), None) for time, inner, vni in packets]
    return wrapped, ledger, expect, packets


def every(**_):
    """Each row: what the packet is, its bucket. The judge is design.md, section 4."""
    c, s = "10.1.0.1", "10.1.0.2"
    good = frame(ip4(c, s, UDP, udp(c, 5000, s, 6000, b"x" * 40)))
    deep = whole = mirror(good, 7)
    for _ in range(4):  # load balancers one behind the other
        deep = gateway(deep[14:], protocol=IP4, options=option(1, bytes(8)))
    rows = [
        ("inspected", whole), ("inspected", mirror(good, 8, reserved=0xABCDEF)),
        ("inspected", gateway(good, 9)), ("inspected", gateway(good[14:], 9, protocol=IP4)),
        ("inspected", mirror(mirror(good, 1), 2)),
        ("inspected", mirror(good[:50], 7)), ("inspected", mirror(good[:36], 7)),
        ("inspected", frame(ip6("fd00::1", "fd00::2", UDP,
                                udp("fd00::1", 1, "fd00::2", 4789, vxlan(good, 7))))),
        ("not_mirror", ether(arp(c, s), ARP)), ("not_mirror", ether(b"\0" * 46, 0x88CC)),
        ("not_mirror", frame(ip4(c, s, TCP, tcp(c, 4789, s, 4789, SYN, 1, 0)))),
        ("not_mirror", frame(ip4(c, s, UDP, udp(c, 4789, s, 53, vxlan(good, 7))))),
        ("outer_malformed", ether(ip4(c, s, UDP, b"", version=6), IP4)),
        ("outer_malformed", frame(ip4(c, s, UDP, udp(c, 1, s, 4789, vxlan(good, 7)), ihl=4))),
        ("outer_malformed", frame(ip4(c, s, UDP, udp(c, 1, s, 4789, vxlan(good, 7)), length=2000))),
        ("outer_malformed", frame(ip4(c, s, UDP, udp(c, 1, s, 4789, vxlan(good, 7), length=7)))),
        ("outer_malformed", frame(ip4(c, s, UDP, udp(c, 1, s, 4789, vxlan(good, 7), length=900)))),
        ("outer_malformed", mirror(good, 7, flags=0)), ("outer_malformed", mirror(b"", 7)),
        ("outer_malformed", gateway(good, version=1)),
        ("outer_malformed", gateway(good, protocol=0x88B5)),
        ("outer_malformed", gateway(good, length=63)),
        ("outer_malformed", gateway(good, options=option(1, b"1234", words=31))),
        ("too_deep", deep),
        ("inner_malformed", mirror(ether(ip4(c, s, UDP, bytes(30), version=6), IP4), 7)),
        ("inner_malformed", mirror(ether(ip4(c, s, UDP, bytes(30), ihl=3), IP4), 7)),
        ("inner_malformed", mirror(ether(ip4(c, s, UDP, bytes(30), length=12), IP4), 7)),
        ("inner_cut", mirror(good[:10], 7)), ("inner_cut", mirror(good[:14 + 19], 7)),
        ("inner_not_ip", mirror(ether(arp(c, s), ARP), 7)),
        ("inner_not_ip", mirror(ether(b"\0" * 46, 0x88CC), 7)),
        ("inner_not_ip", mirror(ether(bytes(30), 38), 7)),
    ]
    parts = [frame(part) for part in fragments(whole[14:], 64)]
    rows += [("outer_joined", part) for part in parts[:-1]] + [("inspected", parts[-1])]
    rows += [("outer_fragment", part) for part in parts[:-1]]  # the last one never comes
    packets = [(START + i * MS, data, None) for i, (_, data) in enumerate(rows)]
    for cut in (60, 44, 38, 30, 16, 5):  # the capture was cut: the inner headers, or the outer
        row = "inner_cut" if cut > 50 else "outer_cut"
        rows.append((row, whole[:cut]))
        packets.append((START + len(rows) * MS, whole[:cut], len(whole)))
    ledger = {}
    for bucket, _ in rows:
        ledger[bucket] = ledger.get(bucket, 0) + 1
    return packets, ledger, None, None


def garbage(count=2000, seed=1, **_):
    """Random bytes, and good packets with bytes changed, cut anywhere."""
    random, packets = Random(seed), []
    talk = [frame(p) for _, t in talks(random, 12, 3, 10) for _, _, p in t.packets]
    for i in range(count):
        data = bytearray(wrap(talk[random.below(len(talk))], 100,
                              ("mirror", "gateway", "vlan", "outer6")[random.below(4)]))
        if random.below(10) == 0:
            data = bytearray(random.bytes(random.below(200)))
        for _ in range(random.below(6)):
            if data:
                data[random.below(min(len(data), 120))] = random.below(256)
        wire = len(data)
        if random.below(4) == 0:
            data = data[:random.below(len(data) + 1)]
        packets.append((START + i * MS, bytes(data), wire))
    return packets, None, None, None


def rewind(seed=3, **how):
    """The mix, its thirds out of order: time goes back by minutes at their seams, and by parts
    of a second everywhere."""
    random = Random(seed)
    packets, ledger, _, _ = mix(seed=seed, **how)
    third = len(packets) // 3
    packets = packets[third:2 * third] + packets[:third] + packets[2 * third:]
    for i in range(0, len(packets) - 1, 7):
        if random.below(2):
            packets[i], packets[i + 1] = packets[i + 1], packets[i]
    return packets, ledger, None, None


def tenants(**_):
    c, s = "10.1.0.1", "10.1.0.2"
    inner = [frame(ip4(c, s, UDP, udp(c, 5000, s, 6000, b"%d" % i * 20))) for i in range(6)]
    packets = [(START + i * MS, data, None) for i, data in enumerate(
        [mirror(inner[0], 42), mirror(inner[1], 43), inner[2], mirror(inner[3], 42),
         mirror(inner[4], 43), inner[5]])]
    return packets, {"inspected": 4, "not_mirror": 2}, None, None


def windows(wrap_as="mirror", **_):
    """Packets at chosen seconds: at, before and after multiples of 60 and 600."""
    random = Random(5)
    base = START // (600 * 10**9) * 600 * 10**9
    talk = Stream(random, "10.3.0.1", 1234, "10.3.0.2", 80, base)
    other = Talk(random, "fd00::1", 999, "fd00::2", 888, UDP, base)
    talk.begin()
    for second in (1, 59, 60, 61, 119, 120, 180, 599, 600, 601, 1199, 1200, 1800, 1801, 2400):
        for half in (0, 999_999_999):
            talk.time = other.time = base + second * 10**9 + half
            talk.segment(second % 2, PSH | ACK, random.bytes(10 + random.below(900)))
            other.datagram(second % 3 // 2, random.bytes(random.below(300)))
    rows = [(time, frame(packet)) for t in (talk, other) for time, _, packet in t.packets]
    rows.sort(key=lambda row: row[0])
    wrapped = [(time, wrap(inner, 77, wrap_as), None) for time, inner in rows]
    flows = [t.flow(None if wrap_as == "plain" else 77) for t in (talk, other)]
    return wrapped, {"inspected": len(rows)}, flows, [(time, inner, 77) for time, inner in rows]


def pings(client, server, base):
    """One a second, each with an id of its own; both 50 answered."""
    for i in range(50):
        time = base + i * 1000 * MS
        yield time, ip4(client, server, ICMP, icmp(8, 0, 1000 + i, 1, b"x" * 56))
        yield time + MS, ip4(server, client, ICMP, icmp(0, 0, 1000 + i, 1, b"x" * 56))


def connection(client, server, time):
    """From SYN to FIN, always with the same ports."""
    for k, (src, sport, dst, dport, flags) in enumerate([
            (client, 40000, server, 80, SYN), (server, 80, client, 40000, SYN | ACK),
            (client, 40000, server, 80, FIN | ACK), (server, 80, client, 40000, FIN | ACK),
            (client, 40000, server, 80, ACK)]):
        yield time + k * MS, ip4(src, dst, TCP, tcp(src, sport, dst, dport, flags, 5 + k, 7))


def records(start=START // 10**9, wrap_as="mirror", **_):
    base = start * 10**9 // (600 * 10**9) * 600 * 10**9
    a, b, six = "10.4.0.1", "10.4.0.2", ("fd00::1", "fd00::2")
    rows = list(pings(a, b, base)) + list(pings("10.4.0.9", "10.4.0.9", base))
    for i in range(40):
        rows += connection(a, b, base + i * 17_000 * MS)
    for second in (0, 130, 260, 390, 520, 1190, 1210):
        rows.append((base + second * 10**9, ip4(b, a, UDP, udp(b, 53, a, 999, b"y" * second))))
    for i in range(30):
        time = base + i * 40_000 * MS
        rows.append((time, ip4(b, a, ICMP, icmp(3, i % 4, 0, 0, b"e" * 28))))
        rows.append((time + MS, ip4(a, b, ICMP, icmp(11, 0, 0, 0, b"e" * 28))))
        rows.append((time + MS, ip6(*six, ICMP6, icmp6(*six, 128, 0, i, 1, b"z" * 8))))
        rows.append((time + MS, ip6(*six[::-1], ICMP6, icmp6(*six[::-1], 1, 0, 0, 0, b"z" * 48))))
        rows.append((time + MS, ip4(a, b, 47, b"\0\0\x08\0" + b"g" * i)))
        rows.append((time + MS, ip4(b, a, 47, b"\0\0\x08\0" + b"h" * i)))
        later = fragments(ip4(a, b, UDP, udp(a, 1 + i, b, 53, b"f" * 900), ident=i), 400)[1:]
        rows += [(time + MS, packet) for packet in later]
    rows = [(time, frame(packet)) for time, packet in sorted(rows, key=lambda row: row[0])]
    wrapped = [(time, wrap(inner, 77, wrap_as), None) for time, inner in rows]
    return wrapped, {"inspected": len(rows)}, None, [(time, inner, 77) for time, inner in rows]


def ping50(**_):
    rows = pings("10.4.0.1", "10.4.0.2", START // (60 * 10**9) * 60 * 10**9)
    return [(time, mirror(frame(p), 77), None) for time, p in rows], {"inspected": 100}, None, []


def giants(count=70000, **_):
    """The IP length is 0, as segmentation offload leaves it: the frame's counts."""
    a, b = "10.4.0.1", "10.4.0.2"
    data = frame(ip4(a, b, TCP, tcp(a, 1, b, 2, ACK, 1, 1, b"x" * 40), length=0))
    return ([(START + i * MS // 10, data, 2**32 - 1 - i) for i in range(count)],
            {"inspected": count}, None, [])


def unfinished(count=1000, wrap_as="mirror", **_):
    """First fragments that no other follows: of mirror packets, or as they are."""
    packets = []
    for i in range(count):
        src = "10.5.%d.%d" % (i >> 16, i & 255)
        if wrap_as == "plain":
            part = ip4(src, "10.4.0.2", UDP, udp(src, 1000, "10.4.0.2", 2000, bytes(24)),
                       ident=i & 65535, more=True)
        else:
            part = ip4(src, "10.4.0.2", UDP, udp(src, 65500, "10.4.0.2", 4789, bytes(24)),
                       ident=i & 65535, more=True)
        packets.append((START + i * MS // 100, frame(part), None))
    return packets, {"inspected" if wrap_as == "plain" else "outer_fragment": count}, None, []


def main():
    kind, path = sys.argv[1:3]
    how = dict(word.split("=", 1) for word in sys.argv[3:])
    numbers = {k: int(v) for k, v in how.items() if v.isdigit()}
    make = {f.__name__: f for f in (mix, every, garbage, rewind, tenants, windows, records,
                                    ping50, giants, unfinished)}[kind]
    packets, ledger, flows, inner = make(**numbers, wrap_as=how.get("wrap", "mirror"))
    save(path, packets, **({"nano": False} if "micro" in how else {}))
    for vni in sorted({vni for _, _, vni in inner}) if "inner" in how else ():
        save("%s.%d.pcap" % (how["inner"], vni),
             [(time, data, None) for time, data, of in inner if of == vni])
    json.dump({"packets": len(packets), "ledger": ledger, "flows": flows}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
