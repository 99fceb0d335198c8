#!/bin/sh
# DNS tunnels of a replay: what the capture's maker says is one, and what is like one is none; the same for any number of
# workers; settings; and a tunnel of iodine's, made here, which a program of its own measures (needs root and a tun device).
. "$(dirname "$0")/../lib.sh"

tunnels() { python3 "$here/make/dns_tunnels.py" "$@"; }

tunnels make "$tmp/tunnels.pcap" >"$tmp/expect" || exit 1

agrees() { # workers
  replay "$tmp/out$1" --workers "$1" "$tmp/tunnels.pcap" && tunnels judge "$tmp/out$1" "$tmp/expect" && results ledger "$tmp/out$1"
}
for workers in 1 2 4; do
  check "tunnels are those of the maker, $workers workers" agrees $workers
done
same() {
  sort "$tmp/out1/alerts/alerts.jsonl" >"$tmp/one"
  [ "$(grep -c dns_tunnel "$tmp/one")" = 3 ] || return 1
  for workers in 2 4; do
    sort "$tmp/out$workers/alerts/alerts.jsonl" | cmp - "$tmp/one" || return 1
  done
}
check "the same lines for any number of workers" same
count() { grep -c '"category":"tunnel"' "$tmp/$1/alerts/alerts.jsonl"; }
without() { # of transactions nothing is asked for, but of these
  replay "$tmp/quiet" --set events.dns=false --set summary.names=false "$tmp/tunnels.pcap" && tunnels judge "$tmp/quiet" "$tmp/expect" &&
    ! grep -q '"event":"dns"' "$tmp/quiet/events/"*.jsonl
}
check "without events of DNS, too" without
thresholds() {
  replay "$tmp/at" --set detect.dns_tunnel_names=99 "$tmp/tunnels.pcap" && [ "$(count at)" = 4 ] &&
    replay "$tmp/over" --set detect.dns_tunnel_names=121 "$tmp/tunnels.pcap" && [ "$(count over)" = 2 ] &&
    replay "$tmp/longer" --set detect.dns_tunnel_length=98 "$tmp/tunnels.pcap" && [ "$(count longer)" = 1 ] &&
    replay "$tmp/wider" --set detect.dns_tunnel_window=10m "$tmp/tunnels.pcap" && [ "$(count wider)" = 4 ] &&
    replay "$tmp/off" --set detect.dns_tunnel_names=0 "$tmp/tunnels.pcap" && [ "$(count off)" = 0 ]
}
check "thresholds are those of the settings" thresholds

space=psdns$$
tunnel_up() {
  for side in a b; do
    ip netns add $space$side || return 1
  done
  ip link add va netns ${space}a type veth peer name vb netns ${space}b || return 1
  for side in a b; do
    ip -n $space$side addr add 10.53.0.$([ $side = a ] && echo 1 || echo 2)/24 dev v$side
    ip -n $space$side link set v$side up
    ip -n $space$side link set lo up
  done
  ip netns exec ${space}b iodined -f -c -P secret 10.54.0.1/27 t.example.org >"$tmp/iodined" 2>&1 &
  SERVER=$!
  ip netns exec ${space}b tcpdump -i vb -U -w "$tmp/iodine.pcap" 'udp port 53' >/dev/null 2>&1 &
  DUMP=$!
  sleep 1
  ip netns exec ${space}a iodine -f -r -P secret 10.53.0.2 t.example.org >"$tmp/iodine" 2>&1 &
  CLIENT=$!
  tries=60
  until ip -n ${space}a addr | grep -q 10.54.0.2; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || return 1
    sleep 0.25
  done
  ip netns exec ${space}a ping -q -i 0.02 -c 300 -s 200 10.54.0.1 >"$tmp/ping" 2>&1
}
tunnel_down() {
  kill $CLIENT $SERVER $DUMP 2>/dev/null
  wait $CLIENT $SERVER $DUMP 2>/dev/null
  ip netns del ${space}a
  ip netns del ${space}b
}
asked() { # so many different long names, as tshark has them
  tshark -r "$tmp/iodine.pcap" -Y 'dns.flags.response==0' -T fields -e dns.qry.name 2>/dev/null | sort -u | awk 'length > 60' | wc -l
}
found() {
  [ "$(asked)" -gt 100 ] || { echo "a tunnel of $(asked) names"; return 1; }
  replay "$tmp/iodine.out" "$tmp/iodine.pcap" || return 1
  grep -q '"rule":"dns_tunnel".*"title":"DNS tunnel below example.org".*"src_ip":"10.53.0.1"' "$tmp/iodine.out/alerts/alerts.jsonl"
}
if [ "$(id -u)" -ne 0 ] || [ ! -c /dev/net/tun ] || ! command -v iodined >/dev/null; then
  skip "a tunnel of iodine's needs root, a tun device and iodine"
else
  if tunnel_up; then
    tunnel_down
    check "a tunnel of iodine's" found
  else
    cat "$tmp/iodined" "$tmp/iodine"
    tunnel_down
    skip "iodine makes no tunnel here"
  fi
fi

finish
