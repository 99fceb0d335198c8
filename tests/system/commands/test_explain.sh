#!/bin/sh
# explain: packets in words and from captures; every field that can fail to match; what is wrong with
# the words. What it says about whole captures is in test_filter.sh.
. "$(dirname "$0")/../lib.sh"

cat >"$tmp/one.yaml" <<'SETTINGS'
vpcs: [{id: vpc-1, cidr_block: 10.0.0.0/16}]
network_interfaces:
  - {id: eni-1, mac_address: "02:00:00:00:00:01", private_ip_addresses: [10.0.1.9, 10.0.1.10], ipv6_addresses: ["fd00::9"], vpc_id: vpc-1}
traffic_mirror_filters:
  - id: tmf-1
    network_services: [amazon-dns]
    rules:
      - {rule_number: 10, traffic_direction: ingress, rule_action: reject, protocol: 17, source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0}
      - {rule_number: 20, traffic_direction: ingress, rule_action: accept, protocol: 6, source_cidr_block: 192.0.2.0/24, destination_cidr_block: 0.0.0.0/0}
      - {rule_number: 30, traffic_direction: ingress, rule_action: accept, protocol: 6, source_cidr_block: 0.0.0.0/0, destination_cidr_block: 10.0.2.0/24}
      - {rule_number: 40, traffic_direction: ingress, rule_action: accept, protocol: 6, source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0, source_port_range: {from_port: 1024, to_port: 2047}}
      - {rule_number: 50, traffic_direction: ingress, rule_action: accept, protocol: 6, source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0, destination_port_range: {from_port: 443, to_port: 443}}
      - {rule_number: 60, traffic_direction: ingress, rule_action: accept, source_cidr_block: "::/0", destination_cidr_block: "fd00::/64"}
      - {rule_number: 70, traffic_direction: egress, rule_action: accept, source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0}
traffic_mirror_sessions:
  - {id: tms-1, session_number: 1, virtual_network_id: 42, network_interface_id: eni-1, traffic_mirror_filter_id: tmf-1}
SETTINGS
sed 's/    network_services: .amazon-dns./    tags: {}/' "$tmp/one.yaml" >"$tmp/no-dns.yaml"
{ echo 'sessions: {unknown: refuse, unknown_direction: reject}'; cat "$tmp/one.yaml"; } >"$tmp/strict.yaml"
{
  cat "$tmp/one.yaml"
  echo '  - {id: tms-2, session_number: 2, virtual_network_id: 43, network_interface_id: eni-1}'
} >"$tmp/two.yaml"

