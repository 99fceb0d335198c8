#!/bin/sh
# Inner IP fragments in every order, as tshark puts them together; for any number of workers.
. "$(dirname "$0")/../lib.sh"

python3 "$here/judge/fragments.py" "$periscope" "$tmp/fragments" >"$tmp/said" 2>&1
status=$?
cat "$tmp/said"
checks=$((checks + $(grep -c '^ok' "$tmp/said") + $(grep -c '^FAIL' "$tmp/said")))
failures=$((failures + $(grep -c '^FAIL' "$tmp/said")))
[ $status -eq 0 ] || [ $failures -gt 0 ] || fail "fragments.py ended with status $status"
finish
