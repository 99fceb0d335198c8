"""Bytes of packets and of capture files, for the tests: headers from the inside out, checksums
included, and pcap and pcapng written with given times. Standard library only; what comes out
depends on nothing but the arguments."""
import gzip
import ipaddress
import struct

IP4, IP6, ARP = 0x0800, 0x86DD, 0x0806
ICMP, TCP, UDP, GRE, ICMP6, SCTP = 1, 6, 17, 47, 58, 132
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
MAC_A, MAC_B = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")


class Random:
    """xorshift64*: the same numbers from every version of Python."""

    def __init__(self, seed):
        self.state = (seed * 0x9E3779B97F4A7C15 + 1) % 2**64 or 1

    def below(self, n):
        x = self.state
        x ^= x >> 12
        x = (x ^ (x << 25)) % 2**64
        x ^= x >> 27
        self.state = x
        return (x * 0x2545F4914F6CDD1D % 2**64 >> 11) % n

    def bytes(self, n):
        return bytes(self.below(256) for _ in range(n))


def checksum(data):
    data += b"\0" * (len(data) & 1)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packed(address):
    return ipaddress.ip_address(address).packed


def ether(payload, kind, tags=(), src=MAC_A, dst=MAC_B):
    """`tags`: (TPID, VLAN id), the outermost first."""
    head = dst + src
    for tpid, vlan in tags:
        head += struct.pack("!HH", tpid, vlan)
    return head + struct.pack("!H", kind) + payload


