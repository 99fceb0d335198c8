#!/bin/sh
# The live appliance in the lab of lab.sh: a sensor that the kernel's vxlan devices mirror to, with
# real servers and clients. What periscope finds on net_af_packet must be what a replay finds in
# tcpdump's capture of the same packets, taken beside it. Needs root.
. "$(dirname "$0")/lib.sh"
. "$here/live.sh"

if [ "$(id -u)" -ne 0 ]; then
  skip "needs root for network namespaces"
  exit 0
fi
LAB_HERE=$here
. "$here/lab.sh"
trap 'lab_down; rm -rf "$tmp"' EXIT

# The interface could carry 64 KB, and frames for that would make a short ring; here none is so long.
port=net_af_packet0,iface=eth0,framesz=4096,blocksz=65536,framecnt=8192
quiet="--set control.http=off --set control.socket=off --set control.health_tcp=0"
shop=http://shop.green.example

start() { # directory, arguments of run...
  dir=$1
  shift
  rm -rf "$dir"
  # shellcheck disable=SC2086
  live_start "$dir" ip netns exec "$LAB-sensor" -- $quiet -c "$settings" \
    --set "capture.ports=[\"$port\"]" --set capture.memory=128MiB "$@"
}

answered() { # status, arguments of curl
  want=$1
  shift
  got=$(lab_curl -w '%{http_code}' -o /dev/null "$@") || return 1
  [ "$got" = "$want" ] || { echo "curl $*: $got"; return 1; }
}

# What people do: each must be answered, or there is nothing to find.
talk() {
  answered 200 $shop/ && answered 200 $shop/256.bin && answered 201 -d a=b $shop/order &&
    answered 200 https://shop.green.example/ &&
    lab_dig "$LAB_GREEN" shop.green.example A | grep -q NOERROR &&
    lab_dig "$LAB_GREEN" nothing.green.example A | grep -q NXDOMAIN &&
    [ "$(lab_ssh "$LAB_GREEN" -n echo green)" = green ] &&
    [ "$(lab_exec blue redis-cli -h "$LAB_GREEN" ping)" = PONG ] &&
    lab_exec blue ping -q -i 0.2 -c 3 "$LAB_GREEN" >/dev/null &&
    lab_exec blue ping -q -i 0.2 -c 3 "$LAB_GREEN6" >/dev/null &&
    lab_exec blue ping -q -i 0.2 -c 2 -s 3000 "$LAB_GREEN" >/dev/null &&
    lab_datagrams "$LAB_GREEN" 4000 3
}

# As a replay of what tcpdump saw at the same time. ARP and the like are no mirror traffic.
conversations() { # what must be the same, workers, settings...
  kind=$1 workers=$2
  shift 2
  lab_capture "$tmp/beside.pcap" || return 1
  start "$tmp/got" --set capture.workers="$workers" "$@" || return 1
  lab_mirror blue on && lab_mirror green on
  talk
  talked=$?
  lab_mirror blue off && lab_mirror green off
  lab_capture_end || return 1
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

finish
