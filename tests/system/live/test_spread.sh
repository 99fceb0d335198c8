#!/bin/sh
# One conversation, several queues: what AWS sends has other outer ports for the two halves of some
# conversations, so a NIC gives them to different workers. No flow may be split, for any number of
# workers, and all are as in a replay. The fragments need root.
. "$(dirname "$0")/../lib.sh"
. "$here/live/live.sh"

space=psspread$$
LIVE_PID=
trap 'kill -s KILL $LIVE_PID 2>/dev/null; ip netns del $space 2>/dev/null; rm -rf "$tmp"' EXIT
quiet="--set control.http=off --set control.health_tcp=0"
spread() { python3 "$here/make/spread.py" "$@"; }

received() { # directory: packets so far, by ctl
  "$periscope" ctl -l "$1" -j stats | python3 -c 'import json, sys; print(json.load(sys.stdin)["received"])'
}

has_received() { # directory, packets: within ten seconds
  tries=100
  until [ "$(received "$1")" -ge "$2" ]; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { echo "received $(received "$1") of $2"; return 1; }
    sleep 0.1
  done
}

# Idle times are packet time in a replay and wall time live, where all this takes a moment.
forever="--set flow.idle_timeout=0 --set flow.tcp_close_timeout=1h"

as_replay() { # capture, workers, queues
  spread split "$tmp/$1.pcap" "$3" "$tmp/queue" || return 1
  kill -s KILL $LIVE_PID 2>/dev/null # left by a check that failed
  rm -rf "$tmp/got"
  device=net_pcap0
  for queue in $(seq 0 $(($3 - 1))); do device=$device,rx_pcap=$tmp/queue$queue.pcap; done
  # shellcheck disable=SC2086
  live_start "$tmp/got" env -- $quiet $forever --set "capture.ports=[\"$device\"]" \
    --set capture.workers="$2" --set capture.queues="$3" --set capture.memory=96MiB || return 1
  has_received "$tmp/got" "$(results summary "$tmp/want" received)" || return 1
  live_stop TERM 5 || return 1
  live closed "$tmp/got" && live outside "$tmp/got" && live same "$tmp/want" "$tmp/got" apps &&
    [ "$(results summary "$tmp/got" flows)" = "$(results summary "$tmp/want" flows)" ]
}

capgen mix "$tmp/mix.pcap" flows=300 vnis=3 span=60 >/dev/null
spread ports "$tmp/mix.pcap" "$tmp/ours.pcap"
capgen mix "$tmp/plain.pcap" flows=200 vnis=1 span=60 wrap=plain >/dev/null
check "a capture made by mirror" "$periscope" mirror --vni 42 --source 10.0.0.1 "$tmp/plain.pcap" "$tmp/mirrored.pcap"
spread ports "$tmp/mirrored.pcap" "$tmp/mirror.pcap"
list="mirror"
if have_shared tools/wrap_vxlan.py && have_shared pcaps/ndpi42; then
  # shellcheck disable=SC2046
  check "a capture made by wrap_vxlan.py" python3 "$shared/tools/wrap_vxlan.py" --dns-sport-quirk --interleave \
    -o "$tmp/shared.pcap" $(find "$shared/pcaps/ndpi42" -name '*dns*.pcap*' -size -200k | sort | head -n 12)
  list="$list shared"
fi
list="$list ours"
for capture in $list; do
  # shellcheck disable=SC2086
  check "$capture: a replay" replay "$tmp/want" $forever "$tmp/$capture.pcap"
  for workers in 2 4; do
    check "$capture, 4 queues, $workers workers: no flow is split, all as in a replay" as_replay "$capture" $workers 4
  done
done
check "ours, 4 queues, 1 worker" as_replay ours 1 4
check "ours, 2 queues, 4 workers: two workers without a queue" as_replay ours 4 2

if [ "$(id -u)" -ne 0 ]; then
  skip "fragments on several queues: needs root for network namespaces"
  finish
fi
datagrams=300
spread fragments "$tmp/first.pcap" "$tmp/later.pcap" $datagrams

# The later fragments leave when the first ones are known to be there: what a worker has learned from
# a first fragment, another one that gets the later ones must find out.
fragmented() { # workers
  kill -s KILL $LIVE_PID 2>/dev/null # left by a check that failed
  rm -rf "$tmp/got"
  # shellcheck disable=SC2086
  live_start "$tmp/got" ip netns exec $space -- $quiet --set capture.memory=96MiB \
    --set 'capture.ports=["net_af_packet0,iface=to0,framesz=2048,blocksz=65536,framecnt=4096"]' \
    --set capture.workers="$1" --set capture.queues="$1" || return 1
  ip netns exec $space python3 "$here/make/spread.py" send from0 "$tmp/first.pcap" &&
    has_received "$tmp/got" $datagrams &&
    ip netns exec $space python3 "$here/make/spread.py" send from0 "$tmp/later.pcap" &&
    has_received "$tmp/got" $((datagrams * 3)) || return 1
  live_stop TERM 5 || return 1
  live closed "$tmp/got" "inspected=$((datagrams * 3))" && spread datagrams "$tmp/got" $datagrams || return 1
  [ "$1" -eq 1 ] || python3 -c 'import json, sys
if min(json.load(open(sys.argv[1]))["workers"]) < 30: sys.exit("a worker had hardly anything")' "$tmp/got/summary.json"
}

wire_up $space
for workers in 1 2 4; do
  check "fragments by other queues than their first ones, $workers workers: one flow a datagram" fragmented $workers
done

finish
