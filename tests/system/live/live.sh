# shellcheck shell=sh
# Starting and ending the appliance in tests. Sourced after lib.sh.

faults=""

# with_faults NAME=VALUE... -- COMMAND...: what the command starts is the program with these faults (faults.c); it
# takes $faults into the prefix of live_start.
with_faults() {
  [ -x "$faulty" ] || { echo "$faulty is not built"; return 1; }
  faults=env
  while [ "$1" != -- ]; do
    faults="$faults $1"
    shift
  done
  shift
  live_program=$faulty
  "$@"
  faults_status=$?
  live_program=$periscope faults=""
  return $faults_status
}

live() { python3 "$here/judge/live.py" "$@"; }

# live_start DIR COMMAND-PREFIX... -- ARGUMENTS: starts periscope run in the background and waits until
# it runs. Output in DIR.out and DIR.err; LIVE_PID is the program's.
live_start() {
  live_dir=$1
  shift
  rm -f "$live_dir.out" "$live_dir.err"
  live_before=""
  while [ "$1" != -- ]; do
    live_before="$live_before $1"
    shift
  done
  shift
  # shellcheck disable=SC2086
  $live_before "${live_program:-$periscope}" run -l "$live_dir" "$@" >"$live_dir.out" 2>"$live_dir.err" &
  LIVE_PID=$!
  live_tries=100
  until grep -q 'periscope: running' "$live_dir.err" 2>/dev/null; do
    live_tries=$((live_tries - 1))
    if [ $live_tries -eq 0 ] || ! kill -0 $LIVE_PID 2>/dev/null; then
      cat "$live_dir.err"
      return 1
    fi
    sleep 0.1
  done
}

# live_stop SIGNAL SECONDS: it must end with status 0 within so many seconds.
live_stop() {
  live_began=$(date +%s%N)
  kill -s "$1" $LIVE_PID
  live_tries=$(($2 * 20))
  while kill -0 $LIVE_PID 2>/dev/null; do
    live_tries=$((live_tries - 1))
    if [ $live_tries -eq 0 ]; then
      echo "did not end within $2 s of SIG$1"
      kill -s KILL $LIVE_PID
      wait $LIVE_PID
      return 1
    fi
    sleep 0.05
  done
  wait $LIVE_PID
  live_status=$?
  live_ms=$((($(date +%s%N) - live_began) / 1000000))
  [ $live_status -eq 0 ] && return 0
  echo "status $live_status"
  tail -n 20 "$live_dir.err"
  return 1
}

# wire_up NAMESPACE: makes it, with a wire inside, from0 to to0, on which the kernel says nothing of
# its own. Needs root.
wire_up() {
  ip netns add "$1"
  ip netns exec "$1" sh -c 'for at in all default; do
    echo 1 >/proc/sys/net/ipv6/conf/$at/disable_ipv6; done'
  ip -n "$1" link add from0 mtu 1900 arp off type veth peer name to0 mtu 1900 arp off
  ip -n "$1" link set from0 up
  ip -n "$1" link set to0 up
  ip -n "$1" link set lo up
}

# mirror_wire NET: namespaces NET-source, 10.77.0.1, and NET-sensor, 10.77.0.2, with an eth0 each, wired to one another.
# Needs root.
mirror_wire() {
  ip netns add "$1-source" && ip netns add "$1-sensor" &&
    ip -n "$1-source" link add eth0 type veth peer name eth0 netns "$1-sensor" &&
    ip -n "$1-source" addr add 10.77.0.1/24 dev eth0 && ip -n "$1-sensor" addr add 10.77.0.2/24 dev eth0 &&
    ip -n "$1-source" link set eth0 up && ip -n "$1-sensor" link set eth0 up &&
    ip -n "$1-sensor" link set lo up || {
    echo "FAIL the namespaces could not be made"
    exit 1
  }
}

# eventually SECONDS COMMAND...: it succeeds by then; what it said last is told where not.
eventually() {
  eventually_tries=$(($1 * 10))
  shift
  until "$@" >"$tmp/last" 2>&1; do
    eventually_tries=$((eventually_tries - 1))
    [ $eventually_tries -gt 0 ] || { echo "not in time: $*"; cat "$tmp/last"; return 1; }
    sleep 0.1
  done
}

# ctl_says DIR EXPRESSION: of what ctl stats says, s.
ctl_says() { "$periscope" ctl -l "$1" -j stats | python3 -c "import json, sys; s = json.load(sys.stdin); print($2)"; }

# says_within SECONDS DIR EXPRESSION: that is True by then.
says_within() {
  says_tries=$(($1 * 10))
  until [ "$(ctl_says "$2" "$3")" = True ]; do
    says_tries=$((says_tries - 1))
    [ $says_tries -gt 0 ] || { echo "not in time: $3"; ctl_says "$2" '(s["outputs"], s.get("feeds"))'; return 1; }
    sleep 0.1
  done
}
