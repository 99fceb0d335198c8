#!/bin/sh
# What the live appliance gives up once its devices are open, looked up in /proc for every thread,
# and that everything else goes on: reload, control, health, files, the end.
. "$(dirname "$0")/../lib.sh"
. "$here/live/live.sh"

pcaps=$root/pcaps
# Another user must come through, also where this folder is below a home that is its owner's alone.
chmod 755 "$tmp"
cp "$periscope" "$tmp/periscope"
cp "$pcaps/web.pcap" "$tmp/web.pcap"
chmod 755 "$tmp/periscope"
chmod 644 "$tmp/web.pcap"
periscope=$tmp/periscope
port="net_pcap0,rx_pcap=$tmp/web.pcap"
http=$((20000 + $$ % 20000))
LIVE_PID=
trap '[ -z "$LIVE_PID" ] || kill -s KILL "$LIVE_PID" 2>/dev/null; rm -rf "$tmp"' EXIT

# run DIR ARGUMENTS...: with a control plane of its own
run() {
  dir=$1
  shift
  [ -z "$LIVE_PID" ] || kill -s KILL "$LIVE_PID" 2>/dev/null # one that a failed check left
  live_start "$dir" ${as:-env} -- -c "$tmp/live.yaml" --set control.http=127.0.0.1:$http \
    --set control.health_tcp=$((http + 1)) --set capture.memory=64MiB --set capture.workers=2 \
    --set "capture.ports=[\"$port\"]" "$@"
}
cp "$pcaps/lab.yaml" "$tmp/live.yaml"

# status FIELD VALUE: the value in every thread of the appliance
status() {
  tasks=0
  for task in /proc/"$LIVE_PID"/task/*/status; do
    tasks=$((tasks + 1))
    got=$(sed -n "s/^$1:[[:space:]]*//p" "$task")
    [ "$got" = "$2" ] || { echo "$(sed -n 's/^Name:\t*//p' "$task"): $1 is $got, and not $2"; return 1; }
  done
  [ $tasks -ge 7 ] || { echo "$tasks threads"; return 1; }
}

none=0000000000000000
filtered=2
grep -q '__asan_init\|__tsan_init' "$periscope" && filtered=0 # sanitizers make calls of their own
given_up() { # capabilities, seccomp mode
  status CapEff "$1" && status CapPrm "$1" && status CapInh $none && status CapAmb $none &&
    status NoNewPrivs 1 && status Seccomp "$2" &&
    grep -q '^Max core file size  *0  *0 ' /proc/"$LIVE_PID"/limits
}

get() { python3 -c 'import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=5).read().decode())' "http://127.0.0.1:$http/$1"; }

waited() { # command...: up to five seconds
  tries=50
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { echo "waited in vain for: $*"; return 1; }
    sleep 0.1
  done
}

# Everything that an operator does with it, and its files at the end.
works() { # directory
  kill -s HUP "$LIVE_PID"
  waited grep -q '^periscope: reloaded$' "$1.err" || { cat "$1.err"; return 1; }
  "$periscope" ctl -l "$1" reload | grep -q reloaded || return 1
  for table in stats sessions rules flows; do "$periscope" ctl -l "$1" $table >/dev/null || return 1; done
  get health | grep -q '"healthy": true' && get metrics | grep -q '^periscope_build_info' || return 1
  python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])), 3)' $((http + 1)) || return 1
  "$periscope" ctl -l "$1" quit && live_ended || return 1
  live closed "$1" && [ "$(results summary "$1" received)" = 240 ] &&
    [ -n "$(find "$1/flow-logs" -name '*.log.gz')" ]
}

live_ended() {
  waited sh -c "! kill -0 $LIVE_PID" || return 1
  wait "$LIVE_PID" || { echo "status $?"; cat "$dir.err"; return 1; }
  LIVE_PID=
}

end() { live_stop TERM 5 && LIVE_PID=; }

as_nobody() {
  id=$(id -u nobody)
  run "$tmp/made" --set rights.user=nobody || return 1
  given_up $none $filtered && status Uid "$id	$id	$id	$id" &&
    status Gid "$(printf '%s\t%s\t%s\t%s' $(for i in 1 2 3 4; do id -g nobody; done))" &&
    status Groups "$(id -G nobody) " || { end; return 1; }
  works "$tmp/made" || return 1
  [ -z "$(find "$tmp/made" ! -user nobody)" ] && [ -z "$(find "$tmp/made" -perm /007)" ] ||
    { find "$tmp/made" -ls; return 1; }
}

as_root() {
  run "$tmp/root" || return 1
  given_up $none $filtered && status Uid '0	0	0	0' || { end; return 1; }
  works "$tmp/root"
}

# The settings of another owner: said at the start, refused at a reload, and nothing changes.
unreadable() {
  chmod 600 "$tmp/live.yaml"
  run "$tmp/closed" --set rights.user=nobody || return 1
  kill -s HUP "$LIVE_PID"
  waited grep -q 'not reloaded, nothing has changed: .*live.yaml' "$tmp/closed.err"
  refused=$?
  end && [ $refused -eq 0 ] && grep -q 'live.yaml: a reload cannot read it: Permission denied' "$tmp/closed.err"
  result=$?
  chmod 644 "$tmp/live.yaml"
  return $result
}

