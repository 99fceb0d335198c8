#!/bin/sh
# Recording in the live appliance: what was mirrored is in packets/, in files that rotate and can be
# read after a crash; slow and full disks lose packets of the recording and no others, and say so; under
# overload recording goes after inspection and comes back. Needs root.
. "$(dirname "$0")/../lib.sh"
. "$here/live/live.sh"

if [ "$(id -u)" -ne 0 ]; then
  skip "needs root for network namespaces"
  finish
fi
LIVE_PID=
space=psrec$$
trap 'kill -s KILL $LIVE_PID 2>/dev/null; ip netns del $space 2>/dev/null; rm -rf "$tmp"' EXIT

recorded() { python3 "$here/judge/recording/recorded.py" "$@"; }

quiet="--set control.http=off --set control.health_tcp=0 --set capture.memory=128MiB
  --set flow.capacity=65536"

# A capture in; workers share one of its queues, so half of the packets change hands.
whole() { # workers
  kill -s KILL $LIVE_PID 2>/dev/null # left by a check that failed
  rm -rf "$tmp/whole"
  # shellcheck disable=SC2086
  live_start "$tmp/whole" env -- $quiet --set "capture.ports=[\"net_pcap0,rx_pcap=$tmp/mix.pcap\"]" \
    --set capture.workers="$1" --set packets.record=accepted || return 1
  says_within 10 "$tmp/whole" "s['received'] == $packets and s['in_flight'] == 0" &&
    live_stop TERM 5 && live closed "$tmp/whole" && live outside "$tmp/whole" &&
    recorded counts "$tmp/whole" && recorded same "$tmp/whole" "$tmp/mix.pcap"
}

# Of each flow three packets; of what was offered the rest is left out by policy.
firsts() { # workers
  rm -rf "$tmp/first"
  # shellcheck disable=SC2086
  live_start "$tmp/first" env -- $quiet --set "capture.ports=[\"net_pcap0,rx_pcap=$tmp/mix.pcap\"]" \
    --set capture.workers="$1" --set packets.record=accepted --set packets.max_flow_packets=3 || return 1
  says_within 10 "$tmp/first" "s['received'] == $packets and s['in_flight'] == 0" &&
    live_stop TERM 5 && live closed "$tmp/first" && recorded counts "$tmp/first" &&
    python3 "$here/judge/recording/record_policy.py" first "$tmp/first" 3 &&
    [ "$(results summary "$tmp/first" outputs.recording.offered)" = "$packets" ] &&
    [ "$(results summary "$tmp/first" outputs.recording.by_policy)" -gt 100 ]
}

wire() { # directory, prefix..., -- arguments of run: on the wire, one worker
  dir=$1
  shift
  before=""
  while [ "$1" != -- ]; do
    before="$before $1"
    shift
  done
  shift
  kill -s KILL $LIVE_PID 2>/dev/null
  rm -rf "$dir.err"
  # shellcheck disable=SC2086
  live_start "$dir" ip netns exec $space $faults $before -- $quiet --set capture.workers=1 \
    --set 'capture.ports=["net_af_packet0,iface=to0,framesz=2048,blocksz=65536,framecnt=16384"]' \
    --set packets.record=accepted "$@"
}
flood() { # rate, seconds
  ip netns exec $space "$tmp/flood" from0 "$tmp/mix.pcap" "$1" "$2" >"$tmp/flood.json"
}
sent() { python3 -c 'import json, sys; print(json.load(sys.stdin)["sent"])' <"$tmp/flood.json"; }
missed() { ctl_says "$1" 'sum(p["missed"] for p in s["ports"])'; }

# What was inspected is on the disk, in several files; then it is killed.
rotates() {
  wire "$tmp/rotate" -- --set packets.max_file_size=1MiB || return 1
  flood 8000 2 || return 1
  says_within 5 "$tmp/rotate" "s['received'] + sum(p['missed'] for p in s['ports']) >= $(sent)" &&
    says_within 5 "$tmp/rotate" 's["outputs"]["recording"]["written"] == s["ledger"]["inspected"]' ||
    return 1
  written=$(ctl_says "$tmp/rotate" 's["outputs"]["recording"]["written"]')
  flood 8000 1 &
  sleep 0.5
  kill -s KILL $LIVE_PID
  wait $LIVE_PID 2>/dev/null
  wait $!
  recorded readable "$tmp/rotate" >"$tmp/readable" || { cat "$tmp/readable"; return 1; }
  read -r found files <"$tmp/readable"
  [ "$found" -ge "$written" ] && [ "$files" -gt 2 ] ||
    { echo "$found of $written packets in $files files"; return 1; }
}

