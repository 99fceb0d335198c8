#!/usr/bin/env python3
"""clouds.py PERISCOPE DOCUMENT DIR: mirror traffic of other clouds, and of whoever forges it, with the
settings that the document shows; and what tshark reads of the same bytes. Prints one line a check;
status 1 if any failed."""
import os
import re
import shutil
import struct
import subprocess
import sys

import checks
import results
from checks import check, unlike
from packets import (ACK, IP4, PSH, SYN, TCP, UDP, frame, gateway, ip, mirror, option, save, tcp,
                     udp, vxlan)

PERISCOPE, DOCUMENT, DIR = sys.argv[1:4]
START = 1700000000 * 10**9


def example(name):
    """The settings of the document, as a file."""
    with open(DOCUMENT, encoding="utf-8") as file:
        text = re.search(r"<!-- example: %s -->\n```yaml\n(.*?)```" % name, file.read(), re.S)[1]
    path = "%s/%s.yaml" % (DIR, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def replay(capture, *arguments):
    shutil.rmtree(DIR + "/out", ignore_errors=True)
    run = subprocess.run([PERISCOPE, "replay", "-l", DIR + "/out", *arguments, capture],
                         capture_output=True, text=True, timeout=120)
    if run.returncode or run.stderr:
        raise RuntimeError("%s: status %d: %s" % (capture, run.returncode, run.stderr))
    return results.summary(DIR + "/out"), results.flows(DIR + "/out")


def capture(name, packets):
    path = "%s/%s.pcap" % (DIR, name)
    save(path, [(START + i * 10**6, data, len(data)) for i, data in enumerate(packets)])
    return path


def talk(client, server):
    """Question and answer as IP packets, the first from the client."""
    question = b"GET /index.html HTTP/1.1\r\nHost: shop.example\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    return [(True, ip(client, server, TCP, tcp(client, 40000, server, 80, SYN, 1, 0))),
            (False, ip(server, client, TCP, tcp(server, 80, client, 40000, SYN | ACK, 9, 2))),
            (True, ip(client, server, TCP, tcp(client, 40000, server, 80, PSH | ACK, 2, 10, question))),
            (False, ip(server, client, TCP,
                       tcp(server, 80, client, 40000, PSH | ACK, 10, 2 + len(question), answer)))]


def network(number, egress):
    word = struct.pack("!I", number << 4 | egress)
    return option(1, word, cls=0x0132) + option(2, bytes(16), cls=0x0132) + \
        option(3, bytes(8), cls=0x0132)


def google(packet, number, egress):
    kind = IP4 if packet[0] >> 4 == 4 else 0x86DD
    return gateway(packet, 0, src="10.128.0.1", protocol=kind, options=network(number, egress))


def vantage(flow):
    return [flow[k] for k in ("vni", "network", "outer_src", "session", "interface_id",
                              "direction")]


def gcp():
    settings = example("gcp")
    packets = []
    for number in (1234, 5678, 99):
        packets += [google(p, number, first) for first, p in talk("10.0.0.1", "10.0.0.2")]
    path = capture("gcp", packets)
    wrong = []
    for workers in "1", "3":
        total, flows = replay(path, "-c", settings, "--workers", workers)
        wrong += unlike("vantage", sorted(map(vantage, flows), key=str), [
            [0, 1234, "10.128.0.1", "gcp-shop", "shop-vpc", "egress"],
            [0, 5678, "10.128.0.1", "gcp-lab", "lab-vpc", "egress"],
            [0, 99, "10.128.0.1", None, None, "egress"]])
        wrong += unlike("packets", [(f["client"]["packets"], f["server"]["packets"])
                                    for f in flows], [(2, 2)] * 3)
        wrong += unlike("community ids", len({f["community_id"] for f in flows}), 1)
        wrong += unlike("ledger", total["ledger"]["inspected"], 12)
        wrong += unlike("sessions", [(s["network"], s["tenant"], s["packets"])
                                     for s in total["sessions"]],
                        [(99, "network-99", 4), (1234, "network-1234", 4),
                         (5678, "network-5678", 4)])
    check("Google Cloud: equal addresses of three networks are three flows", wrong)
    _, flows = replay(path, "--set", "tenants=[{name: one, network_ids: [1234, 5678, 99]}]")
    check("joined networks are one tenant",
          unlike("tenants", {s["tenant"] for s in results.summary(DIR + "/out")["sessions"]},
                 {"one"}))
    tshark(path)


def tshark(path):
    if not shutil.which("tshark"):
        print("skip tshark is not there")
        return
    said = subprocess.run(["tshark", "-n", "-r", path, "-T", "fields",
                           "-e", "geneve.option.gcp.vnid", "-e", "geneve.option.gcp.direction"],
                          capture_output=True, text=True, check=True).stdout
    # A bit: tshark 4.0 prints 1, 4.4 prints True.
    said = said.replace("True", "1").replace("False", "0").split("\n")[:-1]
    want = ["%d\t%d" % (number, first) for number in (1234, 5678, 99)
            for first in (True, False, True, False)]
    check("tshark reads the same networks and directions", unlike("fields", said, want))


def azure():
    mac = bytes.fromhex("000d3a000001")
    other = bytes.fromhex("123456789abc")
    packets = [mirror(frame(p, src=mac if first else other, dst=other if first else mac), 77,
                      src="10.0.1.4") for first, p in talk("10.0.1.4", "192.0.2.9")]
    _, flows = replay(capture("azure", packets), "-c", example("azure"))
    check("Azure: VXLAN of a virtual network TAP", unlike(
        "vantage", [vantage(f) for f in flows],
        [[77, None, "10.0.1.4", "vtap-web", "nic-web", "egress"]]))


def oci():
    mac = bytes.fromhex("020017000001")
    other = bytes.fromhex("123456789abc")
    packets = [mirror(frame(p, src=other if first else mac, dst=mac if first else other), 4242,
                      src="fd00:10::5", dst="fd00:10::9")
               for first, p in talk("192.0.2.9", "10.0.2.7")]
    _, flows = replay(capture("oci", packets), "-c", example("oci"))
    check("Oracle Cloud: VXLAN of a VTAP over IPv6", unlike(
        "vantage", [vantage(f) for f in flows],
        [[4242, None, "fd00:10::5", "vtap-db", "vnic-db", "ingress"]]))


def overlay():
    """A container overlay, and a forged session, inside what is mirrored."""
    hidden = talk("10.0.0.1", "10.0.0.2")[0][1]
    inner = ip("10.1.0.1", "10.1.0.2", UDP,
               udp("10.1.0.1", 50000, "10.1.0.2", 4789, vxlan(frame(hidden), 77)))
    for name, packet, vni in (("VXLAN", mirror(frame(inner), 42), 42),
                              ("a load balancer's GENEVE and VXLAN",
                               gateway(mirror(frame(inner), 42)[14:], protocol=IP4), 42),
                              ("Google's GENEVE", google(inner, 1234, 1), 0)):
        total, flows = replay(capture("overlay", [packet]), "--input", "mirror")
        check("an overlay in %s is a flow to port 4789 of the mirror's session" % name,
              unlike("flows", [(f["vni"], f["src_ip"], f["dst_port"]) for f in flows],
                     [(vni, "10.1.0.1", 4789)]) +
              unlike("sessions", [s["vni"] for s in total["sessions"]], [vni]))


os.makedirs(DIR, exist_ok=True)
gcp()
azure()
oci()
overlay()
sys.exit(checks.failures > 0)
