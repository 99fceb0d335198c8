#!/bin/sh
# What was recorded stays: no command writes over what it reads, a start that fails changes nothing, a
# full disk loses no more than it must, interfaces are left as they were found, and one answer fits
# together.
. "$(dirname "$0")/../lib.sh"

capgen mix "$tmp/in.pcap" flows=60 >/dev/null
cp "$tmp/in.pcap" "$tmp/kept.pcap"
printf 'flow: {idle_timeout: 7s}\naws_import: [import.json]\n' >"$tmp/set.yaml"
echo '{"TrafficMirrorFilters": []}' >"$tmp/import.json"
cp "$tmp/set.yaml" "$tmp/kept.yaml"
cp "$tmp/import.json" "$tmp/kept.json"

whole() { cmp "$tmp/in.pcap" "$tmp/kept.pcap" && cmp "$tmp/set.yaml" "$tmp/kept.yaml" && cmp "$tmp/import.json" "$tmp/kept.json"; }

refuses() { # expression, command...: status 2, a sentence, nothing made, inputs whole
  want=$1
  shift
  rm -rf "$tmp/no"
  timeout 60 "$@" >"$tmp/stdout" 2>"$tmp/stderr" </dev/null
  got=$?
  cat "$tmp/stderr"
  [ $got -eq 2 ] || { echo "status $got"; return 1; }
  grep -qE "$want" "$tmp/stderr" && [ "$(wc -l <"$tmp/stderr")" -eq 1 ] && [ ! -s "$tmp/stdout" ] &&
    [ ! -e "$tmp/no" ] && whole
}

echo "# what is read is not written to"
ln -s in.pcap "$tmp/link.pcap"
ln "$tmp/in.pcap" "$tmp/hard.pcap"
ln "$tmp/in.pcap" "$tmp/x-ip.pcap"
for out in in.pcap link.pcap hard.pcap ./in.pcap x.pcap; do
  for force in "" --force; do
    # shellcheck disable=SC2086
    check "replay -w $out $force" refuses '(is read, too|is there already)' \
      "$periscope" replay $force -l "$tmp/no" -w "$tmp/$out" "$tmp/in.pcap"
    # shellcheck disable=SC2086
    check "mirror IN $out $force" refuses '(is read, too|is there already)' \
      "$periscope" mirror $force --vni 1 --source 10.0.0.1 "$tmp/in.pcap" "$tmp/$out"
  done
done
check "one of several captures" refuses 'in\.pcap: is read, too' \
  "$periscope" replay --force -l "$tmp/no" -w "$tmp/in.pcap" "$tmp/kept.pcap" "$tmp/hard.pcap"
for file in set.yaml import.json; do
  check "-w $file" refuses "$file: is read, too" \
    "$periscope" replay --force -l "$tmp/no" -c "$tmp/set.yaml" -w "$tmp/$file" "$tmp/kept.pcap"
