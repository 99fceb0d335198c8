#!/bin/sh
# What is the matter with mirror sessions, in replay: alerts of an unknown session, of loss and of a loop, a note of one
# without packets; an overlay of containers is no loop; nothing of it without sessions in the settings; of a crowd of unknown ones, inspected or
# refused, the same are told; any number of workers.
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

states crowd "$tmp/crowd.pcap" 1500 | LC_ALL=C sort >"$tmp/crowd" || exit 1
named() { # workers, inspect or refuse
  replay "$tmp/crowd$1" -c "$tmp/settings.yaml" --workers "$1" --set sessions.unknown="$2" "$tmp/crowd.pcap" &&
    python3 - "$tmp/crowd$1/alerts/alerts.jsonl" <<'END' | LC_ALL=C sort | cmp - "$tmp/crowd" || return 1
import json, sys
for a in map(json.loads, open(sys.argv[1])):
    if a["rule"] == "mirror_session_unknown":
        print(a["title"], a["evidence"]["packets"])
END
  cmp "$tmp/crowd1/alerts/alerts.jsonl" "$tmp/crowd$1/alerts/alerts.jsonl" &&
    [ "$(results summary "$tmp/crowd$1" ledger.session_unknown)" = "$([ "$2" = refuse ] && echo 6000 || echo 0)" ]
}
refused() { # of 1,500 pairs there is room for 64: rows and what is beyond them are all packets
  replay "$tmp/full" -c "$tmp/settings.yaml" --workers 1 --set sessions.unknown=refuse --set sessions.capacity=64 "$tmp/crowd.pcap" &&
    python3 - "$tmp/full" <<'END'
import sys
import results
s = results.summary(sys.argv[1])
rows, beyond = [row for row in s["sessions"] if not row["configured"]], s["memory"]["sessions_overflow"]
good = len(rows) == 64 and sum(row["packets"] for row in rows) + beyond == 6000 == s["ledger"]["session_unknown"]
sys.exit(not good and str((len(rows), beyond)))
END
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
for mode in inspect refuse; do
  for workers in 1 2 4; do
    check "of 1,500 unknown sessions the first 1,024 are named, $mode, $workers workers" named $workers $mode
  done
done
check "what is refused is named as far as there is room, and counted beyond" refused
check "detect.alerts: false tells nothing" none

finish
