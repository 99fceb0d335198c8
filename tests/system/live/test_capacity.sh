#!/bin/sh
# Somebody makes up more mirror sessions than there is room for: the settings' own ones have their place, all
# others are inspected, kept apart by tenant, and counted. In replay, and live across a reload.
. "$(dirname "$0")/../lib.sh"
. "$here/live/live.sh"

capacity() { python3 "$here/judge/capacity.py" "$@"; }

capacity make "$tmp/spoofed.pcap" && capacity settings "$tmp/settings.yaml" || fail "the input is made"
full() {
  replay "$tmp/out" -c "$tmp/settings.yaml" --workers 1 "$tmp/spoofed.pcap" || { cat "$tmp/log"; return 1; }
  capacity replayed "$tmp/out" &&
    grep 'packets were of unknown sessions for which sessions.capacity has no room' "$tmp/stdout"
}
check "a replay of a full table: all is inspected, the settings' session has its row" full

too_small() {
  "$periscope" check -c "$root/pcaps/lab.yaml" --set sessions.capacity=1 >"$tmp/said" 2>&1
  [ $? -eq 2 ] && grep 'sessions.capacity: 1 is less than the 2 mirror sessions of the settings' "$tmp/said"
}
check "a capacity below the number of the settings' sessions is an error" too_small

if [ "$(id -u)" -ne 0 ]; then
  skip "live: needs root for network namespaces"
  finish
fi
ns=periscope-capacity-$$
trap 'kill $LIVE_PID 2>/dev/null; ip netns del $ns 2>/dev/null; rm -rf "$tmp"' EXIT
LIVE_PID=

ctl() { ip netns exec $ns "$periscope" ctl -l "$tmp/got" "$@"; }
received() { # how many, within 5 s
  tries=50
  until [ "$(ctl stats -j | jq .received)" = "$1" ]; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { ctl stats -j | jq '{received, ledger}'; return 1; }
    sleep 0.1
  done
}
reloads() {
  wire_up $ns || return 1
  printf 'sessions: {capacity: 64}\n' >"$tmp/live.yaml"
  live_start "$tmp/got" ip netns exec $ns -- -c "$tmp/live.yaml" --set 'capture.ports=["net_af_packet0,iface=to0"]' \
    --set control.health_tcp=0 --set exception.mode=off || return 1
  ip netns exec $ns python3 "$here/judge/capacity.py" send spoofed from0 && received 200 || return 1
  capacity settings "$tmp/live.yaml" && ctl reload || return 1
  ip netns exec $ns python3 "$here/judge/capacity.py" send session from0 && received 250 || return 1
  ctl stats -j >"$tmp/got.stats"
  ctl sessions -j >"$tmp/got.sessions"
  ip netns exec $ns curl -s http://127.0.0.1:9477/health >"$tmp/got.health"
  capacity running "$tmp/got"
}
check "live: a session that a reload names has its row in a full table" reloads
ends() { live_stop TERM 5 && live closed "$tmp/got"; }
check "live: it ends in order" ends
finish
