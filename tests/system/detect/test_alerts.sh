#!/bin/sh
# Alerts of a replay: what the capture's maker says must raise one does, once a client and tenant, and what is
# like it does not; the same for any number of workers; none where the settings ask for none; bounds.
. "$(dirname "$0")/../lib.sh"

alerts() { python3 "$here/make/alerts.py" "$@"; }

alerts make "$tmp/mirror.pcap" >"$tmp/expect" || exit 1

agrees() { # workers
  replay "$tmp/out$1" --workers "$1" "$tmp/mirror.pcap" && alerts replay "$tmp/out$1" "$tmp/expect" &&
    results ledger "$tmp/out$1"
}
for workers in 1 2 4; do
  check "alerts are those of the maker, $workers workers" agrees $workers
done
same() {
  cat "$tmp/out1/alerts/alerts.jsonl" | sort >"$tmp/one"
  [ "$(wc -l <"$tmp/one")" -gt 4 ] || return 1
  for workers in 2 4; do
    sort "$tmp/out$workers/alerts/alerts.jsonl" | cmp - "$tmp/one" || return 1
  done
}
check "the same lines for any number of workers" same

off() {
  replay "$tmp/off" --set detect.alerts=false "$tmp/mirror.pcap" && [ ! -e "$tmp/off/alerts" ] &&
    [ "$(results summary "$tmp/off" alerts.facts)" = 0 ] && results ledger "$tmp/off"
}
check "none where they are off" off

higher() { # tcp_overlap has a score of 100
  replay "$tmp/higher" --set detect.risk_score=101 "$tmp/mirror.pcap" && [ ! -s "$tmp/higher/alerts/alerts.jsonl" ]
}
check "none below the score" higher

# What is not wanted is no alert and stands in no event of a flow, and is counted.
suppressed() {
  replay "$tmp/less" --workers 2 --set 'detect.suppress=[{rule: tcp_overlap, address: 10.0.0.0/31, tenant: "7"},
    {engine: periscope, address: "fd00::/16"}, {rule: tcp_overlap, until: 2000-01-01}]' "$tmp/mirror.pcap" &&
    results ledger "$tmp/less" && alerts less "$tmp/less" "$tmp/expect" 10.0.0.1@7 fd00::4@7 fd00::4@8
}
check "alerts that are not wanted" suppressed

# With the lowest bound, alerts end for others; their counts stay a sum of all.
bound() {
  replay "$tmp/bound" --set detect.open_alerts=16 --set detect.risk_score=1 --workers 2 "$root/pcaps/everything.pcap" \
    "$tmp/mirror.pcap" || return 1
  results ledger "$tmp/bound" || return 1
  python3 - "$tmp/bound" <<'END'
import json, sys
s = json.load(open(sys.argv[1] + "/summary.json"))
rows = [json.loads(line) for line in open(sys.argv[1] + "/alerts/alerts.jsonl")]
flows = [json.loads(line) for line in open(sys.argv[1] + "/events/flows.jsonl")]
risks = sum(len(flow["risks"]) for flow in flows)
print(len(rows), sum(row["count"] for row in rows), risks, s["alerts"]["facts"], s["memory"]["alerts_overflow"])
sys.exit(not (sum(row["count"] for row in rows) == risks == s["alerts"]["facts"] > 50 and len(rows) == s["alerts"]["begun"]))
END
}
check "every risk of a flow event was told once" bound

finish
