#!/usr/bin/env python3
"""Reads an index as docs/OUTPUT.md lays it out, and its capture, and compares them.

packet_index.py CAPTURE [EVENTS]

Every block's checksum, every row, every list and both ends of every area are looked at; all packets of the capture
must be in exactly one row, at the offset at which an own reader finds them, within the times of the row, and show
both addresses of the row. With EVENTS (flows.jsonl of a replay of that capture alone) each flow must have the rows of
its id, with its addresses and its community id, and as many packets as it counted. Prints what was compared."""
import base64
import hashlib
import ipaddress
import json
import struct
import sys
import zlib

BLOCK, PAYLOAD, ROW, ENTRY = 4096, 4092, 30, 96
MASK = (1 << 64) - 1
PI = [0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0, 0x082EFA98EC4E6C89,
      0x452821E638D01377, 0xBE5466CF34E90C6C]


def fail(text):
    sys.exit("packet_index.py: " + text)


def must(ok, text):
    if not ok:
        fail(text)


def payload(data):
    out = b""
    for number, at in enumerate(range(0, len(data), BLOCK)):
        block = data[at:at + BLOCK]
        body, crc = block[:-4], struct.unpack("<I", block[-4:])[0]
        must(crc == zlib.crc32(body, zlib.crc32(struct.pack("<Q", number))), f"checksum of block {number}")
        out += body
    return out


def fold(a, b):
    product = a * b
    return (product >> 64 ^ product ^ a ^ b) & MASK


