#!/bin/sh
# Filters in a replay: sessions known and unknown, directions found every way, rules with ports,
# fragments, Amazon DNS; what replay counts, what explain says packet by packet, and what a second
# implementation works out (verdicts.py) are the same.
. "$(dirname "$0")/../lib.sh"

filters() { python3 "$here/judge/filters.py" "$@"; }

counts() { # workers, settings, capture, truth
  replay "$tmp/out" --workers "$1" -c "$2" "$3" || return 1
  filters compare "$4" "$tmp/out/summary.json" || return 1
  results ledger "$tmp/out"
}

explains() { # settings, capture, truth, step: every step-th packet
  n=$(python3 -c "import json; print(len(json.load(open('$3'))['packets']))")
  for k in $(seq 1 "$4" "$n"); do
    "$periscope" explain -c "$1" -j -r "$2" -n "$k" || return 1
  done >"$tmp/said"
  filters explained "$3" "$4" <"$tmp/said"
}

policy=0
for words in "" "unknown=refuse" "unknown_direction=reject" "unknown=refuse unknown_direction=reject"; do
  policy=$((policy + 1))
  # shellcheck disable=SC2086
  filters settings $words >"$tmp/settings.json"
  capgen mix "$tmp/mix.pcap" flows=900 vnis=6 seed=$policy span=60 >/dev/null
  python3 "$here/judge/verdicts.py" "$tmp/settings.json" "$tmp/mix.pcap" >"$tmp/truth.json" || exit 1
  for workers in 1 2 4; do
    check "counts, ${words:-defaults}, $workers workers" \
      counts $workers "$tmp/settings.json" "$tmp/mix.pcap" "$tmp/truth.json"
  done
  capgen mix "$tmp/small.pcap" flows=40 vnis=6 seed=$((policy + 10)) span=5 >/dev/null
  python3 "$here/judge/verdicts.py" "$tmp/settings.json" "$tmp/small.pcap" >"$tmp/small.json" || exit 1
  check "explain, ${words:-defaults}" \
    explains "$tmp/settings.json" "$tmp/small.pcap" "$tmp/small.json" 5
done

finish
