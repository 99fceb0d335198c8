#!/bin/sh
# What is the matter with mirror sessions, in replay: alerts of an unknown session, of loss and of a loop, a note of one
# without packets; an overlay of containers is no loop; nothing of it without sessions in the settings; any number of workers.
. "$(dirname "$0")/../lib.sh"

states() { python3 "$here/make/mirror_states.py" "$@"; }
states settings "$tmp/settings.yaml" 10.77.0.1 && states make "$tmp/states.pcap" || exit 1

told() { # workers
  replay "$tmp/out$1" -c "$tmp/settings.yaml" --workers "$1" "$tmp/states.pcap" &&
    states expect "$tmp/out$1/alerts/alerts.jsonl" mirror_session_unknown=1/1 mirror_loss=1/1 mirror_loop=1/1
}
noted() { # words
  results summary "$tmp/out1" notes | grep -qF "$1" || { results summary "$tmp/out1" notes; return 1; }
}
equal() { cmp "$tmp/out1/alerts/alerts.jsonl" "$tmp/out4/alerts/alerts.jsonl"; }
counted() { # 20 flows loop, and the overlay's do not
  python3 - "$tmp/out1" <<'END'
import sys
import results
s = {row["vni"]: row for row in results.summary(sys.argv[1])["sessions"]}
got = {vni: (row["configured"], row["looped_flows"], row["acked_unseen"]) for vni, row in s.items()}
want = {42: (True, 20, 14000), 43: (True, 0, 0), 77: (False, 0, 0)}
sys.exit(got != want and str(got))
END
}
# The same VNI, out of the interface that it came from: a loop without any session in the settings; and nobody is unknown.
unsettled() {
  replay "$tmp/bare" "$tmp/states.pcap" &&
    python3 - "$tmp/bare/alerts/alerts.jsonl" <<'END'
import json, sys
got = sorted(a["rule"] for a in map(json.loads, open(sys.argv[1])) if a["category"] == "mirror")
sys.exit(got != ["mirror_loop", "mirror_loss"] and str(got))
END
}
never() {
  replay "$tmp/never" -c "$tmp/settings.yaml" --set sessions.loss_share=0 "$tmp/states.pcap" &&
    states expect "$tmp/never/alerts/alerts.jsonl" mirror_session_unknown=1 mirror_loop=1
}
none() {
  replay "$tmp/none" -c "$tmp/settings.yaml" --set detect.alerts=false "$tmp/states.pcap" &&
    ! ls "$tmp"/none/alerts/* 2>/dev/null | grep -q .
}

check "an unknown session, loss and a loop are alerts" told 1
check "four workers tell the same" told 4
check "line by line" equal
check "a session without packets is a note" noted "no packet came of 1 of 2 sessions of the settings: tms-b (10.77.0.1, VNI 43)"
check "an unknown one, too" noted "20 packets came of 1 session that the settings do not name: 10.77.0.1, VNI 77"
check "and a loop, with what to do" noted "20 flows are mirror traffic that was mirrored again, of tms-a (10.77.0.1, VNI 42): take"
check "what loops is counted, and an overlay of containers is not" counted
check "without sessions in the settings nobody is unknown" unsettled
check "sessions.loss_share: 0 minds no loss" never
check "detect.alerts: false tells nothing" none

finish
