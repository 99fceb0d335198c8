#!/bin/sh
# Ports that DPDK owns, in the lab of lab.sh: net_af_xdp, and net_tap with the kernel handing it
# what comes in. What is mirrored is found as a replay of tcpdump's capture finds it; and what is not,
# the kernel answers, by the tap of the exception path. Needs root.
. "$(dirname "$0")/../lib.sh"
. "$here/live/live.sh"

if [ "$(id -u)" -ne 0 ]; then
  skip "needs root for network namespaces"
  finish
fi
if [ ! -c /dev/net/tun ]; then
  skip "/dev/net/tun is not there"
  finish
fi
LAB_HERE=$here/live
. "$here/live/lab.sh"
trap 'lab_down; rm -rf "$tmp"' EXIT

settings=$root/pcaps/lab.yaml
shop=http://shop.green.example

start() { # device, arguments of run...
  device=$1
  shift
  rm -rf "$tmp/got"
  live_start "$tmp/got" ip netns exec "$LAB-sensor" -- -c "$settings" \
    --set "capture.ports=[\"$device\"]" --set capture.memory=96MiB \
    --set "exception.addresses=$LAB_SENSOR/24" --set "control.http=$LAB_SENSOR:9477" "$@" ||
    return 1
  case "$device" in net_tap*) hand_over dtap0 || return 1 ;; esac
  ip -n "$LAB-router" neigh flush dev sens0
}

# What comes in by eth0 goes into the interface of net_tap, and what comes out of that goes out.
hand_over() {
  for way in "eth0 $1" "$1 eth0"; do
    ip netns exec "$LAB-sensor" tc qdisc replace dev "${way% *}" clsact &&
      ip netns exec "$LAB-sensor" tc filter replace dev "${way% *}" ingress protocol all prio 1 \
        handle 1 bpf bytecode '1,6 0 0 4294967295,' action mirred egress redirect dev "${way#* }" ||
      return 1
  done
}

# tcpdump sees nothing of what an XDP program turns away: the capture is taken at the other end.
capture() {
  lab_spawn router tcpdump tcpdump -Z root -i sens0 -Q out -n -s 0 -B 32768 -U \
    --time-stamp-precision=nano -w "$1" 'udp dst port 4789'
  LAB_CAPTURE_PID=$LAB_PID
  lab_wait grep -q 'listening on' "$LAB_DIR/tcpdump.log"
}

answered() { # status, arguments of curl
  want=$1
  shift
  got=$(lab_curl -w '%{http_code}' -o /dev/null "$@") || return 1
  [ "$got" = "$want" ] || { echo "curl $*: $got"; return 1; }
}

talk() {
  answered 200 $shop/ && answered 200 $shop/20.bin && answered 200 https://shop.green.example/ &&
    lab_dig "$LAB_GREEN" shop.green.example A | grep -q NOERROR &&
    [ "$(lab_exec blue redis-cli -h "$LAB_GREEN" ping)" = PONG ] &&
    lab_exec blue ping -q -i 0.2 -c 2 "$LAB_GREEN6" >/dev/null &&
    lab_exec blue ping -q -i 0.2 -c 2 -s 3000 "$LAB_GREEN" >/dev/null &&
    lab_datagrams "$LAB_GREEN" 4000 3
}

mirrored() { # packets that both hosts' vxlan devices have sent so far
  for host in blue green; do
    ip -n "$LAB-$host" -s -j link show dev vx0
  done | jq -s 'map(.[0].stats64.tx.packets) | add'
}

captured() { [ "$(tcpdump -n -r "$1" 2>/dev/null | wc -l)" -ge "$2" ]; }

