#!/usr/bin/env python3
"""Takes VXLAN off, and puts it on, byte by byte: what a reader of inner packets would have captured.

  unwrap.py take IN VNI OUT      the inner frames of a VNI
  unwrap.py spread IN VNI OUT N  inner frames of a VNI as N sessions mirror them: VNI 50, 51, ... of outer
                                 sources 10.250.0.50, .51, ...
IN and OUT are classic pcap of Ethernet; outer packets are IPv4 without options."""
import struct
import sys

MAGIC_US, MAGIC_NS = 0xA1B2C3D4, 0xA1B23C4D


def packets(path):
    with open(path, "rb") as file:
        data = file.read()
    assert struct.unpack_from("<I", data)[0] in (MAGIC_US, MAGIC_NS)
    at = 24
    while at < len(data):
        seconds, part, captured, length = struct.unpack_from("<IIII", data, at)
        yield seconds, part, data[at + 16:at + 16 + captured], length
        at += 16 + captured


def inner(path, vni):
    for seconds, part, frame, length in packets(path):
        if frame[12:14] != b"\x08\x00" or frame[23] != 17 or frame[36:38] != struct.pack(">H", 4789):
            continue
        if int.from_bytes(frame[46:49], "big") == vni:
            yield seconds, part, frame[50:], length - 50


def outer(frame, vni, length):
    udp = struct.pack(">HHHH", 50000, 4789, 16 + length, 0)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 36 + length, 0, 0, 64, 17, 0, bytes((10, 250, 0, vni)), bytes((10, 0, 0, 1)))
    total = sum(struct.unpack(">10H", ip))
    total = (total & 0xFFFF) + (total >> 16)
    ip = ip[:10] + struct.pack(">H", ~(total + (total >> 16)) & 0xFFFF) + ip[12:]
    return bytes(12) + b"\x08\x00" + ip + udp + struct.pack(">II", 0x08000000, vni << 8) + frame


def main():
    what, source, vni, target = sys.argv[1:5]
    with open(source, "rb") as file:
        head = file.read(24)
    with open(target, "wb") as out:
        out.write(head)
        for seconds, part, frame, length in inner(source, int(vni)):
            copies = [(frame, length)]
            if what == "spread":
                copies = [(outer(frame, 50 + i, length), 50 + length) for i in range(int(sys.argv[5]))]
            for bytes_, length_ in copies:
                out.write(struct.pack("<IIII", seconds, part, len(bytes_), length_) + bytes_)


main()