# The answer as one line: session interface direction by decision rule reason, then number=mismatch of
# each rule looked at; +SESSION for each session asked before the last, <SESSION for one that is asked
# before the named one, !KIND for what is never mirrored. Anything that is not exactly the documented shape fails.
answer() {
  jq -r '
    def must(f): if f then . else error("not the shape: " + tojson) end;
    def same(a; b): a as $a | b as $b | all("session", "decision", "rule_number", "reason"; $a[.] == $b[.]);
    must(keys_unsorted == ["session", "interface_id", "direction", "direction_by", "decision",
      "rule_number", "reason", "rules", "sessions", "session_before", "never_mirrored"]) |
    must(all(.sessions[]; keys_unsorted == ["session", "session_number", "decision", "rule_number", "reason"])) |
    must(.sessions == [] or same(.sessions[-1]; .)) |
    must(all(.rules[]; keys_unsorted == ["rule_number", "matched", "first_mismatch"] and
      .matched == (.first_mismatch == null))) |
    [.session, .interface_id, .direction, .direction_by, .decision, .rule_number, .reason] +
    [.rules[] | "\(.rule_number)=\(.first_mismatch // "match")"] +
    [.sessions[:-1][] | "+" + .session] +
    [.session_before // empty | "<" + .] +
    [.never_mirrored // empty | "!" + gsub(" "; "_")] |
    map(if . == null then "-" else tostring end) | join(" ")'
}

says() { # answer, settings, arguments...
  want=$1
  settings=$2
  shift 2
  "$periscope" explain -c "$tmp/$settings.yaml" -j "$@" >"$tmp/said" 2>"$tmp/stderr" || {
    cat "$tmp/stderr"
    return 1
  }
  got=$(answer <"$tmp/said") || return 1
  [ "$got" = "$want" ] && [ ! -s "$tmp/stderr" ] || {
    printf 'says  %s\nnot   %s\n' "$got" "$want"
    return 1
  }
}

words() { # what, words, answer
  check "$1" says "$3" one --packet "$2"
}

echo "# rules"
words "protocol, then the source block" "ingress tcp 192.0.2.7:4242 > 10.0.1.9:80" \
  "tms-1 eni-1 ingress given accept 20 inspected 10=protocol 20=match"
words "source block, then the destination block" "ingress tcp 192.0.3.7:4242 > 10.0.2.9:80" \
  "tms-1 eni-1 ingress given accept 30 inspected 10=protocol 20=source_cidr_block 30=match"
words "destination block, then the source port" "ingress tcp 192.0.3.7:1024 > 10.0.1.9:80" \
  "tms-1 eni-1 ingress given accept 40 inspected 10=protocol 20=source_cidr_block 30=destination_cidr_block 40=match"
words "source port, then the destination port" "ingress tcp 192.0.3.7:2048 > 10.0.1.9:443" \
  "tms-1 eni-1 ingress given accept 50 inspected 10=protocol 20=source_cidr_block 30=destination_cidr_block 40=source_port_range 50=match"
words "no rule" "ingress tcp 192.0.3.7:2048 > 10.0.1.9:444" \
  "tms-1 eni-1 ingress given reject - rule_none 10=protocol 20=source_cidr_block 30=destination_cidr_block 40=source_port_range 50=destination_port_range 60=source_cidr_block"
words "a reject rule" "ingress udp 192.0.3.7:2048 > 10.0.1.9:444" \
  "tms-1 eni-1 ingress given reject 10 rule_rejected 10=match"
words "ports not known pass by ports" "ingress tcp 192.0.3.7 > 10.0.1.9" \
  "tms-1 eni-1 ingress given reject - rule_none 10=protocol 20=source_cidr_block 30=destination_cidr_block 40=source_port_range 50=destination_port_range 60=source_cidr_block"
words "IPv6 with ports" "ingress 6 [2001:db8::1]:443 > [fd00::9]:443" \
  "tms-1 eni-1 ingress given accept 60 inspected 10=protocol 20=source_cidr_block 30=source_cidr_block 40=source_cidr_block 50=source_cidr_block 60=match"
words "IPv6, a protocol without ports" "ingress icmp6 2001:db8::1 > fd00::9" \
  "tms-1 eni-1 ingress given accept 60 inspected 10=protocol 20=protocol 30=protocol 40=protocol 50=protocol 60=match"
words "a protocol by its number" "egress 132 10.0.1.9 > 192.0.2.1" \
  "tms-1 eni-1 egress given accept 70 inspected 70=match"

echo "# direction"
words "by the primary address" "tcp 10.0.1.9:5 > 192.0.2.1:6" \
  "tms-1 eni-1 egress address accept 70 inspected 70=match"
words "by a secondary address" "tcp 192.0.2.1:6 > 10.0.1.10:5" \
  "tms-1 eni-1 ingress address accept 20 inspected 10=protocol 20=match"
words "by an IPv6 address" "icmp6 2001:db8::1 > fd00::9" \
  "tms-1 eni-1 ingress address accept 60 inspected 10=protocol 20=protocol 30=protocol 40=protocol 50=protocol 60=match"
words "not known: accepted" "tcp 192.0.2.1:6 > 192.0.2.2:5" \
  "tms-1 eni-1 - - accept - inspected"
check "not known: rejected" says "tms-1 eni-1 - - reject - direction_unknown" strict \
  --packet "tcp 192.0.2.1:6 > 192.0.2.2:5"

echo "# Amazon DNS"
words "with the service, VPC base + 2" "udp 10.0.1.9:4000 > 10.0.0.2:53" \
  "tms-1 eni-1 egress address accept - inspected"
words "with the service, before a reject rule" "udp 169.254.169.253:53 > 10.0.1.9:4000" \
  "tms-1 eni-1 ingress address accept - inspected"
check "without the service, though a rule accepts all" says \
  "tms-1 eni-1 egress address reject - dns_not_eligible" no-dns --packet "udp 10.0.1.9:4000 > 10.0.0.2:53"
words "another resolver" "udp 10.0.1.9:4000 > 10.0.0.3:53" \
  "tms-1 eni-1 egress address accept 70 inspected 70=match"

echo "# sessions"
check "named, and another has it first" says \
  "tms-2 eni-1 egress address accept - inspected <tms-1" two --vni 43 --source 10.0.1.9 \
  --packet "udp 10.0.1.9:4000 > 10.0.0.2:54"
check "unknown, inspected, direction by outer source" says \
  "- - ingress outer_source accept - inspected" one --vni 44 --source 10.0.1.9 \
  --packet "udp 192.0.2.1:4000 > 10.0.1.9:54"
check "unknown, refused" says "- - - - reject - session_unknown" strict --vni 42 --source 10.0.1.10 \
  --packet "udp 192.0.2.1:4000 > 10.0.1.9:54"

echo "# the sessions of an interface, in their order"
cat >"$tmp/order.yaml" <<'SETTINGS'
vpcs: [{id: vpc-1, cidr_block: 10.0.0.0/16}]
network_interfaces:
  - {id: eni-1, mac_address: "02:00:00:00:00:01", private_ip_addresses: [10.0.1.9], vpc_id: vpc-1}
  - {id: eni-2, mac_address: "02:00:00:00:00:02", private_ip_addresses: [10.0.1.8], vpc_id: vpc-1}
  - {id: eni-3, private_ip_addresses: [10.0.1.7]}
traffic_mirror_filters:
  - id: tmf-web
    rules:
      - {rule_number: 1, traffic_direction: ingress, rule_action: reject, protocol: 6, source_cidr_block: 192.0.2.0/24, destination_cidr_block: 0.0.0.0/0}
      - {rule_number: 2, traffic_direction: ingress, rule_action: accept, protocol: 6, source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0, destination_port_range: {from_port: 443, to_port: 443}}
  - id: tmf-tcp
    rules:
      - {rule_number: 7, traffic_direction: ingress, rule_action: accept, protocol: 6, source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0}
traffic_mirror_sessions: # in another order than their numbers
  - {id: tms-c, session_number: 30, virtual_network_id: 3, network_interface_id: eni-1, traffic_mirror_filter_id: tmf-web}
  - {id: tms-b, session_number: 20, virtual_network_id: 2, network_interface_id: eni-1, traffic_mirror_filter_id: tmf-tcp}
  - {id: tms-a, session_number: 10, virtual_network_id: 1, network_interface_id: eni-1, traffic_mirror_filter_id: tmf-web}
  - {id: tms-d, session_number: 1, virtual_network_id: 1, network_interface_id: eni-2}
SETTINGS
order() { # what, words, answer, more arguments...
  told=$1
  packet=$2
  answer=$3
  shift 3
  check "$told" says "$answer" order --packet "$packet" "$@"
}
order "the first accepts" "ingress tcp 198.51.100.1:5 > 10.0.1.9:443" \
  "tms-a eni-1 ingress given accept 2 inspected 1=source_cidr_block 2=match" --interface eni-1
order "no rule of the first matches: the second" "ingress tcp 198.51.100.1:5 > 10.0.1.9:80" \
  "tms-b eni-1 ingress given accept 7 inspected 7=match +tms-a" --interface eni-1
order "the first rejects: the second, as the setting is" "ingress tcp 192.0.2.1:5 > 10.0.1.9:443" \
  "tms-b eni-1 ingress given accept 7 inspected 7=match +tms-a" --interface eni-1
order "and with the other setting none" "ingress tcp 192.0.2.1:5 > 10.0.1.9:443" \
  "tms-a eni-1 ingress given reject 1 rule_rejected 1=match" --interface eni-1 --set mirroring.on_reject=stop
order "none accepts" "ingress udp 192.0.2.1:5 > 10.0.1.9:443" \
  "tms-c eni-1 ingress given reject - rule_none 1=protocol 2=protocol +tms-a +tms-b" --interface eni-1
order "the third named: the second has it first" "ingress tcp 198.51.100.1:5 > 10.0.1.9:80" \
  "tms-c eni-1 ingress given reject - rule_none 1=source_cidr_block 2=destination_port_range <tms-b" --vni 3 --source 10.0.1.9
order "the first named" "ingress tcp 198.51.100.1:5 > 10.0.1.9:443" \
  "tms-a eni-1 ingress given accept 2 inspected 1=source_cidr_block 2=match" --vni 1 --source 10.0.1.9
order "named, where a reject before it ends all" "ingress tcp 192.0.2.1:5 > 10.0.1.9:80" \
  "tms-b eni-1 ingress given accept 7 inspected 7=match <tms-a" --vni 2 --source 10.0.1.9 --set mirroring.on_reject=stop
order "another interface" "ingress udp 192.0.2.1:5 > 10.0.1.8:443" \
  "tms-d eni-2 ingress given accept - inspected" --interface eni-2
words_of_order() {
  "$periscope" explain -c "$tmp/order.yaml" --interface eni-1 --packet "ingress tcp 198.51.100.1:5 > 10.0.1.9:80" >"$tmp/said" &&
    grep -q '^session    tms-a (number 10, outer source 10.0.1.9, VNI 1) with filter tmf-web$' "$tmp/said" &&
    grep -q 'the next session is asked: no rule matched$' "$tmp/said" &&
    grep -q '^session    tms-b (number 20, outer source 10.0.1.9, VNI 2)' "$tmp/said" &&
    grep -q '^decision   accept by rule 7$' "$tmp/said" || { cat "$tmp/said"; return 1; }
}
check "in words" words_of_order

echo "# what AWS never mirrors, though rule 70 accepts all that leaves, and 20 to 50 much that arrives"
never() { # words, kind
  check "$2" says "- eni-1 egress given reject - never_mirrored !$2" one --packet "egress $1"
}
never "tcp 10.0.1.9:4000 > 169.254.169.254:80" instance_metadata
never "tcp [fd00::9]:4000 > [fd00:ec2::254]:80" instance_metadata
never "udp 10.0.1.9:123 > 169.254.169.123:123" Amazon_Time_Sync
never "udp [fd00::9]:123 > [fd00:ec2::123]:123" Amazon_Time_Sync
never "tcp 10.0.1.9:4000 > 169.254.169.250:1688" "Windows_activation_(KMS)"
never "tcp 10.0.1.9:4000 > 169.254.169.251:1688" "Windows_activation_(KMS)"
never "udp 0.0.0.0:68 > 255.255.255.255:67" DHCP
never "udp [fe80::9]:546 > [ff02::1:2]:547" DHCPv6
words "a public time server is not among it" "egress udp 10.0.1.9:123 > 192.0.2.1:123" \
  "tms-1 eni-1 egress given accept 70 inspected 70=match"
check "unless the setting says so" says "- eni-1 egress given reject - never_mirrored !NTP" one \
  --packet "egress udp 10.0.1.9:123 > 192.0.2.1:123" --set mirroring.ntp=all
never_words() { # arguments...
  "$periscope" explain -c "$tmp/one.yaml" "$@" >"$tmp/said" &&
    grep -q '^decision   reject: never mirrored by AWS: instance metadata$' "$tmp/said" || { cat "$tmp/said"; return 1; }
}
check "in words" never_words --packet "tcp 10.0.1.9:4000 > 169.254.169.254:80"
check "by a session that is named, too" never_words --vni 42 --source 10.0.1.9 --packet "tcp 10.0.1.9:4000 > 169.254.169.254:80"
if have_shared bugs/aws-never-mirrored.pcap; then
  shared_never() {
    for n in 1 5 10; do
      "$periscope" explain -c "$shared/bugs/aws-never-mirrored.yaml" --interface eni-1 \
        -r "$shared/bugs/aws-never-mirrored.pcap" -n $n >"$tmp/said" || return 1
      grep -q '^decision   reject: never mirrored by AWS: instance metadata$' "$tmp/said" || { cat "$tmp/said"; return 1; }
    done
  }
  check "packets of a capture" shared_never
fi

echo "# captures"
python3 - "$here/make" "$tmp" <<'CAPTURE'
import sys
sys.path.insert(0, sys.argv[1])
from packets import *
eni, peer = bytes.fromhex("020000000001"), MAC_B
source = dict(src="10.0.1.9")
rows = [  # packet, what explain -j must say, with the settings "strict"
    (mirror(frame(ip4("192.0.2.1", "10.0.1.9", UDP, udp("192.0.2.1", 1, "10.0.1.9", 2, b"x")), src=peer, dst=eni), 42, **source),
     "tms-1 eni-1 ingress mac reject 10 rule_rejected 10=match"),
    (mirror(frame(ip4("10.0.1.9", "192.0.2.1", TCP, tcp("10.0.1.9", 1, "192.0.2.1", 2, SYN, 1, 0)), src=eni, dst=peer), 42, **source),
     "tms-1 eni-1 egress mac accept 70 inspected 70=match"),
    # The addresses say otherwise, as behind a NAT instance; the MAC decides.
    (mirror(frame(ip4("10.0.1.9", "192.0.2.1", UDP, udp("10.0.1.9", 1, "192.0.2.1", 2, b"x")), src=peer, dst=eni), 42, **source),
     "tms-1 eni-1 ingress mac reject 10 rule_rejected 10=match"),
    (mirror(frame(ip4("10.0.1.9", "192.0.2.1", TCP, tcp("10.0.1.9", 1, "192.0.2.1", 2, SYN, 1, 0)), src=eni, dst=peer), 99, **source),
     "- - - - reject - session_unknown"),
    (mirror(ether(arp("10.0.1.1", "10.0.1.9"), ARP), 42, **source), "tms-1 eni-1 - - reject - inner_not_ip !ARP"),
    (mirror(ether(arp("10.0.1.1", "10.0.1.9"), ARP), 99, **source), "- - - - reject - session_unknown !ARP"),
    # What came out of a mirror is judged as the appliance does, whatever AWS would have done.
    (mirror(frame(ip4("10.0.1.9", "169.254.169.254", TCP, tcp("10.0.1.9", 1, "169.254.169.254", 80, SYN, 1, 0)), src=eni, dst=peer), 42, **source),
     "tms-1 eni-1 egress mac accept 70 inspected 70=match !instance_metadata"),
    (ether(arp("10.0.1.1", "10.0.1.9"), ARP), "- - - - reject - not_ip"),
    (frame(ip4("10.0.1.9", "192.0.2.1", UDP, udp("10.0.1.9", 1, "192.0.2.1", 53, b"x"))), "- - - - reject - other_port"),
    (mirror(b"", 42, **source), "- - - - reject - vxlan_short"),
]
big = ip4("192.0.2.1", "10.0.1.9", TCP, tcp("192.0.2.1", 5000, "10.0.1.9", 443, ACK, 1, 1, bytes(3000)), ident=7)
for part in fragments(big, 1480):
    rows.append((mirror(frame(part, src=peer, dst=eni), 42, **source),
                 "tms-1 eni-1 ingress mac accept 20 inspected 10=protocol 20=match"))
far = ip4("192.0.9.1", "10.0.1.9", TCP, tcp("192.0.9.1", 5000, "10.0.1.9", 443, ACK, 1, 1, bytes(3000)), ident=8)
before = "tms-1 eni-1 ingress mac %s 10=protocol 20=source_cidr_block 30=destination_cidr_block 40=source_port_range 50="
parts = fragments(far, 1480)
# Later, first, later: only after the first one are the ports known.
for part, end in ((parts[1], "reject - rule_none"), (parts[0], "accept 50 inspected"), (parts[2], "accept 50 inspected")):
    rows.append((mirror(frame(part, src=peer, dst=eni), 42, **source),
                 before % end + ("destination_port_range 60=source_cidr_block" if "none" in end else "match")))
save(sys.argv[2] + "/rows.pcap", [(10**18 + i, data, None) for i, (data, _) in enumerate(rows)])
with open(sys.argv[2] + "/rows.txt", "w") as file:
    file.writelines(row + "\n" for _, row in rows)
CAPTURE
k=0
while IFS= read -r line; do
  k=$((k + 1))
  check "packet $k: ${line%% 10=*}" says "$line" strict -r "$tmp/rows.pcap" -n $k
done <"$tmp/rows.txt"
as_replay() { # the same capture in a replay: the reasons' counts
  replay "$tmp/out" --input mirror -c "$tmp/strict.yaml" "$tmp/rows.pcap" || return 1
  python3 - "$tmp/rows.txt" "$tmp/out/summary.json" <<'COUNT'
import json, re, sys
bucket = {"not_ip": "not_mirror", "other_port": "not_mirror", "vxlan_short": "outer_malformed"}
want, rules = {}, {}
for line in open(sys.argv[1]):
    words = line.split()
    if words[6] == "rule_none":  # a later fragment: replay looks ahead for its first one
        words[5:7] = "50", "inspected"
    name = bucket.get(words[6], words[6])
    want[name] = want.get(name, 0) + 1
    if words[5] != "-":
        rules[int(words[5])] = rules.get(int(words[5]), 0) + 1
said = json.load(open(sys.argv[2]))
got = {name: n for name, n in said["ledger"].items() if n}
assert got == want, (got, want)
got = {rule["rule_number"]: rule["packets"] for rule in said["rules"] if rule["packets"]}
assert got == rules, (got, rules)
COUNT
}
check "replay counts the same" as_replay
python3 -c "
import sys; sys.path.insert(0, '$here/make'); from packets import *
save('$tmp/plain.pcap', [(10**18, frame(ip4('192.0.2.1', '10.0.1.9', UDP, udp('192.0.2.1', 1, '10.0.1.9', 2, b'x')), src=MAC_B, dst=MAC_A), None)])"
check "an ordinary packet, its session named" says \
  "tms-1 eni-1 ingress mac reject 10 rule_rejected 10=match" one --vni 42 --source 10.0.1.9 \
  -r "$tmp/plain.pcap" -n 1

echo "# in words"
text() { # expected output on standard input
  cat >"$tmp/want"
  "$periscope" explain -c "$tmp/one.yaml" --packet "$1" >"$tmp/said" 2>&1 || return 1
  diff "$tmp/want" "$tmp/said"
}
check "the whole answer" text "tcp 192.0.3.7:4242 > 10.0.1.9:443" <<'ANSWER'
packet     tcp 192.0.3.7:4242 > 10.0.1.9:443
session    tms-1 (outer source 10.0.1.9, VNI 42) with filter tmf-1
interface  eni-1
direction  ingress, by address
rule 10    does not match: protocol
rule 20    does not match: source_cidr_block
rule 30    does not match: destination_cidr_block
rule 40    does not match: source_port_range
rule 50    matches: accept
decision   accept by rule 50
ANSWER

echo "# wrong calls"
wrong() { # status, expression, arguments...
  want=$1
  sentence=$2
  shift 2
  "$periscope" explain "$@" >"$tmp/said" 2>"$tmp/stderr"
  got=$?
  cat "$tmp/stderr"
  [ $got -eq "$want" ] && [ ! -s "$tmp/said" ] && [ "$(wc -l <"$tmp/stderr")" -eq 1 ] &&
    grep -qE "^periscope: .*$sentence" "$tmp/stderr"
}
bad() { # expression, words
  check "refused: '$2'" wrong 2 "$1" -c "$tmp/one.yaml" --packet "$2"
}
bad "a packet is" ""
bad "a packet is" "tcp 10.0.0.1:1 10.0.0.2:2"
bad "a packet is" "ingress tcp 10.0.0.1:1 > 10.0.0.2:2 more"
bad "a packet is" "sideways tcp 10.0.0.1:1 > 10.0.0.2:2"
bad "'tpc' is not a protocol" "ingress tpc 10.0.0.1:1 > 10.0.0.2:2"
bad "'256' is not a protocol" "ingress 256 10.0.0.1 > 10.0.0.2"
bad "'10.0.0.1:65536' is not ADDRESS" "tcp 10.0.0.1:65536 > 10.0.0.2:2"
bad "'10.0.0.300:1' is not ADDRESS" "tcp 10.0.0.2:1 > 10.0.0.300:1"
bad "'\[fd00::1' is not ADDRESS" "tcp [fd00::1 > fd00::2"
bad "'\[fd00::1\]x' is not ADDRESS" "tcp [fd00::1]x > [fd00::2]:1"
bad "different families" "tcp 10.0.0.1:1 > [fd00::2]:1"
bad "either both ends have a port or none" "tcp 10.0.0.1:1 > 10.0.0.2"
bad "only tcp and udp have ports" "icmp 10.0.0.1:1 > 10.0.0.2:1"
check "two interfaces and none named" wrong 2 "sessions of 2 interfaces: name one with --interface" -c "$tmp/order.yaml" --packet "tcp 10.0.0.1:1 > 10.0.0.2:2"
check "an interface that is not there" wrong 2 "eni-9 is not in the settings" -c "$tmp/order.yaml" --interface eni-9 --packet "tcp 10.0.0.1:1 > 10.0.0.2:2"
check "an interface without sessions" wrong 2 "eni-3 is the source of no session" -c "$tmp/order.yaml" --interface eni-3 --packet "tcp 10.0.0.1:1 > 10.0.0.2:2"
check "a VNI that does not fit" wrong 2 "16777216.* is not a number from 0 to 16777215" \
  -c "$tmp/one.yaml" --vni 16777216 --source 10.0.0.1 --packet "tcp 10.0.0.1:1 > 10.0.0.2:2"
check "a VNI without a source" wrong 2 "go together" -c "$tmp/one.yaml" --vni 5 --packet "tcp 10.0.0.1:1 > 10.0.0.2:2"
check "a source that is none" wrong 2 "'here' is not an address" -c "$tmp/one.yaml" --vni 5 --source here --packet "tcp 10.0.0.1:1 > 10.0.0.2:2"
check "packet 0" wrong 2 "'0' is not a packet number" -c "$tmp/one.yaml" -r "$tmp/rows.pcap" -n 0
check "a number that is none" wrong 2 "'1x' is not a packet number" -c "$tmp/one.yaml" -r "$tmp/rows.pcap" -n 1x
check "past the end" wrong 1 "rows.pcap has no packet 100" -c "$tmp/one.yaml" -r "$tmp/rows.pcap" -n 100
check "no such capture" wrong 1 "missing.pcap: .*No such file" -c "$tmp/one.yaml" -r "$tmp/missing.pcap" -n 1
check "no such settings" wrong 2 "missing.yaml: .*No such file" -c "$tmp/missing.yaml" --packet "tcp 10.0.0.1:1 > 10.0.0.2:2"
sed 's/rule_number: 20/rule_number: 10/' "$tmp/one.yaml" >"$tmp/bad.yaml"
check "settings with an error" wrong 2 "bad.yaml:9: traffic_mirror_filters.0..rules.1.: .*given twice" \
  -c "$tmp/bad.yaml" --packet "tcp 10.0.0.1:1 > 10.0.0.2:2"
usage() {
  "$periscope" explain "$@" >"$tmp/said" 2>"$tmp/stderr"
  [ $? -eq 2 ] && [ ! -s "$tmp/said" ] && grep -q '^usage: periscope explain' "$tmp/stderr"
}
check "no packet" usage -c "$tmp/one.yaml"
check "words and a capture" usage -c "$tmp/one.yaml" --packet "tcp 10.0.0.1:1 > 10.0.0.2:2" -r "$tmp/rows.pcap" -n 1
check "a capture without a number" usage -c "$tmp/one.yaml" -r "$tmp/rows.pcap"
check "an interface and a session" usage -c "$tmp/one.yaml" --interface eni-1 --vni 42 --source 10.0.1.9 --packet "tcp 10.0.0.1:1 > 10.0.0.2:2"
check "help" sh -c '"$1" explain --help | grep -q "exit status"' sh "$periscope"
finish
