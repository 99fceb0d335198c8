#!/bin/sh
# Feeds of the live appliance: every packet to a pipe, to clients of PCAP-over-IP and to an interface, beside the
# recording; a reader that is slow, stopped, killed or away loses its own packets and nobody else's, is counted,
# and is a note of health. Needs root.
. "$(dirname "$0")/../lib.sh"
. "$here/live/live.sh"

if [ "$(id -u)" -ne 0 ]; then
  skip "needs root for network namespaces"
  finish
fi
LIVE_PID= readers=
space=psfeeds$$
# shellcheck disable=SC2086
trap 'kill -s KILL $LIVE_PID $readers 2>/dev/null; ip netns del $space 2>/dev/null; rm -rf "$tmp"' EXIT

feeds() { python3 "$here/judge/feeds.py" "$@"; }
quiet="--set overload.shed_recording=false --set overload.shed_dpi=false --set control.health_tcp=0 --set capture.memory=192MiB --set flow.capacity=65536"
port=$((20000 + $$ % 20000))
fifo=$tmp/fifo
mkfifo "$fifo"
capgen mix "$tmp/mix.pcap" flows=2000 vnis=2 seed=5 >"$tmp/mix.json" || exit 1
packets=$(capinfos -Mc "$tmp/mix.pcap" | awk 'END { print $NF }')

# A capture in; workers share one of its queues, so half of the packets change hands.
whole() { # workers
  kill -s KILL $LIVE_PID 2>/dev/null # left by a check that failed
  rm -rf "$tmp/whole"
  cat "$fifo" >"$tmp/got.pcap" &
  readers=$!
  # shellcheck disable=SC2086
  live_start "$tmp/whole" env -- $quiet --set control.http=off --set packets.queue=32768 \
    --set "capture.ports=[\"net_pcap0,rx_pcap=$tmp/mix.pcap\"]" --set capture.workers="$1" --set packets.record=accepted \
    --set "feeds=[{name: ids, kind: pipe, path: $fifo, times: ns}]" || return 1
  says_within 10 "$tmp/whole" "s['received'] == $packets and s['in_flight'] == 0" && live_stop TERM 5 || return 1
  wait $readers
  live closed "$tmp/whole" && feeds output "$tmp/whole" ids offered="$packets" written="$packets" readers_joined=1 &&
    feeds among "$tmp/got.pcap" "$tmp/mix.pcap" "$packets" && python3 "$here/judge/recording/recorded.py" counts "$tmp/whole"
}
check "every packet to a pipe, and recorded, 1 worker" whole 1
check "the same with 2 workers" whole 2

# An expression: what it leaves out is by_policy, whoever's packet it is.
chosen() { # workers, expression, tcpdump's where that is another
  kill -s KILL $LIVE_PID 2>/dev/null
  rm -rf "$tmp/chosen" "$tmp/ref"
  "$periscope" replay -l "$tmp/ref" -w "$tmp/ref.pcap" --force "$tmp/mix.pcap" >/dev/null &&
    tcpdump -r "$tmp/ref.pcap" -w "$tmp/want.pcap" "${3:-$2}" 2>/dev/null || return 1
  want=$(capinfos -Mc "$tmp/want.pcap" | awk 'END { print $NF }')
  cat "$fifo" >"$tmp/got.pcap" &
  readers=$!
  # shellcheck disable=SC2086
  live_start "$tmp/chosen" env -- $quiet --set control.http=off --set packets.queue=32768 \
    --set "capture.ports=[\"net_pcap0,rx_pcap=$tmp/mix.pcap\"]" --set capture.workers="$1" \
    --set "feeds=[{name: ids, kind: pipe, path: $fifo, what: \"$2\"}]" || return 1
  says_within 10 "$tmp/chosen" "s['received'] == $packets and s['in_flight'] == 0" && live_stop TERM 5 || return 1
  wait $readers
  [ "$want" -gt 0 ] && [ "$want" -lt "$packets" ] && live closed "$tmp/chosen" &&
    feeds output "$tmp/chosen" ids offered="$packets" written="$want" by_policy=$((packets - want)) &&
    tcpdump -r "$tmp/got.pcap" -w "$tmp/again.pcap" "${3:-$2}" 2>/dev/null &&
    [ "$(capinfos -Mc "$tmp/again.pcap" | awk 'END { print $NF }')" -eq "$want" ]
}
check "an expression, 1 worker" chosen 1 'tcp port 443 or icmp6'
check "an expression, 2 workers" chosen 2 'host 10.0.0.11 or udp port 53'

wire_up $space
cc -O2 -D_GNU_SOURCE -o "$tmp/flood" "$here/make/flood.c" || exit 1
flood() { # rate, seconds
  ip netns exec $space "$tmp/flood" from0 "$tmp/mix.pcap" "$1" "$2" >"$tmp/flood.json"
}
wire() { # directory, feeds
  kill -s KILL $LIVE_PID 2>/dev/null
  # shellcheck disable=SC2086
  live_start "$1" ip netns exec $space -- $quiet --set control.http="127.0.0.1:$port" --set capture.workers=1 \
    --set 'capture.ports=["net_af_packet0,iface=to0,framesz=2048,blocksz=65536,framecnt=16384"]' --set "feeds=[$2]" \
    --set packets.queue=4096
}
note() { # directory, words: of /health, which is well
  ip netns exec $space python3 - "$port" "$1" <<'END'
import json, sys, urllib.request
health = json.load(urllib.request.urlopen("http://127.0.0.1:%s/health" % sys.argv[1]))
assert health["healthy"] and any(sys.argv[2] in note for note in health["notes"]), health
END
}

