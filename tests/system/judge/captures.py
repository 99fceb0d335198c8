"""Reads pcap and pcapng files without libpcap, for the tests: another pair of eyes."""
import gzip
import struct
from typing import NamedTuple, Optional


class Packet(NamedTuple):
    time: int  # ns since the epoch
    link: int  # LINKTYPE
    data: bytes
    wire: int
    interface: int = 0
    comment: Optional[str] = None
    flags: int = 0  # epb_flags: 1 inbound, 2 outbound


def read(path):
    """Every packet of the file; ValueError where it is damaged."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    return list(_pcapng(data) if data[:4] == b"\n\r\r\n" else _pcap(data))


def _pcap(data):
    for order in "<>":
        magic = struct.unpack_from(order + "I", data)[0]
        if magic in (0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34):
            break
    else:
        raise ValueError("no pcap file")
    link = struct.unpack_from(order + "I", data, 20)[0] & 0x0FFFFFFF
    unit = 1 if magic == 0xA1B23C4D else 1000
    at, head = 24, 24 if magic == 0xA1B2CD34 else 16
    while at < len(data):
        seconds, part, cap, wire = struct.unpack_from(order + "IIII", data, at)
        at += head
        if at + cap > len(data):
            raise ValueError("cut in a packet")
        yield Packet(seconds * 10**9 + part * unit, link, data[at:at + cap], wire)
        at += cap


def _options(body, order):
    at = 0
    while at + 4 <= len(body):
        code, size = struct.unpack_from(order + "HH", body, at)
        if code == 0:
            return
        yield code, body[at + 4:at + 4 + size]
        at += 4 + (size + 3) // 4 * 4


def _interface(body, order):
    link, _, snap = struct.unpack_from(order + "HHI", body)
    per_second, offset = 10**6, 0
    for code, value in _options(body[8:], order):
        if code == 9:
            per_second = 2 ** (value[0] & 127) if value[0] & 128 else 10 ** value[0]
        elif code == 14:
            offset = struct.unpack(order + "q", value)[0]
    return link, per_second, offset, snap


def _enhanced(body, order, interfaces):
    interface, high, low, cap, wire = struct.unpack_from(order + "IIIII", body)
    link, per_second, offset, _ = interfaces[interface]
    comment, flags = None, 0
    for code, value in _options(body[20 + (cap + 3) // 4 * 4:], order):
        if code == 1:
            comment = value.decode()
        elif code == 2:
            flags = struct.unpack(order + "I", value)[0] & 3
    time = (high << 32 | low) * 10**9 // per_second + offset * 10**9
    return Packet(time, link, body[20:20 + cap], wire, interface, comment, flags)


def _pcapng(data):
    at, order, interfaces, time = 0, "<", [], 0
    while at < len(data):
        if data[at:at + 4] == b"\n\r\r\n":
            order = "<" if data[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            interfaces = []
        kind, size = struct.unpack_from(order + "II", data, at)
        if size < 12 or size % 4 or at + size > len(data):
            raise ValueError("block of %d bytes at %d" % (size, at))
        if struct.unpack_from(order + "I", data, at + size - 4)[0] != size:
            raise ValueError("the two lengths of the block at %d differ" % at)
        body = data[at + 8:at + size - 4]
        if kind == 1:
            interfaces.append(_interface(body, order))
        elif kind == 6:
            packet = _enhanced(body, order, interfaces)
            time = packet.time
            yield packet
        elif kind == 3:  # a simple packet has no time: that of the one before
            wire = struct.unpack_from(order + "I", body)[0]
            cap = min(wire, interfaces[0][3] or wire, len(body) - 4)
            yield Packet(time, interfaces[0][0], body[4:4 + cap], wire)
        at += size
