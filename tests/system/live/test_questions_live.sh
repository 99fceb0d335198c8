#!/bin/sh
# Indicators that are asked for and not answered: live each is an alert while its flow goes on, and once; replay tells as many.
# Needs no root.
. "$(dirname "$0")/../lib.sh"
. "$here/live/live.sh"

LIVE_PID=
trap '[ -n "$LIVE_PID" ] && kill -s KILL $LIVE_PID 2>/dev/null; rm -rf "$tmp"' EXIT

python3 "$here/make/questions.py" "$tmp/questions.pcap" || exit 1
printf '%s.bad.example\n' dns second http tls >"$tmp/names.txt"

begin() { # workers
  live_start "$tmp/live$1" env -- --set "capture.ports=[\"net_pcap0,rx_pcap=$tmp/questions.pcap\"]" --set capture.workers="$1" \
    --set capture.memory=64MiB --set control.http=off --set control.health_tcp=0 --set flow.idle_timeout=1h \
    --set "detect.lists=[{file: $tmp/names.txt}]"
}
titles() { jq -r 'select(.engine == "list") | "\(.title) \(.count)"' "$1"/alerts/*.jsonl | sort -u; }
all="dns.bad.example 1
http.bad.example 1
second.bad.example 1
tls.bad.example 1"
told() { # no flow has ended
  tries=50
  until [ "$(titles "$1")" = "$all" ]; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { titles "$1"; return 1; }
    sleep 0.1
  done
  ! cat "$1"/events/flows*.jsonl | grep -q '"event":"flow"'
}
once() { # flows and transactions have ended
  live_stop TERM 10 && results ledger "$1" && cat "$1"/events/flows*.jsonl | grep -c '"alerts":\[{' | grep -qx 4 &&
    [ "$(titles "$1")" = "$all" ]
}
for workers in 1 2; do
  check "it runs, $workers workers" begin $workers
  check "what is asked for is an alert before anybody answers" told "$tmp/live$workers"
  check "and is none again when its flow ends" once "$tmp/live$workers"
done
replayed() {
  replay "$tmp/out" --list "$tmp/names.txt" "$tmp/questions.pcap" && [ "$(titles "$tmp/out")" = "$all" ]
}
check "replay tells as many" replayed

finish