# Files of another owner stay his: the sentence says what to do.
unwritable() {
  mkdir -p "$tmp/others"
  ! run "$tmp/others" --set rights.user=nobody >"$tmp/said" || { end; return 1; }
  grep -q "chown -R nobody $tmp/others" "$tmp/said" || { cat "$tmp/said"; return 1; }
  # Nor are those of another user root's, once it has no capabilities.
  chown nobody "$tmp/others" && chmod 700 "$tmp/others"
  ! run "$tmp/others" >"$tmp/said" || { end; return 1; }
  grep -q "chown -R root $tmp/others" "$tmp/said" || { cat "$tmp/said"; return 1; }
}

# A health check on a port below 1024 is closed and opened as health changes.
low_port() {
  run "$tmp/low" --set rights.user=nobody --set control.health_tcp=$((600 + $$ % 400)) --set control.disk_free_min=0 || return 1
  # Threads that were there before have nothing; what opens the port came later.
  grep -h '^CapEff' /proc/"$LIVE_PID"/task/*/status | sort -u >"$tmp/caps"
  get health >"$tmp/said"
  end && printf 'CapEff:\t%s\nCapEff:\t0000000000000400\n' $none | diff "$tmp/caps" - &&
    grep -q '"healthy": true' "$tmp/said"
}

switched() { # off|log, mode in /proc
  run "$tmp/switched" --set rights.seccomp="$1" --set rights.core_dumps=true || return 1
  # AddressSanitizer sets the limit itself.
  status Seccomp "$2" && status NoNewPrivs 1 && status CapEff $none &&
    { [ $filtered -eq 0 ] || ! grep -q '^Max core file size  *0 ' /proc/"$LIVE_PID"/limits; }
  result=$?
  end && rm -r "$tmp/switched" && return $result
}

says() { # sentence, status, arguments...
  want=$1 code=$2
  shift 2
  timeout 20 ${as:-env} "$periscope" run -l "$tmp/no" "$@" >"$tmp/said" 2>&1
  got=$?
  [ $got -eq "$code" ] && grep -q "$want" "$tmp/said" || { echo "status $got"; cat "$tmp/said"; return 1; }
}

as=
if [ "$(id -u)" -eq 0 ]; then
  ulimit -c unlimited
  check "as nobody: every thread has given up, everything works" as_nobody
  check "as root without a user: no capability, everything works" as_root
  check "settings that the user cannot read" unreadable
  check "an output directory that the user cannot write" unwritable
  check "a health port below 1024 keeps its capability alone" low_port
  check "seccomp: log, and core files" switched log $filtered
  check "seccomp: off" switched off 0
  check "no such user" says "there is no user 'nobody9'" 2 --set "capture.ports=[\"$port\"]" --set rights.user=nobody9
  # What follows is for users without rights.
  as="setpriv --reuid=nobody --regid=nogroup --clear-groups --bounding-set=-all --inh-caps=-all"
  mkdir "$tmp/mine" && chown nobody "$tmp/mine"
else
  skip "needs root to become another user"
  mkdir "$tmp/mine"
fi

unprivileged() {
  run "$tmp/mine/got" || return 1
  given_up $none $filtered || { end; return 1; }
  works "$tmp/mine/got"
}
check "started without rights" unprivileged
check "what a port lacks is said" says 'net_af_packet0,iface=lo needs CAP_NET_RAW for socket(AF_PACKET)' 1 \
  --set 'capture.ports=["net_af_packet0,iface=lo"]' --set capture.memory=64MiB
check "another user without root" says "only root can become 'root'" 2 \
  --set "capture.ports=[\"$port\"]" --set rights.user=root

# replay waits for a capture that comes through a pipe: by then it is confined.
replayed() { # seccomp mode, settings...
  mode=$1
  shift
  rm -rf "$tmp/replayed" "$tmp/pipe"
  mkfifo "$tmp/pipe"
  "$periscope" replay -l "$tmp/replayed" -c "$pcaps/lab.yaml" "$@" - <"$tmp/pipe" >"$tmp/said" 2>&1 &
  LIVE_PID=$!
  exec 9>"$tmp/pipe"
  head -c 1000 "$pcaps/web.pcap" >&9
  sleep 1
  seccomp=$(sed -n 's/^Seccomp:[[:space:]]*//p' /proc/$LIVE_PID/status)
  tail -c +1001 "$pcaps/web.pcap" >&9
  exec 9>&-
  wait $LIVE_PID || { cat "$tmp/said"; return 1; }
  LIVE_PID=
  [ "$seccomp" = "$mode" ] && [ "$(results summary "$tmp/replayed" received)" = 240 ] ||
    { echo "seccomp mode $seccomp"; return 1; }
}
check "replay reads captures confined" replayed $filtered
check "or not, when told so" replayed 0 --set rights.seccomp=off

# Events of a confined replay reach a collector.
collected() {
  python3 - "$tmp/collector" >"$tmp/events" <<'END' &
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
sys.stdout.write(s.accept()[0].makefile().read())
END
  collector=$!
  waited [ -S "$tmp/collector" ] || return 1
  replay "$tmp/sent" --set events.socket="$tmp/collector" "$pcaps/web.pcap" || { kill $collector; cat "$tmp/log"; return 1; }
  wait $collector
  sort "$tmp/events" >"$tmp/got"
  sort "$tmp"/sent/events/*.jsonl "$tmp"/sent/alerts/*.jsonl | diff "$tmp/got" -
}
check "a confined replay sends events to a collector" collected

finish
