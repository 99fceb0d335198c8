#!/bin/sh
# Encapsulations: the same flows however the packets came; equal addresses of different VNIs kept
# apart; and the captures of ../shared/pcaps with their upstream expectations.
. "$(dirname "$0")/../lib.sh"

wrapped() { # how, arguments: the conversations that were made, with the right VNIs and labels
  how=$1
  shift
  capgen mix "$tmp/mix.pcap" flows=200 vnis=3 seed=21 wrap="$how" >"$tmp/mix.json" &&
    replay "$tmp/out" --set flow.idle_timeout=0 --set flow.tcp_close_timeout=0 "$@" "$tmp/mix.pcap" &&
    results flows "$tmp/out" "$tmp/mix.json"
}
for how in mirror gateway outer6 vlan; do
  check "conversations, labels and VNIs: $how" wrapped $how
  check "conversations, labels and VNIs: $how, two workers" wrapped $how --workers 2
done
check "conversations and labels without an encapsulation" wrapped plain

apart() {
  capgen tenants "$tmp/tenants.pcap" >/dev/null
  replay "$tmp/out" "$tmp/tenants.pcap" && replay "$tmp/bare" --input plain "$tmp/tenants.pcap" "udp port 5000" || return 1
  python3 - "$tmp/out" "$tmp/bare" <<'PYTHON'
import sys, results
mirrored, bare = (results.flows(d) for d in sys.argv[1:])
print([(f["vni"], f["outer_src"], f["client"], f["flow_id"]) for f in mirrored + bare])
assert sorted(f["vni"] or 0 for f in mirrored) == [0, 42, 43]
assert [f["client"]["packets"] for f in mirrored] == [2, 2, 2]
assert [(f["vni"], f["outer_src"], f["client"]["packets"]) for f in bare] == [(None, None, 2)]
# What was not encapsulated is the same flow in both.
assert len({f["flow_id"] for f in mirrored + bare}) == 3
assert len({f["community_id"] for f in mirrored + bare}) == 1
PYTHON
}
check "one 5-tuple under two VNIs and without any: three flows" apart
flow_ids() { results canon "$tmp/out" | grep -o '"flow_id": "[0-9a-f]*"'; }
# Each VNI is an observation point, joined or not.
joined() {
  replay "$tmp/out" "$tmp/tenants.pcap" && flow_ids >"$tmp/apart" &&
    replay "$tmp/out" --set 'tenants=[{name: both, virtual_network_ids: [42, 43]}]' "$tmp/tenants.pcap" &&
    flow_ids | cmp - "$tmp/apart" && [ "$(results summary "$tmp/out" flows)" = 3 ]
}
check "two VNIs joined to one tenant: the same three flows" joined

if have_shared pcaps/tunnels; then
  python3 "$here/judge/tunnels.py" "$periscope" "$shared" "$tmp" >"$tmp/said" 2>&1
  status=$?
  cat "$tmp/said"
  checks=$((checks + $(grep -c '^ok' "$tmp/said") + $(grep -c '^FAIL' "$tmp/said")))
  failures=$((failures + $(grep -c '^FAIL' "$tmp/said")))
  [ $status -eq 0 ] || [ $failures -gt 0 ] || fail "tunnels.py ended with status $status"
fi
finish
