#!/usr/bin/env python3
"""findings.py PERISCOPE ROOT FOLDER: one settings file for every code of config/parse/findings.def. Each is
a good file with one thing changed; a line that ends in `# here` is where the finding must be. What
`check -j` says must be that finding and no other, `check` must say the same in a line of its own,
and `check -T` of replay must say what check says. One line a case, as lib.sh writes them.
"""
import json
import os
import re
import subprocess
import sys

ALL4 = "source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0}"
ALL6 = 'source_cidr_block: "::/0", destination_cidr_block: "::/0"}'
IN, OUT = "      - {traffic_direction: ingress, ", "      - {traffic_direction: egress, "
RULES = (IN + "rule_number: 10, rule_action: accept, " + ALL4 + "\n" +
         IN + "rule_number: 20, rule_action: accept, " + ALL6 + "\n")
ENI = ('  - {id: eni-1, mac_address: "02:00:00:00:00:01", private_ip_addresses: [10.0.0.5], '
       'vpc_id: vpc-1}\n')
SESSION = ("  - {id: tms-1, session_number: 1, virtual_network_id: 42, network_interface_id: eni-1, "
           "traffic_mirror_filter_id: tmf-1}\n")
VPCS = "vpcs:\n  - {id: vpc-1, cidr_block: 10.0.0.0/16}\n"
GOOD = (VPCS + "network_interfaces:\n" + ENI + "traffic_mirror_filters:\n  - id: tmf-1\n" +
        "    rules:\n" + RULES + "traffic_mirror_sessions:\n" + SESSION)

FILTER, RULE = "traffic_mirror_filters[0]", "traffic_mirror_filters[0].rules[%d]"
SESSION0, SESSION1 = "traffic_mirror_sessions[0]", "traffic_mirror_sessions[1]"


def changed(old, new):
    if GOOD.count(old) != 1:
        raise ValueError("'%s' stands %d times" % (old, GOOD.count(old)))
    return GOOD.replace(old, new)


def here(line):
    return line.rstrip("\n") + " # here\n"


def more_rules(*lines):
    """The rules in place of the good ones; the last one is where the finding is."""
    return changed(RULES, "".join(line + "\n" for line in lines[:-1]) + here(lines[-1]))


def rule(number, rest, direction=IN, action="accept"):
    return "%srule_number: %d, rule_action: %s, %s" % (direction, number, action, rest)


def ports(low, high):
    return "protocol: 6, destination_port_range: {from_port: %d, to_port: %d}, " % (low, high)


def second_session(words, eni="eni-1"):
    return GOOD + here("  - {id: tms-2, network_interface_id: %s, traffic_mirror_filter_id: tmf-1, "
                       "%s}" % (eni, words))


def cells():
    """All of a box, cut into cells along four fields, in no order, and then the box again: that the
    cells cover it is not found out within the budget."""
    lines = []
    for i in range(4096):
        cell = i * 2731 % 4096
        src, dst, low, to = cell % 8, cell // 8 % 8, cell // 64 % 8 * 8192, cell // 512 * 8192
        lines.append(rule(100 + i, "protocol: 6, source_port_range: {from_port: %d, to_port: %d}, "
                          "destination_port_range: {from_port: %d, to_port: %d}, source_cidr_block: "
                          "%d.0.0.0/3, destination_cidr_block: %d.0.0.0/3}" %
                          (low, low + 8191, to, to + 8191, src * 32, dst * 32)))
    return [rule(20, ALL6)] + lines + [rule(9999, ports(1, 60000) + ALL4)]


def filter2(rules):
    return here("  - id: tmf-2") + "    rules:\n" + rules


IMPORT = "aws_import: [more.json]\n" + GOOD
LIST, ZEEK = "detect: {lists: [{file: more.json}]}\n" + GOOD, "#fields\tindicator\tindicator_type\n"

