#!/bin/sh
# New listeners of a replay: ports of mirrored interfaces that answer for the first time after the time of learning, as the
# capture's maker says, and no others; the same for any number of workers; settings.
. "$(dirname "$0")/../lib.sh"

listeners() { python3 "$here/make/listeners.py" "$@"; }

listeners make "$tmp/listeners.pcap" >"$tmp/expect" && listeners settings >"$tmp/settings.yaml" || exit 1

of() { # output directory, arguments
  out_of=$1
  shift
  replay "$out_of" -c "$tmp/settings.yaml" --set detect.listener_learning=1h "$@" "$tmp/listeners.pcap"
}
agrees() { # workers
  of "$tmp/out$1" --workers "$1" && listeners judge "$tmp/out$1" "$tmp/expect" && results ledger "$tmp/out$1"
}
for workers in 1 2 4; do
  check "new listeners are those of the maker, $workers workers" agrees $workers
done
same() {
  sort "$tmp/out1/alerts/alerts.jsonl" >"$tmp/one"
  [ "$(grep -c new_listener "$tmp/one")" = 3 ] || return 1
  for workers in 2 4; do
    sort "$tmp/out$workers/alerts/alerts.jsonl" | cmp - "$tmp/one" || return 1
  done
}
check "the same lines for any number of workers" same
count() { grep -c '"category":"listener"' "$tmp/$1/alerts/alerts.jsonl"; }
learning() {
  of "$tmp/short" --set detect.listener_learning=3580s && [ "$(count short)" = 4 ] &&
    of "$tmp/long" --set detect.listener_learning=1d && [ "$(count long)" = 0 ] &&
    of "$tmp/off" --set detect.listener_learning=0 && [ "$(count off)" = 0 ]
}
check "the time of learning is that of the settings" learning
without() { # the outer source tells what is the interface's
  replay "$tmp/plain" --set detect.listener_learning=1h "$tmp/listeners.pcap" && listeners judge "$tmp/plain" "$tmp/expect"
}
check "the same without sessions, by the outer source" without

finish
