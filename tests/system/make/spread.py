#!/usr/bin/env python3
"""Mirrored captures whose conversations come in by several queues. spread.py COMMAND ...

  ports IN OUT          outer source ports as in the one public capture from an AWS mirror target: the
                        same for both directions of a conversation, but one port for all DNS answers;
                        fragments are left out
  split IN QUEUES PREFIX   deals packets by their outer addresses and ports into PREFIX0.pcap, ...; fails
                        when not at least a tenth of the conversations of UDP is in two of them
  fragments FIRST LATER NUMBER   so many datagrams in three fragments each: the first ones in one
                        capture, the later ones in another one, with other outer ports
  datagrams DIR NUMBER  those datagrams, and nothing else, are the flows of DIR
  send INTERFACE FILE   sends the packets, slowly enough for anybody
"""
import collections
import socket
import struct
import sys
import time
import zlib

import captures
from packets import UDP, fragments, frame, ip4, mirror, save, udp

OUTER = 14 + 20  # outer UDP header of a frame without VLAN tag or IP options
INNER = OUTER + 8 + 8 + 14
DNS_ANSWERS = 65408


def conversation(data):
    """(vni, protocol, ends) of a mirrored packet, and whether it is a fragment."""
    vni, kind = data[OUTER + 12:OUTER + 15], data[INNER - 2:INNER]
    if kind == b"\x08\x00":
        at, protocol = INNER + (data[INNER] & 15) * 4, data[INNER + 9]
        ends = data[INNER + 12:INNER + 16], data[INNER + 16:INNER + 20]
        part = struct.unpack_from("!H", data, INNER + 6)[0] & 0x3FFF != 0
    elif kind == b"\x86\xdd":
        at, protocol, part = INNER + 40, data[INNER + 6], data[INNER + 6] == 44
        ends = data[INNER + 8:INNER + 24], data[INNER + 24:INNER + 40]
    else:
        return (vni, kind), False
    ports = (data[at:at + 2], data[at + 2:at + 4]) if protocol in (6, 17, 132) else (b"", b"")
    return (vni, protocol, tuple(sorted(zip(ends, ports)))), part


def is_dns_answer(data):
    at = INNER + (data[INNER] & 15) * 4 if data[INNER] >> 4 == 4 else INNER + 40
    protocol = data[INNER + 9] if data[INNER] >> 4 == 4 else data[INNER + 6]
    return protocol == 17 and data[at:at + 2] == struct.pack("!H", 53)


def with_port(data, port):
    return data[:OUTER] + struct.pack("!H", port) + data[OUTER + 2:]


def ports(source, target):
    out = []
    for p in captures.read(source):
        key, part = conversation(p.data)
        port = 0xFF80 | zlib.crc32(repr(key).encode()) & 0x7F
        if is_dns_answer(p.data):
            port = DNS_ANSWERS
        if not part:
            out.append((p.time, with_port(p.data, port), p.wire))
    save(target, out)


def split(source, queues, prefix):
    files = [[] for _ in range(queues)]
    where = collections.defaultdict(set)
    for p in captures.read(source):
        queue = zlib.crc32(p.data[26:34] + p.data[OUTER:OUTER + 4]) % queues
        files[queue].append((p.time, p.data, p.wire))
        key, _ = conversation(p.data)
        if len(key) == 3 and key[1] == 17:
            where[key].add(queue)
    for i, packets in enumerate(files):
        save("%s%d.pcap" % (prefix, i), packets)
    both = sum(len(found) > 1 for found in where.values())
    print("%d packets; %d of %d conversations of UDP in several queues" %
          (sum(map(len, files)), both, len(where)))
    if both * 10 < len(where) or not both or not all(files):
        sys.exit("the queues do not share conversations")


def datagram(number):
    """Addresses, ports and IP identification of a datagram."""
    return "10.0.%d.%d" % (number >> 8, number & 255), "10.9.0.1", 20000 + number, 4000, 1 + number


def make_fragments(first, later, number):
    files = [], []
    for i in range(number):
        src, dst, sport, dport, ident = datagram(i)
        whole = ip4(src, dst, UDP, udp(src, sport, dst, dport, bytes(3000)), ident=ident)
        for k, part in enumerate(fragments(whole, 1200)):
            port = 0xFF80 | (i if k == 0 else i * 7 + 64 + k) & 0x7F
            packet = mirror(frame(part), 7, sport=port)
            files[k > 0].append((i, packet, len(packet)))
    save(first, files[0])
    save(later, files[1])


def datagrams(directory, number):
    import results
    want = {datagram(i)[:4]: (3, 20 * 3 + 8 + 3000) for i in range(number)}
    got = collections.Counter()
    for flow in results.flows(directory):
        key = flow["src_ip"], flow["dst_ip"], flow["src_port"], flow["dst_port"]
        got[key] += 1
        if want.get(key) != (flow["client"]["packets"], flow["client"]["bytes"]):
            sys.exit("%s: %s, and not %s" % (key, flow["client"], want.get(key)))
    if set(got) != set(want) or set(got.values()) != {1}:
        sys.exit("%d flows of %d datagrams" % (sum(got.values()), number))


def send(interface, path):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((interface, 0))
    for i, p in enumerate(captures.read(path)):
        sock.send(p.data)
        if i % 16 == 15:
            time.sleep(0.001)


def main():
    command, args = sys.argv[1], sys.argv[2:]
    if command == "ports":
        ports(*args)
    elif command == "split":
        split(args[0], int(args[1]), args[2])
    elif command == "fragments":
        make_fragments(args[0], args[1], int(args[2]))
    elif command == "datagrams":
        datagrams(args[0], int(args[1]))
    elif command == "send":
        send(*args)
    else:
        sys.exit("no such command: " + command)


if __name__ == "__main__":
    main()