def is_in_filter(lines, key):
    line = (key >> 32) * (len(lines) // 64) >> 32
    bits = fold(key ^ PI[4], PI[5])
    word = int.from_bytes(lines[line * 64:line * 64 + 64], "little")
    return all(word >> (bits >> 9 * i & 511) & 1 for i in range(7))


def varint(data, at):
    n = shift = 0
    while True:
        byte = data[at]
        n |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return n, at


def pcap_packets(data):
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    unit = 1 if struct.unpack(order + "I", data[:4])[0] == 0xA1B23C4D else 1000
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, cap, _ = struct.unpack(order + "IIII", data[at:at + 16])
        if at + 16 + cap > len(data):
            return
        yield at, seconds * 10**9 + fraction * unit, data[at + 16:at + 16 + cap]
        at += 16 + cap


def pcapng_options(data, at, end, order):
    while at + 4 <= end:
        code, n = struct.unpack_from(order + "HH", data, at)
        if code == 0:
            return
        yield code, data[at + 4:at + 4 + n]
        at += 4 + (n + 3) // 4 * 4


def pcapng_interface(data, at, end, order):
    """Ticks a second, seconds to add, snap length."""
    ticks, offset = 10**6, 0
    for code, value in pcapng_options(data, at + 16, end, order):
        if code == 9:
            ticks = 2 ** (value[0] & 127) if value[0] & 128 else 10 ** value[0]
        elif code == 14:
            offset = struct.unpack(order + "q", value)[0]
    return ticks, offset, struct.unpack_from(order + "I", data, at + 12)[0]


def pcapng_packets(data, landmarks):
    at, order, interfaces, time = 0, "<", [], 0
    while at + 12 <= len(data):
        if data[at:at + 4] == b"\x0a\x0d\x0d\x0a":
            order = "<" if data[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            interfaces = []
            landmarks.append(at)
        kind, length = struct.unpack(order + "II", data[at:at + 8])
        length = (length + 3) // 4 * 4
        if at + length > len(data):
            return
        if kind == 1:
            interfaces.append(pcapng_interface(data, at, at + length - 4, order))
            landmarks.append(at)
        elif kind in (2, 6):
            number = struct.unpack_from(order + ("I" if kind == 6 else "H"), data, at + 8)[0]
            high, low, cap, _ = struct.unpack(order + "IIII", data[at + 12:at + 28])
            ticks, offset, _ = interfaces[number]
            time = min(max((high << 32 | low) * 10**9 // ticks + offset * 10**9, 0), (1 << 63) - 1)
            yield at, time, data[at + 28:at + 28 + cap]
        elif kind == 3:
            wire, snap = struct.unpack_from(order + "I", data, at + 8)[0], interfaces[0][2]
            yield at, time, data[at + 12:at + 12 + (min(wire, snap) if snap else wire)]
        at += length


def packets_of(path):
    """The packets by offset, and the landmarks."""
    data, landmarks = open(path, "rb").read(), []
    if data[:4] == b"\x0a\x0d\x0d\x0a":
        packets = pcapng_packets(data, landmarks)
    else:
        packets = pcap_packets(data)
        landmarks.append(0)
    return data, {offset: (time, packet) for offset, time, packet in packets}, landmarks


def addresses_of(body, at, v4, v6):
    out = [body[at + 4 * i:at + 4 * i + 4] for i in range(v4)]
    at += 4 * v4
    return out + [body[at + 16 * i:at + 16 * i + 16] for i in range(v6)], at + 16 * v6


def key_of(address):
    whole = address if len(address) == 16 else b"\0" * 10 + b"\xff\xff" + address
    first, second = struct.unpack("<QQ", whole)
    return fold(first ^ PI[2], second ^ PI[3])


def part_rows(body, entry, packets):
    (at, first, last, first_ns, last_ns, n_packets, n_flows, lines, points, v4, v6, stretches, lists, postings,
     tick) = struct.unpack("<5Q10I", entry[:80])
    begin = at
    bits, at = body[at:at + 64 * lines], at + 64 * lines
    rows, at = body[at:at + ROW * n_flows], at + ROW * n_flows
    point, at = [body[at + 24 * i:at + 24 * i + 24] for i in range(points)], at + 24 * points
    address, at = addresses_of(body, at, v4, v6)
    skips, at = body[at:at + 4 * -(-(v4 + v6) // 32)], at + 4 * -(-(v4 + v6) // 32)
    stretch, at = [struct.unpack_from("<QQ", body, at + 16 * i) for i in range(stretches)], at + 16 * stretches
    list_bytes, at = body[at:at + lists], at + lists
    posting_bytes, at = body[at:at + postings], at + postings
    must(address[:v4] == sorted(address[:v4]) and address[v4:] == sorted(address[v4:]), "addresses are not sorted")
    out, of_address, starts = [], [set() for _ in address], []
    for i in range(n_flows):
        r = rows[ROW * i:ROW * i + ROW]
        number = lambda a, n: int.from_bytes(r[a:a + n], "little")
        lo, hi = number(14, 3), number(17, 3)
        starts.append(number(27, 3))
        for end in {lo, hi} - {0xFFFFFF}:
            of_address[end].add(i)
            must(is_in_filter(bits, key_of(address[end])), "an address is not in the filter")
        must(is_in_filter(bits, fold(number(0, 8) ^ PI[0], PI[1])), "a flow id is not in the filter")
        out.append({"id": number(0, 8), "first": first_ns + (number(8, 3) << tick),
                    "last": first_ns + (number(11, 3) << tick), "lo": lo != 0xFFFFFF and address[lo],
                    "hi": hi != 0xFFFFFF and address[hi], "ports": (number(20, 2), number(22, 2)),
                    "point": point[number(24, 2) - 1] if number(24, 2) else None, "protocol": r[26]})
    must([r["id"] for r in out] == sorted(r["id"] for r in out), "rows are not sorted")
    place = 0
    for i, rows_of in enumerate(of_address):
        if i % 32 == 0:
            must(struct.unpack_from("<I", skips, i // 8)[0] == place, "a skip")
        length, place = varint(list_bytes, place)
        end, row, got = place + length, 0, []
        while place < end:
            more, place = varint(list_bytes, place)
            row += more
            got.append(row)
        must(place == end and got == sorted(rows_of), f"rows of address {i}")
    must(place == lists, "lists end elsewhere")
    for i, row in enumerate(out):
        place, offset, row["offsets"] = starts[i], first, []
        while place < (starts + [postings])[i + 1]:
            more, place = varint(posting_bytes, place)
            offset += more
            row["offsets"].append(offset)
    told = sorted(o for row in out for o in row["offsets"])
    must(told == sorted(o for o in packets if first <= o <= last), "offsets are not those of the capture")
    must(len(told) == n_packets and told[0] == first and told[-1] == last, "the entry's offsets")
    times = {}
    for offset in told:
        times.setdefault((offset >> 16) - (first >> 16), []).append(packets[offset][0])
    must(all(stretch[i] == ((min(times[i]), max(times[i])) if i in times else (MASK, 0)) for i in range(stretches)),
         "times of stretches")
    return out, begin, at


def read(path, packets, length):
    body = payload(open(path, "rb").read())
    must(body[:8] == b"\x89PSIDX\r\n", "magic")
    (version, block, size, of_length, _, _, _, n_packets, n_flows, joined, first_ns, last_ns, directory, landmarks,
     parts, n_landmarks) = struct.unpack("<IIQQIIQQQQQQQQII", body[8:112])
    must((version, block, size, of_length) == (1, BLOCK, len(body), length), "header")
    rows, at = [], 128
    for i in range(parts):
        more, begin, end = part_rows(body, body[directory + ENTRY * i:directory + ENTRY * (i + 1)], packets)
        must(begin == at, "a part begins elsewhere")
        rows, at = rows + more, end
    must(at == landmarks and directory == landmarks + 8 * n_landmarks and size == directory + ENTRY * parts, "areas")
    must(n_flows == len(rows) and n_packets == len(packets) == sum(len(r["offsets"]) for r in rows), "sums")
    times = [time for time, _ in packets.values()]
    must(not times or (first_ns, last_ns) == (min(times), max(times)), "first and last time")
    return rows, struct.unpack_from(f"<{n_landmarks}Q", body, landmarks), joined


def check_rows(rows, packets, joined):
    for row in rows:
        for offset in row["offsets"]:
            time, packet = packets[offset]
            must(row["first"] <= time <= row["last"], f"the packet at {offset} is out of its row's time")
            must(joined or not row["lo"] or (row["lo"] in packet and row["hi"] in packet),
                 f"the packet at {offset} does not show its row's addresses")


def community_id(row):
    """By the row alone (github.com/corelight/community-id-spec, version 1, seed 0)."""
    ports = struct.pack(">HH", *row["ports"]) if row["protocol"] in (1, 6, 17, 58, 132) else b""
    hashed = b"\0\0" + row["lo"] + row["hi"] + bytes((row["protocol"], 0)) + ports
    return "1:" + base64.b64encode(hashlib.sha1(hashed).digest()).decode()


def check_events(rows, path):
    by_id = {}
    for row in rows:
        by_id.setdefault(row["id"], []).append(row)
    flows = [json.loads(line) for line in open(path)]
    flows = [flow for flow in flows if flow["event"] == "flow"]
    for flow in flows:
        own = by_id.pop(int(flow["flow_id"], 16), [])
        count = sum(len(row["offsets"]) for row in own)
        must(count == flow["client"]["packets"] + flow["server"]["packets"],
             f"flow {flow['flow_id']}: {count} packets in the index")
        ends = {ipaddress.ip_address(flow[k]).packed for k in ("src_ip", "dst_ip")}
        for row in own:
            must({row["lo"], row["hi"]} == ends, f"flow {flow['flow_id']}: addresses")
            must(set(row["ports"]) == {flow["src_port"], flow["dst_port"]}, f"flow {flow['flow_id']}: ports")
            must(community_id(row) == flow["community_id"], f"flow {flow['flow_id']}: community id")
            must(row["protocol"] == flow["protocol"], f"flow {flow['flow_id']}: protocol")
            must((row["point"] is None) == (flow["vni"] is None), f"flow {flow['flow_id']}: point")
            must(row["point"] is None or struct.unpack("<I", row["point"][16:20])[0] == flow["vni"],
                 f"flow {flow['flow_id']}: VNI")
    must(not set(by_id) - {0}, f"{len(set(by_id) - {0})} flows of the index have no event")
    return len(flows)


def main():
    data, packets, where = packets_of(sys.argv[1])
    rows, landmarks, joined = read(sys.argv[1] + ".idx", packets, len(data))
    must(list(landmarks) == where, "landmarks")
    check_rows(rows, packets, joined)
    flows = check_events(rows, sys.argv[2]) if len(sys.argv) > 2 else len({row["id"] for row in rows} - {0})
    print(f"{len(packets)} packets, {len(rows)} rows, {flows} flows, {joined} joined")


main()
