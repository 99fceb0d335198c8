"""Flows and flow log records as tshark's view of each packet gives them: the inner packets of a
capture that nothing was wrapped around. Knows nothing of how periscope does it.

tshark takes most of a second to start: it is asked once for all captures of a call, and what it said of a
capture is kept in the folder of $TSHARK_SAID, if that is set, for the next call of the same test."""
import hashlib
import os
import subprocess
import tempfile
from typing import NamedTuple, Optional

import captures

FIELDS = ("frame.time_epoch frame.protocols ip.src ip.dst ip.proto ip.len ip.id ip.frag_offset "
          "ip.flags.mf ipv6.src ipv6.dst ipv6.plen tcp.srcport tcp.dstport udp.srcport "
          "udp.dstport sctp.srcport sctp.dstport icmp.type icmp.code icmp.ident icmpv6.type "
          "icmpv6.code icmpv6.echo.identifier ipv6.fraghdr.offset ipv6.fraghdr.nxt "
          "ipv6.fraghdr.ident ipv6.nxt").split()
NUMBERS = {"tcp": 6, "udp": 17, "sctp": 132, "icmp": 1, "icmpv6": 58}
# Which ICMP types answer each other, and whether an identifier joins them
# (community-id-spec, version 1).
PAIRS4 = {8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17, 9: 10, 10: 9}
PAIRS6 = {128: 129, 129: 128, 133: 134, 134: 133, 135: 136, 136: 135, 130: 131, 131: 130,
          144: 145, 145: 144, 139: 140, 140: 139}
WITH_ID = {1: (0, 8, 13, 14, 15, 16, 17, 18), 58: (128, 129, 144, 145)}


class Seen(NamedTuple):
    time: int  # ns
    src: str
    dst: str
    proto: int
    sport: int
    dport: int
    icmp_id: Optional[int]
    length: int  # bytes of the IP packet
    two_way: bool
    later: bool  # a fragment other than the first

    def key(self):
        ends = (self.src, self.sport), (self.dst, self.dport)
        return (self.proto, self.icmp_id) + (tuple(sorted(ends)) if self.two_way else ends)


def _flag(text):
    """A bit: tshark 4.0 prints 1, 4.4 prints True."""
    return text in ("1", "True")


def _number(text):
    return int(text, 16) if text.startswith("0x") else int(text or "0")


def _ports(row, proto):
    """(sport, dport, icmp id, two-way), or None where the packet does not hold them."""
    name = {6: "tcp", 17: "udp", 132: "sctp"}.get(proto)
    if name:
        if not row[name + ".srcport"] or not row[name + ".dstport"]:
            return None
        return int(row[name + ".srcport"]), int(row[name + ".dstport"]), None, True
    if proto in (1, 58):
        name, pairs = ("icmp", PAIRS4) if proto == 1 else ("icmpv6", PAIRS6)
        if not row[name + ".type"]:
            return None
        kind, code = int(row[name + ".type"]), _number(row[name + ".code"])
        ident = row["icmp.ident"] if proto == 1 else row["icmpv6.echo.identifier"]
        ident = _number(ident) if kind in WITH_ID[proto] else 0
        return kind, pairs.get(kind, code), ident, kind in pairs
    return 0, 0, None, True


def _layers(row):
    """The protocols of the packet, outermost first. tshark 4.4 names none where it keeps a segment's data for a
    later one: then those whose fields it has."""
    if row["frame.protocols"]:
        return row["frame.protocols"].split(":")
    if row["ip.proto"] and row["ipv6.nxt"]:
        raise ValueError("IPv4 and IPv6 in a packet, and not said in which order")
    return (["ip"] if row["ip.proto"] else ["ipv6"] if row["ipv6.nxt"] else []) + \
        [name for name in ("tcp", "udp", "sctp") if row[name + ".srcport"]]


def _ends(row):
    """None where tshark saw no IP header, or a broken one; else (src, dst, IP length, fragment id, offset, protocol number) of the outermost IP header."""
    layers = _layers(row)
    v4 = "ip" in layers and ("ipv6" not in layers or layers.index("ip") < layers.index("ipv6"))
    if v4 and not (row["ip.proto"] and row["ip.len"] and row["ip.frag_offset"]):
        return None
    if v4:
        length = int(row["ip.len"]) or None
        fragment = _flag(row["ip.flags.mf"]) or int(row["ip.frag_offset"])
        return (row["ip.src"], row["ip.dst"], length, _number(row["ip.id"]) if fragment else None,
                int(row["ip.frag_offset"]), int(row["ip.proto"]))
    if not row["ipv6.plen"]:
        return None
    proto = next((NUMBERS[name] for name in layers[layers.index("ipv6"):] if name in NUMBERS),
                 _number(row["ipv6.fraghdr.nxt"] or row["ipv6.nxt"]))
    ident = row["ipv6.fraghdr.ident"]
    length = int(row["ipv6.plen"]) + 40 if int(row["ipv6.plen"]) else None
    return (row["ipv6.src"], row["ipv6.dst"], length, _number(ident) if ident else None,
            _number(row["ipv6.fraghdr.offset"]), proto)


