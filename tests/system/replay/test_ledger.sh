#!/bin/sh
# The ledger closes on every input: each packet ends in the bucket it belongs to, and what the
# summary says is what the events, the flow logs and the packet files hold.
. "$(dirname "$0")/../lib.sh"

adds_up() { # name of the capture, replay's arguments...
  name=$1
  shift
  replay "$tmp/out" "$@" "$tmp/$name" && results ledger "$tmp/out" "$tmp/$name.json"
}

make() { # kind, name, arguments...
  kind=$1
  name=$2
  shift 2
  capgen "$kind" "$tmp/$name" "$@" >"$tmp/$name.json" || fail "capgen $kind"
}

make every every.pcap
make every every.pcapng.gz
make mix mix.pcap flows=300 vnis=5 noise=1 seed=2
make mix plain.pcapng flows=200 vnis=1 noise=1 seed=3 wrap=plain
make mix gateway.pcap.gz flows=100 seed=4 wrap=gateway micro=1
make mix outer6.pcap flows=100 seed=5 wrap=outer6
make mix vlan.pcap flows=100 seed=6 wrap=vlan
make rewind rewind.pcap flows=200
make windows windows.pcap
make tenants tenants.pcap
make garbage garbage.pcap count=4000
for workers in 1 3; do
  for name in every.pcap every.pcapng.gz garbage.pcap tenants.pcap; do
    check "$name, $workers workers" adds_up $name --workers $workers --input mirror
  done
  for name in mix.pcap plain.pcapng gateway.pcap.gz outer6.pcap \
    vlan.pcap rewind.pcap windows.pcap; do
    check "$name, $workers workers" adds_up $name --workers $workers
  done
  check "with recording, $workers workers" adds_up mix.pcap --workers $workers --force -w "$tmp/w.pcap"
  check "short timeouts, $workers workers" adds_up rewind.pcap --workers $workers \
    --set flow.idle_timeout=2s --set flow.tcp_close_timeout=100ms --set flow.active_timeout=3s
done

# More flows at once than the table holds: eviction and refusal keep the books as well.
make mix many.pcap flows=4000 span=20 seed=7
crowded() { # guard time
  replay "$tmp/out" --workers 1 --set flow.capacity=64 --set flow.guard_time="$1" \
    "$tmp/many.pcap" && results ledger "$tmp/out" &&
    [ "$(results summary "$tmp/out" deterministic)" = false ] &&
    [ "$(results summary "$tmp/out" "$2")" -gt 0 ]
}
check "a full table evicts" crowded 0 flow_table.evicted
check "a full table of young flows refuses" crowded 1h ledger.flow_table_full
# So do the bounds of what waits for other fragments: each is counted where it made a difference.
make unfinished few.pcap count=1000 wrap=plain
make unfinished flood.pcap count=70000 wrap=plain
make unfinished outer.pcap count=100
bounded() { # capture, deterministic, how many (a test's words) were given up, of which kind
  replay "$tmp/out" --workers 2 "$tmp/$1" && results ledger "$tmp/out" "$tmp/$1.json" &&
    [ "$(results summary "$tmp/out" deterministic)" = "$2" ] &&
    [ "$(results summary "$tmp/out" "memory.$4")" $3 ] ||
    { echo "$(results summary "$tmp/out" "memory.$4") $4"; return 1; }
}
check "unfinished fragments that found room" bounded few.pcap true '-eq 0' fragments_overflow
check "and more than that" bounded flood.pcap false '-gt 40000' fragments_overflow
check "unfinished outer packets, beyond 64" bounded outer.pcap false '-eq 36' outer_fragments_overflow
# The events of a replay end at their bound: what is left out is said and counted.
ended_early() {
  timeout 60 "$periscope" replay -l "$tmp/out" --force --set events.max_total_size=20KiB \
    "$tmp/many.pcap" >"$tmp/stdout" 2>"$tmp/stderr" || return 1
  grep -q '^periscope: events.max_total_size is reached' "$tmp/stderr" &&
    grep -q '^left out: [1-9][0-9,]* events' "$tmp/stdout" &&
    [ "$(wc -c <"$tmp/out/events/flows.jsonl")" -le 20480 ] &&
    [ "$(wc -l <"$tmp/out/events/flows.jsonl")" = "$(results summary "$tmp/out" outputs.events.written)" ] &&
    [ "$(results summary "$tmp/out" deterministic)" = false ] &&
    python3 -c 'import json, sys
o = json.load(open(sys.argv[1]))["outputs"]["events"]
sys.exit(not o["by_policy"] or o["offered"] != o["written"] + o["by_policy"])' "$tmp/out/summary.json"
}
check "events end at events.max_total_size, in replay, too" ended_early
refused() {
  replay "$tmp/out" --set sessions.unknown=refuse "$tmp/tenants.pcap" &&
    [ "$(results summary "$tmp/out" ledger.session_unknown)" = 4 ]
}
check "refused sessions are counted" refused

conversations() { # name
  replay "$tmp/out" --set flow.idle_timeout=0 --set flow.tcp_close_timeout=0 "$tmp/$1" &&
    results flows "$tmp/out" "$tmp/$1.json"
}
for name in mix.pcap plain.pcapng outer6.pcap vlan.pcap gateway.pcap.gz windows.pcap; do
  check "flows are the conversations of $name" conversations $name
done

notices() {
  FAULT_LOSE=10 timeout 60 "$faulty" replay -l "$tmp/lossy" "$tmp/mix.pcap" >"$tmp/stdout" 2>"$tmp/stderr"
  status=$?
  cat "$tmp/stderr"
  [ $status -eq 1 ] && grep -q 'ledger does not close' "$tmp/stderr" &&
    [ -s "$tmp/lossy/summary.json" ]
}
check "a build that loses a packet says that the ledger does not close" notices

finish
