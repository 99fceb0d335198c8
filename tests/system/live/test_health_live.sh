#!/bin/sh
# Health and overload of the live appliance, for real: workers that stand still, a full disk, rings
# that stay full, inspection that takes too long. Two namespaces: a mirror source, and the sensor
# with net_af_packet. Needs root.
. "$(dirname "$0")/../lib.sh"
. "$here/live/live.sh"

if [ "$(id -u)" -ne 0 ]; then
  skip "needs root for network namespaces"
  finish
fi
net=pshl$$
target=10.77.0.2
LIVE_PID=

stop_running() { # what a check left running
  [ -n "$LIVE_PID" ] && kill -s KILL $LIVE_PID 2>/dev/null && wait $LIVE_PID 2>/dev/null
  LIVE_PID=
}

down() {
  stop_running
  ip netns del $net-source 2>/dev/null
  ip netns del $net-sensor 2>/dev/null
  rm -rf "$tmp"
}
trap down EXIT

mirror_wire $net

in_sensor() { ip netns exec $net-sensor "$@"; }
send() { ip netns exec $net-source python3 "$here/make/mirror_send.py" $target "$@"; }

start() { # directory, arguments of run...
  stop_running
  dir=$1
  shift
  rm -rf "$dir"
  # shellcheck disable=SC2086
  live_start "$dir" ip netns exec $net-sensor $faults -- \
    --set 'capture.ports=["net_af_packet0,iface=eth0,framesz=2048,blocksz=65536,framecnt=8192"]' \
    --set capture.memory=96MiB --set flow.capacity=65536 --set control.disk_free_min=0 "$@"
}