# code, settings, key, a part of the message, a second file
CASES = [
    ("syntax", "flow: {capacity: 5\n" + here("nonsense: ]"), None, "", None),
    ("syntax", IMPORT, None, "", '{"Vpcs": [\n"# here\n]}'),
    ("unreadable", here("aws_import: [nowhere.json]") + GOOD, "aws_import", "nowhere.json: cannot open",
     None),
    ("unknown_key", here("flw: {capacity: 5}") + GOOD, "flw", "no such", None),
    ("unknown_key", changed("vpc_id: vpc-1}", "vpc: vpc-1, vpc_id: vpc-1} # here"),
     "network_interfaces[0].vpc", "no such field", None),
    ("missing_key", changed("virtual_network_id: 42, network_interface_id: eni-1, "
                            "traffic_mirror_filter_id: tmf-1}",
                            "network_interface_id: eni-1, traffic_mirror_filter_id: tmf-1} # here"),
     SESSION0 + ".virtual_network_id", "missing", None),
    ("wrong_value", changed("session_number: 1, virtual_network_id: 42, network_interface_id: eni-1, "
                            "traffic_mirror_filter_id: tmf-1}",
                            "session_number: 32767, virtual_network_id: 42, network_interface_id: "
                            "eni-1, traffic_mirror_filter_id: tmf-1} # here"),
     SESSION0 + ".session_number", "32766", None),
    ("wrong_value", second_session("session_number: 2, virtual_network_id: 16777216"),
     SESSION1 + ".virtual_network_id", "16777215", None),
    ("wrong_value", here("flow: {capacity: -5}") + GOOD, "flow.capacity", "", None),
    ("wrong_value", changed("[10.0.0.5], vpc_id: vpc-1}", "[10.0.0.500], vpc_id: vpc-1} # here"),
     "network_interfaces[0].private_ip_addresses[0]", "10.0.0.500", None),
    ("host_bits", changed("cidr_block: 10.0.0.0/16}", "cidr_block: 10.0.0.1/16} # here"),
     "vpcs[0].cidr_block", "10.0.0.0/16", None),
    ("host_bits", more_rules(rule(10, 'source_cidr_block: "::/0", destination_cidr_block: '
                                      '"2001:db8:0:1::/60"}')),
     RULE % 0 + ".destination_cidr_block", "2001:db8::/60", None),
    ("mixed_families", more_rules(rule(10, 'source_cidr_block: 0.0.0.0/0, '
                                           'destination_cidr_block: "::/0"}')), RULE % 0, "", None),
    ("ports_without_protocol", more_rules(rule(10, "destination_port_range: {from_port: 53, "
                                                   "to_port: 53}, " + ALL4)),
     RULE % 0 + ".destination_port_range", "", None),
    ("duplicate", GOOD.replace(RULES, RULES + here(rule(20, ALL4))), RULE % 2, "20", None),
    ("duplicate", second_session("session_number: 1, virtual_network_id: 43"), SESSION1, "", None),
    ("duplicate", here("flow: {capacity: 5000, capacity: 6000}") + GOOD, "flow.capacity", "", None),
    ("unknown_id", changed(SESSION, here(SESSION.replace("tmf-1", "tmf-9"))), SESSION0, "tmf-9", None),
    ("unknown_id", changed(SESSION, here(SESSION.replace("eni-1", "eni-9"))), SESSION0, "eni-9", None),
    ("same_source", second_session("session_number: 2, virtual_network_id: 42"), SESSION1, "42", None),
    ("not_aws", IMPORT, None, "", '{"Reservations": []} # here'),
    ("list_unusable", LIST, "detect.lists[0]", "2 lines, of which none", "<html>\nx\n"),

    ("rule_shadowed", more_rules(rule(10, ALL4), rule(20, ALL6), rule(30, "protocol: 6, " + ALL4)),
     RULE % 2, "ingress rule 30 of tmf-1 can never match: rule 10", None),
    ("rule_shadowed", more_rules(rule(20, ALL6), rule(30, ports(0, 40) + ALL4), rule(
        40, ports(41, 65535) + ALL4), rule(50, ports(30, 50) + ALL4)), RULE % 3,
     "rules 30 and 40", None),
    ("rule_fragments_only", more_rules(rule(20, ALL6), rule(30, ports(0, 40) + ALL4), rule(
        40, ports(41, 65535) + ALL4), rule(50, "protocol: 6, " + ALL4)), RULE % 3, "", None),
    ("reject_without_effect", more_rules(rule(10, ports(80, 80) + ALL4), rule(20, ALL6), rule(
        30, ALL4, action="reject")), RULE % 2, "", None),
    ("dns_rule", more_rules(rule(20, ALL6), rule(
        30, "protocol: 17, destination_port_range: {from_port: 53, to_port: 53}, source_cidr_block: "
            "0.0.0.0/0, destination_cidr_block: 10.0.0.2/32}")), RULE % 1, "network_services", None),
    ("protocol_zero", more_rules(rule(20, ALL6), rule(30, "protocol: 0, source_cidr_block: 10.0.0.0/8, "
                                                          "destination_cidr_block: 0.0.0.0/0}")),
     RULE % 1, "", None),
    ("filter_empty", changed("  - id: tmf-1\n    rules:\n" + RULES, here("  - id: tmf-1")), FILTER,
     "tmf-1", None),
    ("filter_unused", changed("traffic_mirror_sessions:\n", filter2(RULES) +
                              "traffic_mirror_sessions:\n"), "traffic_mirror_filters[1]", "tmf-2",
     None),
    ("ipv4_only", more_rules(rule(10, ALL4)), RULE % 0, "IPv6", None),
    ("mac_unknown", changed('mac_address: "02:00:00:00:00:01", ', "").replace(SESSION, here(SESSION)),
     SESSION0, "eni-1", None),
    ("source_unknown", changed("private_ip_addresses: [10.0.0.5], ", "").replace(
        SESSION, here(SESSION)), SESSION0, "eni-1", None),
    ("vpc_unknown", changed(VPCS, "").replace(SESSION, here(SESSION)), SESSION0, "vpc-1", None),
    ("target_unknown", changed(SESSION, here(SESSION)) + "traffic_mirror_targets:\n  - {id: tmt-1, "
     "network_interface_id: eni-7}\n", SESSION0, "target", None),
    ("packet_length", changed("traffic_mirror_filter_id: tmf-1}", "traffic_mirror_filter_id: tmf-1, "
                              "packet_length: 30} # here"), SESSION0, "30", None),
    ("tenant_overlap", GOOD.replace("vpcs:\n", "vpcs:\n  - {id: vpc-2, cidr_block: 10.0.0.0/8}\n")
     .replace(ENI, ENI + '  - {id: eni-2, mac_address: "02:00:00:00:00:02", private_ip_addresses: '
                         '[10.0.0.6], vpc_id: vpc-2}\n') +
     "  - {id: tms-2, session_number: 1, virtual_network_id: 43, network_interface_id: eni-2, "
     "traffic_mirror_filter_id: tmf-1} # here\n"
     "tenants: [{name: blue, virtual_network_ids: [42, 43]}]\n", SESSION1, "blue", None),
    ("tenant_shared", GOOD.replace(ENI, ENI + '  - {id: eni-2, mac_address: "02:00:00:00:00:02", '
                                   'private_ip_addresses: [10.0.0.6], vpc_id: vpc-1}\n') +
     here("  - {id: tms-2, session_number: 1, virtual_network_id: 42, network_interface_id: eni-2, "
          "traffic_mirror_filter_id: tmf-1}"), SESSION1, "two flows with one community id", None),
    ("source_is_target", GOOD.replace(SESSION, here(SESSION.replace(
        "traffic_mirror_filter_id", "traffic_mirror_target_id: tmt-1, traffic_mirror_filter_id"))) +
     "traffic_mirror_targets:\n  - {id: tmt-1, network_interface_id: eni-1}\n", SESSION0, "eni-1",
     None),
    ("no_effect", GOOD + here("packets: {queue: 100}"), "packets.queue", "packets.record is none", None),
    ("suppress_ended", GOOD + "detect:\n  suppress:\n" + here("  - {rule: x, until: 2020-01-01}"), "detect.suppress[0]",
     "has ended at 2020-01-01T00:00:00Z", None),
    ("left_out", IMPORT, "TrafficMirrorFilters[0].NetworkServices[0]",
     "the filter tmf-9 is left out: 'amazon-ntp' is not one of amazon-dns; with it go its sessions tms-9",
     '{"TrafficMirrorFilters": [{"TrafficMirrorFilterId": "tmf-9",\n"NetworkServices": ["amazon-ntp"'
     ']}], "x": "# here",\n"TrafficMirrorSessions": [{"TrafficMirrorSessionId": "tms-9", '
     '"SessionNumber": 2, "VirtualNetworkId": 9, "NetworkInterfaceId": "eni-1", '
     '"TrafficMirrorFilterId": "tmf-9"}]}'),
    ("left_out", IMPORT, "TrafficMirrorSessions[0]", "its network interface eni-9 is not among those",
     '{"TrafficMirrorSessions":\n[{"TrafficMirrorSessionId": "tms-9", "x": "# here", '
     '"SessionNumber": 2, "VirtualNetworkId": 9, "NetworkInterfaceId": "eni-9"}]}'),
    ("rule_differs", IMPORT, "TrafficMirrorFilterRules[1]", "is another here than at",
     '{"TrafficMirrorFilterRules": [%s,\n%s]}' % tuple(
         '{"TrafficMirrorFilterRuleId": "tmfr-1", "TrafficMirrorFilterId": "tmf-1", "Protocol": %d, '
         '"TrafficDirection": "ingress", "RuleNumber": 1, "RuleAction": "accept", '
         '"SourceCidrBlock": "10.9.0.0/16", "DestinationCidrBlock": "10.0.0.0/8", "x": "%s"}' %
         (protocol, mark) for protocol, mark in ((6, ""), (17, "# here")))),
    ("quota", changed(RULES, RULES + "".join(
        rule(100 + i, "source_cidr_block: 10.%d.0.0/16, destination_cidr_block: 0.0.0.0/0}" % i, OUT)
        + "\n" for i in range(9)) + rule(200, ALL6, OUT) + "\n").replace(
            "  - id: tmf-1\n", here("  - id: tmf-1")), FILTER, "12 rules", None),
    ("undecided", more_rules(*cells()), RULE % 4097, "", None),
    ("list_line", LIST, None, "'x' is no address", "192.0.2.1\nx # here\n"),
    ("list_empty", LIST, "detect.lists[0]", "holds no value", "; of today\n"),
    ("list_other", LIST, "detect.lists[0]", "1 value is left out, since nothing looks for Intel::EMAIL",
     ZEEK + "192.0.2.1\tIntel::ADDR\na@b.example\tIntel::EMAIL\n"),
    ("import_incomplete", IMPORT, "NextToken", "", '{"TrafficMirrorTargets": [],\n"NextToken": "# here"}'),
]


