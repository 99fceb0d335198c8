#!/bin/sh
# Label parity: nDPI's captures, one VNI each, mixed in time into one file and one run, against
# ndpiReader of the same library on the captures themselves; and with -w the packets come back.
. "$(dirname "$0")/../lib.sh"

compare() { # percent, replay's arguments...; says the numbers whatever they are
  python3 "$here/judge/parity.py" "$periscope" "$shared" "$tmp" "$@" >"$tmp/differences" 2>&1
  result=$?
  tail -n 12 "$tmp/differences"
  return $result
}

say() {
  grep -hE 'flows that ndpiReader|^-w:' "$tmp/differences" | sed 's/^/     /'
}

if ! have_shared pcaps/ndpi42 || ! command -v ndpiReader >/dev/null; then
  skip "no captures or no ndpiReader: no parity"
  # What is left: known conversations carry their labels.
  capgen mix "$tmp/mix.pcap" flows=300 vnis=4 >"$tmp/mix.json"
  made() {
    replay "$tmp/out" --set flow.idle_timeout=0 --set flow.tcp_close_timeout=0 "$tmp/mix.pcap" &&
      results flows "$tmp/out" "$tmp/mix.json"
  }
  check "conversations of four VNIs have their labels" made
  finish
fi

# ndpiReader uses nDPI's caches across flows; with them there is no label that differs.
check "99 % of the flows, caches across flows as ndpiReader has them" compare 99 --workers 1 --set dpi.correlate=true
say
none() { ! grep -E '^(label|name)' "$tmp/differences"; }
check "not one label or server name differs" none
# By default a flow's label must not depend on what else a worker sees.
check "98.3 % of the flows with default settings" compare 98.3
say
needed() { ! grep -E '^(label|name)' "$tmp/differences" | grep -vE '(STUN|TINC)'; }
check "without the caches only calls over STUN, and TINC, are labelled less closely" needed
finish