# What /health says, with the status behind it. The name is the interval it may take to answer.
health() { in_sensor curl -s -m 2 -w '%{http_code}\n' http://127.0.0.1:9477/health; }
says() { # status, words
  health >"$tmp/health" 2>&1
  tail -n 1 "$tmp/health" | grep -q "$1" && grep -q "$2" "$tmp/health"
}
within() { # seconds, command...: prints nothing when it succeeds in time
  tries=$(($1 * 10))
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { echo "not in time: $*"; tail -n 5 "$tmp/health" "$dir.err"; return 1; }
    sleep 0.1
  done
}
drained() { # nothing waits in rings
  in_sensor curl -s -m 2 http://127.0.0.1:9477/metrics | grep -q '^periscope_in_flight_packets 0$'
}
port_open() { # 0: open, 1: refused
  in_sensor python3 -c "
import socket, sys
try:
    socket.create_connection(('127.0.0.1', 4789), 2).close()
except ConnectionRefusedError:
    sys.exit(1)"
}
port_closed() { ! port_open; }

# The worker stands still for 2.5 s, 1.5 s after the start: 503 must come 1 s later (control.worker_stall).
stalled() {
  with_faults FAULT_STALL_WORKER=1 FAULT_STALL_AFTER=1500000000 FAULT_STALL_FOR=2500000000 -- \
    start "$tmp/stall" --set capture.workers=2 || return 1
  within 2 says 200 '"healthy": true' && port_open || return 1
  within 4 says 503 'worker 1 has not polled for' && within 1 port_closed || return 1
  within 4 says 200 '"n_wrong": 0' && within 1 port_open || return 1
  grep -q 'not healthy: worker 1 has not polled' "$dir.err" && live_stop TERM 5
}

# A disk of 8 MiB of its own, in a mount namespace of the appliance's own.
disk_full() {
  dir=$tmp/disk
  stop_running
  mkdir "$dir"
  printf '#!/bin/sh\nmount -t tmpfs -o size=8m none "%s" && exec "$@"\n' "$dir" >"$tmp/on-disk"
  chmod +x "$tmp/on-disk"
  live_start "$dir" ip netns exec $net-sensor unshare -m "$tmp/on-disk" -- \
    --set 'capture.ports=["net_af_packet0,iface=eth0"]' --set capture.memory=64MiB \
    --set flow.capacity=4096 --set control.disk_free_min=2MiB || return 1
  within 2 says 200 '"healthy": true' || return 1
  dd if=/dev/zero of="/proc/$LIVE_PID/root$dir/ballast" bs=1M count=7 2>/dev/null
  within 2 says 503 "disk of $dir has" && within 1 port_closed || return 1
  rm "/proc/$LIVE_PID/root$dir/ballast"
  within 3 says 200 '"n_wrong": 0' && within 1 port_open || return 1
  kill -s TERM $LIVE_PID
  wait $LIVE_PID
}

# Worker 1 needs 2 ms for each packet of nDPI's; what worker 0 receives and hands over comes faster.
slow_owner() { # arguments of run...
  with_faults FAULT_DPI_DELAY=2000000 FAULT_DPI_FROM=1 -- \
    start "$tmp/ring" --set capture.workers=2 --set flow.max_ndpi_packets_udp=0 "$@"
}

# What came: all that was sent, but for what the kernel dropped, which is counted too.
came() { # directory, packets sent
  python3 - "$@" <<'END2'
import sys
import results
s = results.summary(sys.argv[1])
came = s["received"] - s["ledger"]["not_mirror"] + sum(p["missed"] for p in s["ports"])
if s["ledger"]["handoff_full"] == 0 or came != int(sys.argv[2]):
    sys.exit("handoff_full %d, %d came of %s" % (s["ledger"]["handoff_full"], came, sys.argv[2]))
END2
}

ring_full() {
  slow_owner --set overload.shed_dpi=false || return 1
  send flows=200 rate=4000 seconds=2 >"$tmp/sent" &
  sender=$!
  within 3 says 503 'ring from worker 0 to 1 holds' && within 1 port_closed || return 1
  wait $sender
  within 8 says 200 '"n_wrong": 0' && within 1 port_open && within 15 drained || return 1
  live_stop TERM 8 && live closed "$dir" && live outside "$dir" handoff_full not_mirror &&
    came "$dir" "$(cat "$tmp/sent")"
}

# The same with the overload order: first flows that begin are not inspected; that does not help, as
# all have begun; then the ring refuses. Afterwards both end.
steps_in_order() {
  slow_owner --set overload.leave=500ms || return 1
  send flows=200 rate=4000 seconds=2 >"$tmp/sent" &
  sender=$!
  within 3 says '[25]0' '"handoff"' || return 1
  wait $sender
  within 8 says 200 '"overload": \[\]' && within 15 drained || return 1
  in_sensor curl -s http://127.0.0.1:9477/metrics >"$tmp/metrics"
  live_stop TERM 8 && live closed "$dir" && came "$dir" "$(cat "$tmp/sent")" || return 1
  grep -n 'worker 1 is overloaded\|worker 1 takes all\|worker 1 keeps up' "$dir.err" >"$tmp/lines"
  awk -F: '/flows that begin are not/ && !a { a = NR } /received for it are lost/ && !b { b = NR }
    /takes all packets/ { c = NR } /keeps up again/ { d = NR }
    END { exit !(a && b && c && d && a < b && b < c && c < d) }' "$tmp/lines" ||
    { cat "$tmp/lines"; return 1; }
  lost=$(results summary "$dir" ledger.handoff_full)
  [ "$lost" -gt 0 ] && grep -q "^periscope_shed_total{step=\"handoff\"} $lost\$" "$tmp/metrics" &&
    grep -q '^periscope_shed_active{step="dpi"} 0$' "$tmp/metrics" &&
    grep -q '^periscope_shed_entered_total{step="handoff"} [1-9]' "$tmp/metrics" ||
    { echo "handoff_full $lost"; grep shed "$tmp/metrics"; return 1; }
}

# Two and a half times what inspection can take, in conversations of four packets: only inspection is given up.
dpi_alone() { # workers
  with_faults FAULT_DPI_DELAY=1000000 -- \
    start "$tmp/dpi" --set capture.workers="$1" --set overload.leave=300ms || return 1
  send flows=1500 packets=4 rate=$((2500 * $1)) >"$tmp/sent" &
  sender=$!
  within 3 says 200 '"dpi"' || return 1
  wait $sender
  # It may try again, and give up again, as long as it goes on.
  sleep 1
  within 6 says 200 '"overload": \[\]' || return 1
  send first=900000 dns=1 packets=1 >/dev/null
  sleep 0.5
  live_stop TERM 8 && live closed "$dir" && live outside "$dir" not_mirror || return 1
  grep -q 'keeps up again; so far [0-9]* flows were not inspected' "$dir.err" || return 1
  python3 - "$dir" "$(cat "$tmp/sent")" <<'END2'
import collections
import sys
import results
summary, flows = results.summary(sys.argv[1]), results.flows(sys.argv[1])
missed = sum(p["missed"] for p in summary["ports"])
counts = collections.Counter(f["client"]["packets"] for f in flows if f["dst_port"] != 53)
if missed or dict(counts) != {4: 1500}:
    sys.exit("%d missed; packets of flows: %s" % (missed, counts))
shed = [f for f in flows if f["inspection"] == "shed"]
if len(shed) != summary["dpi"]["shed_flows"] or not 50 < len(shed) < 1500:
    sys.exit("%d flows shed, %d said" % (len(shed), summary["dpi"]["shed_flows"]))
if any(f["app"] != "Unknown" for f in shed) or summary["deterministic"]:
    sys.exit("a flow that was not inspected has a label, or nobody said that it mattered")
after = [(f["app"], f["inspection"]) for f in flows if f["dst_port"] == 53]
if after != [("DNS", "done")]:
    sys.exit("after the load: %s" % after)
END2
}

# Every tenth packet is lost before the appliance, so to say.
start_dropping() {
  # shellcheck disable=SC2086
  live_start "$tmp/drop" $faults -- --set "capture.ports=[\"net_pcap0,rx_pcap=$root/pcaps/web.pcap\"]" \
    --set capture.memory=64MiB --set control.http=off --set control.socket=off \
    --set control.health_tcp=0 --set capture.workers=1 --set events.stats_interval=300ms
}
dropped() {
  rm -rf "$tmp/drop"
  with_faults FAULT_DROP_EVERY=10 -- start_dropping || return 1
  sleep 1
  live_stop TERM 5 && live closed "$tmp/drop" || return 1
  replay "$tmp/whole" "$root/pcaps/web.pcap" || return 1
  all=$(results summary "$tmp/whole" received)
  [ "$(results summary "$tmp/drop" received)" = $((all - all / 10)) ] &&
    [ "$(results summary "$tmp/whole" acked_unseen)" = 0 ] &&
    [ "$(results summary "$tmp/drop" acked_unseen)" -gt 1000 ] || return 1
  python3 - "$tmp/drop" <<'END2'
import sys
import results
stats = [e for e in results.events(sys.argv[1]) if e["event"] == "stats"]
summary = results.summary(sys.argv[1])
if not stats or any(summary["outputs"][name]["written"] != n for name, n in results.written(sys.argv[1]).items()):
    sys.exit("%d stats events, or events that were not counted" % len(stats))
last = stats[-1]
for key in ("received", "ledger"):
    if last[key] != summary[key]:
        sys.exit("%s: %s, and in the summary %s" % (key, last[key], summary[key]))
if any(s["received"] != s["in_flight"] + sum(s["ledger"].values()) for s in stats):
    sys.exit("a stats event does not add up")
END2
}

check "a worker that stands still: 503, the port closed, and back" stalled
check "the disk is full: 503, and back" disk_full
check "a ring stays full: 503, and back; what it lost is counted" ring_full
check "too much for one worker: inspection first, hand-off last, and back" steps_in_order
check "two workers, too many flows to inspect: every packet is counted" dpi_alone 2
check "what is lost before the appliance is seen as that" dropped

# Each packet is in one bucket, or the appliance says that it is not: one of those that two workers took is in none.
start_losing() {
  # shellcheck disable=SC2086
  live_start "$tmp/lose" $faults -- --set "capture.ports=[\"net_pcap0,rx_pcap=$root/pcaps/web.pcap\"]" \
    --set capture.memory=64MiB --set control.http=off --set control.health_tcp=0 --set capture.workers=2
}
loses() { # number of the packet; 0: none
  rm -rf "$tmp/lose"
  with_faults FAULT_LOSE="$1" -- start_losing || return 1
  sleep 1
  live_stop TERM 5
}
lost() {
  ! loses 100 && grep -q 'the ledger does not close' "$tmp/lose.err" && ! live closed "$tmp/lose"
}
check "a build that loses nothing closes its ledger" loses 0
check "a build that loses a packet between two workers says that the ledger does not close" lost

finish
