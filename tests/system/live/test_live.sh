#!/bin/sh
# The live appliance in the lab of lab.sh: a sensor that the kernel's vxlan devices mirror to, with
# real servers and clients. What periscope finds on net_af_packet must be what a replay finds in
# tcpdump's capture of the same packets, taken beside it. Needs root.
. "$(dirname "$0")/../lib.sh"
. "$here/live/live.sh"

if [ "$(id -u)" -ne 0 ]; then
  skip "needs root for network namespaces"
  finish
fi
LAB_HERE=$here/live
. "$here/live/lab.sh"
trap 'lab_down; rm -rf "$tmp"' EXIT
chmod 755 "$tmp" # another user must come through

. "$here/live/live_lab.sh"

# As a replay of what tcpdump saw at the same time. ARP and the like are no mirror traffic.
conversations() { # what must be the same, workers, settings...
  kind=$1 workers=$2
  shift 2
  before=$(mirrored)
  lab_capture "$tmp/beside.pcap" || return 1
  start "$tmp/got" --set capture.workers="$workers" "$@" || return 1
  lab_mirror blue on && lab_mirror green on
  talk
  talked=$?
  lab_mirror blue off && lab_mirror green off
  lab_wait captured "$tmp/beside.pcap" $(($(mirrored) - before)) && lab_capture_end || return 1
  live_stop TERM 5 || return 1
  [ $talked -eq 0 ] || return 1
  replay "$tmp/want" -c "$settings" "$tmp/beside.pcap" || return 1
  live closed "$tmp/got" && live outside "$tmp/got" not_mirror &&
    live same "$tmp/want" "$tmp/got" "$kind"
}

settings=$root/pcaps/lab.yaml
check "the lab comes up" lab_up
check "its servers come up" lab_serve
[ $failures -eq 0 ] || finish
for workers in 1 2 4; do
  check "$workers workers, one queue: every conversation, label and count" \
    conversations labels $workers
done
# The kernel does not keep the order between queues: who spoke first is then open.
for workers in 2 4; do
  check "$workers workers, a queue each: every conversation, label and count" \
    conversations apps $workers --set capture.queues=$workers
done

# UDP at a steady rate, so much that reloads and faults meet packets all the time.
load() { # seconds
  lab_exec blue iperf3 -c "$LAB_GREEN" -u -b 20M -l 800 -t "$1" >"$tmp/iperf" 2>&1
}

# sum of a bucket's packets, or `received`
ledger() { # directory, name
  results summary "$1" "$2"
}

# Every packet that the hosts mirrored was received, and none of them lost on the way through.
all_there() { # directory, packets mirrored before
  sent=$(($(mirrored) - $2))
  got=$(($(ledger "$1" received) - $(ledger "$1" ledger.not_mirror)))
  [ $got -eq $sent ] || { echo "mirrored $sent, received $got"; return 1; }
  live closed "$1" && live outside "$1" not_mirror
}

# Two models in turn: the same decisions under other rule numbers, and a flow log owner that changes.
reload_under_load() { # workers
  sed 's/rule_number: 1/rule_number: 2/; s/222222222222/333333333333/' \
    "$root/pcaps/lab.yaml" >"$tmp/other.yaml"
  cp "$root/pcaps/lab.yaml" "$tmp/live.yaml"
  settings=$tmp/live.yaml
  before=$(mirrored)
  start "$tmp/got" --set capture.workers="$1" || return 1
  settings=$root/pcaps/lab.yaml
  lab_mirror blue on && lab_mirror green on
  load 4 &
  load_pid=$!
  n=0
  while kill -0 $load_pid 2>/dev/null; do
    if [ $((n % 2)) -eq 0 ]; then cp "$tmp/other.yaml" "$tmp/next.yaml"
    else cp "$root/pcaps/lab.yaml" "$tmp/next.yaml"; fi
    mv "$tmp/next.yaml" "$tmp/live.yaml"
    kill -s HUP $LIVE_PID
    n=$((n + 1))
    sleep 0.1
  done
  wait $load_pid || { cat "$tmp/iperf"; return 1; }
  # Rules count anew with every configuration: the last one must meet packets, too.
  sleep 0.3
  lab_exec blue ping -q -c 2 -i 0.2 "$LAB_GREEN" || return 1
  lab_mirror blue off && lab_mirror green off
  sleep 0.3
  live_stop TERM 5 || return 1
  done=$(grep -c '^periscope: reloaded$' "$tmp/got.err")
  [ $n -ge 20 ] && [ "$done" -ge $((n * 9 / 10)) ] || { echo "$n reloads asked, $done done"; return 1; }
  all_there "$tmp/got" "$before" || return 1
  # Each packet was judged by one whole configuration, which accepts it by a rule.
  python3 - "$tmp/got" <<'END'
import sys
import results
s = results.summary(sys.argv[1])
if {r["packets"] for r in s["rules"]} == {0}:
    sys.exit("no rule matched")
numbers = {f["rule_number"] for f in results.flows(sys.argv[1])}
if not numbers <= {100, 110, 200, 210}:
    sys.exit("rule numbers %s" % numbers)
END
}

