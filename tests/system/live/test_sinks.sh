#!/bin/sh
# Where the events of the live appliance go: files that rotate and stay within bounds, standard output,
# a collector's socket; readers that are slow, or go and come; a full disk. Flows end in two bursts:
# TCP flows by a RST, at once; UDP flows when they are idle. Needs no root, but for the full disk.
. "$(dirname "$0")/../lib.sh"
. "$here/live/live.sh"

sinks() { python3 "$here/make/sinks.py" "$@"; }

LIVE_PID= READER=
# Its own children: what a check that failed has left, too.
trap 'pkill -KILL -P $$; rm -rf "$tmp"' EXIT

tcp=6000 udp=6000
flows=$((tcp + udp))
sinks capture "$tmp/flows.pcap" $tcp $udp

run() { # directory, prefix... -- arguments...
  dir=$1
  shift
  before=""
  while [ "$1" != -- ]; do
    before="$before $1"
    shift
  done
  shift
  # shellcheck disable=SC2086
  live_start "$dir" ${before:-env} -- --set "capture.ports=[\"net_pcap0,rx_pcap=$tmp/flows.pcap\"]" \
    --set capture.workers=1 --set capture.memory=64MiB --set control.http=off \
    --set control.health_tcp=0 --set flow.tcp_close_timeout=100ms --set flow.idle_timeout=2s "$@"
}

# end [STATUS]: in order, with that status
end() {
  kill -s TERM "$LIVE_PID"
  wait "$LIVE_PID"
  status=$?
  LIVE_PID=
  [ $status -eq "${1:-0}" ] || { echo "status $status"; tail -n 5 "$dir.err"; return 1; }
}

reader() { # how, socket, file
  rm -f "$3"
  python3 "$here/make/sinks.py" "$1" "$2" "$3" 2>/dev/null & # itself, that it can be killed
  READER=$!
  waited test -S "$2"
}

reader_ends() {
  kill "$READER"
  wait "$READER" 2>/dev/null
  READER=
}

waited() { # command...: up to twenty seconds
  tries=200
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { echo "waited in vain for: $*"; return 1; }
    sleep 0.1
  done
}

lines() { # number, file...: so many lines or more
  n=$1
  shift
  [ "$(cat "$@" | wc -l)" -ge "$n" ]
}

# stat DIR PATH OPERATOR N: of `ctl stats -j`
stat() {
  "$periscope" ctl -l "$1" stats -j >"$tmp/stats" || return 1
  python3 -c 'import json, operator, sys
at = json.load(open(sys.argv[1]))
for name in sys.argv[2].split("."):
    at = at[name]
sys.exit(not getattr(operator, sys.argv[3])(at, int(sys.argv[4])))' "$tmp/stats" "$2" "$3" "$4" ||
    { echo "not so: $2 $3 $4"; cat "$tmp/stats"; return 1; }
}

# Every line once, in files of at most 1 MiB; the same bytes by the socket and on standard output.
everywhere() {
  reader read "$tmp/c.sock" "$tmp/read" || return 1
  run "$tmp/all" -- --set events.socket="$tmp/c.sock" --set events.stdout=true \
    --set events.max_file_size=1MiB || return 1
  waited lines $tcp "$tmp/read" && waited stat "$tmp/all" received eq $flows || return 1
  end && sinks whole "$tmp/all" $flows 1048576 || return 1
  reader_ends
  [ "$(results summary "$tmp/all" flows)" = $flows ] &&
    [ "$(find "$tmp/all/events" -type f | wc -l)" -ge 5 ] &&
    sinks equal "$tmp/all" "$tmp/read" && sinks equal "$tmp/all" "$tmp/all.out" &&
    grep -q 'ledger closed' "$tmp/all.err" || return 1
  for output in events events_socket events_stdout; do
    sinks output "$tmp/all" $output written=$flows || return 1
  done
}
check "files, a socket and standard output get every line, and the same" everywhere

# Between the bursts the reader is killed, and another one comes.
another_reader() {
  reader read "$tmp/c.sock" "$tmp/read" || return 1
  run "$tmp/two" -- --set events.socket="$tmp/c.sock" --set flow.idle_timeout=4s || return 1
  waited lines $tcp "$tmp/read" || return 1
  reader_ends
  waited grep -q 'events.socket: .*it is tried again' "$tmp/two.err" || return 1
  reader read "$tmp/c.sock" "$tmp/again" || return 1
  waited lines $udp "$tmp/again" || return 1
  end || return 1
  reader_ends
  grep -q 'events.socket: .*there again' "$tmp/two.err" &&
    sinks equal "$tmp/two" "$tmp/read" "$tmp/again" &&
    sinks output "$tmp/two" events_socket written=$flows
}
check "a reader that is killed and started again misses nothing" another_reader