def _ask(path):
    """The lines that tshark says, one for each packet."""
    command = ["tshark", "-r", path, "-n", "-T", "fields", "-E", "separator=\t", "-E",
               "occurrence=f", "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE",
               "-o", "tcp.desegment_tcp_streams:FALSE"]
    for name in FIELDS:
        command += ["-e", name]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line for line in run.stdout.split("\n") if line]


def _ask_of_all(paths):
    """The same for several captures: one after the other in one file, and apart again by their numbers of packets."""
    if len(paths) == 1:
        return [_ask(paths[0])]
    counts = [len(captures.read(path)) for path in paths]
    with tempfile.NamedTemporaryFile(suffix=".pcapng") as whole:
        subprocess.run(["mergecap", "-a", "-w", whole.name, *paths], check=True)
        lines = iter(_ask(whole.name))
    said = [[next(lines) for _ in range(count)] for count in counts]
    if next(lines, None) is not None:
        raise ValueError("tshark sees more packets than %s hold" % (paths,))
    return said


def _kept(path):
    folder = os.environ.get("TSHARK_SAID")
    if not folder:
        return None
    os.makedirs(folder, exist_ok=True)
    with open(path, "rb") as file:
        return os.path.join(folder, hashlib.sha256(file.read()).hexdigest())


_said = {}


def read(paths):
    """Asks tshark of all these captures at once; what follows then finds the answers."""
    new = []
    for path in paths:
        kept = _kept(path)
        if kept and os.path.exists(kept):
            with open(kept, encoding="utf-8") as file:
                _said[path] = file.read().split("\n")
        else:
            new.append(path)
    for path, lines in zip(new, _ask_of_all(new) if new else ()):
        _said[path] = lines
        if _kept(path):
            with open(_kept(path), "w", encoding="utf-8") as file:
                file.write("\n".join(lines))


def rows(path):
    if path not in _said:
        read([path])
    for line in _said[path]:
        if line:
            yield dict(zip(FIELDS, line.split("\t")))


def packets(path):
    """Each IP packet of the capture, as Seen. Later fragments have their first one's ports."""
    learned = {}
    for row in rows(path):
        ends = _ends(row)
        if not ends:
            continue
        src, dst, length, ident, offset, proto = ends
        if length is None:
            raise ValueError("%s: an IP packet with length 0" % path)
        ports = _ports(row, proto) if not offset else None
        if ident is not None:
            if ports:
                learned[src, dst, proto, ident] = ports
            else:
                ports = learned.get((src, dst, proto, ident))
        seconds, part = row["frame.time_epoch"].split(".")
        yield Seen(int(seconds) * 10**9 + int(part.ljust(9, "0")), src, dst, proto,
                   *(ports or (0, 0, None, True))[:3], length, (ports or (0, 0, None, True))[3],
                   offset > 0)


def flows(path):
    """{key: {(src, sport): [packets, bytes]}} with no timeout at all."""
    found = {}
    for p in packets(path):
        side = found.setdefault(p.key(), {}).setdefault((p.src, p.sport), [0, 0])
        side[0] += 1
        side[1] += p.length
    return found


def later_fragments(path):
    """{(protocol, src, sport, dst, dport): how many}"""
    found = {}
    for p in packets(path):
        if p.later:
            key = (p.proto, p.src, p.sport, p.dst, p.dport)
            found[key] = found.get(key, 0) + 1
    return found


def flow_logs(path, window):
    """Records as (src, dst, sport, dport, proto, packets, bytes, start, end), as AWS makes them: one
    for each 5-tuple and window of so many seconds since the epoch, whatever the flows; without ports
    where the protocol has none."""
    found = {}
    for p in packets(path):
        second, ports = p.time // 10**9, (p.sport, p.dport)
        if p.proto not in (6, 17, 33, 132, 136):
            ports = 0, 0
        key = (p.src, p.dst) + ports + (p.proto, second // window)
        count, size, start, end = found.get(key, (0, 0, second, second))
        found[key] = count + 1, size + p.length, min(start, second), max(end, second)
    return sorted(key[:5] + sent for key, sent in found.items())