# Bad settings change nothing, and are named.
refuses_bad() {
  cp "$root/pcaps/lab.yaml" "$tmp/live.yaml"
  settings=$tmp/live.yaml
  start "$tmp/got" || return 1
  settings=$root/pcaps/lab.yaml
  sed 's/protocol/protocoll/; s/rule_action: accept/rule_action: perhaps/' "$root/pcaps/lab.yaml" >"$tmp/live.yaml"
  kill -s HUP $LIVE_PID
  lab_wait grep -q 'not reloaded, nothing has changed: .*live.yaml:[0-9]*: .*perhaps' "$tmp/got.err" ||
    { cat "$tmp/got.err"; return 1; }
  { cat "$root/pcaps/lab.yaml"; echo 'flow: {capacity: 70000}'; } >"$tmp/live.yaml"
  kill -s HUP $LIVE_PID
  lab_wait grep -q 'cannot change live: flow.capacity$' "$tmp/got.err" ||
    { cat "$tmp/got.err"; return 1; }
  # Both VNIs as one tenant from now on: flows that live would be two, so it waits for a restart.
  { cat "$root/pcaps/lab.yaml"; echo 'tenants: [{name: both, virtual_network_ids: [1001, 1002]}]'; } >"$tmp/live.yaml"
  kill -s HUP $LIVE_PID
  lab_wait grep -q 'cannot change live: tenants$' "$tmp/got.err" ||
    { cat "$tmp/got.err"; return 1; }
  lab_mirror blue on && lab_mirror green on
  answered 200 $shop/ || return 1
  lab_mirror blue off && lab_mirror green off
  sleep 0.3
  live_stop INT 5 || return 1
  # One flow of each host's copies, and not one of all.
  python3 - "$tmp/got" <<'END'
import sys
import results
vnis = sorted(f["vni"] for f in results.flows(sys.argv[1]) if f["dst_port"] == 80)
if vnis != [1001, 1002]:
    sys.exit("flows of the VNIs %s" % vnis)
END
}

