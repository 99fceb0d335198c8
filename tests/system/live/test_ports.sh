#!/bin/sh
# The live appliance on captures, through DPDK's net_pcap: no root needed. What it finds must be
# what replay finds in the same captures, for any number of workers, of queues and of ports.
. "$(dirname "$0")/../lib.sh"
. "$here/live/live.sh"

pcaps=$root/pcaps
quiet="--set control.http=off --set control.health_tcp=0"

# Within ten seconds.
has_received() { # directory, packets
  tries=100
  until [ "$("$periscope" ctl -l "$1" -j stats | jq .received)" -ge "$2" ]; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { echo "received less than $2"; return 1; }
    sleep 0.1
  done
}

# run DIR WORKERS PACKETS PORT...: until the appliance has had so many packets, and no more
run() {
  dir=$1 workers=$2 packets=$3
  shift 3
  list=$(printf '"%s",' "$@")
  # shellcheck disable=SC2086
  live_start "$dir" env -- -c "$pcaps/lab.yaml" $quiet --set "capture.ports=[${list%,}]" \
    --set capture.workers="$workers" --set capture.queues=$queues --set capture.memory=96MiB || return 1
  has_received "$dir" "$packets" && sleep 0.5 && live_stop TERM 5 || return 1
  [ "$(results summary "$dir" received)" = "$packets" ] ||
    { echo "received $(results summary "$dir" received), not $packets"; return 1; }
}

count() { jq .received "$1/summary.json"; }

as_replay() { # capture, workers
  replay "$tmp/want" -c "$pcaps/lab.yaml" "$pcaps/$1.pcap" || return 1
  rm -rf "$tmp/got"
  run "$tmp/got" "$2" "$(count "$tmp/want")" "net_pcap0,rx_pcap=$pcaps/$1.pcap" || return 1
  live closed "$tmp/got" && live same "$tmp/want" "$tmp/got" labels
}

queues=1
for capture in web dns fragments jumbo gso ipv6; do
  for workers in 1 2 4; do
    check "$capture by $workers workers as in a replay" as_replay $capture $workers
  done
done

# Every second packet in another capture: two queues that share all conversations. No flow may be
# split, and no packet lost; who was first is open.
halves() { # workers, port...
  workers=$1
  shift
  rm -rf "$tmp/got"
  run "$tmp/got" "$workers" "$(count "$tmp/want")" "$@" || return 1
  live closed "$tmp/got" && live same "$tmp/want" "$tmp/got" &&
    [ "$(results summary "$tmp/got" flows)" = "$(results summary "$tmp/want" flows)" ]
}

replay "$tmp/want" -c "$pcaps/lab.yaml" "$pcaps/web.pcap"
python3 - "$pcaps/web.pcap" "$tmp/even.pcap" "$tmp/odd.pcap" <<'END'
import struct, sys
data = open(sys.argv[1], "rb").read()
out = [open(p, "wb") for p in sys.argv[2:]]
order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
for o in out:
    o.write(data[:24])
at, n = 24, 0
while at < len(data):
    size = 16 + struct.unpack(order + "I", data[at + 8:at + 12])[0]
    out[n % 2].write(data[at:at + size])
    at, n = at + size, n + 1
END
for workers in 1 2 3 4; do
  queues=2
  check "two queues, $workers workers: no flow is split" halves $workers \
    "net_pcap0,rx_pcap=$tmp/even.pcap,rx_pcap=$tmp/odd.pcap"
  queues=1
  check "two ports, $workers workers: no flow is split" halves $workers \
    "net_pcap0,rx_pcap=$tmp/even.pcap" "net_pcap1,rx_pcap=$tmp/odd.pcap"
done

# As timeout(1) and terminals do it: the same request twice, at the process and at its group.
twice() { # seconds between, status
  rm -rf "$tmp/got"
  # shellcheck disable=SC2086
  live_start "$tmp/got" env -- -c "$pcaps/lab.yaml" $quiet --set capture.memory=64MiB \
    --set "capture.ports=[\"net_pcap0,rx_pcap=$pcaps/web.pcap\"]" || return 1
  kill -s TERM $LIVE_PID
  sleep "$1"
  kill -s TERM $LIVE_PID 2>/dev/null
  wait $LIVE_PID
  status=$?
  [ $status -eq "$2" ] || { echo "status $status"; return 1; }
  [ "$2" -ne 0 ] || grep -q 'ledger closed' "$tmp/got.out"
}

for apart in 0 0.001 0.02 0.05; do
  check "the same signal twice, $apart s apart: an end in order" twice $apart 0
done

says() { # sentence, arguments...: run must fail and say so
  want=$1
  shift
  if timeout 20 "$periscope" run -l "$tmp/no" "$@" >"$tmp/said" 2>&1; then
    echo "it did not fail"
    return 1
  fi
  grep -q "$want" "$tmp/said" || { cat "$tmp/said"; return 1; }
}

check "no port: said" says 'capture.ports: names no port'
check "a driver that is none: the device and the call" says 'net_nothing0: rte_vdev_init' \
  --set 'capture.ports=["net_nothing0"]'
check "an interface that is none" says 'interface nowhere9: ' \
  --set 'capture.ports=["net_af_packet0,iface=nowhere9"]'
check "too little memory: what to raise" says 'raise capture.memory' \
  --set "capture.ports=[\"net_pcap0,rx_pcap=$pcaps/web.pcap\"]" --set capture.memory=16MiB
check "more memory than there is" says 'capture.memory: .* are more than this machine' \
  --set "capture.ports=[\"net_pcap0,rx_pcap=$pcaps/web.pcap\"]" --set capture.memory=1TiB
check "more queues than workers read" says 'have 130 receive queues, and 1 worker reads 128 at most' \
  --set 'capture.ports=["net_null0,no-rx=1", "net_null1,no-rx=1"]' --set exception.mode=off \
  --set capture.queues=65 --set capture.workers=1 --set capture.memory=1GiB

finish
