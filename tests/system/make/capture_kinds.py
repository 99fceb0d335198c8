#!/usr/bin/env python3
"""capture_kinds.py FOLDER: writes captures of every kind that is read, and beside each NAME a file
NAME.expect with one line for each packet: its time in nanoseconds and its length."""
import struct
import sys

from packets import IP4, UDP, ether, ip4, udp

START = 1700000000 * 10**9
LITTLE, BIG = "<", ">"
ETHERNET, RAW = 1, 101


def packet(link, number, size=40):
    data = ip4(b"\x0a\0\0\1", b"\x0a\0\0\2", UDP, udp(b"\x0a\0\0\1", 1000 + number, b"\x0a\0\0\2", 53, bytes(size)))
    return ether(data, IP4) if link == ETHERNET else data


def padded(data):
    return data + bytes(-len(data) % 4)


def block(order, kind, body):
    size = struct.pack(order + "I", 12 + len(padded(body)))
    return struct.pack(order + "I", kind) + size + padded(body) + size


def option(order, code, value):
    return struct.pack(order + "HH", code, len(value)) + padded(value)


def section(order):
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order, link, snap=262144, resolution=None, offset=None):
    body = struct.pack(order + "HHI", link, 0, snap)
    if resolution is not None:
        body += option(order, 9, bytes([resolution]))
    if offset is not None:
        body += option(order, 14, struct.pack(order + "q", offset))
    return block(order, 1, body)


def enhanced(order, number, ticks, data, options=b""):
    head = struct.pack(order + "IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data))
    return block(order, 6, head + padded(data) + options)


def old(order, number, ticks, data):
    head = struct.pack(order + "HHIIII", number, 0, ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data))
    return block(order, 2, head + data)


class Capture:
    def __init__(self, data=b""):
        self.data, self.packets, self.order = data, [], LITTLE

    def add(self, data):
        self.data += data

    def packet(self, time, data, made):
        self.packets.append((time, len(data)))
        self.data += made


def clocks(order):
    """Interfaces of every kind of clock, snap length and link type, one without a packet."""
    c = Capture(section(order))
    kinds = [(ETHERNET, 96, None, None, 1000), (RAW, 65535, 9, None, 1), (ETHERNET, 0, 0x80 | 20, 7, None),
             (ETHERNET, 262144, 3, -5, 10**6)]
    for link, snap, resolution, offset, _ in kinds:
        c.add(interface(order, link, snap, resolution, offset))
    c.add(interface(order, 147))
    for i in range(40):
        which = i % len(kinds)
        link, _, _, offset, unit = kinds[which]
        data, time = packet(link, i, 40 + 5 * i), START + i * 10**9
        local = time - (offset or 0) * 10**9
        ticks = local // unit if unit else (local << 20) // 10**9
        c.packet(time, data, enhanced(order, which, ticks, data, option(order, 1, b"packet %d" % i)))
        if i % 4 == 1:
            c.add(b"".join(block(order, kind, bytes(4 + i)) for kind in (10, 0x40000BAD, 0x80000001)))
    return c


def sections():
    c = Capture()
    for i, order in enumerate((LITTLE, BIG, BIG, LITTLE)):
        c.add(section(order) + interface(order, RAW if i % 2 else ETHERNET, resolution=9 if i else None))
        data, time = packet(RAW if i % 2 else ETHERNET, i), START + i * 1000
        c.packet(time, data, enhanced(order, 0, time if i else time // 1000, data))
        c.packet(time + 1000, data, old(order, 0, time + 1000 if i else time // 1000 + 1, data))
    return c


def long_blocks():
    """A block above 16 MiB, and more options than the longest packet."""
    c = Capture(section(BIG) + block(BIG, 0xBAD, bytes(17 << 20)) + interface(BIG, ETHERNET, resolution=9))
    for i in range(3):
        data = packet(ETHERNET, i)
        c.packet(START + i, data, enhanced(BIG, 0, START + i, data, option(BIG, 1, bytes(60000)) * 5 if i == 1 else b""))
        c.add(block(BIG, 0xBAD, bytes(17 << 20) if i == 2 else bytes(5000)))
    return c


def classic(order, magic, unit, link=ETHERNET, snap=60):
    """The header's snap length is below the packets."""
    c = Capture(struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snap, link))
    for i in range(20):
        data, time = packet(link, i, 40 + i), START + i * 10**9 + 5000
        c.packet(time, data, struct.pack(order + "IIII", time // 10**9, 5000 // unit, len(data), len(data)) + data)
    return c


def one_after_the_other():
    c = Capture()
    for part in (classic(LITTLE, 0xA1B2C3D4, 1000), classic(BIG, 0xA1B23C4D, 1, RAW), clocks(BIG), classic(LITTLE, 0xA1B23C4D, 1)):
        c.add(part.data)
        c.packets += part.packets
    return c


KINDS = {
    "clocks-little.pcapng": lambda: clocks(LITTLE),
    "clocks-big.pcapng": lambda: clocks(BIG),
    "sections.pcapng": sections,
    "long.pcapng": long_blocks,
    "alone.pcapng": lambda: Capture(section(BIG)),
    "snap-little.pcap": lambda: classic(LITTLE, 0xA1B2C3D4, 1000),
    "snap-big.pcap": lambda: classic(BIG, 0xA1B2C3D4, 1000),
    "nano-swapped.pcap": lambda: classic(BIG, 0xA1B23C4D, 1),
    "several.cap": one_after_the_other,
}

if __name__ == "__main__":
    for name, make in KINDS.items():
        capture = make()
        with open(f"{sys.argv[1]}/{name}", "wb") as file:
            file.write(capture.data)
        with open(f"{sys.argv[1]}/{name}.expect", "w", encoding="ascii") as file:
            file.writelines(f"{time} {size}\n" for time, size in capture.packets)
