#!/bin/sh
# DPDK's telemetry socket with our commands: off by default; answers are those of `periscope ctl`; two
# appliances at once; it holds up nothing at the end. Needs no root.
. "$(dirname "$0")/../lib.sh"
. "$here/live/live.sh"

FIRST="" SECOND="" LIVE_PID=""
# Its own children: what a check that failed has left, too.
trap 'pkill -KILL -P $$; rm -rf "$tmp"' EXIT
RUNTIME_DIRECTORY=$tmp/runtime # where DPDK puts its socket, and dpdk-telemetry.py looks for it
export RUNTIME_DIRECTORY
mkdir "$RUNTIME_DIRECTORY"
chmod 755 "$tmp"
folder=$RUNTIME_DIRECTORY/dpdk/rte

telemetry() { python3 "$here/judge/telemetry.py" "$@"; }

run() { # directory, capture, arguments...
  dir=$1 capture=$2
  shift 2
  live_start "$dir" env -- --set "capture.ports=[\"net_pcap0,rx_pcap=$capture\"]" \
    --set capture.memory=64MiB --set control.http=off --set control.health_tcp=0 \
    --set control.telemetry=true "$@"
}

ended() { # pid
  tries=100
  while kill -0 "$1" 2>/dev/null; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { echo "did not end"; return 1; }
    sleep 0.05
  done
  wait "$1"
}

received() { # socket, packets: within ten seconds
  tries=100
  until telemetry value "$1" /periscope/stats received "$2" >"$tmp/said" 2>&1; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { cat "$tmp/said"; return 1; }
    sleep 0.1
  done
}

web=$root/pcaps/web.pcap
capgen mix "$tmp/mix.pcap" flows=60 vnis=40 noise=0 >"$tmp/mix.json"
packets=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["packets"])' "$tmp/mix.json")

off_by_default() {
  run "$tmp/off" "$web" --set control.telemetry=false || return 1
  [ -z "$(find "$RUNTIME_DIRECTORY" -type s)" ] || { find "$RUNTIME_DIRECTORY" -type s; return 1; }
  live_stop TERM 5 && LIVE_PID=""
}
check "no socket by default" off_by_default

settled() { # directory: what was made is written, within ten seconds
  tries=100
  until "$periscope" ctl -l "$1" -j stats >"$tmp/said" && jq -e '.outputs
    | map(.offered == .written + .by_policy + .lost_queue + .lost_disk) | all' "$tmp/said" >/dev/null; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { cat "$tmp/said"; return 1; }
    sleep 0.1
  done
}

# At rest, so that both say the same.
agrees() {
  run "$tmp/first" "$tmp/mix.pcap" --set capture.workers=2 || return 1
  FIRST=$LIVE_PID
  received "$folder/dpdk_telemetry.v2" "$packets" && settled "$tmp/first" && sleep 0.5 || return 1
  mkdir -p "$tmp/said.d"
  for table in stats sessions rules flows alerts; do
    "$periscope" ctl -l "$tmp/first" -j $table >"$tmp/said.d/$table.json" || return 1
  done
  telemetry agree "$folder/dpdk_telemetry.v2" "$tmp/said.d"
}
check "every answer is that of ctl, page by page" agrees

tool() {
  command -v dpdk-telemetry.py >/dev/null || { skip "dpdk-telemetry.py"; return 0; }
  echo /periscope/ledger | dpdk-telemetry.py >"$tmp/tool" || return 1
  grep -q "\"inspected\": *$packets" "$tmp/tool" || { cat "$tmp/tool"; return 1; }
}
check "dpdk-telemetry.py asks it" tool

second() {
  run "$tmp/second" "$web" || return 1
  SECOND=$LIVE_PID
  received "$folder/dpdk_telemetry.v2:1" 240 && received "$folder/dpdk_telemetry.v2" "$packets" || return 1
  run "$tmp/third" "$web" --set 'capture.eal=["--file-prefix=third"]' || return 1
  received "$RUNTIME_DIRECTORY/dpdk/third/dpdk_telemetry.v2" 240 || return 1
  live_stop TERM 5 && LIVE_PID=""
}
check "a second one beside it, and a third with a prefix of its own" second

# While clients ask all the time.
ends() {
  for i in 1 2 3; do
    telemetry flood "$folder/dpdk_telemetry.v2" &
  done
  sleep 0.5
  kill -s TERM "$FIRST" "$SECOND"
  ended "$FIRST" && ended "$SECOND" || return 1
  FIRST="" SECOND=""
  wait
  [ -z "$(find "$RUNTIME_DIRECTORY" -type s)" ] || { find "$RUNTIME_DIRECTORY" -type s; return 1; }
}
check "an end in order while it is asked" ends

# Killed, its socket stays; the next one takes the name.
after_a_kill() {
  run "$tmp/killed" "$web" || return 1
  kill -s KILL "$LIVE_PID"
  wait "$LIVE_PID" 2>/dev/null
  [ -S "$folder/dpdk_telemetry.v2" ] || { echo "no socket is left"; return 1; }
  run "$tmp/next" "$web" && received "$folder/dpdk_telemetry.v2" 240 && live_stop TERM 5 && LIVE_PID=""
}
check "one that was killed is no obstacle" after_a_kill

# As another user it answers all the same.
as_nobody() {
  run "$tmp/nobody" "$web" --set rights.user=nobody && received "$folder/dpdk_telemetry.v2" 240 &&
    live_stop TERM 5 && LIVE_PID="" || return 1
  run "$tmp/after" "$web" && received "$folder/dpdk_telemetry.v2" 240 && live_stop TERM 5 && LIVE_PID=""
}
if [ "$(id -u)" -eq 0 ]; then
  check "it answers after a change of user, and is no obstacle later" as_nobody
else
  skip "a change of user: needs root"
fi

finish
