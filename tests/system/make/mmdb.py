#!/usr/bin/env python3
"""Writes a database in MaxMind's format, by its specification (https://maxmind.github.io/MaxMind-DB/).

  mmdb.py FILE TYPE [record_size=24|28|32] [ip_version=4|6] <ROWS

A row is a CIDR block and a JSON value, such as `10.0.0.0/8 {"country": {"iso_code": "DE"}}`; of several that hold an address
the longest counts. Whole numbers become uint32, lists arrays. `ip_version=4` leaves rows of IPv6 out."""
import ipaddress
import json
import struct
import sys

UTF8, DOUBLE, UINT16, UINT32, MAP, UINT64, ARRAY, BOOLEAN = 2, 3, 5, 6, 7, 9, 11, 14


def head(kind, size):
    first = (kind << 5 if kind < 8 else 0) | min(size, 29 if size < 285 else 30 if size < 65821 else 31)
    more = b"" if size < 29 else bytes([size - 29]) if size < 285 else \
        struct.pack("!H", size - 285) if size < 65821 else struct.pack("!I", size - 65821)[1:]
    return bytes([first]) + (bytes([kind - 7]) if kind > 7 else b"") + more


def number(kind, n):
    data = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return head(kind, len(data)) + data


def value(v):
    if isinstance(v, bool):
        return head(BOOLEAN, int(v))
    if isinstance(v, int):
        return number(UINT32, v)
    if isinstance(v, float):
        return head(DOUBLE, 8) + struct.pack("!d", v)
    if isinstance(v, str):
        return head(UTF8, len(v.encode())) + v.encode()
    if isinstance(v, list):
        return head(ARRAY, len(v)) + b"".join(map(value, v))
    return head(MAP, len(v)) + b"".join(value(k) + value(x) for k, x in v.items())


def metadata(kind, nodes, record_size, ip_version):
    fields = {"node_count": number(UINT32, nodes), "record_size": number(UINT16, record_size),
              "ip_version": number(UINT16, ip_version), "database_type": value(kind), "languages": value(["en"]),
              "binary_format_major_version": number(UINT16, 2), "binary_format_minor_version": number(UINT16, 0),
              "build_epoch": number(UINT64, 1700000000), "description": value({"en": "made by a test"})}
    return b"\xab\xcd\xefMaxMind.com" + head(MAP, len(fields)) + b"".join(value(k) + v for k, v in fields.items())


def bits_of(network, ip_version):
    """The path to a block: of IPv4 in a tree of IPv6 below ::/96."""
    before = 96 if network.version == 4 and ip_version == 6 else 0
    bits = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
    return [0] * before + [bits >> i & 1 for i in range(network.prefixlen - 1, -1, -1)]


class Tree:
    """A node is a list of two; a leaf an offset into the data, or None."""

    def __init__(self):
        self.root = [None, None]

    def add(self, path, leaf):
        node = self.root
        for bit in path[:-1]:
            if not isinstance(node[bit], list):
                node[bit] = [node[bit], node[bit]]
            node = node[bit]
        node[path[-1]] = leaf

    def nodes(self):
        out, numbers = [self.root], {id(self.root): 0}
        for node in out:
            for child in node:
                if isinstance(child, list):
                    numbers[id(child)] = len(out)
                    out.append(child)
        return out, numbers


def pack(left, right, record_size):
    if record_size == 24:
        return struct.pack("!I", left)[1:] + struct.pack("!I", right)[1:]
    if record_size == 28:
        middle = left >> 24 << 4 | right >> 24
        return struct.pack("!I", left)[1:] + bytes([middle]) + struct.pack("!I", right)[1:]
    return struct.pack("!II", left, right)


def database(kind, rows, record_size=28, ip_version=6):
    tree, data, offsets = Tree(), b"", {}
    rows = [(ipaddress.ip_network(block), v) for block, v in rows]
    for network, v in sorted(rows, key=lambda row: row[0].prefixlen + (96 if row[0].version == 4 else 0)):
        if network.version > ip_version:
            continue
        packed = value(v)
        if packed not in offsets:
            offsets[packed] = len(data)
            data += packed
        tree.add(bits_of(network, ip_version), offsets[packed])
    nodes, numbers = tree.nodes()
    record = lambda child: numbers[id(child)] if isinstance(child, list) else \
        len(nodes) if child is None else len(nodes) + 16 + child
    search = b"".join(pack(record(left), record(right), record_size) for left, right in nodes)
    return search + bytes(16) + data + metadata(kind, len(nodes), record_size, ip_version)


def main():
    options = dict(word.split("=") for word in sys.argv[3:])
    rows = [(block, json.loads(text)) for block, text in (line.split(None, 1) for line in sys.stdin if line.strip())]
    with open(sys.argv[1], "wb") as out:
        out.write(database(sys.argv[2], rows, **{key: int(n) for key, n in options.items()}))


if __name__ == "__main__":
    main()
