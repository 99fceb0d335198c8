#!/usr/bin/env python3
"""mirrored.py KIND ...

  chosen SETTINGS ENI PLAIN MIRRORED [stop]   MIRRORED holds what Traffic Mirroring makes of PLAIN for
      that interface: for each packet the first session, by number, whose filter accepts it (with stop,
      none after a reject rule), its VNI, and its packet length; and nothing else
  ports MIRRORED       outer source ports lie in AWS's window, are the same for both directions of a
      conversation, and more than a few are used
  lengths PLAIN MIRRORED LIMIT [LIMIT6]   frames are cut to LIMIT bytes (of IPv6 LIMIT6), and no other
  listen ADDRESS FILE COUNT      receives COUNT datagrams; prints the port; writes them, each as a line
      of its source address, port, TTL and payload
  sent MIRRORED FILE   FILE, as listen wrote it, holds the datagrams of the capture
"""
import ipaddress
import json
import socket
import struct
import sys

import captures
import verdicts

OVER = 50
IP_RECVTTL, UDP_NO_CHECK6_RX = 12, 102  # linux/in.h, linux/udp.h


def inner_of(data, first, scope):
    if data[12:14] not in (b"\x08\x00", b"\x86\xdd"):
        return None
    return verdicts.Inner(data, first, scope)


def choose(model, interface, packet, stop):
    sessions = [s for (_, _), s in model.sessions.items()
                if s["network_interface_id"] == interface["id"]]
    source = ipaddress.ip_address(interface["private_ip_addresses"][0])
    direction, _ = verdicts.direction_of(packet, interface, source)
    for session in sorted(sessions, key=lambda s: s["session_number"]):
        entry = model.filters.get(session.get("traffic_mirror_filter_id"))
        reason = "inspected"
        if entry and direction:
            reason, _ = model.filter(entry, model.vpcs.get(interface.get("vpc_id")), direction, packet)
        if reason == "inspected":
            return session
        if reason == "rule_rejected" and stop:
            return None
    return None


def chosen(settings, eni, plain, mirrored, *words):
    with open(settings, encoding="utf-8") as file:
        model = verdicts.Model(json.load(file))
    interface, first, want, used = model.interfaces[eni], {}, [], {}
    for packet in captures.read(plain):
        inner = inner_of(packet.data, first, 0)
        session = inner and choose(model, interface, inner, "stop" in words)
        used[session and session["id"]] = used.get(session and session["id"], 0) + 1
        if session:
            limit = session.get("packet_length") or 1 << 20
            want.append((session["virtual_network_id"], packet.time, packet.data[:limit]))
    got = [(struct.unpack_from("!I", p.data, 46)[0] >> 8, p.time, p.data[OVER:])
           for p in captures.read(mirrored)]
    print("%d packets, and not %d; sessions %s" % (len(got), len(want), used))
    return got == want and len(used) > 2 and min(used.values()) > 5


def ports(mirrored):
    seen = {}
    for packet in captures.read(mirrored):
        inner = verdicts.Inner(packet.data[OVER:], {}, 0)
        key = (frozenset((inner.src, inner.dst)), inner.protocol, inner.ports and frozenset(inner.ports))
        port = struct.unpack_from("!H", packet.data, 34)[0]
        fragment = inner.version == 4 and struct.unpack_from("!H", packet.data, OVER + 20)[0] & 0x3FFF
        if inner.protocol in (6, 17) and not fragment:
            seen.setdefault(key, set()).add(port)
        if not 65408 <= port <= 65535:
            print("port %d" % port)
            return False
    print("%d conversations, %d ports" % (len(seen), len(set.union(*seen.values()))))
    return all(len(p) == 1 for p in seen.values()) and len(set.union(*seen.values())) > 60


def is_ip6(data):
    at = 12
    while data[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
        at += 4
    return data[at:at + 2] == b"\x86\xdd"


def lengths(plain, mirrored, limit, limit6=None):
    before, after = captures.read(plain), captures.read(mirrored)
    limits = [int(limit6 if limit6 and is_ip6(p.data) else limit) for p in before]
    cut = sum(len(p.data) > most for p, most in zip(before, limits))
    print("%d packets, %d longer" % (len(before), cut))
    return cut > 5 and cut < len(before) and [p.data[:most] for p, most in zip(before, limits)] == [
        p.data[OVER:] for p in after]


def listen(address, path, count):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock, open(path, "w", encoding="ascii") as file:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        if family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
            # As whoever takes VXLAN over IPv6 must: the checksum is 0 (RFC 6935).
            sock.setsockopt(socket.IPPROTO_UDP, UDP_NO_CHECK6_RX, 1)
        sock.bind((address, 0))
        sock.settimeout(20)
        print(sock.getsockname()[1], flush=True)
        for _ in range(int(count)):
            data, extra, _, source = sock.recvmsg(70000, 100)
            ttl = struct.unpack("i", extra[0][2])[0]
            file.write("%s %d %d %s\n" % (source[0], source[1], ttl, data.hex()))
    return True


def sent(mirrored, path):
    with open(path, encoding="ascii") as file:
        got = [line.split() for line in file]
    wrong = 0
    for packet, (_, port, ttl, payload) in zip(captures.read(mirrored), got):
        udp = 14 + (20 if packet.data[14] >> 4 == 4 else 40)
        want = (struct.unpack_from("!H", packet.data, udp)[0], 255, packet.data[udp + 8:].hex())
        wrong += (int(port), int(ttl), payload) != want
    print("%d datagrams, %d wrong" % (len(got), wrong))
    return got and not wrong and len(got) == len(captures.read(mirrored))


# Puts the packets of a capture on an interface, as they are.
def put(path, interface):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind((interface, 0))
        for packet in captures.read(path):
            sock.send(packet.data)
    return True


if __name__ == "__main__":
    sys.exit(not globals()[sys.argv[1]](*sys.argv[2:]))