done
from_stdin() {
  "$periscope" replay --force -l "$tmp/no" -w "$tmp/in.pcap" - <"$tmp/in.pcap" 2>"$tmp/stderr"
  [ $? -eq 2 ] && grep -q 'as standard input' "$tmp/stderr" && whole
}
check "standard input from the same file" from_stdin
to_stdout() { # appended to, as a shell does it
  "$periscope" replay -l "$tmp/no" -w - "$tmp/in.pcap" 2>"$tmp/stderr" >>"$tmp/hard.pcap"
  [ $? -eq 2 ] && grep -q 'standard output: is read, too' "$tmp/stderr" && whole
}
check "standard output appended to the input" to_stdout
inside() { # a capture that --force would remove
  rm -rf "$tmp/dir"
  mkdir -p "$tmp/dir/packets"
  cp "$tmp/in.pcap" "$tmp/dir/packets/mine.pcapng"
  "$periscope" replay --force -l "$tmp/dir" "$tmp/dir/packets/mine.pcapng" 2>"$tmp/stderr"
  [ $? -eq 2 ] && grep -q 'mine.pcapng in it is read' "$tmp/stderr" &&
    cmp "$tmp/in.pcap" "$tmp/dir/packets/mine.pcapng"
}
check "--force does not remove what it reads" inside
rm -f "$tmp/x-ip.pcap"
there() {
  echo mine >"$tmp/w.pcap"
  refuses 'w\.pcap: is there already; --force' "$periscope" replay -l "$tmp/no" -w "$tmp/w.pcap" "$tmp/in.pcap" &&
    [ "$(cat "$tmp/w.pcap")" = mine ] &&
    "$periscope" replay --force -l "$tmp/no" -w "$tmp/w.pcap" "$tmp/in.pcap" >/dev/null &&
    [ "$(wc -c <"$tmp/w.pcap")" -gt 1000 ]
}
check "-w on a file that is there takes --force" there
check "-w /dev/null takes nothing" replay "$tmp/no" -w /dev/null "$tmp/in.pcap"
through_link() { # summary.json is made anew
  rm -rf "$tmp/dir"
  mkdir "$tmp/dir"
  ln -s ../kept.yaml "$tmp/dir/summary.json"
  "$periscope" replay --force -l "$tmp/dir" "$tmp/in.pcap" >/dev/null && whole && results ledger "$tmp/dir"
}
check "summary.json is written through no link" through_link
own() { # NAME
  rm -rf "$tmp/dir"
  "$periscope" replay -l "$tmp/dir" -w "$tmp/dir/$1" "$tmp/in.pcap" 2>"$tmp/stderr"
  [ $? -ne 0 ] && grep -q "$1" "$tmp/stderr"
}
check "-w is not summary.json" own summary.json
forced() { # FILE: what an earlier run found is not there as this one's
  rm -rf "$tmp/dir"
  "$periscope" replay -l "$tmp/dir" "$tmp/in.pcap" >/dev/null || return 1
  echo mine >"$tmp/dir/mine"
  "$periscope" replay --force -l "$tmp/dir" "$1" >"$tmp/stdout" 2>"$tmp/stderr"
  [ $? -eq 1 ] && [ "$(ls "$tmp/dir")" = mine ] && [ ! -s "$tmp/stdout" ]
}
: >"$tmp/empty.pcap"
check "--force, and a capture that is refused" forced "$tmp/empty.pcap"
have_shared bugs/force-keeps-old-results.pcap &&
  check "and one of an unknown link type" forced "$shared/bugs/force-keeps-old-results.pcap"

echo "# standard output has one writer"
for w in - /dev/stdout; do
  both() { timeout 60 "$periscope" replay -j -l "$tmp/no" -w "$w" "$tmp/in.pcap" 2>"$tmp/stderr" | wc -c >"$tmp/bytes"; [ "$(cat "$tmp/bytes")" -eq 0 ] && grep -q 'only one' "$tmp/stderr"; }
  check "-j -w $w" both
done
piped() {
  rm -rf "$tmp/no"
  "$periscope" replay -l "$tmp/no" -w - "$tmp/in.pcap" 2>/dev/null | tcpdump -r - --count 2>&1 | grep '^[0-9]* packets$' &&
    "$periscope" mirror --vni 1 --source 10.0.0.1 "$tmp/in.pcap" - 2>/dev/null | tcpdump -r - --count 2>&1 | grep '^[0-9]* packets$'
}
check "-w - and mirror IN - give packets and nothing else" piped

