#!/bin/sh
# Alerts of the live appliance: on the socket within a second or so of their packets, while their flows go on; written
# again as they grow; listed by ctl and counted in metrics; ended when nothing more is told. Needs no root.
. "$(dirname "$0")/../lib.sh"
. "$here/live/live.sh"

alerts() { python3 "$here/make/alerts.py" "$@"; }

LIVE_PID= READER=
trap 'pkill -KILL -P $$; rm -rf "$tmp"' EXIT

alerts make "$tmp/mirror.pcap" >"$tmp/expect" || exit 1

waited() { # seconds, command...
  tries=$(($1 * 20))
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { echo "waited in vain for: $*"; return 1; }
    sleep 0.05
  done
}

begin() { # workers
  python3 "$here/make/sinks.py" read "$tmp/socket" "$tmp/said" 2>/dev/null &
  READER=$!
  waited 20 test -S "$tmp/socket" || return 1
  live_start "$tmp/live$1" env -- --set "capture.ports=[\"net_pcap0,rx_pcap=$tmp/mirror.pcap\"]" \
    --set capture.workers="$1" --set capture.memory=64MiB --set control.http=off \
    --set control.health_tcp=0 --set flow.idle_timeout=1h --set flow.tcp_close_timeout=1h \
    --set detect.idle_timeout=4s --set events.socket="$tmp/socket"
}

# Six alerts, of which two have grown to 10: no flow has ended.
began() { [ "$(grep -c '"event":"alert"' "$tmp/said")" -ge 8 ]; }
quickly() {
  waited 5 began || { cat "$tmp/said"; return 1; }
  ! grep -q '"event":"flow"' "$tmp/said"
}
ended() { [ "$(grep -c '"ended":true' "$tmp/said")" -ge 6 ]; }

listed() { # of ctl, while they grow
  "$periscope" ctl -l "$1" alerts -j >"$tmp/ctl" && "$periscope" ctl -l "$1" alerts | grep -q tcp_overlap || return 1
  python3 - "$tmp/ctl" "$tmp/expect" <<'END'
import json, sys
said = json.load(open(sys.argv[1]))
want = sorted((row["src_ip"], row["tenant"], row["count"]) for row in json.load(open(sys.argv[2])))
got = sorted((row["source"], row["tenant"], row["count"]) for row in said["alerts"])
print(got)
sys.exit(not (said["growing"] == len(got) and got == want))
END
}

counted() {
  "$periscope" ctl -l "$1" stats -j | python3 -c 'import json, sys
s = json.load(sys.stdin)
o = s["outputs"]["alerts"]
print(s["alerts"], o)
sys.exit(not (s["alerts"]["begun"] == 6 and s["alerts"]["facts"] == 52 and
              o["offered"] == o["written"] + o["by_policy"] + o["lost_queue"] + o["lost_disk"] == 14))'
}

finished() { # directory
  live_stop TERM 20 || return 1
  cat "$1"/alerts/*.jsonl >"$tmp/files" && cmp -s "$tmp/files" "$tmp/files" && alerts live "$tmp/files" "$tmp/expect" &&
    results ledger "$1"
}

received() { # what the collector got
  kill "$READER" && wait "$READER" 2>/dev/null
  alerts live "$tmp/said" "$tmp/expect"
}

for workers in 1 2; do
  dir=$tmp/live$workers
  check "it runs, $workers workers" begin $workers
  check "alerts are told before their flows end" quickly
  check "ctl lists those that grow" listed "$dir"
  check "they end when nothing more is told" waited 20 ended
  check "and are counted" waited 5 counted "$dir"
  check "files have each when it began, grew and ended" finished "$dir"
  check "and so has the collector" received
  rm -f "$tmp/said" "$tmp/socket"
done

finish