def ip4(src, dst, proto, payload, ident=0, offset=0, more=False, length=None, ihl=5, version=4,
        options=b""):
    """`length`, `ihl`, `version`: lies. `offset` in bytes."""
    size = 20 + len(options)
    total = size + len(payload) if length is None else length
    head = struct.pack("!BBHHHBBH", version << 4 | (size // 4 if ihl == 5 else ihl), 0, total,
                       ident, (0x2000 if more else 0) | offset // 8, 64, proto, 0)
    head += packed(src) + packed(dst) + options
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return head + payload


def ip6(src, dst, proto, payload, length=None):
    size = len(payload) if length is None else length
    return struct.pack("!IHBB", 6 << 28, size, proto, 64) + packed(src) + packed(dst) + payload


def ip(src, dst, proto, payload):
    return (ip6 if ":" in src else ip4)(src, dst, proto, payload)


def frame(packet, **ethernet):
    """An IP packet in an Ethernet frame."""
    return ether(packet, IP6 if packet[0] >> 4 == 6 else IP4, **ethernet)


def pseudo(src, dst, proto, size):
    a, b = packed(src), packed(dst)
    if len(a) == 16:
        return a + b + struct.pack("!II", size, proto)
    return a + b + struct.pack("!BBH", 0, proto, size)


def udp(src, sport, dst, dport, payload, length=None, zero=False):
    size = 8 + len(payload)
    head = struct.pack("!HHHH", sport, dport, size if length is None else length, 0)
    total = 0 if zero else checksum(pseudo(src, dst, UDP, size) + head + payload) or 0xFFFF
    return head[:6] + struct.pack("!H", total) + payload


def tcp(src, sport, dst, dport, flags, seq, ack, payload=b""):
    head = struct.pack("!HHIIBBHHH", sport, dport, seq % 2**32, ack % 2**32, 0x50, flags, 65535,
                       0, 0)
    total = checksum(pseudo(src, dst, TCP, 20 + len(payload)) + head + payload)
    return head[:16] + struct.pack("!H", total) + head[18:] + payload


def icmp(kind, code, ident, seq, payload=b""):
    head = struct.pack("!BBHHH", kind, code, 0, ident, seq)
    total = checksum(head + payload)
    return head[:2] + struct.pack("!H", total) + head[4:] + payload


def icmp6(src, dst, kind, code, ident, seq, payload=b""):
    head = struct.pack("!BBHHH", kind, code, 0, ident, seq)
    total = checksum(pseudo(src, dst, ICMP6, 8 + len(payload)) + head + payload)
    return head[:2] + struct.pack("!H", total) + head[4:] + payload


def arp(sender, target):
    return (struct.pack("!HHBBH", 1, IP4, 6, 4, 1) + MAC_A + packed(sender) + bytes(6) +
            packed(target))


def vxlan(inner, vni, flags=8, reserved=0):
    return struct.pack("!II", flags << 24 | reserved, vni << 8) + inner


def geneve(inner, vni, protocol=0x6558, options=b"", version=0, length=None):
    words = len(options) // 4 if length is None else length
    return struct.pack("!BBHI", version << 6 | words, 0, protocol, vni << 8) + options + inner


def option(kind, data, cls=0x0108, words=None):
    return struct.pack("!HBB", cls, kind, len(data) // 4 if words is None else words) + data


def mirror(inner, vni, src="172.31.0.238", dst="172.31.17.188", port=4789, sport=65500, **header):
    """The packet a mirror session sends: VXLAN around `inner`, UDP checksum 0."""
    body = udp(src, sport, dst, port, vxlan(inner, vni, **header), zero=True)
    return frame(ip(src, dst, UDP, body))


def gateway(inner, vni=0, src="10.0.0.10", dst="10.0.0.11", port=6081, **header):
    """The packet a Gateway Load Balancer sends: GENEVE around `inner`."""
    body = udp(src, 60001, dst, port, geneve(inner, vni, **header))
    return frame(ip(src, dst, UDP, body))


def fragments(packet, size):
    """An IPv4 packet without options as fragments of at most `size` payload bytes."""
    body, out = packet[20:], []
    step = size // 8 * 8
    for at in range(0, len(body), step):
        part = body[at:at + step]
        head = bytearray(packet[:20])
        struct.pack_into("!H", head, 2, 20 + len(part))
        more = 0x2000 if at + step < len(body) else 0
        struct.pack_into("!H", head, 6, more | at // 8)
        struct.pack_into("!H", head, 10, 0)
        struct.pack_into("!H", head, 10, checksum(bytes(head)))
        out.append(bytes(head) + part)
    return out


def fragments6(packet, size, ident):
    """The same of an IPv6 packet without extension headers."""
    body, out = packet[40:], []
    step = size // 8 * 8
    for at in range(0, len(body), step):
        part = body[at:at + step]
        head = struct.pack("!BBHI", packet[6], 0, at | (at + step < len(body)), ident)
        out.append(packet[:4] + struct.pack("!HB", 8 + len(part), 44) + packet[7:40] + head + part)
    return out


# ------------------------------------------------------------------------------ capture files

def pcap(packets, link=1, nano=True, big=False):
    """`packets`: (ns since the epoch, bytes, length on the wire or None)."""
    order = ">" if big else "<"
    out = [struct.pack(order + "IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, 262144,
                       link)]
    for time, data, wire in packets:
        part = time % 10**9 // (1 if nano else 1000)
        out.append(struct.pack(order + "IIII", time // 10**9, part, len(data),
                               len(data) if wire is None else wire))
        out.append(data)
    return b"".join(out)


def block(kind, body):
    body += b"\0" * (-len(body) % 4)
    size = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + size + body + size


def pcapng(packets, link=1):
    out = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))]
    out.append(block(1, struct.pack("<HHI", link, 0, 262144) + struct.pack("<HHB3xHH", 9, 1, 9, 0,
                                                                           0)))
    for time, data, wire in packets:
        head = struct.pack("<IIIII", 0, time >> 32, time & 0xFFFFFFFF, len(data),
                           len(data) if wire is None else wire)
        out.append(block(6, head + data))
    return b"".join(out)


def save(path, packets, **how):
    """By the name: .pcapng or pcap, and .gz around it."""
    plain = path[:-3] if path.endswith(".gz") else path
    data = pcapng(packets, **how) if plain.endswith(".pcapng") else pcap(packets, **how)
    if path.endswith(".gz"):
        data = gzip.compress(data, mtime=0)
    with open(path, "wb") as file:
        file.write(data)
