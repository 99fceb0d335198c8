#!/bin/sh
# One conversation in every shape that frames come in, as tshark reads them.
. "$(dirname "$0")/../lib.sh"

python3 "$here/judge/shapes.py" "$periscope" "$tmp/shapes" >"$tmp/said" 2>&1
status=$?
cat "$tmp/said"
checks=$((checks + $(grep -c '^ok' "$tmp/said") + $(grep -c '^FAIL' "$tmp/said")))
failures=$((failures + $(grep -c '^FAIL' "$tmp/said")))
[ $status -eq 0 ] || [ $failures -gt 0 ] || fail "shapes.py ended with status $status"
finish
