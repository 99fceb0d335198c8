#!/bin/sh
# The tables that answer first, and docs/ANALYST.md: a made capture gives the rows that its script knows,
# in the same order for 1, 2 and 4 workers; a flood of random names stays within its bound; what is switched
# off is null; bytes from packets never reach the terminal; and every line of the document prints what it says.
. "$(dirname "$0")/../lib.sh"

python3 "$here/judge/documents.py" "$root" "$root/docs/ANALYST.md" >"$tmp/shown" 2>&1 || fail "documents.py"
cat "$tmp/shown"
checks=$((checks + $(grep -c '^ok' "$tmp/shown") + $(grep -c '^FAIL' "$tmp/shown")))
failures=$((failures + $(grep -c '^FAIL' "$tmp/shown")))

python3 "$here/judge/first_screen.py" "$periscope" "$tmp/first" >"$tmp/said" 2>&1
status=$?
cat "$tmp/said"
checks=$((checks + $(grep -c '^ok' "$tmp/said") + $(grep -c '^FAIL' "$tmp/said")))
failures=$((failures + $(grep -c '^FAIL' "$tmp/said")))
[ $status -eq 0 ] || [ $failures -gt 0 ] || fail "first_screen.py ended with status $status"
finish
