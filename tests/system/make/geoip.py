#!/usr/bin/env python3
"""Countries and autonomous systems of flows. geoip.py COMMAND ...

  make DIR [SEED]       databases country.mmdb and asn.mmdb of some 2,000 blocks of both families, one in another; a capture
                        talks.pcap of 300 conversations within them and without; and bad-as.txt, a list of some of the numbers
  judge DIR EVENTS      the flow events say of both ends what mmdblookup says
  alerts DIR EVENTS ALERTS  one alert for each number of bad-as.txt, client and tenant that the flow events have
"""
import collections
import functools
import ipaddress
import json
import subprocess
import sys

import mmdb
import packets

COUNTRIES = ["DE", "FR", "JP", "US", "BR", "ZA", "AU", "IN"]
FIELDS = (("country", "country.mmdb", ("country", "iso_code")), ("asn", "asn.mmdb", ("autonomous_system_number",)),
          ("as_org", "asn.mmdb", ("autonomous_system_organization",)))


def blocks(random, n):
    """Blocks, many of them within others."""
    out = {}
    while len(out) < n:
        v6 = random.below(3) == 0
        bits, top = (128, 0x2001 << 112) if v6 else (32, (20 + random.below(4)) << 24)
        length = (20 + random.below(45)) if v6 else (8 + random.below(25))
        address = top | (random.below(2**32) << (bits - 48) if v6 else random.below(2**24))
        out[str(ipaddress.ip_network((address, length), strict=False))] = True
    return list(out)


def address_in(random, block):
    network = ipaddress.ip_network(block)
    return str(network[random.below(min(network.num_addresses, 2**32))])


def make(folder, seed=1):
    random = packets.Random(int(seed))
    places, systems = blocks(random, 1000), blocks(random, 1000)
    countries = [(block, {"country": {"iso_code": COUNTRIES[random.below(8)], "names": {"en": "x" * random.below(400)}},
                          "continent": {"code": "EU"}}) for block in places]
    numbers = [(block, {"autonomous_system_number": 1 + random.below(300), "autonomous_system_organization":
                        "Org \"%d\" \u00e9" % random.below(100)}) for block in systems]
    for name, kind, rows in (("country", "GeoLite2-Country", countries), ("asn", "GeoLite2-ASN", numbers)):
        with open("%s/%s.mmdb" % (folder, name), "wb") as out:
            out.write(mmdb.database(kind, rows, record_size=24 if name == "asn" else 28))
    frames = []
    for n in range(300):
        families = [[b for b in places + systems if (":" in b) == v6] for v6 in (False, True)]
        of = families[random.below(4) == 0]
        src, dst = (address_in(random, of[random.below(len(of))]) for _ in range(2))
        if random.below(10) == 0:
            dst = "fd00::%x" % n if ":" in src else "192.168.0.%d" % (1 + n % 250)
        frames.append(packets.frame(packets.ip(src, dst, packets.UDP, packets.udp(src, 20000 + n, dst, 33333, b"x" * 20))))
    packets.save(folder + "/talks.pcap", [(1700000000 * 10**9 + n * 10**6, frame, None) for n, frame in enumerate(frames)])
    with open(folder + "/bad-as.txt", "w") as out:
        out.write("".join("AS%d\n" % n for n in range(1, 301) if n % 5 == 0))


@functools.lru_cache(None)
def lookup(path, address, keys):
    said = subprocess.run(["mmdblookup", "-f", path, "-i", address, *keys], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, check=False).stdout.strip()
    if not said:
        return None
    value = said.rsplit(" <", 1)[0]
    return value[1:-1] if value.startswith('"') else int(value)  # texts in quotes, and those within as they are


def flows(path):
    return [event for event in map(json.loads, open(path)) if event["event"] == "flow"]


def judge(folder, path):
    known = collections.Counter()
    for flow in flows(path):
        for end in ("src", "dst"):
            for field, file, keys in FIELDS:
                want, got = lookup("%s/%s" % (folder, file), flow[end + "_ip"], keys), flow["%s_%s" % (end, field)]
                if want != got:
                    sys.exit("%s of %s: %s, mmdblookup has %s" % (field, flow[end + "_ip"], got, want))
                known[field, want is not None] += 1
    if any(known[field, True] < 200 or known[field, False] < 30 for field, _, _ in FIELDS):
        sys.exit("not much was known, or unknown: %s" % known)


def alerts(folder, events, path):
    bad = {int(line[2:]) for line in open(folder + "/bad-as.txt")}
    want = {("AS%d" % flow[end + "_asn"], flow["src_ip"]) for flow in flows(events) for end in ("src", "dst")
            if flow[end + "_asn"] in bad}
    got = collections.Counter((a["title"], a["src_ip"]) for a in map(json.loads, open(path)) if a["engine"] == "list")
    if set(got) != want or max(got.values()) > 1 or len(want) < 20:
        sys.exit("%d alerts, %d wanted; %s" % (len(got), len(want), sorted(set(got) ^ want)[:4]))


if __name__ == "__main__":
    {"make": make, "judge": judge, "alerts": alerts}[sys.argv[1]](*sys.argv[2:])
