#!/bin/sh
# 10,000 rules: how long they take to load, and that each counts right.
. "$(dirname "$0")/../lib.sh"

filters() { python3 "$here/judge/filters.py" "$@"; }

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
