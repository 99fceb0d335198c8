#!/bin/sh
# Indicator lists and databases of addresses, reloaded live while packets come: what is new in them is found, what is gone is
# not, what is wrong changes nothing and is named, suppressions come and go, and nothing is lost. Under the filter of system calls. Needs root.
. "$(dirname "$0")/../lib.sh"
. "$here/live/live.sh"

if [ "$(id -u)" -ne 0 ]; then
  skip "needs root for network namespaces"
  finish
fi
net=psrl$$
LIVE_PID= SENDER=
down() {
  [ -n "$SENDER" ] && kill $SENDER 2>/dev/null
  [ -n "$LIVE_PID" ] && kill -s KILL $LIVE_PID 2>/dev/null && wait $LIVE_PID 2>/dev/null
  ip netns del $net-source 2>/dev/null
  ip netns del $net-sensor 2>/dev/null
  rm -rf "$tmp"
}
trap down EXIT
mirror_wire $net

send() { ip netns exec $net-source python3 "$here/make/mirror_send.py" 10.77.0.2 "$@"; }
system() { # number: a database that has all of 10.0.0.0/8 in it
  printf '10.0.0.0/8 {"autonomous_system_number": %s, "autonomous_system_organization": "Org %s"}\n' "$1" "$1" |
    python3 "$here/make/mmdb.py" "$tmp/new.mmdb" GeoLite2-ASN && mv "$tmp/new.mmdb" "$tmp/asn.mmdb"
}
reload() { "$periscope" ctl -l "$dir" reload; }
reloaded() { reload >"$tmp/ctl" 2>&1 && ! grep -q 'left as they were' "$tmp/ctl" || { cat "$tmp/ctl"; return 1; }; }
refused() { # words
  ! reload >"$tmp/ctl" 2>&1 && grep -qF "$1" "$tmp/ctl" || { cat "$tmp/ctl"; return 1; }
}
told() { cat "$dir"/alerts/*.jsonl | grep -q "\"rule\":\"$1\".*\"title\":\"$2\""; } # list, indicator
# Of conversation N, each from an address and a port of its own, the flow event says it.
says() { # N, words
  cat "$dir"/events/flows*.jsonl | grep "\"src_port\":$((20000 + $1))," | grep -qF "$2"
}

start() { # workers
  dir=$tmp/live$1
  system 64500
  echo 10.9.9.9 >"$tmp/bad.txt"
  printf 'detect:\n  lists:\n  - {file: bad.txt}\n' >"$tmp/settings.yaml"
  live_start "$dir" ip netns exec $net-sensor -- -c "$tmp/settings.yaml" \
    --set 'capture.ports=["net_af_packet0,iface=eth0,framesz=2048,blocksz=65536,framecnt=8192"]' \
    --set capture.memory=96MiB --set flow.capacity=65536 --set control.disk_free_min=0 \
    --set capture.workers="$1" --set flow.idle_timeout=1s --set control.http=off || return 1
  # A conversation that goes on through all reloads; every packet of it must arrive.
  send first=9000 flows=1 rate=200 seconds=15 >"$tmp/sent" &
  SENDER=$!
}
nothing_yet() {
  send first=1 >/dev/null && eventually 5 says 1 '"src_asn":null' && ! told bad '.*'
}
address_listed() { # its conversation was there before it was
  printf '10.9.9.9\n10.1.0.3\n10.1.0.10\n' >"$tmp/bad.txt" && reloaded &&
    send first=2 >/dev/null && eventually 5 told bad 10.1.0.3
}
system_listed() { # a database and a list that the settings did not have
  printf 'detect:\n  geoip: [asn.mmdb]\n  lists:\n  - {file: as.txt, name: systems}\n' >"$tmp/settings.yaml"
  echo AS64500 >"$tmp/as.txt"
  reloaded && send first=3 >/dev/null && eventually 5 told systems AS64500 &&
    eventually 5 says 3 '"src_asn":64500,"dst_asn":64500,"src_as_org":"Org 64500"'
}
list_gone() { send first=9 >/dev/null && eventually 5 says 9 '"src_ip":"10.1.0.10"' && ! told bad 10.1.0.10; }
system_changed() { # the same file, renamed into its place
  system 64501 && echo AS64501 >>"$tmp/as.txt" && reloaded &&
    send first=4 >/dev/null && eventually 5 told systems AS64501 && eventually 5 says 4 '"src_asn":64501'
}
cut_in_place() { # the database is cut to nothing under whoever has it, and a reload refuses it
  : >"$tmp/asn.mmdb"
  refused 'asn.mmdb: detect.geoip[0]: is no database in MaxMind' &&
    send first=5 >/dev/null && eventually 5 says 5 '"src_asn":64501'
}
list_wrong() {
  system 64502 && echo '<html>' >"$tmp/as.txt" && refused 'as.txt: detect.lists[0]: holds 1 line, of which none can be taken' &&
    send first=6 >/dev/null && eventually 5 says 6 '"src_asn":64501'
}
all_gone() {
  echo '{}' >"$tmp/settings.yaml" && reloaded && send first=7 >/dev/null && eventually 5 says 7 '"src_asn":null'
}
suppressed() { # no alert, and in no event of its flow; the count is in ctl
  printf '10.1.0.9\n10.1.0.11\n' >"$tmp/bad.txt"
  printf 'detect:\n  lists:\n  - {file: bad.txt, name: loud}\n  suppress:\n  - {rule: loud, address: 10.1.0.0/16}\n' >"$tmp/settings.yaml"
  reloaded && send first=8 >/dev/null && eventually 5 says 8 '"alerts":[]' && ! told loud '.*' &&
    [ "$("$periscope" ctl -l "$dir" stats -j | jq .alerts.suppressed)" = 1 ]
}
wanted_again() {
  printf 'detect:\n  lists:\n  - {file: bad.txt, name: loud}\n' >"$tmp/settings.yaml"
  reloaded && send first=10 >/dev/null && eventually 5 told loud 10.1.0.11 && eventually 5 says 10 '"engine":"list","rule":"loud","severity":2}'
}
ended() {
  wait $SENDER
  SENDER=
  sleep 0.5
  live_stop TERM 8 && live closed "$dir" && results ledger "$dir" || return 1
  python3 - "$dir" "$(cat "$tmp/sent")" <<'END'
import sys
import results
got = sum(f["client"]["packets"] for f in results.flows(sys.argv[1]) if f["src_port"] == 29000)
sys.exit(got != int(sys.argv[2]) and "%d of %s packets" % (got, sys.argv[2]))
END
}

for workers in 1 2; do
  check "it runs, $workers workers" start $workers
  check "what is in no list is no alert" nothing_yet
  check "an address that a reload lists is" address_listed
  check "a database and a list of AS numbers, by a reload" system_listed
  check "the list that is gone says nothing" list_gone
  check "the database that was replaced says what is new" system_changed
  check "one that is cut in place is refused, and the old one goes on" cut_in_place
  check "a list that is none is refused, and all stays" list_wrong
  check "without both there is nothing" all_gone
  check "an alert that a reload suppresses is none" suppressed
  check "one that is not suppressed any more is" wanted_again
  check "every packet of a conversation through all of it" ended
done

finish
