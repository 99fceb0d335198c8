#!/bin/sh
# The ledger closes on every capture there is, in every mode, with one worker and with several.
. "$(dirname "$0")/../lib.sh"

set -- "$root"/pcaps/*.pcap
if have_shared pcaps; then
  set -- "$@" $(find "$shared/pcaps/" -name '*.pcap' -o -name '*.pcapng' -o -name '*.pcap.gz' | sort)
fi
check "$# captures, five ways" python3 "$here/judge/sweep.py" "$periscope" "$tmp/sweep" "$@"
[ ! -s "$tmp/log" ] || tail -n 1 "$tmp/log"
finish