# One client that reads, and one that stops; a pipe whose reader is stopped, killed, and another one.
slow() {
  dir=$tmp/slow
  cat "$fifo" >"$tmp/first.pcap" &
  first=$!
  wire "$dir" "{name: tcp, kind: pcap_over_ip, address: \"listen:127.0.0.1:$((port + 1))\"}, {name: ids, kind: pipe, path: $fifo}" ||
    return 1
  ip netns exec $space python3 "$here/judge/feeds.py" client $((port + 1)) "$tmp/all.pcap" &
  fast=$!
  ip netns exec $space python3 "$here/judge/feeds.py" client $((port + 1)) "$tmp/stopped.pcap" 100000 &
  readers="$first $fast $!" stopped=$!
  says_within 5 "$dir" 's["feeds"]["feed:tcp"]["readers"] == 2 and s["feeds"]["feed:ids"]["readers"] == 1' || return 1
  flood 4000 1 && says_within 5 "$dir" 's["outputs"]["feed:ids"]["written"] == s["outputs"]["feed:ids"]["offered"]' || return 1
  kill -s STOP $first
  flood 8000 5
  says_within 5 "$dir" 's["outputs"]["feed:ids"]["lost_queue"] > 100 and s["feeds"]["feed:tcp"]["readers_missed"] > 100' &&
    note "feed:ids has lost" || return 1
  kill -s KILL $first
  # A pipe that is opened again before its writer has noticed goes on in the middle.
  says_within 5 "$dir" 's["feeds"]["feed:ids"]["readers"] == 0' || return 1
  cat "$fifo" >"$tmp/second.pcap" &
  readers="$fast $! $stopped" second=$!
  says_within 5 "$dir" 's["feeds"]["feed:ids"]["readers_joined"] == 2' || return 1
  flood 1000 1
  kill $stopped
  live_stop TERM 6 || return 1
  wait $fast $second
  live closed "$dir" && feeds output "$dir" tcp readers_missed=+ lost_queue=0 lost_disk=0 &&
    feeds output "$dir" ids written=+ lost_queue=+ lost_disk=+ &&
    [ "$(capinfos -Mc "$tmp/all.pcap" | awk 'END { print $NF }')" -eq "$(results summary "$dir" ledger.inspected)" ] &&
    tcpdump -n -r "$tmp/second.pcap" 2>"$tmp/said" | grep -c . >"$tmp/n" && ! grep -i 'truncated' "$tmp/said" && [ "$(cat "$tmp/n")" -gt 500 ]
}
check "a slow reader loses its own packets and nobody else's" slow

# Nobody reads; a session that a reload brings has a number before its packets.
nobody() {
  dir=$tmp/nobody
  printf 'feeds: [{name: ids, kind: pipe, path: %s, tag: qinq}]\n' "$fifo" >"$tmp/reload.yaml"
  kill -s KILL $LIVE_PID 2>/dev/null
  # shellcheck disable=SC2086
  live_start "$dir" ip netns exec $space -- -c "$tmp/reload.yaml" $quiet --set control.http="127.0.0.1:$port" \
    --set capture.workers=1 --set 'capture.ports=["net_af_packet0,iface=to0,framesz=2048,blocksz=65536,framecnt=16384"]' || return 1
  flood 2000 1
  says_within 5 "$dir" 's["feeds"]["feed:ids"]["no_reader"] == s["outputs"]["feed:ids"]["offered"] > 1000' &&
    note "and has 0 readers" || return 1
  cat >>"$tmp/reload.yaml" <<'END'
traffic_mirror_sessions: [{id: tms-1, session_number: 1, virtual_network_id: 77, network_interface_id: eni-1}]
network_interfaces: [{id: eni-1, private_ip_addresses: [10.77.0.1]}]
END
  "$periscope" ctl -l "$dir" reload && grep -q '^{"vlan":\[1,1\],"vni":77,.*"session":"tms-1","interface_id":"eni-1"}$' "$dir/feeds/vlan-tags.jsonl" &&
    live_stop TERM 5 && live closed "$dir" && feeds output "$dir" ids written=0 no_reader=+
}
check "nobody reads: counted, and a note of health" nobody

ip -n $space link add feed0 mtu 1900 arp off type veth peer name feed1 mtu 1900 arp off
ip -n $space link set feed0 up
ip -n $space link set feed1 up
iface() {
  dir=$tmp/iface
  ip netns exec $space timeout 60 tcpdump -n -i feed1 -Q in -B 65536 -w "$tmp/got.pcap" 2>"$tmp/tcpdump" &
  readers=$!
  until grep -q 'listening on' "$tmp/tcpdump" 2>/dev/null; do sleep 0.1; done
  wire "$dir" "{name: if, kind: interface, iface: feed0}" || return 1
  flood 4000 2
  says_within 5 "$dir" 's["outputs"]["feed:if"]["written"] == s["outputs"]["feed:if"]["offered"] > 1000' && live_stop TERM 5 || return 1
  sleep 1.5
  kill -s INT $readers
  wait $readers
  live closed "$dir" && [ "$(capinfos -Mc "$tmp/got.pcap" | awk 'END { print $NF }')" -eq "$(results summary "$dir" outputs.feed:if.written)" ]
}
check "an interface, read by tcpdump" iface
# shellcheck disable=SC2086
loop() {
  ! ip netns exec $space timeout 20 "$periscope" run -l "$tmp/loop" $quiet --set control.http=off \
    --set 'capture.ports=["net_af_packet0,iface=feed0"]' --set 'feeds=[{name: if, kind: interface, iface: feed0}]' 2>"$tmp/said" &&
    grep -q 'if: packets come in by interface feed0: what goes out there would come back' "$tmp/said"
}
check "its own port is none" loop
finish
