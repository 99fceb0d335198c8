#!/bin/sh
# No data race: a replay with four workers, recording, and a live appliance that is asked and reloaded
# while packets flow, under ThreadSanitizer.
PERISCOPE=${PERISCOPE_TSAN:-$(dirname "$0")/../../../build-tsan/periscope}
. "$(dirname "$0")/../lib.sh"
. "$here/live/live.sh"
LIVE_PID= flood=
space=pstsan$$
trap 'kill -s KILL $LIVE_PID $flood 2>/dev/null; ip netns del $space 2>/dev/null; rm -rf "$tmp"' EXIT

quiet() { # replay's arguments...
  replay "$tmp/out" "$@" && ! grep -q 'ThreadSanitizer' "$tmp/stderr" "$tmp/stdout"
}
TSAN_OPTIONS="halt_on_error=0 exitcode=66"
export TSAN_OPTIONS
grep -q __tsan_init "$periscope" || fail "$periscope was not built with ThreadSanitizer"
capgen mix "$tmp/mix.pcap" flows=1500 vnis=5 span=900 noise=1 >"$tmp/mix.json"
capgen rewind "$tmp/rewind.pcap" flows=500 >/dev/null
check "four workers, pcapng" quiet --workers 4 -w "$tmp/w.pcapng" "$tmp/mix.pcap"
check "everything adds up" results ledger "$tmp/out" "$tmp/mix.json"
check "four workers, pcap, two captures, short timeouts" quiet --workers 4 -w "$tmp/w.pcap" \
  --set flow.idle_timeout=2s "$tmp/mix.pcap" "$tmp/rewind.pcap"
check "a capture that comes through a pipe" sh -c \
  '"$1" replay --workers 3 -j -l "$2/piped" - <"$2/mix.pcap" >/dev/null' sh "$periscope" "$tmp"
# Conversations come in by two queues, so that half of all packets are handed over, while health,
# metrics and control look on and the rules change.
live_plane() {
  cc -O2 -D_GNU_SOURCE -o "$tmp/flood" "$here/make/flood.c" && wire_up $space || return 1
  cp "$root/pcaps/lab.yaml" "$tmp/live.yaml"
  live_start "$tmp/live" ip netns exec $space -- -c "$tmp/live.yaml" --set capture.workers=2 --set capture.queues=2 \
    --set 'capture.ports=["net_af_packet0,iface=to0,framesz=2048,blocksz=65536,framecnt=4096"]' \
    --set capture.memory=96MiB --set flow.idle_timeout=1s --set events.stdout=true \
    --set events.max_file_size=64KiB --set events.max_files=3 --set packets.record=all \
    --set packets.max_file_size=1MiB --set packets.max_files=3 || return 1
  ip netns exec $space "$tmp/flood" from0 "$tmp/mix.pcap" 20000 60 >/dev/null &
  flood=$!
  for round in 1 2 3 4 5 6; do
    for question in stats sessions rules flows; do
      "$periscope" ctl -l "$tmp/live" $question >/dev/null || return 1
    done
    for page in health metrics; do
      ip netns exec $space curl -s -m 10 -o /dev/null http://127.0.0.1:9477/$page || return 1
    done
    sed "s/rule_number: 100/rule_number: $((100 + round % 2))/" "$root/pcaps/lab.yaml" >"$tmp/live.yaml"
    "$periscope" ctl -l "$tmp/live" reload || return 1
  done
  live_stop TERM 20 || return 1
  kill $flood
  cat "$tmp/live.err"
  ! grep -q ThreadSanitizer "$tmp/live.err" "$tmp/live.out" || return 1
  python3 -c 'import json, sys
s = json.load(open(sys.argv[1]))
if min(s["workers"]) < 100: sys.exit("workers had %s packets" % s["workers"])' "$tmp/live/summary.json"
}
if [ "$(id -u)" -eq 0 ]; then
  replayer=$periscope
  periscope=$(dirname "$periscope")/tests/periscope_keeps_rights
  check "two live workers, hand-off, reloads, ctl and metrics" live_plane
  periscope=$replayer
else
  skip "live workers: needs root for network namespaces"
fi
control_plane() { # its unit tests: HTTP, health, control socket, asked by many at once
  "$(dirname "$periscope")/tests/test_cli" && ! grep -q ThreadSanitizer "$tmp/log"
}
check "health, metrics and control" control_plane
sinks() { # their unit tests: readers that are slow, that break, that come late
  "$(dirname "$periscope")/tests/test_inspect" forwarder && ! grep -q ThreadSanitizer "$tmp/log"
}
check "sinks of events" sinks
race() { # the judge is awake: a program with a race is found out
  printf '%s\n' '#include <pthread.h>' 'static int n;' \
    'static void *add(void *p) { for (int i = 0; i < 1000; i++) n++; return p; }' \
    'int main(void) { pthread_t t; pthread_create(&t, 0, add, 0); add(0);' \
    'pthread_join(t, 0); return 0; }' >"$tmp/race.c"
  cc -g -fsanitize=thread -o "$tmp/race" "$tmp/race.c" -lpthread || return 1
  "$tmp/race" >"$tmp/said" 2>&1
  [ $? -eq 66 ]
}
check "the sanitizer finds a race that is there" race
finish