conversations() { # device, workers
  capture "$tmp/beside.pcap" || return 1
  start "$1" --set capture.workers="$2" --set control.health_tcp=0 || return 1
  # Before anybody answers for the address, the mirror has nobody to send to.
  lab_wait lab_exec router ping -q -c 1 -W 1 "$LAB_SENSOR" || return 1
  before=$(mirrored)
  lab_mirror blue on && lab_mirror green on
  talk
  talked=$?
  lab_mirror blue off && lab_mirror green off
  lab_wait captured "$tmp/beside.pcap" $(($(mirrored) - before)) && lab_capture_end || return 1
  live_stop TERM 10 || return 1
  [ $talked -eq 0 ] || return 1
  replay "$tmp/want" -c "$settings" "$tmp/beside.pcap" || return 1
  live closed "$tmp/got" && live outside "$tmp/got" not_mirror &&
    live same "$tmp/want" "$tmp/got" labels && exception_closed
}

# The ledger of the exception path, against that of all packets.
exception_closed() {
  jq -e '.ports[0].exception as $e | .ledger.not_mirror == $e.offered and
    $e.offered == $e.delivered + $e.rate_limited + $e.lost_ring + $e.lost_tap and
    $e.from_kernel == $e.sent + $e.lost_tx and $e.lost_tap == 0 and $e.lost_tx == 0' \
    "$tmp/got/summary.json" >/dev/null || { jq -c '.ports, .ledger' "$tmp/got/summary.json"; return 1; }
}

health() { lab_exec router curl -s -m 1 -o /dev/null -w '%{http_code}' "http://$LAB_SENSOR:9477/health"; }
healthy() { [ "$(health)" = 200 ]; }
tcp_health() {
  lab_exec router python3 -c "import socket; socket.create_connection(('$LAB_SENSOR', 4789), 1)" \
    2>/dev/null
}

# As a load balancer and whoever looks for the host see it.
answers() { # device, its interface, workers
  start "$1" --set capture.workers="$3" || return 1
  lab_wait tcp_health || { echo "TCP 4789: nobody"; return 1; }
  ip -n "$LAB-router" neigh flush dev sens0
  lab_exec router ping -q -c 2 -i 0.2 -W 2 "$LAB_SENSOR" || return 1
  # The MAC address that answered for the address is the port's.
  mac=$(ip -n "$LAB-sensor" -j link show dev pscope0 | jq -r '.[0].address')
  ip -n "$LAB-router" -j neigh show dev sens0 to "$LAB_SENSOR" |
    jq -e --arg mac "$mac" '.[0].lladdr == $mac' >/dev/null || { echo "ARP: not $mac"; return 1; }
  [ "$(ip -n "$LAB-sensor" -j link show dev "$2" | jq -r '.[0].address')" = "$mac" ] ||
    { echo "$2 has another address than pscope0"; return 1; }
  lab_wait healthy || { echo "health: $(health)"; return 1; }
  lab_exec sensor "$periscope" ctl -l "$tmp/got" stats -j >"$tmp/stats" || return 1
  jq -e '.ports[0].exception.delivered >= 10 and .ports[0].interface == "pscope0"' "$tmp/stats" \
    >/dev/null || { cat "$tmp/stats"; return 1; }
  live_stop TERM 10 && exception_closed || return 1
  ip -n "$LAB-router" neigh flush dev sens0
  if lab_exec router ping -q -c 1 -W 1 "$LAB_SENSOR" || tcp_health || [ "$(health)" != 000 ]; then
    echo "somebody still answers"
    return 1
  fi
  # Nothing is left on the interfaces.
  ! ip -n "$LAB-sensor" -d link show | grep -q 'pscope0\|dtap0\|prog/xdp'
}

