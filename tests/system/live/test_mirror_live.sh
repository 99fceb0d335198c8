#!/bin/sh
# What is the matter with mirror sessions, live: one that sends nothing, from the start and again, until it does; one that
# nobody knows; loss before the appliance; a loop; packets that come twice; senders that are refused. In alerts, /health, ctl and metrics, with one worker and two. Needs root.
. "$(dirname "$0")/../lib.sh"
. "$here/live/live.sh"

if [ "$(id -u)" -ne 0 ]; then
  skip "needs root for network namespaces"
  finish
fi
net=psml$$
LIVE_PID=
down() {
  [ -n "$LIVE_PID" ] && kill -s KILL $LIVE_PID 2>/dev/null && wait $LIVE_PID 2>/dev/null
  ip netns del $net-source 2>/dev/null
  ip netns del $net-sensor 2>/dev/null
  rm -rf "$tmp"
}
trap down EXIT
mirror_wire $net

states() { python3 "$here/make/mirror_states.py" "$@"; }
send() { ip netns exec $net-source python3 "$here/make/mirror_states.py" send 10.77.0.2 "$@"; }
asked() { ip netns exec $net-sensor curl -s -m 2 "http://127.0.0.1:9477/$1"; }
alerts() { cat "$dir"/alerts/*.jsonl >"$tmp/alerts" && states expect "$tmp/alerts" "$@"; }
notes() { asked health | grep -F "$1"; }
metric() { asked metrics | grep "^periscope_$1"; }

start() { # workers, settings
  workers_asked=$1
  dir=$tmp/live$1$#
  states settings "$tmp/settings.yaml" 10.77.0.1 || return 1
  shift
  live_start "$dir" ip netns exec $net-sensor -- -c "$tmp/settings.yaml" \
    --set 'capture.ports=["net_af_packet0,iface=eth0,framesz=2048,blocksz=65536,framecnt=8192"]' \
    --set capture.memory=96MiB --set flow.capacity=65536 --set control.disk_free_min=0 \
    --set capture.workers="$workers_asked" --set sessions.silent_after=3s --set sessions.loss_window=2s \
    --set flow.tcp_close_timeout=1s --set detect.idle_timeout=6s "$@"
}
strangers() { # refused, and named
  send talk 77 && eventually 4 notes '1 session not in the settings: 10.77.0.1, VNI 77' &&
    eventually 3 grep -q '10.77.0.1, VNI 77 is no session of the settings' "$dir"/alerts/*.jsonl &&
    metric 'ledger_packets_total{bucket="session_unknown".* 20$' && metric 'session_packets_total{outer_src="10.77.0.1",vni="77".* 20$'
}
from_the_start() { # both have metrics with 0; after three seconds both are silent
  metric 'session_packets_total{outer_src="10.77.0.1",vni="42".* 0$' >/dev/null &&
    metric 'session_packets_total{outer_src="10.77.0.1",vni="43".* 0$' >/dev/null &&
    metric 'session_silent{outer_src="10.77.0.1",vni="42".* 0$' >/dev/null || return 1
  eventually 8 alerts mirror_session_silent=2/0 &&
    eventually 3 notes '2 sessions of the settings without packets: tms-a (10.77.0.1, VNI 42), tms-b (10.77.0.1, VNI 43)' &&
    eventually 3 metric 'sessions_silent 2$' && metric 'session_silent{outer_src="10.77.0.1",vni="42".* 1$' &&
    asked health | grep -q '"healthy": true'
}
in_ctl() {
  "$periscope" ctl -l "$dir" sessions | grep -q 'tms-b *SILENT' && "$periscope" ctl -l "$dir" alerts |
    grep -q 'mirror_session_silent  10.77.0.1, VNI 43 sends nothing'
}
comes_back() { send talk 42 && eventually 4 alerts mirror_session_silent=2/1 && eventually 3 metric 'sessions_silent 1$'; }
goes_again() { eventually 8 alerts mirror_session_silent=3/1; }
stranger() {
  send talk 77 && eventually 4 alerts mirror_session_silent=3/1 mirror_session_unknown=1/0 &&
    eventually 3 notes '1 session not in the settings: 10.77.0.1, VNI 77'
}
named() { # a reload names the stranger's VNI in place of tms-b's
  sed -i 's/virtual_network_id: 43/virtual_network_id: 77/' "$tmp/settings.yaml" &&
    "$periscope" ctl -l "$dir" reload >/dev/null && eventually 4 alerts mirror_session_silent=3/2 mirror_session_unknown=1/1
}
loses() { send loss 42 && eventually 8 alerts mirror_session_silent=4/3 mirror_session_unknown=1/1 mirror_loss=1; }
overlays() {
  send overlay 42 && sleep 2 && metric 'session_looped_flows_total{outer_src="10.77.0.1",vni="42".* 0$'
}
loops() {
  send loop 42 && eventually 4 notes '1 session with mirror traffic inside, a loop: tms-a (10.77.0.1, VNI 42)' &&
    metric 'session_looped_flows_total{outer_src="10.77.0.1",vni="42".* 20$' &&
    eventually 3 grep -q '"rule":"mirror_loop"' "$dir"/alerts/*.jsonl
}
doubles() { # 20 of its 320 datagrams are of the sample, each twice
  send twice 42 && eventually 4 notes '1 session with packets sent twice by the mirror: tms-a (10.77.0.1, VNI 42)' &&
    metric 'session_sampled_packets_total{outer_src="10.77.0.1",vni="42".* 40$' &&
    metric 'session_sampled_copy_packets_total{outer_src="10.77.0.1",vni="42".* 20$' &&
    eventually 3 grep -q '"rule":"mirror_duplicates"' "$dir"/alerts/*.jsonl
}
ends() {
  live_stop TERM 8 && live closed "$dir" && results ledger "$dir" &&
    [ "$(cat "$dir"/alerts/*.jsonl | grep -c '"ended":false')" = "$(cat "$dir"/alerts/*.jsonl | grep -c '"ended":true')" ]
}

for workers in 1 2; do
  check "it runs, $workers workers" start $workers
  check "sessions that send nothing from the start" from_the_start
  check "ctl says so" in_ctl
  check "one that sends is none any more" comes_back
  check "and is one again" goes_again
  check "a session that the settings do not name" stranger
  check "until a reload names it" named
  check "loss before the appliance" loses
  check "an overlay of containers is no loop" overlays
  check "mirror traffic mirrored again is" loops
  check "packets that come twice" doubles
  check "at the end each alert that began has ended" ends
done
check "it refuses unknown sessions, 2 workers" start 2 --set sessions.unknown=refuse
check "who sends what is refused is named" strangers
live_stop TERM 8

finish