def write(folder, case):
    code, settings, _, _, second = case
    paths = {"settings.yaml": settings}
    if second is not None:
        paths["more.json"] = second
    for name, text in paths.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text.replace("} # here", "}") if name == "more.json" else text)
    name = "more.json" if second is not None else "settings.yaml"
    lines = [i for i, line in enumerate(paths[name].split("\n"), 1) if "# here" in line]
    return os.path.join(folder, name), lines[0] if lines else None


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def judge(periscope, folder, case, level):
    code, _, key, message, _ = case
    file, line = write(folder, case)
    settings = os.path.join(folder, "settings.yaml")
    said = run(periscope, "check", "-j", "-c", settings)
    found = json.loads(said.stdout)
    status = 2 if level == "ERROR" else 0
    if said.returncode != status or said.stderr:
        return "status %d; %s" % (said.returncode, said.stderr)
    if sorted(found) != ["errors", "warnings"]:
        return "the keys are %s" % sorted(found)
    right, wrong = ("errors", "warnings") if level == "ERROR" else ("warnings", "errors")
    if code == "tenant_overlap":  # what overlaps is shared
        found[right] = [one for one in found[right] if one["code"] != "tenant_shared"]
    if code == "undecided":  # 4098 rules are more than AWS's quota as well
        found[right] = [one for one in found[right] if one["code"] != "quota"]
    if code == "list_unusable":  # and of each of its lines it is said why
        found[wrong] = [one for one in found[wrong] if one["code"] != "list_line"]
    if found[wrong] or len(found[right]) != 1:
        return "found %s" % found
    one = found[right][0]
    want = {"file": file, "line": line, "key": key, "code": code}
    got = {k: one[k] for k in want}
    if got != want or sorted(one) != ["code", "file", "key", "line", "message"]:
        return "%s, and not %s (%s)" % (got, want, one["message"])
    if message not in one["message"] or len(one["message"]) < 10 or "\n" in one["message"]:
        return "says '%s'" % one["message"]
    text = run(periscope, "check", "-c", settings)
    start = "%s: %s%s: %s" % (right[:-1], file, ":%d" % line if line else "", key + ": " if key else "")
    if text.returncode != status or "\n" + start + one["message"] not in "\n" + text.stdout:
        return "in words: %s" % text.stdout
    for words, want in ((), text), (("-j",), said):
        test = run(periscope, "replay", "-T", *words, "-c", settings)
        if (test.returncode, test.stdout, test.stderr) != (status, want.stdout, ""):
            return "replay -T: %d %s%s" % (test.returncode, test.stdout, test.stderr)
    return None


def main():
    periscope, root, folder = sys.argv[1:]
    with open(os.path.join(root, "config/parse/findings.def"), encoding="utf-8") as file:
        levels = dict(re.findall(r"^FINDING\((\w+), (\w+),", file.read(), re.M))
    for code in sorted(set(levels) - {case[0] for case in CASES}):
        print("FAIL no case has the code %s" % code)
    for number, case in enumerate(CASES):
        wrong = judge(periscope, folder, case, levels[case[0]])
        for name in ("settings.yaml", "more.json"):
            if os.path.exists(os.path.join(folder, name)):
                os.remove(os.path.join(folder, name))
        print("%s %s, case %d%s" % ("FAIL" if wrong else "ok  ", case[0], number,
                                    ": " + wrong if wrong else ""), flush=True)


if __name__ == "__main__":
    main()