# Pings far beyond the rate are dropped and counted; mirror traffic does not feel it. They come in a
# steady row: of a burst the interfaces themselves drop most.
flood() {
  start "$1" --set exception.rate=20 --set exception.burst=50 || return 1
  lab_wait lab_exec router ping -q -c 1 -W 1 "$LAB_SENSOR" || return 1
  before=$(mirrored)
  lab_mirror blue on && lab_mirror green on
  ip netns exec "$LAB-router" timeout 9 ping -q -i 0.005 -c 600 -w 5 "$LAB_SENSOR" >"$tmp/flood" &
  flood_pid=$!
  lab_exec blue iperf3 -c "$LAB_GREEN" -u -b 8M -l 800 -t 2 >"$tmp/iperf" || { cat "$tmp/iperf"; return 1; }
  wait $flood_pid
  lab_mirror blue off && lab_mirror green off
  sleep 0.3
  sent=$(($(mirrored) - before))
  live_stop TERM 10 || return 1
  back=$(awk '/received/ { print $4 }' "$tmp/flood")
  [ "$back" -ge 1 ] && [ "$back" -le 200 ] || { cat "$tmp/flood"; return 1; }
  live closed "$tmp/got" && live outside "$tmp/got" not_mirror && exception_closed || return 1
  # A thread that gets no processor leaves some in the ring, which is full then; and a worker that
  # gets none, some in the port.
  jq -e --argjson sent "$sent" '.ports[0] as $p | $p.exception as $e | $e.rate_limited >= 100 and
    $e.rate_limited + $e.lost_ring + $p.missed >= 200 and $e.delivered <= 300 and
    .ledger.inspected <= $sent and .ledger.inspected + $p.missed >= $sent' \
    "$tmp/got/summary.json" >/dev/null ||
    { echo "mirrored $sent"; jq -c '.ports, .ledger' "$tmp/got/summary.json"; return 1; }
}

check "the lab comes up" lab_up
check "its servers come up" lab_serve
[ $failures -eq 0 ] || finish
ip -n "$LAB-sensor" addr flush dev eth0
for end in "sensor eth0" "router sens0"; do
  ip -n "$LAB-${end% *}" link set "${end#* }" mtu 3000 # a chunk of AF_XDP holds no more
  ip netns exec "$LAB-${end% *}" ethtool -K "${end#* }" tx off tso off gso off gro off >/dev/null 2>&1
done
for workers in 1 2 4; do
  check "net_af_xdp, $workers workers: every conversation, label and count" \
    conversations net_af_xdp0,iface=eth0 $workers
done
check "net_af_xdp: ARP, ping, HTTP and TCP health are answered, and nothing after the end" \
  answers net_af_xdp0,iface=eth0 eth0 4
check "net_af_xdp: a flood of pings is bounded, and costs mirror traffic nothing" \
  flood net_af_xdp0,iface=eth0
for workers in 1 2 4; do
  check "net_tap, $workers workers: every conversation, label and count" \
    conversations net_tap0,iface=dtap0 $workers
done
check "net_tap: ARP, ping, HTTP and TCP health are answered, and nothing after the end" \
  answers net_tap0,iface=dtap0 dtap0 2

