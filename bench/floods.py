#!/usr/bin/env python3
"""floods.py [--packets N] [--rounds N] [--directory DIR] [KIND...]: what traffic that was made to cost much costs a
replay, beside ordinary traffic of the same packet size (bench/generate's dpi mix; of DNS its dns mix, whose packets
have sizes of their own): packets a CPU second (user and system), one worker, default settings but for it. A table
on the terminal; status 1 when a flood has less than a third of ordinary traffic, more memory than the settings
allow, or a ledger that does not close.

  syns       SYNs of random addresses, a flow each
  fragments  first fragments of datagrams that never end
  disorder   TCP data behind a gap that is never closed, 40 segments a connection
  headers    an HTTP request of lines of 6 bytes, one a packet, 200 packets a connection
  questions  DNS questions without answers, 100 a flow, with ids of their own
  names      DNS questions and answers with names of 253 letters, a flow each
  hellos     a ClientHello that says it has 16 MB, in segments of 1,400 bytes, 60 a connection"""
import argparse
import json
import os
import resource
import shutil
import statistics
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../tests/system/make"))
import packets  # noqa: E402

PERISCOPE, GENERATE = "build/periscope", "build/bench/generate"
BEGIN, STEP = 1_700_000_000 * 10**9, 100_000  # ns: 10,000 packets a second, as generate has
HEAD = 14 + 20 + 8 + 8  # outer headers
IP = HEAD + 14
CLIENT, SERVER = "10.0.0.1", "10.0.9.9"


def mirrored(body, proto):
    return packets.mirror(packets.frame(packets.ip4(CLIENT, SERVER, proto, body)), 1)


def patched(template, changes):
    """A copy with (offset, bytes) changed; inner checksums are not looked at."""
    data = bytearray(template)
    for at, value in changes:
        data[at:at + len(value)] = value
    return bytes(data)


def u32(number):
    return struct.pack("!I", number % 2**32)


def flow_of(number):
    """The client's address and port: one flow for each number."""
    return (IP + 12, u32(0x0A000000 + number % 2**24)), (IP + 20, struct.pack("!H", 1024 + number % 60000))


def segment(flags, payload=b"", dport=443):
    return mirrored(packets.tcp(CLIENT, 40000, SERVER, dport, flags, 0, 0, payload), packets.TCP)


def syns(random):
    template = segment(packets.SYN)
    while True:
        yield patched(template, ((IP + 12, random.bytes(4)), (IP + 20, random.bytes(2))))


def fragments(random):
    body = packets.udp(CLIENT, 40000, SERVER, 9999, bytes(512 - 8))
    template = packets.mirror(packets.frame(packets.ip4(CLIENT, SERVER, packets.UDP, body, more=True)), 1)
    while True:
        yield patched(template, ((IP + 4, random.bytes(2)), (IP + 12, random.bytes(4))))


def connection(number, templates):
    """The segments of a connection: (template, bytes after the first)."""
    client = flow_of(number)
    for template, at in templates:
        yield patched(template, client + ((IP + 24, u32(1000 + at)),))


def tcp(payload, dport, count, first=None, gap=0):
    """SYN, and `count` segments of `payload`; the first one may be another one."""
    rows, at = [(segment(packets.SYN, dport=dport), 0)], 1 + gap
    for i in range(count):
        data = first if first and not i else payload
        rows.append((segment(packets.ACK | packets.PSH, data, dport), at))
        at += len(data)
    number = 0
    while True:
        yield from connection(number, rows)
        number += 1


def disorder(_):
    return tcp(b"x" * 512, 443, 40, gap=1)


def headers(_):
    return tcp(b"a: b\r\n", 80, 200, first=b"GET / HTTP/1.1\r\n")


def name(labels):
    return b"".join(struct.pack("B", len(label)) + label for label in labels) + b"\0"


def question(ident, qname):
    return struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, 0) + qname + b"\0\1\0\1"


def questions(random):
    template = mirrored(packets.udp(CLIENT, 40000, SERVER, 53, question(0, name((b"abcdefgh", b"example")))),
                        packets.UDP)
    number = 0
    while True:
        for ident in range(100):
            yield patched(template, flow_of(number) + ((IP + 28, struct.pack("!H", ident)),
                                                       (IP + 41, random.bytes(4).hex().encode())))
        number += 1


def names(_):
    qname = name((b"a" * 63, b"b" * 63, b"c" * 63, b"d" * 61))
    ask = question(7, qname)
    tell = struct.pack("!HHHHHH", 7, 0x8180, 1, 8, 0, 0) + qname + b"\0\5\0\1"
    tell += 8 * (b"\xc0\x0c\0\5\0\1\0\0\0\x3c\0\2\xc0\x0c")
    pair = [mirrored(packets.udp(CLIENT, 40000, SERVER, 53, ask), packets.UDP),
            packets.mirror(packets.frame(packets.ip4(SERVER, CLIENT, packets.UDP, packets.udp(
                SERVER, 53, CLIENT, 40000, tell))), 1)]
    number = 0
    while True:
        (_, address), (_, port) = flow_of(number)
        yield patched(pair[0], ((IP + 12, address), (IP + 20, port)))
        yield patched(pair[1], ((IP + 16, address), (IP + 22, port)))
        number += 1