# The recorder needs 0.3 ms for a packet: 3,000 of 8,000 a second. Nothing else is lost.
slow() {
  with_faults FAULT_DISK_DELAY=300000 -- wire "$tmp/slow" -- --set packets.queue=256 || return 1
  flood 8000 2 && says_within 5 "$tmp/slow" 's["outputs"]["recording"]["lost_queue"] > 1000' || return 1
  lost=$(missed "$tmp/slow")
  live_stop TERM 6 && live closed "$tmp/slow" && live outside "$tmp/slow" && recorded counts "$tmp/slow" &&
    [ "$(($(results summary "$tmp/slow" received) + lost))" = "$(sent)" ]
}

# 8 MiB of disk, of its own: after that lost_disk, until there is room again.
full() {
  dir=$tmp/full
  mkdir "$dir"
  printf '#!/bin/sh\nmount -t tmpfs -o size=8m none "%s" && exec "$@"\n' "$dir" >"$tmp/on-disk"
  chmod +x "$tmp/on-disk"
  wire "$dir" unshare -m "$tmp/on-disk" -- --set control.disk_free_min=0 --set events.flow=false \
    --set flow_logs.enabled=false || return 1
  inside=/proc/$LIVE_PID/root$dir
  dd if=/dev/zero of="$inside/ballast" bs=1M count=7 2>/dev/null
  flood 8000 1
  says_within 5 "$inside" 's["outputs"]["recording"]["lost_disk"] > 1000' || return 1
  rm "$inside/ballast"
  written=$(ctl_says "$inside" 's["outputs"]["recording"]["written"]')
  sleep 1.5
  flood 1000 1
  says_within 5 "$inside" "s['outputs']['recording']['written'] > $written" || return 1
  cp -r "$inside/packets" "$tmp/kept"
  kill -s TERM $LIVE_PID
  wait $LIVE_PID
  [ $? -eq 1 ] || { echo "packets were lost, and the status does not say so"; return 1; }
  mkdir "$tmp/readable.d" && mv "$tmp/kept" "$tmp/readable.d/packets" &&
    recorded readable "$tmp/readable.d" && grep -q 'packets.*No space left' "$dir.err"
}

# Inspection of flows that have begun takes a millisecond a packet, 2,000 a second come: to leave new flows
# uninspected does not help, so recording goes, too; and when it is over both come back.
shed() {
  with_faults FAULT_DPI_DELAY=1000000 -- wire "$tmp/shed" -- --set flow.max_ndpi_packets_udp=0 \
    --set flow.max_ndpi_packets_tcp=0 --set overload.leave=500ms --set packets.queue=16384 || return 1
  ip netns exec $space python3 "$here/make/mirror_send.py" 10.88.0.2 flows=50 rate=2500 seconds=3 >"$tmp/sent"
  says_within 15 "$tmp/shed" "s['received'] + sum(p['missed'] for p in s['ports']) >= $(cat "$tmp/sent")" &&
    says_within 8 "$tmp/shed" 'not any(step["active"] for step in s["shed"])' || return 1
  before=$(ctl_says "$tmp/shed" 's["outputs"]["recording"]["by_policy"]')
  ip netns exec $space python3 "$here/make/mirror_send.py" 10.88.0.2 flows=50 rate=100 first=5000 >"$tmp/more"
  says_within 5 "$tmp/shed" "s['outputs']['recording']['written'] > 50" || return 1
  live_stop TERM 6 && live closed "$tmp/shed" && recorded counts "$tmp/shed" || return 1
  [ "$before" -gt 100 ] && [ "$(results summary "$tmp/shed" outputs.recording.by_policy)" = "$before" ] ||
    { echo "shed: $before"; return 1; }
  awk '/flows that begin are not inspected/ && !a { a = NR } /packets are not recorded/ && !b { b = NR }
    /keeps up with recording again; so far [1-9]/ { c = NR } /keeps up again/ { d = NR }
    END { exit !(a && a < b && b < c && c < d) }' "$tmp/shed.err" || { cat "$tmp/shed.err"; return 1; }
}

check "a sender" cc -O2 -D_GNU_SOURCE -o "$tmp/flood" "$here/make/flood.c"
check "a wire" wire_up $space
capgen mix "$tmp/mix.pcap" flows=400 vnis=3 span=20 >"$tmp/mix.json"
packets=$(python3 -c "import captures, sys; print(len(captures.read(sys.argv[1])))" "$tmp/mix.pcap")
[ $failures -eq 0 ] || finish
ip -n $space addr add 10.88.0.1/24 dev from0 && ip -n $space neigh add 10.88.0.2 dev from0 lladdr 02:00:00:00:00:99 nud permanent

check "one worker: what was mirrored is recorded" whole 1
check "two workers" whole 2
check "one worker: the first packets of each flow" firsts 1
check "two workers" firsts 2
check "files rotate, and are readable after a kill" rotates
check "a slow disk loses packets of the recording alone" slow
check "a full disk: counted, said, and recorded again when there is room" full
check "overload: inspection, then recording; and back" shed

finish
