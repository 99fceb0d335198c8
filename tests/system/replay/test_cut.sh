#!/bin/sh
# Sessions with a packet length, as `mirror` cuts for them: what ends before its ports was accepted at its
# source, recorded packets keep the length they had, and every length of cut has the same flows.
. "$(dirname "$0")/../lib.sh"

cat >"$tmp/cut.yaml" <<'YAML'
network_interfaces: [{id: eni-1, mac_address: "02:00:0a:02:00:0a", private_ip_addresses: [10.2.0.10]}]
traffic_mirror_sessions:
  - {id: tms-1, session_number: 1, virtual_network_id: 7, network_interface_id: eni-1, traffic_mirror_filter_id: tmf-1,
     packet_length: LENGTH}
traffic_mirror_filters:
  - id: tmf-1
    rules:
      - {rule_number: 100, traffic_direction: ingress, rule_action: accept, protocol: 6, source_cidr_block: 0.0.0.0/0,
         destination_cidr_block: 0.0.0.0/0, destination_port_range: {from_port: 80, to_port: 443}}
      - {rule_number: 100, traffic_direction: egress, rule_action: accept, protocol: 6, source_cidr_block: 0.0.0.0/0,
         destination_cidr_block: 0.0.0.0/0, source_port_range: {from_port: 80, to_port: 443}}
YAML

# Green's packets of the shipped web capture, without their encapsulation.
replay "$tmp/web" -w "$tmp/inner.pcap" "$root/pcaps/web.pcap" &&
  tshark -r "$tmp/inner.pcap" -Y 'tcp && ip && eth.addr == 02:00:0a:02:00:0a' -w "$tmp/tcp.pcap" -F pcap 2>/dev/null

cut_at() { # bytes
  sed "s/LENGTH/$1/" "$tmp/cut.yaml" >"$tmp/$1.yaml"
  "$periscope" mirror -c "$tmp/$1.yaml" --interface eni-1 "$tmp/tcp.pcap" "$tmp/$1.pcap" --force >/dev/null
}

lengths() { tshark -r "$1" -T fields -e frame.len 2>/dev/null; }

# What the source's filter let pass, by tshark.
mirrored() { # fields...
  tshark -r "$tmp/tcp.pcap" -Y '(tcp.dstport >= 80 && tcp.dstport <= 443 && eth.dst == 02:00:0a:02:00:0a) ||
    (tcp.srcport >= 80 && tcp.srcport <= 443 && eth.src == 02:00:0a:02:00:0a)' -T fields "$@" 2>/dev/null
}

accepted_without_ports() { # bytes, up to those of the ports
  cut_at "$1" || return 1
  for workers in 1 3; do
    replay "$tmp/out" -c "$tmp/$1.yaml" --workers $workers "$tmp/$1.pcap" || return 1
    n=$(mirrored -e ip.src | wc -l)
    [ "$n" -gt 20 ] && [ "$(results summary "$tmp/out" ledger.inspected)" = "$n" ] &&
      [ "$(results summary "$tmp/out" received)" = "$n" ] &&
      [ "$(jq '.sessions[0].accepted_cut' "$tmp/out/summary.json")" = "$n" ] &&
      [ "$(jq -s 'map(select(.rule_number == null and .rule_action == "accept" and .src_port == 0)) | length' \
        "$tmp"/out/events/*.jsonl)" = "$(cat "$tmp"/out/events/*.jsonl | wc -l)" ] || return 1
  done
}

# One byte less, or more, than the session's own length is no cut of its source.
others_are_judged() {
  cut_at 35 && sed 's/packet_length: 35/packet_length: 36/' "$tmp/35.yaml" >"$tmp/other.yaml" &&
    replay "$tmp/out" -c "$tmp/other.yaml" "$tmp/35.pcap" &&
    [ "$(results summary "$tmp/out" ledger.inspected)" = 0 ] &&
    [ "$(results summary "$tmp/out" ledger.rule_none)" = "$(mirrored -e ip.src | wc -l)" ] &&
    sed 's/rule_action: accept/rule_action: reject/' "$tmp/35.yaml" >"$tmp/reject.yaml" &&
    replay "$tmp/out" -c "$tmp/reject.yaml" "$tmp/35.pcap" &&
    [ "$(results summary "$tmp/out" ledger.inspected)" = 0 ]
}

explained() {
  "$periscope" explain -c "$tmp/35.yaml" -r "$tmp/35.pcap" -n 1 >"$tmp/explain" &&
    grep -q "decision *accept: .*accepted at its source" "$tmp/explain"
}

recorded_lengths() { # bytes, format
  cut_at "$1" && replay "$tmp/out" -c "$tmp/$1.yaml" -w "$tmp/cut.$2" --force "$tmp/$1.pcap" || return 1
  lengths "$tmp/cut.$2" >"$tmp/have"
  mirrored -e frame.len >"$tmp/want"
  cmp "$tmp/have" "$tmp/want" &&
    [ "$(tshark -r "$tmp/cut.$2" -T fields -e frame.cap_len 2>/dev/null | sort -n | tail -n 1)" = "$1" ] || return 1
  replay "$tmp/again" "$tmp/cut.$2" &&
    [ "$(jq '[.applications[].bytes] | add' "$tmp/again/summary.json")" = \
      "$(jq '[.applications[].bytes] | add' "$tmp/out/summary.json")" ]
}

check "cut before its ports at AWS's minimum: accepted at its source, with ports unknown" accepted_without_ports 35
check "cut inside its ports: the same" accepted_without_ports 37
check "another length, or rules that could not accept it: judged without ports" others_are_judged
check "explain says why" explained
check "-w x.pcap keeps the length that packets had" recorded_lengths 60 pcap
check "-w x.pcapng does, too" recorded_lengths 90 pcapng
finish
