#!/bin/sh
# VPC Flow Log records, recomputed from tshark's view of each inner packet: windows of 60 s and of
# 600 s, packets, bytes, start and end of each direction; one record for each 5-tuple and window,
# whatever the flows and the number of workers.
. "$(dirname "$0")/../lib.sh"

agree() { # window in s, captures of inner packets..., -- , replay's arguments...
  window=$1
  shift
  inner=
  while [ "$1" != -- ]; do
    inner="$inner $1"
    shift
  done
  shift
  replay "$tmp/out" --set flow_logs.max_aggregation_interval="$window" "$@" || return 1
  # shellcheck disable=SC2086
  python3 "$here/judge/flow_logs.py" "$window" "$tmp/out" $inner
}

capgen mix "$tmp/one.pcap" flows=250 vnis=1 span=1500 inner="$tmp/one" >/dev/null
capgen mix "$tmp/many.pcap" flows=250 vnis=4 span=1500 inner="$tmp/many" seed=9 >/dev/null
capgen windows "$tmp/windows.pcap" inner="$tmp/windows" >/dev/null
capgen mix "$tmp/plain.pcapng" flows=150 vnis=1 wrap=plain span=700 seed=11 inner="$tmp/plain" >/dev/null
for window in 60 600; do
  check "windows of $window s: one VNI" agree $window "$tmp"/one.*.pcap -- "$tmp/one.pcap"
  check "windows of $window s: four VNIs" agree $window "$tmp"/many.*.pcap -- "$tmp/many.pcap"
  check "windows of $window s: pauses, whole seconds" agree $window "$tmp"/windows.*.pcap -- "$tmp/windows.pcap"
  check "windows of $window s: plain" agree $window "$tmp"/plain.*.pcap -- "$tmp/plain.pcapng"
  check "windows of $window s: three workers" agree $window "$tmp"/many.*.pcap -- --workers 3 "$tmp/many.pcap"
  check "windows of $window s: idle after 50 s" agree $window "$tmp"/windows.*.pcap -- --set flow.idle_timeout=50s "$tmp/windows.pcap"
done

capgen records "$tmp/records.pcap" inner="$tmp/records" >/dev/null
capgen records "$tmp/far.pcapng" wrap=plain start=4294966000 >/dev/null
capgen records "$tmp/last.pcapng" wrap=plain start=9000000000 >/dev/null
for window in 60 600; do
  for workers in 1 2 4; do
    check "one record of many flows, windows of $window s, $workers workers" agree $window \
      "$tmp"/records.77.pcap -- --workers $workers "$tmp/records.pcap"
  done
  check "windows of $window s around the year 2106" agree $window "$tmp/far.pcapng" -- "$tmp/far.pcapng"
  check "windows of $window s in the year 2255" agree $window "$tmp/last.pcapng" -- "$tmp/last.pcapng"
done

lines() { # capture, arguments...: the flow log lines, sorted
  capture=$1
  shift
  replay "$tmp/out" "$@" "$capture" || return 1
  find "$tmp/out/flow-logs" -name '*.log.gz' -exec zcat {} + | grep -v '^version' | sort
}

two_lines() {
  [ "$(lines "$tmp/pings.pcap" | grep -c ' 10.4.0.[12] 10.4.0.[12] 0 0 1 50 4200 ')" -eq 2 ] &&
    [ "$(lines "$tmp/pings.pcap" | wc -l)" -eq 2 ]
}

many_bytes() {
  want=$(python3 -c 'print("70000 %d" % sum(2**32 - 1 - i - 14 for i in range(70000)))')
  [ "$(lines "$tmp/giants.pcap" --input plain | cut -d ' ' -f 9,10)" = "$want" ]
}

told() { # results of $tmp/out: late, early, deterministic
  python3 -c 'import json, sys
s = json.load(open(sys.argv[1]))
print(s["flow_logs"]["late"] > 0, s["flow_logs"]["early"] > 0, s["deterministic"])' "$tmp/out/summary.json"
}

# The clock goes back by minutes: what comes again for closed windows makes one more record, the same
# for any number of workers.
late() {
  lines "$tmp/rewind.pcap" --workers 1 >"$tmp/one"
  [ "$(told)" = "True False True" ] || return 1
  for workers in 2 3 4; do
    lines "$tmp/rewind.pcap" --workers $workers | cmp - "$tmp/one" || return 1
    [ "$(told)" = "True False True" ] || return 1
  done
}

# More conversations in a window than there is room for: all packets are in some record.
early() {
  lines "$tmp/crowd.pcap" --workers 1 --set flow_logs.capacity=1024 >"$tmp/some"
  [ "$(told)" = "False True False" ] || return 1
  lines "$tmp/crowd.pcap" --workers 1 >"$tmp/all"
  [ "$(told)" = "False False True" ] || return 1
  [ "$(awk '{ p += $9; b += $10 } END { print p, b }' "$tmp/some")" = \
    "$(awk '{ p += $9; b += $10 } END { print p, b }' "$tmp/all")" ] &&
    results ledger "$tmp/out"
}

capgen ping50 "$tmp/pings.pcap" >/dev/null
capgen giants "$tmp/giants.pcap" >/dev/null
capgen rewind "$tmp/rewind.pcap" span=3600 flows=1500 >/dev/null
capgen mix "$tmp/crowd.pcap" flows=3000 span=20 >/dev/null
check "50 pings of 50 ids are two records" two_lines
check "more than 2^48 bytes in a window" many_bytes
check "records that come late" late
check "records written early" early

if have_shared pcaps; then
  for name in tunnels/G13-qinq.pcap tunnels/G14-ipv4-frag.pcap apps/G15-tls13.pcap \
    apps/G17-ndpi-443-curl.pcap apps/G18-ndpi-teams.pcap ndpi42/skype.pcap ndpi42/android.pcap \
    ndpi42/pps.pcap ndpi42/http_ipv6.pcap ndpi42/whatsapp_login_call.pcap \
    ndpi42/dns_fragmented.pcap ndpi42/instagram.pcap; do
    capture=$shared/pcaps/$name
    python3 "$shared/tools/wrap_vxlan.py" "$capture" -o "$tmp/shared.pcap" 2>/dev/null
    check "$name, windows of 60 s" agree 60 "$capture" -- "$tmp/shared.pcap"
  done
  check "G18, windows of 600 s, plain" agree 600 "$shared/pcaps/apps/G18-ndpi-teams.pcap" -- \
    --input plain "$shared/pcaps/apps/G18-ndpi-teams.pcap"
fi
finish
