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
  k=1
  while [ "$k" -le "$n" ]; do
    "$periscope" explain -c "$1" -j -r "$2" -n "$k" >"$tmp/said" || return 1
    filters explained "$3" "$k" <"$tmp/said" || return 1
    k=$((k + $4))
  done
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

# Loading 10,000 rules takes less than 4 s; and ten times the rules take no more than ten times the
# time, however busy the machine is.
capgen mix "$tmp/mix.pcap" flows=300 vnis=100 span=60 >/dev/null
filters many 10 100 >"$tmp/few.json"
filters many 100 100 >"$tmp/many.json"
check "10,000 rules of 100 filters are loaded within 4 s" filters loads 4 10 "$tmp/few.json" "$tmp/many.json" \
  "$periscope" replay --force -l "$tmp/many" "$tmp/mix.pcap"
filters many 1 1000 >"$tmp/few.json"
filters many 1 10000 >"$tmp/one.json"
check "10,000 rules of one filter are loaded within 4 s" filters loads 4 10 "$tmp/few.json" "$tmp/one.json" \
  "$periscope" replay --force -l "$tmp/one" "$tmp/mix.pcap"
python3 "$here/judge/verdicts.py" "$tmp/many.json" "$tmp/mix.pcap" >"$tmp/truth.json" || exit 1
same_rules() {
  python3 -c "
import json
truth, said = json.load(open('$tmp/truth.json')), json.load(open('$tmp/many/summary.json'))
got = sorted([r['filter_id'], r['direction'], r['rule_number'], r['packets'], r['bytes']] for r in said['rules'])
assert len(got) == 10000 and got == truth['rules'], sum(a != b for a, b in zip(got, truth['rules']))
assert sum(r[3] > 0 for r in got) > 50"
}
check "each of the 10,000 counts right" same_rules
finish
