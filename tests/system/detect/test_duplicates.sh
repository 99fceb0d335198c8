#!/bin/sh
# Packets that a mirror sends twice within one session, in replay: counted in a sample and an alert of those sessions alone;
# retransmissions, equal datagrams and segments, echo floods and copies at two observation points are none; any number of workers.
. "$(dirname "$0")/../lib.sh"

duplicates() { python3 "$here/make/duplicates.py" "$@"; }
duplicates make "$tmp/twice.pcap" >"$tmp/want.json" || exit 1

told() { # workers
  replay "$tmp/out$1" --workers "$1" "$tmp/twice.pcap" && duplicates expect "$tmp/out$1" "$tmp/want.json"
}
equal() { cmp "$tmp/out1/alerts/alerts.jsonl" "$tmp/out$1/alerts/alerts.jsonl"; }
noted() { results summary "$tmp/out1" notes | grep -qF "sampled packets are copies of one shortly before, of 10.77.0.1, VNI 100"; }
never() {
  replay "$tmp/never" --set sessions.duplicates_share=0 "$tmp/twice.pcap" &&
    ! grep -q mirror_duplicates "$tmp/never/alerts/alerts.jsonl" && ! results summary "$tmp/never" notes | grep -q copies
}
others() { # a share of 1 % finds the session of which one of fifty comes twice, too
  replay "$tmp/one" --set sessions.duplicates_share=1 "$tmp/twice.pcap" &&
    [ "$(grep -c '"rule":"mirror_duplicates"' "$tmp/one/alerts/alerts.jsonl")" -gt "$(grep -c '"rule":"mirror_duplicates"' "$tmp/out1/alerts/alerts.jsonl")" ]
}

for workers in 1 2 4; do
  check "as the script counted, $workers workers" told $workers
done
check "two workers tell the same, line by line" equal 2
check "and four" equal 4
check "a note of the summary" noted
check "sessions.duplicates_share: 0 minds none" never
check "1 minds more" others

finish
