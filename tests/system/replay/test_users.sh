#!/bin/sh
# Two users replay at the same time, without root and without huge pages.
. "$(dirname "$0")/../lib.sh"

if [ "$(id -u)" -ne 0 ]; then
  skip "not root: cannot become two other users"
  finish
fi

capgen mix "$tmp/mix.pcap" flows=2000 span=900 >"$tmp/mix.json"
cp "$periscope" "$tmp/periscope"
chmod 755 "$tmp" "$tmp/periscope"
chmod 644 "$tmp/mix.pcap"

as() { # user, command...: without any capability, in a home that cannot be written
  user=$1
  shift
  setpriv --reuid "$user" --regid nogroup --clear-groups --inh-caps=-all --bounding-set=-all \
    env -i HOME=/nonexistent PATH=/usr/bin:/bin "$@"
}

start() { # user
  mkdir "$tmp/$1"
  chown "$1" "$tmp/$1"
  (cd "$tmp/$1" && as "$1" timeout 100 "$tmp/periscope" replay -w packets.pcapng "$tmp/mix.pcap" \
    >stdout 2>stderr; echo $? >status) &
}

for round in 1 2 3; do
  rm -rf "$tmp/nobody" "$tmp/daemon"
  start nobody
  start daemon
  wait
done
for user in nobody daemon; do
  cp "$tmp/$user/stderr" "$tmp/log"
  if [ "$(cat "$tmp/$user/status")" = 0 ] && [ ! -s "$tmp/$user/stderr" ]; then
    ok "$user: status 0, nothing on stderr"
  else
    fail "$user: status $(cat "$tmp/$user/status")"
  fi
  check "$user: everything adds up" results ledger "$tmp/$user/periscope-out" "$tmp/mix.json"
  owner=$(stat -c %U "$tmp/$user/periscope-out/summary.json")
  check "$user: owns what it wrote" [ "$owner" = "$user" ]
done
results canon "$tmp/nobody/periscope-out" >"$tmp/a"
results canon "$tmp/daemon/periscope-out" >"$tmp/b"
check "both found the same" cmp "$tmp/a" "$tmp/b"
finish
