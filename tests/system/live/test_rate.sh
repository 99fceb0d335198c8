#!/bin/sh
# The live appliance under a steady load, and under more than it can take, on net_af_packet over a
# veth pair. Packets are counted by who sends them (flood.c), by the kernel (ip -s) and by the
# appliance: below what the veth carries nothing is lost, and above it every packet is in somebody's
# counter. Needs root. PERISCOPE_SOAK=60 holds the steady load for a minute.
. "$(dirname "$0")/../lib.sh"
. "$here/live/live.sh"

if [ "$(id -u)" -ne 0 ]; then
  skip "needs root for network namespaces"
  finish
fi
soak=${PERISCOPE_SOAK:-3}
LIVE_PID=
space=psrate$$
trap 'kill -s KILL $LIVE_PID 2>/dev/null; ip netns del $space 2>/dev/null; rm -rf "$tmp"' EXIT

# What the kernel counted: left = sent by from0, dropped = refused by the other side, arrived = at to0.
kernel() {
  ip -n $space -s -j link show | python3 -c '
import json, sys
links = {l["ifname"]: l["stats64"] for l in json.load(sys.stdin)}
a, b = links["from0"], links["to0"]
print(a["tx"]["packets"], a["tx"]["dropped"], b["rx"]["packets"], b["rx"]["dropped"])'
}

flood() { # rate, seconds: what it says is in $tmp/flood.json
  ip netns exec $space "$tmp/flood" from0 "$tmp/mix.pcap" "$1" "$2" >"$tmp/flood.json"
}

start() { # workers, arguments of run...
  workers=$1
  shift
  kill -s KILL $LIVE_PID 2>/dev/null # left by a check that failed
  rm -rf "$tmp/got"
  live_start "$tmp/got" ip netns exec $space -- --set control.http=off --set control.health_tcp=0 \
    --set "capture.ports=[\"$port\"]" --set capture.memory=128MiB --set flow.idle_timeout=1s \
    --set capture.workers="$workers" "$@"
}

stats() { # expression over what ctl stats says, s
  "$periscope" ctl -l "$tmp/got" -j stats | python3 -c "import json, sys; s = json.load(sys.stdin); print($1)"
}

settled() { # the appliance has all that its port gave it
  for try in 1 2 3 4 5 6 7 8 9 10; do
    before=$(stats 's["received"]')
    sleep 0.3
    [ "$(stats 's["received"]')" = "$before" ] && [ "$(stats 's["in_flight"]')" = 0 ] && return 0
  done
  echo "packets still come"
  return 1
}

# sent: by the sender, by the kernel, and what became of them. WANT: lossless or lossy.
account() {
  python3 - "$tmp/flood.json" "$tmp/got/summary.json" "$1" "$2" "$3" <<'END'
import json
import sys

flood, s = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:3])
before, after = ([int(n) for n in text.split()] for text in sys.argv[3:5])
left, dropped, arrived, refused = (b - a for a, b in zip(before, after))
missed = sum(p["missed"] for p in s["ports"])
lost = {name: n for name, n in s["ledger"].items() if n and name != "inspected"}
print("%d workers: %d sent in %s s (%d a second); kernel: %d left, %d dropped, %d arrived; "
      "port missed %d; received %d; inspected %d; lost: %s" % (len(s["workers"]), flood["sent"],
      flood["seconds"], flood["sent"] / flood["seconds"], left, dropped, arrived, missed,
      s["received"], s["ledger"]["inspected"], lost or "none"))
if s["in_flight"] or s["received"] != sum(s["ledger"].values()):
    sys.exit("the ledger does not close")
if left + dropped != flood["sent"] or arrived != left or refused or flood["refused"]:
    sys.exit("the sender and the kernel do not agree")
if arrived != missed + s["received"]:
    sys.exit("%d packets are in no counter" % (arrived - missed - s["received"]))
if sys.argv[5] == "lossless" and (missed or lost or dropped):
    sys.exit("lost: %s" % lost)
if sys.argv[5] == "lossy" and not missed:
    sys.exit("nothing was lost, though the appliance stood still")
END
}

check "a sender" cc -O2 -D_GNU_SOURCE -o "$tmp/flood" "$here/make/flood.c"
check "a wire" wire_up $space
capgen mix "$tmp/mix.pcap" flows=400 vnis=3 span=20 >"$tmp/mix.json"
[ $failures -eq 0 ] || finish
port=net_af_packet0,iface=to0,framesz=2048,blocksz=65536,framecnt=32768

# A quarter of what reaches the appliance when the sender does what it can, and not more than its
# ring holds in a second, so that a busy machine is no reason to lose a packet.
measure() {
  start 1 || return 1
  flood 0 1 || return 1
  settled && rate=$(stats 'min(s["received"] // 4, 30000)') || return 1
  live_stop TERM 5
}

steady() { # workers, queues
  start "$1" --set capture.queues="$2" || return 1
  counted=$(kernel)
  flood "$rate" "$soak" && settled || return 1
  stats '[(p["port"], p["missed"]) for p in s["ports"]], s["handoff"]'
  live_stop TERM 5 || return 1
  account "$counted" "$(kernel)" lossless && cat "$tmp/log" >>"$tmp/record"
}

# As fast as the sender can, and the appliance stands still for half a second, twice.
flooded() { # workers, queues
  port=net_af_packet0,iface=to0,framesz=2048,blocksz=65536,framecnt=2048
  start "$1" --set capture.queues="$2" || return 1
  counted=$(kernel)
  flood 0 3 &
  sender=$!
  for stop in 1 2; do
    sleep 0.5
    kill -s STOP $LIVE_PID
    sleep 0.5
    kill -s CONT $LIVE_PID
  done
  wait $sender && settled || return 1
  live_stop TERM 5 || return 1
  account "$counted" "$(kernel)" lossy && cat "$tmp/log" >>"$tmp/record"
}

check "what the wire carries" measure
for workers in 1 2; do
  check "$rate packets a second for $soak s, $workers workers: all received, none lost" steady $workers $workers
done
for workers in 1 2; do
  check "more than it can take, $workers workers: every packet is in somebody's counter" flooded $workers $workers
done
[ -z "${PERISCOPE_SOAK:-}" ] || cat "$tmp/record"

finish