echo "# a start that fails"
quiet="--set control.socket=off --set control.health_tcp=0 --set capture.memory=64MiB --set capture.workers=1 --set events.max_files=4 --set flow_logs.max_files=1"
ports="--set capture.ports=[\"net_pcap0,rx_pcap=$root/pcaps/web.pcap\"]"
run() { # SECONDS, OUT, arguments...
  seconds=$1 to=$2
  shift 2
  # shellcheck disable=SC2086
  timeout -s TERM "$seconds" "$periscope" run -l "$to" $quiet $ports "$@" >"$tmp/stdout" 2>"$tmp/stderr"
}
python3 -c "
import socket, time
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()
print(s.getsockname()[1], flush=True); time.sleep(300)" >"$tmp/port" &
taken=$!
while ! [ -s "$tmp/port" ]; do sleep 0.1; done
taken_http="--set control.http=127.0.0.1:$(cat "$tmp/port")"
failed() { # OUT, arguments...: one sentence at the end, no table
  run 20 "$@"
  [ $? -eq 1 ] && [ ! -s "$tmp/stdout" ] && tail -n 1 "$tmp/stderr" | grep -q "$sentence"
}
sentence='^periscope: control.http: cannot listen'
nothing_made() {
  # shellcheck disable=SC2086
  failed "$tmp/fresh/a/b" $taken_http && [ ! -e "$tmp/fresh" ]
}
check "makes nothing" nothing_made
nothing_removed() {
  run 4 "$tmp/live" --set control.http=off
  [ "$(ls "$tmp/live/events" | wc -l)" -eq 2 ] || return 1
  find "$tmp/live" -type f -exec sha256sum {} + | sort >"$tmp/before"
  [ "$(wc -l <"$tmp/before")" -eq 5 ] || { cat "$tmp/before"; return 1; }
  for _ in 1 2 3 4; do
    # shellcheck disable=SC2086
    failed "$tmp/live" $taken_http || return 1
  done
  find "$tmp/live" -type f -exec sha256sum {} + | sort | cmp - "$tmp/before"
}
check "four times, and removes nothing" nothing_removed
kill $taken
locked() {
  # shellcheck disable=SC2086
  "$periscope" run -l "$tmp/live" $quiet $ports --set control.http=off >/dev/null 2>"$tmp/owner" &
  pid=$!
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    grep -q running "$tmp/owner" 2>/dev/null && break
    sleep 0.3
  done
  sentence="live: is the output directory of process $pid"
  failed "$tmp/live" --set control.http=off || return 1
  "$periscope" replay --force -l "$tmp/live" "$tmp/in.pcap" 2>"$tmp/stderr"
  [ $? -eq 1 ] && grep -q "$sentence" "$tmp/stderr" || return 1
  kill -9 $pid
  wait $pid
  [ -e "$tmp/live/periscope.lock" ] || return 1
  run 3 "$tmp/live" --set control.http=off
  grep -q running "$tmp/stderr" && [ ! -e "$tmp/live/periscope.lock" ]
}
check "a directory has one owner; a killed one holds nobody up" locked

if [ "$(id -u)" -eq 0 ]; then
  echo "# an interface"
  net=psev$$
  trap 'ip netns del $net 2>/dev/null; rm -rf "$tmp"' EXIT
  if ip netns add $net 2>/dev/null && ip -n $net link add v0 type veth peer name v1; then
    ip -n $net link set v0 up
    ip -n $net link set v1 up
    state() { ip -n $net -d link show v0 | grep -oE '<[^>]*>|promiscuity [0-9]+' | tr '\n' ' '; }
    as_found() { # SIGNAL
      found=$(state)
      rm -f "$tmp/stderr" # the background opens it late, and the one before says "running", too
      ip netns exec $net "$periscope" run -l "$tmp/if" --set control.http=off --set control.health_tcp=0 \
        --set capture.memory=64MiB --set 'capture.ports=["net_af_packet0,iface=v0"]' >/dev/null 2>"$tmp/stderr" &
      pid=$!
      for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        grep -q running "$tmp/stderr" 2>/dev/null && break
        sleep 0.3
      done
      during=$(state)
      kill -"$1" $pid
      wait $pid
      echo "found $found, then $during, left $(state)"
      [ "$(state)" = "$found" ] && [ "$during" != "$found" ]
    }
    for how in TERM KILL TERM; do check "is left as it was found, $how" as_found $how; done
    ip -n $net link set v0 promisc on allmulticast on
    for how in TERM KILL; do check "also when it was promiscuous, $how" as_found $how; done
  else
    skip "no network namespace"
  fi
else
  skip "not root: interfaces"
fi
finish
