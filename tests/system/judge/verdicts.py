#!/usr/bin/env python3
"""verdicts.py SETTINGS CAPTURE: what the mirror model says about every packet of a capture, worked
out a second time: rule by rule, with Python's own ideas of addresses. SETTINGS is a settings file
in JSON (which YAML holds); CAPTURE holds VXLAN below Ethernet and outer IPv4, as capgen.py makes it.

Prints {"ledger": {bucket: packets}, "rules": [[filter, direction, number, packets, bytes]],
"packets": [[session, interface, direction, found by, decision, rule number, reason]]}.
"""
import ipaddress
import json
import struct
import sys

import captures

NAMES = {"dns_not_eligible": "rule_none", "direction_unknown": "rule_none"}
RESOLVERS = {"169.254.169.253", "fd00:ec2::253"}


class Inner:
    """The inner packet, of which a later fragment learns the ports of its first."""

    def __init__(self, data, first, scope):
        self.macs = data[6:12], data[0:6]
        packet = data[14:]
        self.version = packet[0] >> 4
        more = offset = ident = 0
        if self.version == 4:
            head, self.size = (packet[0] & 15) * 4, struct.unpack_from("!H", packet, 2)[0]
            ident, field = struct.unpack_from("!HH", packet, 4)
            more, offset = field >> 13 & 1, field & 0x1FFF
            self.protocol, ends = packet[9], (packet[12:16], packet[16:20])
        else:  # capgen makes no extension headers
            head, self.size = 40, 40 + struct.unpack_from("!H", packet, 4)[0]
            self.protocol, ends = packet[6], (packet[8:24], packet[24:40])
        self.src, self.dst = map(ipaddress.ip_address, ends)
        key = (scope, self.src, self.dst, self.protocol, ident)
        self.ports = None
        if self.protocol in (6, 17):
            self.ports = first.get(key) if offset else struct.unpack_from("!HH", packet, head)
        if more and not offset:
            first[key] = self.ports


def is_dns(packet, vpc):
    if packet.protocol not in (6, 17):
        return False
    resolvers = set(RESOLVERS)
    if vpc:
        resolvers.add(str(ipaddress.ip_network(vpc["cidr_block"])[2]))
    to = packet.ports is None or packet.ports[1] == 53
    back = packet.ports is None or packet.ports[0] == 53
    return to and str(packet.dst) in resolvers or back and str(packet.src) in resolvers


def in_range(ports, which, rule, key):
    if key not in rule:
        return True
    return ports is not None and rule[key]["from_port"] <= ports[which] <= rule[key]["to_port"]


def matches(rule, packet):
    return (rule.get("protocol", packet.protocol) == packet.protocol and
            packet.src in ipaddress.ip_network(rule["source_cidr_block"]) and
            packet.dst in ipaddress.ip_network(rule["destination_cidr_block"]) and
            in_range(packet.ports, 0, rule, "source_port_range") and
            in_range(packet.ports, 1, rule, "destination_port_range"))


def one_side(source, destination):
    if source == destination:
        return None
    return "egress" if source else "ingress"


def direction_of(packet, interface, outer):
    mac = interface and interface.get("mac_address")
    if mac:
        want = bytes.fromhex(mac.replace(":", ""))
        found = one_side(packet.macs[0] == want, packet.macs[1] == want)
        if found:
            return found, "mac"
    if interface:
        own = {ipaddress.ip_address(a) for a in interface.get("private_ip_addresses", []) +
               interface.get("ipv6_addresses", [])}
        found = one_side(packet.src in own, packet.dst in own)
        if found:
            return found, "address"
    found = one_side(packet.src == outer, packet.dst == outer)
    return (found, "outer_source") if found else (None, None)


class Model:
    def __init__(self, settings):
        by_id = lambda key: {entry["id"]: entry for entry in settings.get(key, [])}
        self.policy = settings.get("sessions", {})
        self.filters, self.vpcs = by_id("traffic_mirror_filters"), by_id("vpcs")
        self.interfaces = by_id("network_interfaces")
        self.sessions = {}
        for session in settings.get("traffic_mirror_sessions", []):
            source = self.interfaces[session["network_interface_id"]]["private_ip_addresses"][0]
            self.sessions[source, session["virtual_network_id"]] = session
        self.hits = {(name, rule["traffic_direction"], rule["rule_number"]): [0, 0]
                     for name, entry in self.filters.items() for rule in entry["rules"]}

    def filter(self, entry, vpc, direction, packet):
        """(reason, rule number)"""
        if is_dns(packet, vpc):
            good = "amazon-dns" in entry.get("network_services", [])
            return ("inspected" if good else "dns_not_eligible"), None
        rules = [rule for rule in entry["rules"] if rule["traffic_direction"] == direction]
        for rule in sorted(rules, key=lambda rule: rule["rule_number"]):
            if matches(rule, packet):
                hits = self.hits[entry["id"], direction, rule["rule_number"]]
                hits[0] += 1
                hits[1] += packet.size
                good = rule["rule_action"] == "accept"
                return ("inspected" if good else "rule_rejected"), rule["rule_number"]
        return "rule_none", None

    def judge(self, outer, vni, packet):
        session = self.sessions.get((str(outer), vni))
        if not session and self.policy.get("unknown") == "refuse":
            return [None, None, None, None, "reject", None, "session_unknown"]
        interface = session and self.interfaces[session["network_interface_id"]]
        direction, by = direction_of(packet, interface, outer)
        reason, number = "inspected", None
        if session and "traffic_mirror_filter_id" in session:
            entry = self.filters[session["traffic_mirror_filter_id"]]
            vpc = self.vpcs.get(interface.get("vpc_id"))
            if direction:
                reason, number = self.filter(entry, vpc, direction, packet)
            elif self.policy.get("unknown_direction") == "reject":
                reason = "direction_unknown"
        return [session and session["id"], interface and interface["id"], direction, by,
                "accept" if reason == "inspected" else "reject", number, reason]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        model = Model(json.load(file))
    first, rows, ledger = {}, [], {}
    for packet in captures.read(sys.argv[2]):
        outer = ipaddress.ip_address(packet.data[26:30])
        vni = struct.unpack_from("!I", packet.data, 46)[0] >> 8
        rows.append(model.judge(outer, vni, Inner(packet.data[50:], first, vni)))
        bucket = NAMES.get(rows[-1][6], rows[-1][6])
        ledger[bucket] = ledger.get(bucket, 0) + 1
    json.dump({"ledger": ledger, "rules": sorted([*key, *hits] for key, hits in model.hits.items()),
               "packets": rows}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
