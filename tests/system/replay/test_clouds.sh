#!/bin/sh
# Mirror traffic of Google Cloud, Azure and Oracle Cloud with the settings of docs/CLOUDS.md, and
# tunnels inside of what is mirrored, which stay where they are.
. "$(dirname "$0")/../lib.sh"

python3 "$here/judge/clouds.py" "$periscope" "$root/docs/CLOUDS.md" "$tmp/clouds" >"$tmp/said" 2>&1
status=$?
cat "$tmp/said"
checks=$((checks + $(grep -c '^ok' "$tmp/said") + $(grep -c '^FAIL' "$tmp/said")))
failures=$((failures + $(grep -c '^FAIL' "$tmp/said")))
[ $status -eq 0 ] || [ $failures -gt 0 ] || fail "clouds.py ended with status $status"
finish
