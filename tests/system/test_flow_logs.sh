#!/bin/sh
# VPC Flow Log records, recomputed from tshark's view of each inner packet: windows of 60 s and of
# 600 s, packets, bytes, start and end of each direction.
. "$(dirname "$0")/lib.sh"

agree() { # window, idle timeout in s, captures of inner packets..., -- , replay's arguments...
  window=$1
  idle=$2
  shift 2
  inner=
  while [ "$1" != -- ]; do
    inner="$inner $1"
    shift
  done
  shift
  replay "$tmp/out" --set flow_logs.max_aggregation_interval="$window" \
    --set flow.idle_timeout="${idle}s" --set flow.tcp_close_timeout=0 "$@" || return 1
  # shellcheck disable=SC2086
  python3 "$here/flow_logs.py" "$window" "$idle" "$tmp/out" $inner
}

capgen mix "$tmp/one.pcap" flows=250 vnis=1 span=1500 inner="$tmp/one" >/dev/null
capgen mix "$tmp/many.pcap" flows=250 vnis=4 span=1500 inner="$tmp/many" seed=9 >/dev/null
capgen windows "$tmp/windows.pcap" inner="$tmp/windows" >/dev/null
capgen mix "$tmp/plain.pcapng" flows=150 vnis=1 wrap=plain span=700 seed=11 inner="$tmp/plain" >/dev/null
for window in 60 600; do
  check "windows of $window s: one VNI" agree $window 0 "$tmp"/one.*.pcap -- "$tmp/one.pcap"
  check "windows of $window s: four VNIs" agree $window 0 "$tmp"/many.*.pcap -- "$tmp/many.pcap"
  check "windows of $window s: pauses, whole seconds" agree $window 0 "$tmp"/windows.*.pcap -- "$tmp/windows.pcap"
  check "windows of $window s: plain" agree $window 0 "$tmp"/plain.*.pcap -- "$tmp/plain.pcapng"
  check "windows of $window s: three workers" agree $window 0 "$tmp"/many.*.pcap -- --workers 3 "$tmp/many.pcap"
  check "windows of $window s: idle after 50 s" agree $window 50 "$tmp"/windows.*.pcap -- "$tmp/windows.pcap"
done

if have_shared pcaps; then
  for name in tunnels/G13-qinq.pcap tunnels/G14-ipv4-frag.pcap apps/G15-tls13.pcap \
    apps/G17-ndpi-443-curl.pcap apps/G18-ndpi-teams.pcap ndpi42/skype.pcap ndpi42/android.pcap \
    ndpi42/pps.pcap ndpi42/http_ipv6.pcap ndpi42/whatsapp_login_call.pcap \
    ndpi42/dns_fragmented.pcap ndpi42/instagram.pcap; do
    capture=$shared/pcaps/$name
    python3 "$shared/tools/wrap_vxlan.py" "$capture" -o "$tmp/shared.pcap" 2>/dev/null
    check "$name, windows of 60 s" agree 60 0 "$capture" -- "$tmp/shared.pcap"
  done
  check "G18, windows of 600 s, plain" agree 600 0 "$shared/pcaps/apps/G18-ndpi-teams.pcap" -- \
    --input plain "$shared/pcaps/apps/G18-ndpi-teams.pcap"
fi
finish