def hellos(_):
    # A record of 16 KB after the other would need a head in the middle of a segment: TLS allows
    # records of any length up to it, so each segment is one.
    body = bytes(1400 - 5)
    record = b"\x16\x03\x01" + struct.pack("!H", len(body)) + body
    first = b"\x16\x03\x01" + struct.pack("!H", len(body)) + b"\x01\xff\xff\xff\x03\x03" + body[6:]
    return tcp(record, 443, 60, first=first)


KINDS = {f.__name__: f for f in (syns, fragments, disorder, headers, questions, names, hellos)}


def write(path, rows, count):
    """The capture; returns the mean length of an inner IP packet."""
    size = 0
    with open(path, "wb") as file:
        file.write(packets.pcap([]))
        for i in range(count):
            data = next(rows)
            time, size = BEGIN + i * STEP, size + len(data) - IP
            file.write(struct.pack("<IIII", time // 10**9, time % 10**9, len(data), len(data)) + data)
    return size / count


def replay(capture, out):
    """(CPU seconds, summary)"""
    shutil.rmtree(out, ignore_errors=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run([PERISCOPE, "replay", "-l", out, "--workers", "1", capture], capture_output=True, text=True,
                         check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(out + "/summary.json", encoding="utf-8") as file:
        summary = json.load(file)
    shutil.rmtree(out)
    if run.returncode:
        raise SystemExit("%s: status %d: %s" % (capture, run.returncode, run.stderr))
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, summary


def setting(name):
    text = subprocess.run([PERISCOPE, "replay", "--dump-config"], capture_output=True, text=True, check=True).stdout
    value = next(line.split(":")[1].strip() for line in text.split("\n") if line.strip().startswith(name + ":"))
    for unit, factor in (("GiB", 2**30), ("MiB", 2**20)):
        if value.endswith(unit):
            return int(value[:-3]) * factor
    return int(value)


def losses(s):
    """What was not done for want of room, as the summary counts it; and whether all adds up."""
    counts = {"dpi refused": s["dpi"]["refused_flows"], "fragments given up": s["dpi"]["fragments_given_up"],
              "flows evicted": s["flow_table"]["evicted"], "flows refused": s["flow_table"]["refused"],
              "talkers merged": s["memory"]["talkers_overflow"]}
    closed = s["ledger_closed"] and sum(s["ledger"].values()) == s["received"]
    for which, o in s["outputs"].items():
        counts[which + " left out"] = o["by_policy"]
        closed = closed and o["offered"] == o["written"] + o["by_policy"] + o["lost_queue"] + o["lost_disk"]
    return {k: v for k, v in counts.items() if v}, closed


def measure(kind, options):
    """One row: the flood and ordinary traffic in turns."""
    flood, usual, out = (os.path.join(options.directory, x) for x in ("flood.pcap", "usual.pcap", "flood-out"))
    size = write(flood, KINDS[kind](packets.Random(1)), options.packets)
    mix = "dns" if kind in ("questions", "names") else "dpi"
    subprocess.run([GENERATE, "--mix", mix, "--packets", str(options.packets), "--mirror", usual, "--data-size",
                    str(max(1, int(size) - 40))], check=True, stderr=subprocess.DEVNULL)
    times = [(replay(flood, out), replay(usual, out)) for _ in range(options.rounds)]
    os.remove(flood)
    os.remove(usual)
    summary = times[0][0][1]
    cost, usual_cost = (statistics.median(pair[i][0] for pair in times) for i in (0, 1))
    return size, cost, usual_cost, summary


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--directory", default="/dev/shm" if os.path.isdir("/dev/shm") else "build")
    parser.add_argument("kinds", nargs="*", choices=[[], *KINDS], metavar="KIND")
    options = parser.parse_args()
    most = setting("memory_limit")
    table = setting("capacity")
    wrong = 0
    print("| flood | bytes | packets/CPU s | ordinary | share | MB | DPI MB | flows | counted |\n"
          "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    for kind in options.kinds or KINDS:
        size, cost, usual, s = measure(kind, options)
        counted, closed = losses(s)
        peak, dpi = s["run"]["memory_peak_bytes"], s["run"]["dpi_memory_peak_bytes"]
        share = usual / cost
        bad = share < 1 / 3 or not closed or dpi > most or \
            peak > most + table * 2 * s["memory"]["flow_bytes"] + 200 * 2**20
        wrong += bad
        print("| %s | %d | %s | %s | %.2f | %d | %d | %s | %s |%s" % (
            kind, size, "{:,}".format(round(options.packets / cost)), "{:,}".format(round(options.packets / usual)),
            share, peak >> 20, dpi >> 20, "{:,}".format(s["flows"]),
            ", ".join("%s %d" % row for row in counted.items()) or "-", " too much" if bad else ""), flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
