#!/usr/bin/env python3
"""filters.py KIND ...

  settings [unknown=refuse] [unknown_direction=reject]   settings, in JSON, for the captures that
      `capgen.py mix vnis=6` makes: sessions for five of its VNIs, each another kind of source
  many FILTERS RULES       settings with so many filters of so many rules each, and sessions for them
  loads SECONDS TIMES FEW MANY COMMAND...   with the settings MANY the command ends well, within so much CPU
      time, and within so many times what it takes with FEW
  compare TRUTH SUMMARY   the ledger and the rules of a summary are those of verdicts.py
  explained TRUTH STEP    standard input is what `explain -j` said about the first packet and each STEP-th one
                          after it
"""
import ipaddress
import json
import resource
import subprocess
import sys

import packets


def rule(number, direction, action, source, destination, **more):
    return {"rule_number": number, "traffic_direction": direction, "rule_action": action,
            "source_cidr_block": source, "destination_cidr_block": destination, **more}


def ports(low, high):
    return {"from_port": low, "to_port": high}


ANY4, ANY6 = "0.0.0.0/0", "::/0"
SERVERS4 = ["10.0.0.%d" % i for i in range(100, 120)]
SERVERS6 = ["2001:db8::%x" % i for i in range(100, 120)]


def outer(vni):
    return "172.31.%d.%d" % (vni >> 8 & 255, vni & 255)


def settings(**policy):
    web = {"id": "tmf-web", "rules": [
        rule(100, "ingress", "accept", "10.0.0.0/28", "10.0.0.96/27", protocol=6,
             destination_port_range=ports(80, 80)),
        rule(110, "ingress", "reject", ANY4, "10.0.0.110/31", protocol=6),
        rule(120, "ingress", "accept", ANY4, "10.0.0.0/16", protocol=6,
             destination_port_range=ports(1, 1023)),
        rule(130, "ingress", "accept", ANY6, "2001:db8::/64", protocol=6,
             source_port_range=ports(1024, 1040)),
        rule(100, "egress", "accept", ANY4, ANY4, protocol=6, source_port_range=ports(80, 443)),
        rule(90, "egress", "reject", "10.0.0.104/29", ANY4),
        rule(200, "egress", "reject", ANY6, "2001:db8::8/125"),
        rule(210, "egress", "accept", ANY6, ANY6)]}
    # Amazon DNS: the resolver is one of the mix's servers, 10.0.0.98 + 4 in a block of its own.
    datagrams = {"id": "tmf-datagrams", "network_services": ["amazon-dns"], "rules": [
        rule(1, "ingress", "reject", ANY4, ANY4, protocol=17, destination_port_range=ports(53, 53)),
        rule(2, "ingress", "accept", ANY4, ANY4, protocol=17,
             destination_port_range=ports(4000, 4000)),
        rule(3, "ingress", "accept", ANY4, ANY4, protocol=1),
        rule(2147483647, "egress", "accept", ANY4, ANY4)]}
    deaf = {"id": "tmf-no-dns", "rules": [
        rule(1, direction, "accept", block, block)
        for direction in ("ingress", "egress") for block in (ANY4, ANY6)][::2] +
        [rule(2, "ingress", "accept", ANY6, ANY6)]}
    session = lambda vni, name: {"id": "tms-%d" % vni, "session_number": 1,
                                 "virtual_network_id": vni, "network_interface_id": "eni-%d" % vni,
                                 **({"traffic_mirror_filter_id": name} if name else {})}
    interface = lambda vni, **more: {"id": "eni-%d" % vni, "vpc_id": "vpc-1", "private_ip_addresses":
                                     [outer(vni)] + more.pop("more", []), **more}
    return {
        "sessions": policy,
        "vpcs": [{"id": "vpc-1", "cidr_block": "10.0.0.100/30"}],  # resolver 10.0.0.102
        "traffic_mirror_filters": [web, datagrams, deaf],
        "traffic_mirror_sessions": [session(100, "tmf-web"), session(101, None),
                                    session(102, "tmf-datagrams"), session(103, "tmf-no-dns"),
                                    session(104, "tmf-web")],
        "network_interfaces": [
            interface(100, more=SERVERS4, ipv6_addresses=SERVERS6), interface(101),
            interface(102, more=SERVERS4, ipv6_addresses=SERVERS6),
            # The mix's frames all go from 02:...:01 to 02:...:02.
            interface(103, mac_address="02:00:00:00:00:02"),
            interface(104, more=SERVERS4[:10], ipv6_addresses=SERVERS6[:10])]}


