#!/bin/sh
# A flow belongs to one observation point: two ends of a conversation, mirrored with one VNI, with
# two, or with two that are joined, are two flows and the flow log records of two interfaces. VLANs
# keep flows apart. Times that jump or go back, and pauses, change neither flows nor who is the client.
. "$(dirname "$0")/../lib.sh"

points() { python3 "$here/make/points.py" "$@"; }

settings() { # VNI of A, VNI of B: to $tmp/two.yaml
  cat >"$tmp/two.yaml" <<END
traffic_mirror_filters:
  - id: tmf-all
    rules:
      - {rule_number: 100, traffic_direction: ingress, rule_action: accept, source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0}
      - {rule_number: 110, traffic_direction: ingress, rule_action: accept, source_cidr_block: "::/0", destination_cidr_block: "::/0"}
      - {rule_number: 100, traffic_direction: egress, rule_action: accept, source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0}
      - {rule_number: 110, traffic_direction: egress, rule_action: accept, source_cidr_block: "::/0", destination_cidr_block: "::/0"}
traffic_mirror_sessions:
  - {id: tms-a, session_number: 1, virtual_network_id: $1, network_interface_id: eni-a, traffic_mirror_filter_id: tmf-all}
  - {id: tms-b, session_number: 1, virtual_network_id: $2, network_interface_id: eni-b, traffic_mirror_filter_id: tmf-all}
network_interfaces:
  - {id: eni-a, mac_address: "02:00:00:00:00:01", private_ip_addresses: [10.0.1.10], ipv6_addresses: ["fd00::a"], vpc_id: vpc-1, owner_id: "111111111111"}
  - {id: eni-b, mac_address: "02:00:00:00:00:02", private_ip_addresses: [10.0.1.20], ipv6_addresses: ["fd00::b"], vpc_id: vpc-1, owner_id: "222222222222"}
vpcs: [{id: vpc-1, cidr_block: 10.0.0.0/16, ipv6_cidr_blocks: ["fd00::/64"]}]
END
}

# Flow events as they were made, flow log records as tshark's packets of each end give them, and all
# the same for 1, 2 and 4 workers.
agree() { # kind, arguments of replay...
  kind=$1
  shift
  for workers in 1 2 4; do
    replay "$tmp/out" --workers $workers -c "$tmp/two.yaml" "$@" "$tmp/$kind.pcap" || return 1
    results canon "$tmp/out" >"$tmp/canon$workers" || return 1
    cmp "$tmp/canon1" "$tmp/canon$workers" || { echo "$workers workers"; return 1; }
  done
  points judge "$tmp/out" "$tmp/$kind.json" && results ledger "$tmp/out" &&
    python3 "$here/judge/flow_logs.py" 60 "$tmp/out" "111111111111,eni-a,$tmp/$kind.a.pcap" \
      "222222222222,eni-b,$tmp/$kind.b.pcap"
}

make() { # kind, arguments of points.py...
  kind=$1
  shift
  points "$kind" "$tmp/$kind" "$@" >"$tmp/$kind.json"
}

joined='tenants=[{name: both, virtual_network_ids: [42, 43]}]'
settings 42 42
check "copies of two ends with one VNI" make ends 42 42
check "one VNI: two flows and two interfaces' records" agree ends
check "copies of which one end loses some" make ends 42 42 lost
check "one VNI: what one end lost is missing there alone" agree ends
settings 42 43
check "copies of two ends with two VNIs" make ends 42 43
check "two VNIs: two flows and two interfaces' records" agree ends
check "joined VNIs: two flows and two interfaces' records" agree ends --set "$joined"
check "copies of which one end loses some, two VNIs" make ends 42 43 lost
check "joined VNIs: what one end lost is missing there alone" agree ends --set "$joined"

settings 42 42
check "equal addresses in three VLANs" make vlans on
check "three VLANs: flows of their own" agree vlans
check "equal addresses in three VLANs, without their ids" make vlans off
check "flow.use_vlan off: one flow" agree vlans --set flow.use_vlan=false

strays() { # how many
  [ "$(results summary "$tmp/out" time_strays)" = "$1" ] || { results summary "$tmp/out" time_strays; return 1; }
}

for time in 0 1000000 1990000000; do
  check "a packet at $time s" make wild $time
  check "at $time s: one flow, at the time of the packet before" agree wild --force -w "$tmp/w.pcapng"
  check "at $time s: it is counted" strays 1
  check "at $time s: -w keeps every packet's own time" points times "$tmp/w.pcapng" "$tmp/wild.json"
done

check "a pause of 200 s" make gap
check "after a pause the server speaks first, and the client is the same" agree gap
check "the first packet has a later time" make late
check "the first packet has a later time: the earliest is the start" agree late

# The same on captures of other makers.
events() { cat "$tmp"/out/events/*.jsonl; }

two_ends() { # workers
  replay "$tmp/out" --workers "$1" -c "$shared/bugs/two-ends-one-vni.yaml" "$shared/bugs/two-ends-one-vni.pcap" || return 1
  events | jq -es 'map(select(.event == "flow")) | length == 2 and (map(.community_id) | unique | length) == 1 and
    (map(.flow_id) | unique | length) == 2 and
    all(.[]; .client.packets == 10 and .server.packets == 10)' &&
    [ "$(results canon "$tmp/out" | grep -c '^2 111111111111 eni-a .* 10 [0-9]* [0-9]* [0-9]* ACCEPT OK$')" -eq 2 ] &&
    [ "$(results canon "$tmp/out" | grep -c '^2 222222222222 eni-b .* 10 [0-9]* [0-9]* [0-9]* ACCEPT OK$')" -eq 2 ] &&
    [ "$(results canon "$tmp/out" | grep -c '^2 ')" -eq 4 ]
}

one_client() { # capture, workers, flow events
  replay "$tmp/out" --workers "$2" "$shared/bugs/$1.pcap" || return 1
  events | jq -es --argjson n "$3" 'map(select(.event == "flow")) | length == $n and
    (map([.src_ip, .src_port]) | unique) == [["10.0.1.10", 40000]]'
}

if have_shared bugs; then
  for workers in 1 2 4; do
    check "two-ends-one-vni, $workers workers" two_ends $workers
    check "times-one-wild, $workers workers" one_client times-one-wild $workers 1
    check "tcp-idle-gap-roles, $workers workers" one_client tcp-idle-gap-roles $workers 2
  done
fi
finish
