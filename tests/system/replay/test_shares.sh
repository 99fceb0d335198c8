#!/bin/sh
# What a flood of one session leaves to the conversations of another.
. "$(dirname "$0")/../lib.sh"

python3 "$here/judge/shares.py" "$periscope" "$tmp/shares" >"$tmp/said" 2>&1
status=$?
cat "$tmp/said"
checks=$((checks + $(grep -c '^ok' "$tmp/said") + $(grep -c '^FAIL' "$tmp/said")))
failures=$((failures + $(grep -c '^FAIL' "$tmp/said")))
[ $status -eq 0 ] || [ $failures -gt 0 ] || fail "shares.py ended with status $status"
finish
