#!/bin/sh
# Beacons of a replay: what the capture's maker says is one, and what is like one is none; the same for any number of
# workers; settings.
. "$(dirname "$0")/../lib.sh"

beacons() { python3 "$here/make/beacons.py" "$@"; }

beacons make "$tmp/beacons.pcap" >"$tmp/expect" || exit 1

agrees() { # workers
  replay "$tmp/out$1" --workers "$1" "$tmp/beacons.pcap" && beacons judge "$tmp/out$1" "$tmp/expect" && results ledger "$tmp/out$1"
}
for workers in 1 2 4; do
  check "beacons are those of the maker, $workers workers" agrees $workers
done
same() {
  sort "$tmp/out1/alerts/alerts.jsonl" >"$tmp/one"
  [ "$(grep -c '"rule":"beacon"' "$tmp/one")" = 3 ] || return 1
  for workers in 2 4; do
    sort "$tmp/out$workers/alerts/alerts.jsonl" | cmp - "$tmp/one" || return 1
  done
}
check "the same lines for any number of workers" same
count() { grep -c '"category":"beacon"' "$tmp/$1/alerts/alerts.jsonl"; }
thresholds() {
  replay "$tmp/few" --set detect.beacon_calls=23 "$tmp/beacons.pcap" && [ "$(count few)" = 4 ] &&
    replay "$tmp/many" --set detect.beacon_calls=41 "$tmp/beacons.pcap" && [ "$(count many)" = 1 ] &&
    replay "$tmp/fast" --set detect.beacon_interval=5s "$tmp/beacons.pcap" && [ "$(count fast)" = 4 ] &&
    replay "$tmp/strict" --set detect.beacon_jitter=0 "$tmp/beacons.pcap" && [ "$(count strict)" = 1 ] &&
    replay "$tmp/off" --set detect.beacon_calls=0 "$tmp/beacons.pcap" && [ "$(count off)" = 0 ]
}
check "thresholds are those of the settings" thresholds

finish
