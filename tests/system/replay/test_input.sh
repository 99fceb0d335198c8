#!/bin/sh
# What a capture holds is told packet by packet; and who gets less than expected is told why, and by
# which option or setting it would come.
. "$(dirname "$0")/../lib.sh"

make() { python3 "$here/make/inputs.py" "$1" "$tmp/$2" >"$tmp/$1.json"; }
expected() { python3 -c "import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])" "$tmp/$1.json" "$2"; }
summary() { results summary "$tmp/out" "$1" | tr -d \"; }
is() { # what, value: of the last replay's summary
  [ "$(summary "$1")" = "$2" ] || { echo "$1 is $(summary "$1"), and not $2"; return 1; }
}
notes() { # expression: a note of the last replay matches it
  grep -E -q "^note: .*$1" "$tmp/stdout" || { echo "no note '$1':"; grep '^note' "$tmp/stdout"; return 1; }
}
quiet() { ! grep '^note' "$tmp/stdout"; }
lines() { cat "$tmp/out"/events/*.jsonl | sort; }
session_packets() {
  python3 -c "import json, sys; s = json.load(open(sys.argv[1]))['sessions']; print(sum(r['packets'] for r in s))" "$tmp/out/summary.json"
}

echo "# each packet by its look"
kind_of() { # kind of input.py: both kinds are inspected, whatever stands among what
  mirrored=$(expected "$1" mirrored)
  all=$((mirrored + $(expected "$1" plain)))
  for workers in 1 2 4; do
    replay "$tmp/out" --workers $workers "$tmp/$1.pcap" && is input mixed && is received $all &&
      is ledger.inspected $all && [ "$(session_packets)" = "$mirrored" ] && quiet || return 1
    lines >"$tmp/lines.$workers"
  done
  cmp "$tmp/lines.1" "$tmp/lines.2" && cmp "$tmp/lines.1" "$tmp/lines.4" &&
    grep '"vni":42,' "$tmp/lines.1" | grep -q shop.example && grep -q '"vni":null,' "$tmp/lines.1"
}
for kind in behind mixed; do
  make $kind $kind.pcap
  check "mirror traffic and other packets: $kind" kind_of $kind
done
alone() {
  plain=$(expected mixed plain)
  replay "$tmp/out" --input mirror "$tmp/mixed.pcap" && is input mixed &&
    is ledger.not_mirror "$plain" && is ledger.inspected "$(expected mixed mirrored)" &&
    notes "$plain packets are no mirror traffic .*--input auto"
}
check "--input mirror: what was not looked at, and what would" alone
bare() {
  replay "$tmp/out" --input plain "$tmp/mixed.pcap" && is input plain && is ledger.not_mirror 0 &&
    [ "$(session_packets)" = 0 ] && quiet
}
check "--input plain decapsulates nothing" bare
cat >"$tmp/session.yaml" <<'YAML'
traffic_mirror_filters: [{id: tmf-1}]
traffic_mirror_sessions:
  - {id: tms-1, session_number: 1, virtual_network_id: 42, network_interface_id: eni-1, traffic_mirror_filter_id: tmf-1}
network_interfaces: [{id: eni-1, private_ip_addresses: [172.31.0.238]}]
YAML
sessions() {
  replay "$tmp/out" -c "$tmp/session.yaml" "$tmp/mixed.pcap" && is ledger.inspected $(($(expected mixed mirrored) + $(expected mixed plain))) &&
    notes "$(expected mixed plain) of .* packets are no mirror traffic: .*--input mirror" &&
    make foreign foreign.pcap && replay "$tmp/out" -c "$tmp/session.yaml" "$tmp/foreign.pcap" &&
    notes 'no packet is mirror traffic, though the settings have sessions.*capture.vxlan_ports'
}
check "sessions are configured, and packets are not theirs" sessions
nothing() {
  capgen mix "$tmp/none.pcap" flows=0 >/dev/null
  replay "$tmp/out" "$tmp/none.pcap" && is input null && is received 0 && quiet
}
check "no packet, no kind of input" nothing
memory() {
  make large large.pcap.gz && replay "$tmp/out" "$tmp/large.pcap.gz" && is received 6200 &&
    [ "$(summary run.memory_peak_bytes)" -lt 200000000 ]
}
check "large packets in a small file take no memory" memory

echo "# encapsulations that are not taken off"
hints() { # unit, options
  unit=$1
  shift
  replay "$tmp/out" "$@" "$tmp/foreign.pcap" &&
    notes "3 ${unit}s look like VXLAN to UDP port 4790, 8472, .*capture.vxlan_ports" &&
    notes "1 $unit looks like GENEVE to UDP port 6082, .*capture.geneve_ports" &&
    notes "1 $unit looks like VXLAN-GPE .*not supported" && notes "1 $unit looks like TZSP, .*not supported" &&
    notes "look.* like ERSPAN, .*not supported" && notes "GRE around Ethernet .*not supported" &&
    [ "$(grep -c 'not decapsulated:' "$tmp/stdout")" = 6 ]
}
check "told by their look" hints flow
check "told by their look, any number of workers" hints flow --workers 3
check "told by their look, with --input mirror" hints packet --input mirror
unhinted() { replay "$tmp/out" --input plain "$tmp/foreign.pcap" && quiet; }
check "nothing is said of them with --input plain" unhinted
followed() {
  replay "$tmp/out" --set 'capture.vxlan_ports=[4789, 8472, 4790]' --set 'capture.geneve_ports=[6081, 6082]' \
    "$tmp/foreign.pcap" && [ "$(session_packets)" = 6 ] && ! grep '^note.*capture\.' "$tmp/stdout"
}
check "and what is said does it" followed

echo "# expressions"
capgen mix "$tmp/mix.pcap" flows=90 vnis=3 seed=5 noise=1 inner="$tmp/inner" >/dev/null
packets=$(tcpdump --count -r "$tmp/mix.pcap" 2>/dev/null | cut -d ' ' -f 1)
replay "$tmp/out" -w "$tmp/all.pcap" "$tmp/mix.pcap"
inner() { # expression, and tcpdump's where that is another: it finds the same in what was decapsulated
  tcpdump -r "$tmp/all.pcap" --nano -w "$tmp/want.pcap" "${2:-$1}" 2>/dev/null
  want=$(tcpdump --count -r "$tmp/want.pcap" 2>/dev/null | cut -d ' ' -f 1)
  for workers in 1 2 4; do
    replay "$tmp/out" --workers $workers --inner "$1" --force -w "$tmp/got.pcap" "$tmp/mix.pcap" &&
      is ledger.inner_excluded $((packets - want)) && is received "$packets" && is input mirror &&
      is outputs.packets.written "$want" && cmp "$tmp/want.pcap" "$tmp/got.pcap" || return 1
    lines >"$tmp/lines.$workers"
  done
  [ "$want" -gt 0 ] && [ "$want" -lt "$packets" ] &&
    cmp "$tmp/lines.1" "$tmp/lines.2" && cmp "$tmp/lines.1" "$tmp/lines.4"
}
for expression in 'port 53' ip6 arp 'greater 500' 'host 10.0.0.11 or 10.0.0.14 and not port 80' \
  'net 10.0.0.0/29 || 2001:db8::/125' 'icmp or icmp6' 'tcp src portrange 1024-1040'; do
  check "--inner '$expression'" inner "$expression"
done
# tcpdump knows the ports of no later fragment; all that are here are of port 4000. Its tcp[] is IPv4's alone.
later='ip[6:2] & 0x1fff != 0'
check "--inner 'udp port 4000', with later fragments" inner 'udp port 4000' "udp port 4000 or $later"
check "--inner 'not udp port 4000', without them" inner 'not udp port 4000' "not udp port 4000 and not $later"
check "--inner 'tcp[13] & 2 != 0', in IPv6, too" inner 'tcp[13] & 2 != 0' \
  'tcp[13] & 2 != 0 or (ip6 proto 6 and ip6[53] & 2 != 0)'
mirrored() { # expression, of a session of the settings, and tshark's filter of the VNI that is meant
  cat >"$tmp/sessions.yaml" <<'END'
tenants: [{name: blue, virtual_network_ids: [101]}]
traffic_mirror_sessions:
  - {id: tms-b, session_number: 1, virtual_network_id: 102, network_interface_id: eni-b}
network_interfaces: [{id: eni-b, private_ip_addresses: [172.31.0.102]}] # where capgen sends VNI 102 from
END
  want=$(tshark -r "$tmp/mix.pcap" -Y "$2" 2>/dev/null | wc -l)
  for workers in 1 4; do
    replay "$tmp/out" -c "$tmp/sessions.yaml" --workers $workers --inner "$1" --force -w "$tmp/got.$workers" "$tmp/mix.pcap" &&
      is ledger.inner_excluded $((packets - want)) && is outputs.packets.written "$want" || return 1
  done
  [ "$want" -gt 0 ] && cmp "$tmp/got.1" "$tmp/got.4"
}
check "--inner 'vni 100 or 101'" mirrored 'vni 100 or 101' 'vxlan.vni in {100, 101}'
check "--inner 'tenant blue and not arp'" mirrored 'tenant blue and not arp' 'vxlan.vni==101 and not arp'
check "--inner 'tenant 100'" mirrored 'tenant 100' 'vxlan.vni==100'
check "--inner 'session tms-b'" mirrored 'session tms-b' 'vxlan.vni==102'
check "--inner 'not interface eni-b and tcp'" mirrored 'not interface eni-b and tcp' 'vxlan.vni!=102 and tcp'
make links links.pcap
kinds() { # of frames, cut ones: by what arrived and the length that they had
  replay "$tmp/out" --inner 'port 80 and greater 300' "$tmp/links.pcap" &&
    [ "$(summary ledger.inspected)" -gt 4 ] && [ "$(session_packets)" = "$(summary ledger.inspected)" ] &&
    grep -q '"vni":1,' "$tmp/out"/events/*.jsonl && grep -q '"vni":2,' "$tmp/out"/events/*.jsonl || return 1
  replay "$tmp/out" --inner 'ether proto 0x800' "$tmp/links.pcap" && grep -q '"vni":1,' "$tmp/out"/events/*.jsonl
}
check "--inner: of Ethernet and of raw IP, cut packets too" kinds
none() {
  replay "$tmp/out" --inner 'port 9' "$tmp/mix.pcap" && is ledger.inspected 0 &&
    notes "--inner 'port 9' left out .* none was inspected"
}
check "--inner that leaves out everything" none
outer() {
  replay "$tmp/out" "$tmp/mix.pcap" 'port 53' && is received 0 && is bpf_excluded "$packets" &&
    is input mirror && grep -q "left out by the BPF expression.* $packets\|left out by the BPF expression" "$tmp/stdout" &&
    notes "left out $packets of $packets mirror packets.*--inner 'port 53'" &&
    replay "$tmp/out" "$tmp/mixed.pcap" 'udp port 4789' && is input mixed && is received "$(expected mixed mirrored)" && quiet
}
check "an expression that sees outer headers, and is told so" outer
refused() { # sentence, arguments...
  sentence=$1
  shift
  rm -rf "$tmp/out"
  "$periscope" replay -l "$tmp/out" "$@" >"$tmp/said" 2>&1
  [ $? -eq 2 ] && grep -F -q -e "$sentence" "$tmp/said" && [ ! -e "$tmp/out" ] || { cat "$tmp/said"; return 1; }
}
check "an expression without quotes" refused "quote it: 'port 53'" "$tmp/mix.pcap" port 53
check "an expression of more words" refused "quote it: 'tcp and host 10.0.0.1'" "$tmp/mix.pcap" tcp and host 10.0.0.1
check "--inner without quotes" refused "quote it" --inner port 53 "$tmp/mix.pcap"
check "--inner of nonsense" refused "--inner 'port port'" --inner 'port port' "$tmp/mix.pcap"
caret() { # a place below the expression: an expression, how many columns are before it
  refused "--inner '$1': " --inner "$1" "$tmp/mix.pcap" || return 1
  printf 'periscope:   %s\nperiscope:   %*s^\n' "$1" "$2" '' >"$tmp/expected" && tail -n 2 "$tmp/said" | cmp - "$tmp/expected"
}
check "--inner: a caret below what is wrong" caret 'port 80 and hots 10.0.0.1' 12
check "--inner: or where something is missing" caret 'port 80 and' 11
check "--inner: a word for others says where it works" refused "'app' cannot be used in --inner: it works in periscope read" \
  --inner 'tcp and app TLS' "$tmp/mix.pcap"
one_word() { replay "$tmp/out" "$tmp/mix.pcap" udp && is received "$packets"; }
check "an expression of one word needs no quotes" one_word

echo "# cropped copies"
make cropped cropped.pcap
cropped() {
  cut=$(expected cropped cut)
  replay "$tmp/out" "$tmp/cropped.pcap" && is reasons.outer_ip_length "$cut" && is input mirror &&
    notes "$cut packets are shorter than the outer IP length.*capture.outer_length: cut.*ethtool -K" &&
    notes "not among the packets inspected.* $cut packets arrived and were refused"
}
check "what was cut before us is said, with the setting" cropped
uncropped() {
  replay "$tmp/out" --set capture.outer_length=cut "$tmp/cropped.pcap" && is ledger.outer_malformed 0 &&
    is ledger.inspected "$(expected cropped packets)" && is acked_unseen 0 && quiet
}
check "and the setting does it" uncropped
finish