# What was written before a kill can be read after it, and the next start works beside it.
killed() {
  start "$tmp/got" --set flow.idle_timeout=500ms --set flow.tcp_close_timeout=100ms || return 1
  lab_mirror blue on
  answered 200 $shop/ || return 1
  sleep 3 # an event is on disk a second after its flow has ended
  kill -s KILL $LIVE_PID
  wait $LIVE_PID
  first=$(cat "$tmp"/got/events/*.jsonl | grep -c '"event":"flow"')
  [ "$first" -ge 1 ] || { echo "no event on disk"; return 1; }
  rm -f "$tmp/got.err"
  # shellcheck disable=SC2086
  live_start "$tmp/got" ip netns exec "$LAB-sensor" -- $quiet -c "$settings" \
    --set "capture.ports=[\"$port\"]" --set capture.memory=128MiB || return 1
  answered 200 $shop/ || return 1
  lab_mirror blue off
  live_stop TERM 5 || return 1
  both=$(cat "$tmp"/got/events/*.jsonl | grep -c '"event":"flow"')
  [ "$both" -gt "$first" ] && [ "$(find "$tmp/got/events" -name 'flows-*' | wc -l)" -eq 2 ] ||
    { echo "$first events, then $both"; return 1; }
}

# Down and up: said, and packets come again, for a user who could not open the interface.
down_and_up() {
  start "$tmp/got" --set rights.user=nobody || return 1
  ip -n "$LAB-sensor" link set eth0 down
  lab_wait grep -q 'went down' "$tmp/got.err" || return 1
  ip -n "$LAB-sensor" link set eth0 up
  lab_wait grep -q 'its link is up' "$tmp/got.err" || return 1
  lab_wait ip netns exec "$LAB-router" ping -q -c 1 -W 1 "$LAB_SENSOR" || return 1
  before=$(mirrored)
  lab_mirror blue on
  answered 200 $shop/ || return 1
  lab_mirror blue off
  sleep 0.3
  live_stop TERM 5 && all_there "$tmp/got" "$before"
  there=$?
  rm -rf "$tmp/got" # it is another user's
  return $there
}

# Another name is no removal. Removed: said, unhealthy, no spin, and an end in order. Each UDP port of the
# settings, as many as there can be, is kept from the kernel.
removed() {
  ip -n "$LAB-sensor" link add gone0 type veth peer name gone1
  ip -n "$LAB-sensor" link set gone0 up
  ip -n "$LAB-sensor" link set gone1 up
  ip -n "$LAB-sensor" link set lo up
  live_start "$tmp/got" ip netns exec "$LAB-sensor" -- -c "$settings" \
    --set 'capture.ports=["net_af_packet0,iface=gone0"]' --set capture.memory=64MiB \
    --set 'capture.vxlan_ports=[4789,4790,4791,4792,4793,4794,4795,4796]' \
    --set 'capture.geneve_ports=[6081,6082,6083,6084,6085,6086,6087,6088]' || return 1
  for table in udp udp6; do
    kept=$(grep -c ':12B[5-C] \|:17C[1-8] ' "/proc/$LIVE_PID/net/$table")
    [ "$kept" -eq 16 ] || { echo "$kept ports in $table"; return 1; }
  done
  [ "$(lab_exec sensor curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:9477/health)" = 200 ] ||
    { echo "not healthy before"; return 1; }
  ip -n "$LAB-sensor" link set gone0 down
  ip -n "$LAB-sensor" link set gone0 name gone2
  lab_wait grep -q 'went down' "$tmp/got.err" || return 1
  ip -n "$LAB-sensor" link set gone2 up
  lab_wait grep -q 'its link is up' "$tmp/got.err" || return 1
  ! grep 'its interface was removed' "$tmp/got.err" || return 1
  ip -n "$LAB-sensor" link del gone2
  lab_wait grep -q 'its interface was removed' "$tmp/got.err" || return 1
  sleep 1
  lab_exec sensor curl -s -w ' %{http_code}' http://127.0.0.1:9477/health >"$tmp/health"
  grep -q 'was removed' "$tmp/health" && grep -q '"n_wrong": 1' "$tmp/health" && grep -q ' 503$' "$tmp/health" ||
    { cat "$tmp/health"; return 1; }
  ticks=$(awk '{ print $14 + $15 }' /proc/$LIVE_PID/stat)
  sleep 2
  ticks=$(($(awk '{ print $14 + $15 }' /proc/$LIVE_PID/stat) - ticks))
  [ $ticks -lt 150 ] || { echo "$ticks ticks of CPU in 2 s"; return 1; }
  live_stop TERM 5
}

# A removed interface that is made again: the one run ends in order with status 1 and closed books, once
# the new one is up; and the next takes it up. The label of the metrics is the interface's name.
comes_back() {
  back=$tmp/back.yaml
  ip -n "$LAB-sensor" link add gone1 type veth peer name gone0
  ip -n "$LAB-sensor" link set gone1 up
  ip -n "$LAB-sensor" link set gone0 up
  ip -n "$LAB-sensor" link set lo up
  printf 'capture: {ports: ["net_af_packet0,iface=gone0"], removed: end, memory: 64MiB}\n' >"$back"
  for time in 1 2; do # a directory each: events of the one stay
    live_start "$tmp/back$time" ip netns exec "$LAB-sensor" -- -c "$back" || return 1
    lab_exec sensor curl -s http://127.0.0.1:9477/metrics |
      grep -q '^periscope_port_received_packets_total{port="net_af_packet0",interface="gone0"} ' ||
      { echo "no metric of gone0"; return 1; }
    send_to_gone0 50 || return 1
    if [ $time -eq 1 ]; then
      ip -n "$LAB-sensor" link del gone0
      lab_wait grep -q 'its interface was removed' "$tmp/back$time.err" || return 1
      # As long as it is away, or not up, it stays.
      ip -n "$LAB-sensor" link add gone1 type veth peer name gone0
      sleep 1
      kill -0 $LIVE_PID || { echo "it did not stay"; return 1; }
      ip -n "$LAB-sensor" link set gone0 up
      ip -n "$LAB-sensor" link set gone1 up
      lab_wait ended $LIVE_PID || { echo "it did not end"; kill -s KILL $LIVE_PID; return 1; }
      wait $LIVE_PID
      [ $? -eq 1 ] && [ "$(grep -c 'iface=gone0: ends' "$tmp/back$time.err")" -eq 1 ] &&
        grep -q 'iface=gone0: ends, so that it is started anew .*(capture.removed)$' "$tmp/back$time.err" ||
        { cat "$tmp/back$time.err"; return 1; }
    else
      live_stop TERM 5 || return 1
    fi
    live closed "$tmp/back$time" && [ "$(ledger "$tmp/back$time" ledger.inspected)" -eq 50 ] ||
      { echo "start $time: $(ledger "$tmp/back$time" ledger.inspected) inspected"; return 1; }
  done
  ip -n "$LAB-sensor" link del gone0
}
ended() { ! kill -0 "$1" 2>/dev/null; }
send_to_gone0() { # mirror packets, by its other end
  ip netns exec "$LAB-sensor" python3 - "$here/make" "$1" <<'SEND' && sleep 0.7
import socket, sys
sys.path.insert(0, sys.argv[1])
import packets as p
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(("gone1", 0))
for i in range(int(sys.argv[2])):
    inner = p.frame(p.ip4("10.1.0.1", "10.1.0.2", 17, p.udp("10.1.0.1", 1000 + i, "10.1.0.2", 2000, b"x")))
    out.send(p.mirror(inner, 7))
SEND
}

# The load balancer's view, from another host: TCP 4789 is open while it is healthy. And the kernel
# of the sensor answers no mirrored packet with ICMP.
from_outside() {
  ip -n "$LAB-sensor" route add 10.0.0.0/8 via 10.9.0.1
  ip -n "$LAB-sensor" route add 172.16.0.0/16 via 10.9.0.1
  rm -rf "$tmp/got"
  live_start "$tmp/got" ip netns exec "$LAB-sensor" -- -c "$settings" \
    --set "capture.ports=[\"$port\"]" --set capture.memory=128MiB || return 1
  lab_exec router python3 -c "import socket; socket.create_connection(('$LAB_SENSOR', 4789), 3)" || return 1
  icmp=$(lab_exec sensor awk '/^Icmp:/ && n++ { print $16 }' /proc/net/snmp)
  lab_mirror blue on
  answered 200 $shop/ || return 1
  lab_mirror blue off
  now=$(lab_exec sensor awk '/^Icmp:/ && n++ { print $16 }' /proc/net/snmp)
  [ "$now" = "$icmp" ] || { echo "ICMP unreachable sent: $icmp, then $now"; return 1; }
  lab_exec sensor "$periscope" ctl -l "$tmp/got" sessions | grep -q tms-blue || return 1
  lab_exec sensor "$periscope" ctl -l "$tmp/got" quit || return 1
  for try in 1 2 3 4 5 6 7 8 9 10; do
    kill -0 $LIVE_PID 2>/dev/null || break
    sleep 0.3
  done
  wait $LIVE_PID
}

for workers in 1 2 4; do
  check "reload every 100 ms under load, $workers workers: nothing lost" reload_under_load $workers
done
check "bad settings change nothing, and are named" refuses_bad
check "killed and started again" killed
check "the interface goes down and up" down_and_up
check "the interface is removed" removed
check "the interface is removed and made again" comes_back
check "health check, ctl, and no ICMP, seen from outside" from_outside
finish