def many(filters, rules):
    """Prefixes of any length, ports and ranges of them, IPv4 and IPv6."""
    random = packets.Random(filters * rules)

    def block(v6):
        if random.below(5) == 0:
            return ANY6 if v6 else ANY4
        number, bits = (0x20010DB8 << 96 | random.below(2**32) << 64, 33 + random.below(64)) if v6 \
            else (random.below(2**32), 8 + random.below(25))
        return str(ipaddress.ip_network((number, bits), strict=False))

    def some(number):
        v6, more = random.below(5) == 0, {}
        if random.below(6):
            more["protocol"] = (6, 6, 17, 17, 1)[random.below(5)]
        if more.get("protocol", 1) != 1 and random.below(2):
            low = random.below(65536)
            more["destination_port_range"] = ports(low, low + random.below(65536 - low))
        return rule(number, ("ingress", "egress")[number % 2], ("accept", "reject")[random.below(2)],
                    block(v6), block(v6), **more)

    return {
        "traffic_mirror_filters": [{"id": "tmf-%d" % i, "rules": [some(k + 1) for k in range(rules)]}
                                   for i in range(filters)],
        "traffic_mirror_sessions": [
            {"id": "tms-%d" % i, "session_number": 1, "virtual_network_id": 100 + i,
             "network_interface_id": "eni-%d" % i, "traffic_mirror_filter_id": "tmf-%d" % i}
            for i in range(filters)],
        "network_interfaces": [
            {"id": "eni-%d" % i, "private_ip_addresses": [outer(100 + i)] + SERVERS4,
             "ipv6_addresses": SERVERS6} for i in range(filters)]}


def spent(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    status = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if status != 0:
        sys.exit("%s: status %d" % (command, status))
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def loads(seconds, times, few, many, command):
    """CPU time with the rules of `many`, at best of three: a busy machine makes a second longer."""
    for _ in range(3):
        base, whole = spent([*command, "-c", few]), spent([*command, "-c", many])
        print("%.2f s, and %.2f s" % (base, whole))
        if whole <= min(seconds, times * base):
            return 0
    return 1


def complain(what, got, want):
    if got == want:
        return 0
    print("%s: %s, and not %s" % (what, got, want))
    return 1


def compare(truth, summary):
    wrong = 0
    for bucket, number in summary["ledger"].items():
        wrong += complain(bucket, number, truth["ledger"].get(bucket, 0))
    rules = sorted([r["filter_id"], r["direction"], r["rule_number"], r["packets"], r["bytes"]]
                   for r in summary["rules"])
    for got, want in zip(rules, truth["rules"]):
        wrong += complain("rule", got, want)
    wrong += complain("number of rules", len(rules), len(truth["rules"]))
    hit = sum(r[3] > 0 for r in rules)
    if hit * 4 < len(rules) * 3 or len(truth["ledger"]) < 3:
        wrong += complain("a test of anything", "%d of %d rules were hit" % (hit, len(rules)), "most")
    return wrong


def explained(truth, step, text):
    said, decoder, wrong = [], json.JSONDecoder(), 0
    while text.strip():
        answer, end = decoder.raw_decode(text.lstrip())
        said, text = said + [answer], text.lstrip()[end:]
    numbers = range(1, len(truth["packets"]) + 1, step)
    for number, answer in zip(numbers, said):
        session, interface, direction, by, decision, rule_number, reason = truth["packets"][number - 1]
        want = {"session": session, "interface_id": interface, "direction": direction,
                "direction_by": by, "decision": decision, "rule_number": rule_number, "reason": reason}
        wrong += sum(complain("packet %d, %s" % (number, key), answer[key], want[key]) for key in want)
    return wrong + complain("answers", len(said), len(numbers))


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def main():
    kind, *rest = sys.argv[1:]
    if kind == "settings":
        json.dump(settings(**dict(word.split("=") for word in rest)), sys.stdout, indent=1)
        print()
        return 0
    if kind == "many":
        json.dump(many(int(rest[0]), int(rest[1])), sys.stdout, indent=1)
        return 0
    if kind == "loads":
        return loads(float(rest[0]), float(rest[1]), *rest[2:4], rest[4:])
    if kind == "compare":
        return compare(load(rest[0]), load(rest[1])) > 0
    return explained(load(rest[0]), int(rest[1]), sys.stdin.read()) > 0


if __name__ == "__main__":
    sys.exit(main())
