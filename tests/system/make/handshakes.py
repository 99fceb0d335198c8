#!/usr/bin/env python3
"""Writes captures of DNS and TLS whose records and certificates other programs read, too.

  handshakes.py dns OUT          responses with records in all sections, and EDNS
  handshakes.py tls DIR OUT      a handshake of TLS 1.2, as OpenSSL's client and server say it; DIR has chain.pem
                                 (the server's certificate first) and key.pem"""
import os
import ssl
import struct
import sys

import packets

CLIENT, SERVER = "10.1.0.1", "10.2.0.2"


def name(text):
    return b"".join(bytes([len(p)]) + p.encode() for p in text.split(".") if p) + b"\0"


def record(owner, kind, ttl, data, cls=1):
    return owner + struct.pack(">HHIH", kind, cls, ttl, len(data)) + data


def message(ident, flags, question, sections, kind=1):
    counts = [len(section) for section in sections]
    head = struct.pack(">HHHHHH", ident, flags, 1, *counts)
    return head + name(question) + struct.pack(">HH", kind, 1) + b"".join(b"".join(s) for s in sections)


SAME = b"\xc0\x0c"  # the question's name


def responses():
    """Questions and their responses."""
    address = bytes([192, 0, 2, 1])
    yield "www.example.com", 1, [[record(SAME, 1, 60, address), record(SAME, 1, 60, bytes([192, 0, 2, 2]))], [], []]
    yield "shop.example.com", 1, [
        [record(SAME, 5, 300, name("edge.example.net")), record(name("edge.example.net"), 1, 20, address)],
        [record(name("example.net"), 2, 86400, name("ns1.example.net"))],
        [record(name("ns1.example.net"), 28, 3600, bytes(15) + b"\1"),
         record(b"\0", 41, 0x8000, struct.pack(">HH", 8, 7) + bytes([0, 1, 24, 0, 192, 0, 2]), 1232)]]
    yield "none.example.org", 28, [
        [], [record(name("example.org"), 6, 900, name("ns.example.org") + name("root.example.org") +
                    struct.pack(">IIIII", 1, 2, 3, 4, 5))], [record(b"\0", 41, 0, b"", 4096)]]
    yield "many.example.com", 1, [[record(SAME, 1, n, bytes([198, 51, 100, n])) for n in range(1, 201)], [], []]


def put(frames, ns, src, dst, protocol, payload):
    frame = packets.frame(packets.ip(src, dst, protocol, payload))
    frames.append((ns, frame, len(frame)))


def dns(out):
    frames, ns = [], 1_700_000_000_000_000_000
    for ident, (question, kind, sections) in enumerate(responses(), 1):
        asked = message(ident, 0x0100, question, [[], [], []], kind)
        told = message(ident, 0x8180 | (3 if not sections[0] else 0), question, sections, kind)
        port = 40000 + ident
        put(frames, ns, CLIENT, SERVER, 17, packets.udp(CLIENT, port, SERVER, 53, asked))
        put(frames, ns + 1_500_000, SERVER, CLIENT, 17, packets.udp(SERVER, 53, CLIENT, port, told))
        ns += 10_000_000
    packets.save(out, frames)


def flights(directory):
    """What client (0) and server (1) say in turn."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(os.path.join(directory, "chain.pem"), os.path.join(directory, "key.pem"))
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    bios = [(ssl.MemoryBIO(), ssl.MemoryBIO()) for _ in range(2)]
    ends = [client.wrap_bio(*bios[0], server_hostname="shop.example.com"),
            server.wrap_bio(*bios[1], server_side=True)]
    for turn in range(8):
        side = turn % 2
        try:
            ends[side].do_handshake()
        except ssl.SSLWantReadError:
            pass
        said = bios[side][1].read()
        if said:
            bios[1 - side][0].write(said)
            yield side, said


def tls(directory, out):
    frames, ns, seq = [], 1_700_000_000_000_000_000, [1000, 2000]
    ends = [(CLIENT, 50000), (SERVER, 443)]

    def send(side, flags, payload=b""):
        nonlocal ns
        (src, sport), (dst, dport) = ends[side], ends[1 - side]
        segment = packets.tcp(src, sport, dst, dport, flags, seq[side], seq[1 - side] if flags & 16 else 0, payload)
        put(frames, ns, src, dst, 6, segment)
        seq[side] += len(payload) + (1 if flags & 3 else 0)
        ns += 1_000_000

    send(0, 2)
    send(1, 18)
    send(0, 16)
    for side, said in flights(directory):
        for at in range(0, len(said), 1200):
            send(side, 24, said[at:at + 1200])
    send(0, 17)
    send(1, 17)
    packets.save(out, frames)


if __name__ == "__main__":
    {"dns": dns, "tls": tls}[sys.argv[1]](*sys.argv[2:])
