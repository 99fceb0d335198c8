#!/bin/sh
# Scans and floods of a replay: what the capture's maker says must raise one does, once a source, and what is like
# it does not; counts are exact up to 256 probes of a source and estimates beyond; all the same for any number of workers;
# bounds; settings.
. "$(dirname "$0")/../lib.sh"

scans() { python3 "$here/make/scans.py" "$@"; }

scans make "$tmp/scans.pcap" >"$tmp/expect" || exit 1

agrees() { # workers
  replay "$tmp/out$1" --set summary.failures=false --workers "$1" "$tmp/scans.pcap" && scans judge "$tmp/out$1" "$tmp/expect" &&
    results ledger "$tmp/out$1"
}
for workers in 1 2 4; do
  check "scans and floods are those of the maker, $workers workers" agrees $workers
done
same() {
  sort "$tmp/out1/alerts/alerts.jsonl" >"$tmp/one"
  [ "$(wc -l <"$tmp/one")" -gt 10 ] || return 1
  for workers in 2 4; do
    sort "$tmp/out$workers/alerts/alerts.jsonl" | cmp - "$tmp/one" || return 1
  done
  [ "$(results summary "$tmp/out4" deterministic)" = true ]
}
check "the same lines for any number of workers, which the summary says" same

for seed in 2; do # other hosts do not answer
  other() {
    scans make "$tmp/other.pcap" $seed >"$tmp/other" && rm -rf "$tmp/seed" && replay "$tmp/seed" "$tmp/other.pcap" &&
      scans judge "$tmp/seed" "$tmp/other"
  }
  check "seed $seed" other
done

count() { grep -c '"category":"scan"\|"category":"flood"' "$tmp/$1/alerts/alerts.jsonl"; }
off() {
  replay "$tmp/off" --set detect.scan_hosts=0 --set detect.scan_ports=0 --set detect.slow_scan_hosts=0 \
    --set detect.slow_scan_ports=0 --set detect.syn_flood=0 "$tmp/scans.pcap" && [ "$(count off)" = 0 ]
}
check "none where all are off" off
thresholds() { # one below what a source has done, and one above
  replay "$tmp/at" --set detect.scan_hosts=99 --set detect.scan_ports=19 --set detect.syn_flood=4000 "$tmp/scans.pcap" || return 1
  replay "$tmp/over" --set detect.scan_hosts=101 --set detect.scan_ports=21 --set detect.syn_flood=4097 "$tmp/scans.pcap" ||
    return 1
  grep -q '"why":"99 addresses at TCP port 25 ' "$tmp/at/alerts/alerts.jsonl" &&
    grep -q '"why":"19 TCP ports of 10.20.0.8 ' "$tmp/at/alerts/alerts.jsonl" &&
    grep -q '10.20.0.9:5432\|10.20.0.81:443' "$tmp/at/alerts/alerts.jsonl" &&
    ! grep -q 'TCP port 5900 \|10.20.0.81:443' "$tmp/over/alerts/alerts.jsonl"
}
check "thresholds are those of the settings" thresholds

# A flood of many sources: little is said of it, and memory does not follow it.
scans flood "$tmp/flood.pcap" 200000 >"$tmp/expect-flood" || exit 1
flood() {
  replay "$tmp/flood" --workers 2 "$tmp/flood.pcap" || return 1
  results ledger "$tmp/flood" && scans judge "$tmp/flood" "$tmp/expect-flood" && [ "$(count flood)" = 1 ] &&
    [ "$(results summary "$tmp/flood" memory.alerts_scan_overflow)" -gt 0 ] &&
    [ "$(results summary "$tmp/flood" deterministic)" = false ]
}
check "a flood of 200,000 addresses is one alert, and what found no room is said" flood

finish