# docs/OPERATIONS.md, as it stands there but for the name of the interface, by a shell in the sensor;
# where this kernel has no matchall, with the classifier that the other checks use.
recipe() {
  part='/^### net_tap behind an interface/,/^## /'
  sed -n "$part"'p' "$root/docs/OPERATIONS.md" | sed -n '/^```yaml/,/^```/p' | grep -v '^```' >"$tmp/recipe.yaml"
  sed -n "$part"'p' "$root/docs/OPERATIONS.md" | sed -n '/^```sh/,/^```/p' | grep -v '^```' |
    sed 's/eth1/eth0/g' >"$tmp/recipe.sh"
  [ "$(grep -c '^tc ' "$tmp/recipe.sh")" -eq 4 ] || { cat "$tmp/recipe.sh"; return 1; }
  all=matchall
  ip netns exec "$LAB-sensor" tc qdisc add dev lo clsact &&
    ip netns exec "$LAB-sensor" tc filter add dev lo ingress protocol all matchall action pass 2>/dev/null ||
    all="bpf bytecode '1,6 0 0 4294967295,'"
  ip netns exec "$LAB-sensor" tc qdisc del dev lo clsact
  sed -i "s/ matchall / $all /" "$tmp/recipe.sh"
  ip netns exec "$LAB-sensor" tc qdisc del dev eth0 clsact 2>/dev/null # of the checks before
  # As in a VPC: the address is told by the interface's MAC address, whoever answers.
  ip -n "$LAB-router" neigh replace "$LAB_SENSOR" lladdr 02:00:0a:09:00:0a dev sens0 nud permanent
  ip -n "$LAB-sensor" addr replace "$LAB_SENSOR/24" dev eth0
  rm -rf "$tmp/got"
  live_start "$tmp/got" ip netns exec "$LAB-sensor" -- -c "$tmp/recipe.yaml" --set capture.memory=96MiB \
    --set capture.workers=1 --set "control.http=$LAB_SENSOR:9477" || return 1
  lab_exec sensor sh -e "$tmp/recipe.sh" || { live_stop TERM 10; return 1; }
  lab_wait healthy && tcp_health && lab_exec router ping -q -c 2 -i 0.2 -W 2 "$LAB_SENSOR"
  works=$?
  lab_mirror blue on
  lab_exec blue ping -q -i 0.2 -c 5 "$LAB_GREEN" >/dev/null
  lab_mirror blue off
  sleep 0.5
  live_stop TERM 10 && exception_closed || return 1
  ip netns exec "$LAB-sensor" tc qdisc del dev eth0 clsact
  ip -n "$LAB-router" neigh del "$LAB_SENSOR" dev sens0
  [ $works -eq 0 ] || { echo "nobody answers for the address"; return 1; }
  [ "$(jq .ledger.inspected "$tmp/got/summary.json")" -ge 10 ] || { jq -c .ledger "$tmp/got/summary.json"; return 1; }
}
check "net_tap behind an interface, as docs/OPERATIONS.md has it" recipe

says() { # sentence, arguments: run must fail and say so
  want=$1
  shift
  if lab_exec sensor "$periscope" run -l "$tmp/no" "$@" >"$tmp/said" 2>&1; then
    echo "it did not fail"
    return 1
  fi
  grep -q "$want" "$tmp/said" || { cat "$tmp/said"; return 1; }
}
check "exception.mode on is refused where the kernel sees the packets" \
  says 'net_af_packet0,iface=eth0: exception.mode on is not for such a port' \
  --set exception.mode=on --set 'capture.ports=["net_af_packet0,iface=eth0"]'

# DPDK's driver takes any program off when it closes, also one that kept it from opening.
keeps_foreign_program() {
  cat >"$tmp/pass.c" <<'END'
__attribute__((section("xdp"), used)) int pass(void *packet) { return 2; }
char words[] __attribute__((section("license"))) = "GPL";
END
  clang -O2 -target bpf -c "$tmp/pass.c" -o "$tmp/pass.o" &&
    ip -n "$LAB-sensor" link set dev eth0 xdp obj "$tmp/pass.o" sec xdp || return 1
  says 'net_af_xdp0,iface=eth0: eth0 has an XDP program already (pass, number' \
    --set 'capture.ports=["net_af_xdp0,iface=eth0"]' --set capture.memory=64MiB || return 1
  ip -n "$LAB-sensor" -d link show dev eth0 | grep -q 'prog/xdp .*name pass' ||
    { echo "the program is gone"; return 1; }
  ip -n "$LAB-sensor" link set dev eth0 xdp off
}
check "an XDP program of somebody else is said and stays" keeps_foreign_program
ip -n "$LAB-sensor" link set eth0 mtu 9000
ip -n "$LAB-router" link set sens0 mtu 9000
check "an MTU beyond a chunk: the call, the device, and what to try" \
  says 'net_af_xdp0,iface=eth0: rte_eth_rx_queue_setup: .*its MTU must be small enough' \
  --set 'capture.ports=["net_af_xdp0,iface=eth0"]' --set capture.memory=64MiB
finish