# Nobody reads: the files are whole, it is said and counted, health notices, the end does not wait.
stalled() {
  reader stall "$tmp/c.sock" "$tmp/taken" || return 1
  run "$tmp/slow" -- --set events.socket="$tmp/c.sock" --set events.queue=1MiB || return 1
  waited stat "$tmp/slow" outputs.events_socket.lost_queue gt 0 || return 1
  waited stat "$tmp/slow" healthy eq 0 &&
    grep -q 'output events_socket has lost' "$tmp/stats" &&
    waited stat "$tmp/slow" outputs.events.offered eq $flows || return 1
  began=$(date +%s)
  end 1 || return 1
  [ $(($(date +%s) - began)) -le 10 ] || { echo "it waited"; return 1; }
  reader_ends
  [ "$(grep -c 'its queue is full' "$tmp/slow.err")" = 1 ] && sinks whole "$tmp/slow" $flows &&
    sinks output "$tmp/slow" events written=$flows &&
    sinks output "$tmp/slow" events_socket offered=$flows lost_queue=+ lost_disk=0
}
check "a reader that never reads costs its own output alone" stalled

# An empty one, which a run begins with, takes no other's place before it holds something.
event_files() { # directory: how many that hold something
  find "$1/events" -name 'flows-*' -size +0 | wc -l
}

# Bounds hold at every moment, over runs, and over a kill.
bounded() {
  mkdir -p "$tmp/few/events"
  echo mine | tee "$tmp/few/events/flows.jsonl" >"$tmp/few/events/notes.jsonl"
  run "$tmp/few" -- --set events.max_file_size=512KiB --set events.max_files=4 || return 1
  waited stat "$tmp/few" removed.events.files ge 3 || return 1
  kill -s KILL "$LIVE_PID"
  wait "$LIVE_PID" 2>/dev/null
  rm -f "$tmp/few.err" # of the first run
  run "$tmp/few" -- --set events.max_file_size=512KiB --set events.max_files=4 || return 1
  until stat "$tmp/few" outputs.events.offered eq $flows >/dev/null; do
    n=$(event_files "$tmp/few")
    [ "$n" -le 4 ] || { echo "$n files"; return 1; }
    kill -0 "$LIVE_PID" || return 1
    sleep 0.1
  done
  stat "$tmp/few" removed.events.files ge 8 && grep -q 'the oldest files go' "$tmp/few.err" || return 1
  end || return 1
  [ "$(event_files "$tmp/few")" = 4 ] &&
    [ "$(cat "$tmp/few/events/flows.jsonl" "$tmp/few/events/notes.jsonl")" = "mine
mine" ] && sinks output "$tmp/few" events written=$flows
}
check "no more files than allowed, those of a killed run included" bounded

# A disk of 8 MiB that somebody has filled with 7; then there is room again.
disk_full() {
  mkdir "$tmp/disk"
  unshare -m sh -c 'mount -t tmpfs -o size=8m none "$1" && touch "$1/mounted" && exec sleep 100' sh "$tmp/disk" &
  READER=$! # ends with it
  waited test -e "/proc/$READER/root$tmp/disk/mounted" || return 1
  inside="nsenter -m -t $READER"
  $inside dd if=/dev/zero of="$tmp/disk/filler" bs=1M count=7 2>/dev/null
  # The appliance sees the small disk; its standard error is where this script sees it.
  # shellcheck disable=SC2086
  run "$tmp/disk/out" $inside -- --set flow.idle_timeout=5s --set control.socket="$tmp/d.sock" || return 1
  waited grep -q 'No space left on device; records are lost' "$tmp/disk/out.err" || return 1
  $inside rm "$tmp/disk/filler"
  written=$($inside cat "$tmp"/disk/out/events/*.jsonl | wc -l)
  end 1 || return 1
  $inside cp -r "$tmp/disk/out" "$tmp/copy" || return 1
  kill "$READER"
  sinks output "$tmp/copy" events offered=$flows written=+ lost_disk=+ lost_queue=0 || return 1
  n=$(results summary "$tmp/copy" outputs.events.written)
  [ "$n" -gt "$written" ] && [ "$n" -ge $udp ] && sinks whole "$tmp/copy" "$n"
}
if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
  check "a full disk is counted, and written to again when it has room" disk_full
else
  skip "a full disk: needs root"
fi

# Standard output has one writer; a collector that is not there is no reason not to start.
refused() {
  for arguments in "run -l $tmp/no -j" "replay -l $tmp/no -j $tmp/flows.pcap" \
    "replay -l $tmp/no -w - $tmp/flows.pcap"; do
    # shellcheck disable=SC2086
    "$periscope" $arguments --set events.stdout=true >"$tmp/said" 2>&1
    [ $? -eq 2 ] && grep -q '^periscope: events.stdout .* only one of them can have it$' "$tmp/said" ||
      { echo "$arguments"; cat "$tmp/said"; return 1; }
  done
}
check "events and something else on standard output: refused" refused

# In a replay a pipe that is slow makes it wait; lines are those of the file.
replayed() {
  rm -rf "$tmp/again"
  "$periscope" replay -l "$tmp/again" --set events.stdout=true --set events.queue=1MiB --workers 2 \
    "$tmp/flows.pcap" 2>"$tmp/said" | (sleep 0.5 && cat) >"$tmp/read"
  sinks equal "$tmp/again" "$tmp/read" && sinks output "$tmp/again" events_stdout written=$flows
}
check "a replay writes its events on a slow standard output" replayed

finish
