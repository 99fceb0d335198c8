#!/bin/sh
# Both ends of the same conversations, mirrored in the lab of lab.sh with two VNIs, with two that are
# joined to a tenant, and with one: each end has as many packets as tcpdump sees at its interface,
# and the flow log records that tshark's packets give. Needs root.
. "$(dirname "$0")/../lib.sh"
. "$here/live/live.sh"

if [ "$(id -u)" -ne 0 ]; then
  skip "needs root for network namespaces"
  finish
fi
LAB_HERE=$here/live
. "$here/live/lab.sh"
trap 'lab_down; rm -rf "$tmp"' EXIT
. "$here/live/live_lab.sh"

# Nobody sends any more: what hosts say when they come up, or a late acknowledgement, would else come between
# the beginnings, or the ends, of two captures.
settled() {
  last=$(mirrored)
  sleep 1
  [ "$(mirrored)" -eq "$last" ]
}

# Runs with captures beside it, at both interfaces and at the sensor. The mirrors are on all the time,
# and nobody sends anything but in `talk`.
observe() { # workers, settings...
  workers=$1
  shift
  lab_wait settled || return 1
  before=$(mirrored)
  lab_capture "$tmp/sensor.pcap" && lab_capture_at blue "$tmp/blue.pcap" || return 1
  blue=$LAB_PID
  lab_capture_at green "$tmp/green.pcap" || return 1
  green=$LAB_PID
  start "$tmp/got" --set capture.workers="$workers" --set packets.record=all "$@" || return 1
  talk
  talked=$?
  lab_wait settled || return 1
  lab_wait captured "$tmp/sensor.pcap" $(($(mirrored) - before)) || return 1
  lab_capture_end "$LAB_CAPTURE_PID" "" "$blue" blue "$green" green
  whole=$?
  live_stop TERM 5 && [ $talked -eq 0 ] || return 1
  recorded=$(find "$tmp/got/packets" -name '*.pcapng')
  return $whole
}

# What was recorded of one session.
session() { # name of its interface description, file
  tshark -r "$recorded" -Y "frame.interface_name == \"$1\"" -w "$2" 2>"$tmp/tshark" || { cat "$tmp/tshark"; return 1; }
}

points() { # VNI of green
  session "vni-1001 10.1.0.10" "$tmp/blue.pcapng" && session "vni-$1 10.2.0.10" "$tmp/green.pcapng" &&
    python3 "$here/judge/flow_logs.py" 60 "$tmp/got" "111111111111,eni-blue,$tmp/blue.pcapng" \
      "222222222222,eni-green,$tmp/green.pcapng"
}

ends() { # what, VNI of green, numbers of workers, settings...
  case=$1 vni=$2 numbers=$3
  shift 3
  for workers in $numbers; do
    check "$case, $workers workers: they run" observe $workers "$@"
    [ $failures -eq 0 ] || return
    check "$case, $workers workers: nothing is lost" live closed "$tmp/got"
    # ARP between router and sensor is no mirror traffic.
    check "$case, $workers workers: all that was mirrored is IP" live outside "$tmp/got" not_mirror
    check "$case, $workers workers: packets as tcpdump has at blue" live session "$tmp/got" 10.1.0.10 "$tmp/blue.pcap"
    check "$case, $workers workers: packets as tcpdump has at green" live session "$tmp/got" 10.2.0.10 "$tmp/green.pcap"
    check "$case, $workers workers: packets and flows as tcpdump has at the sensor" \
      python3 "$here/judge/recording/recorded.py" same "$tmp/got" "$tmp/sensor.pcap" unordered
    check "$case, $workers workers: flow log records of both ends" points "$vni"
  done
}

settings=$root/pcaps/lab.yaml
check "the lab comes up" lab_up
check "its servers come up" lab_serve
check "its neighbours know each other" lab_neighbours
check "mirrors of both" eval 'lab_mirror blue on && lab_mirror green on'
[ $failures -eq 0 ] || finish
ends "two VNIs" 1002 2 # test_live.sh has the others
ends "joined VNIs" 1002 "1 2 4" --set 'tenants=[{name: both, virtual_network_ids: [1001, 1002]}]'
sed 's/virtual_network_id: 1002/virtual_network_id: 1001/' "$root/pcaps/lab.yaml" >"$tmp/one.yaml"
settings=$tmp/one.yaml
check "both hosts get one VNI" eval 'lab_mirror green off && lab_vni green 1001 && lab_mirror green on'
ends "one VNI" 1001 "1 2 4"
finish
