"""Time from a packet to its alert on a collector's socket, live over a veth (af_packet), as root: each packet that is
measured is to an address of an indicator list, or asks for a name of one, and raises an alert of its own. Nobody answers. Beside
them nothing, or ordinary packets from tests/system/make/flood.c.

`latency.py send addresses|names N RATE` is the sender, which runs inside the namespace: it prints what each was, and when
the machine's monotonic clock had it sent."""
import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time

import live
import program

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../tests/system/make"))
import packets  # noqa: E402

RATE, LOAD = 100, 100_000  # a second: packets measured, others beside them
WAIT_S = 10


def address(number):
    return "198.%d.%d.%d" % (18 + number // 62500, number // 250 % 250, 1 + number % 250)


def name(number):
    return "host%d.bad.example" % number


def mirrored(body, src, dst):
    return packets.mirror(packets.frame(packets.ip(src, dst, packets.UDP, body)), 77)


def question(number):
    labels = b"".join(bytes([len(part)]) + part for part in name(number).encode().split(b"."))
    return number.to_bytes(2, "big") + b"\1\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1"


def shown(kind, number):
    """A packet that raises an alert."""
    client, port = "10.7.0.1", 20000 + number
    if kind == "addresses":
        return mirrored(packets.udp(client, port, address(number), 443, b"x" * 40), client, address(number))
    server = "10.7.0.53"
    return mirrored(packets.udp(client, port, server, 53, question(number)), client, server)


def send(kind, count, rate):
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind(("from0", 0))
    began = time.monotonic()
    for number in range(count):
        time.sleep(max(0, began + number / rate - time.monotonic()))
        data = shown(kind, number)
        sent = time.monotonic_ns()
        out.send(data)
        print(address(number) if kind == "addresses" else name(number), sent)


class Collector(threading.Thread):
    """Reads alerts, and when each came."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.came = {}
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen(1)

    def run(self):
        client, _ = self.listener.accept()
        rest = b""
        while True:
            data = client.recv(1 << 16)
            now = time.monotonic_ns()
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line.startswith(b'{"event":"alert"'):
                    self.came.setdefault(json.loads(line)["title"], now)


def lists(bench, count):
    for kind, value in (("addresses", address), ("names", name)):
        with open(bench.path(kind + ".txt"), "w") as file:
            file.writelines(value(number) + "\n" for number in range(count))
    files = ", ".join("{file: %s}" % os.path.abspath(bench.path(kind + ".txt")) for kind in ("addresses", "names"))
    return f"detect.lists=[{files}]"


def inside(*command):
    return ["ip", "netns", "exec", live.SPACE, *command]


def measure(bench, kind, workers, load, count):
    path = bench.path("collector.sock")
    collector = Collector(path)
    collector.start()
    appliance = live.Appliance(
        bench, "net_af_packet0,iface=to0,framesz=2048,blocksz=65536", workers, 1, before=inside(),
        more=(lists(bench, count), f"events.socket={path}", "events.flow=false", "flow.idle_timeout=1h",
              "rights.user=off"))
    seconds, beside = count / RATE + 1, None
    if load:
        beside = subprocess.Popen(inside("build/bench/flood", "from0", load, str(LOAD), str(seconds)),
                                  stdout=subprocess.DEVNULL)
        time.sleep(0.5)
    said = subprocess.run(inside(sys.executable, __file__, "send", kind, str(count), str(RATE)),
                          capture_output=True, text=True, check=True).stdout
    sent = {title: int(ns) for title, ns in (line.split() for line in said.splitlines())}
    until = time.monotonic() + WAIT_S
    while len(collector.came.keys() & sent.keys()) < len(sent) and time.monotonic() < until:
        time.sleep(0.05)
    if beside:
        beside.wait()
    appliance.stop()
    bench.forget_outs()
    os.unlink(path)
    return [(collector.came[title] - ns) / 1e6 for title, ns in sent.items() if title in collector.came], len(sent)


QUANTILES = ("median", "p99", "most")


def quantiles(came):
    came.sort()
    return dict(zip(QUANTILES, (statistics.median(came), came[len(came) * 99 // 100], came[-1]))) if came else {}


def section(bench):
    if os.geteuid() != 0:
        print("\nTime from packet to alert: needs root for a network namespace")
        return
    count = 200 if bench.quick else 2000
    load = bench.path("load.pcap")
    program.make(program.GENERATE, "--mix", "datacentre", "--packets", "65536", "--mirror", load)
    print("\nFrom a packet to its alert on a socket, ms")
    print(f"  {'':48}{'median':>9}{'99 %':>9}{'most':>9}   alerts")
    rows = {}
    live.wire(True)
    try:
        for kind in ("addresses", "names"):
            for workers in (1, 2):
                for beside in (None, load):
                    title = f"{kind}, {workers} workers, {LOAD if beside else 0:,} packets/s beside"
                    came, sent = measure(bench, kind, workers, beside, count)
                    rows[title] = {"came": len(came), "sent": sent, **quantiles(came)}
                    print(f"  {title:48}" + "".join(f"{rows[title].get(key, float('nan')):9.2f}" for key in QUANTILES)
                          + f"   {len(came)} of {sent}")
    finally:
        live.wire(False)
    bench.results["latency"] = rows


if __name__ == "__main__":
    send(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
