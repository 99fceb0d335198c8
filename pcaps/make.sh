#!/bin/sh
# Makes the captures of this folder in the lab (tests/system/live/lab.sh), as root: make.sh [NAME...]
# Each is what a mirror target receives while the commands of its function below run in blue. A
# command that does not get the answer it must get ends the script. Expectations: expect.sh.
set -eu
pcaps=$(cd "$(dirname "$0")" && pwd)
LAB_HERE=$pcaps/../tests/system/live
# shellcheck source=tests/system/live/lab.sh
. "$LAB_HERE/lab.sh"

shop=http://shop.green.example

# get STATUS CURL-ARGUMENTS...
get() {
  status=$1
  shift
  got=$(lab_curl -w '%{http_code},' "$@")
  [ "${got%,}" = "$status" ] || lab_fail "curl $*: status $got"
}

get6() {
  got=$(lab_curl6 -w '%{http_code}' "$1")
  [ "$got" = 200 ] || lab_fail "curl $1: status $got"
}

# dns RCODE ADDRESS DIG-ARGUMENTS...
dns() {
  rcode=$1
  shift
  lab_dig "$@" | grep -q "status: $rcode," || lab_fail "dig $*: not $rcode"
}

redis() { # ADDRESS LAST-ANSWER COMMAND...
  address=$1 answer=$2
  shift 2
  got=$(lab_exec blue redis-cli -h "$address" "$@" | tail -n 1)
  [ "$got" = "$answer" ] || lab_fail "redis-cli $*: $got"
}

pings() { # COUNT PING-ARGUMENTS...: each must be answered
  count=$1
  shift
  lab_exec blue ping -q -i 0.2 -W 2 -c "$count" "$@" | grep -q " $count received" ||
    lab_fail "ping $*: answers are missing"
}

lost_pings() { # COUNT PING-ARGUMENTS...: none must be answered
  count=$1
  shift
  got=$(lab_exec blue ping -q -i 0.2 -W 1 -c "$count" "$@" || :)
  case "$got" in *"$count packets transmitted, 0 received"*) ;; *) lab_fail "ping $*: $got" ;; esac
}

refused() { # STATUS COMMAND...: ends with this exit status
  status=$1 got=0
  shift
  "$@" >/dev/null 2>&1 || got=$?
  [ "$got" = "$status" ] || lab_fail "$*: exit status $got"
}

make_web() {
  get 200 $shop/
  get 200,404 "$shop/catalog?item=42" -o /dev/null $shop/missing
  get 200 -I -A periscope-lab/1.0 $shop/
  get 201 -d colour=green $shop/order
  get 301 $shop/old
  get 200 --http1.1 https://shop.green.example/
  get 200 --http2 https://shop.green.example/catalog
  get 200 --http1.1 --tls-max 1.2 https://api.green.example/
  get 200 --http1.1 -k "https://$LAB_GREEN/"
}

make_dns() {
  dns NOERROR "$LAB_GREEN" shop.green.example A
  dns NOERROR "$LAB_GREEN" shop.green.example AAAA
  dns NOERROR "$LAB_GREEN" green.example MX
  dns NOERROR "$LAB_GREEN" green.example TXT
  dns NOERROR "$LAB_GREEN" www.green.example A
  dns NXDOMAIN "$LAB_GREEN" nothing.green.example A
  dns REFUSED "$LAB_GREEN" www.example.com A
  dns NOERROR "$LAB_GREEN" +noedns big.green.example TXT # too big for UDP: asked again over TCP
  dns NOERROR "$LAB_GREEN" +tcp shop.green.example A
  lab_dig "$LAB_GREEN" green.example AXFR | grep -q '^; Transfer failed' &&
    lab_fail "the zone transfer failed"
  :
}

make_ssh_redis() {
  [ "$(lab_ssh "$LAB_GREEN" -n echo green)" = green ] || lab_fail "ssh echo"
  [ "$(head -c 20k /dev/zero | lab_ssh "$LAB_GREEN" wc -c)" = 20480 ] || lab_fail "ssh wc"
  redis "$LAB_GREEN" PONG ping
  redis "$LAB_GREEN" OK mset colour green visits 0
  redis "$LAB_GREEN" green get colour
  redis "$LAB_GREEN" 10 -r 10 incr visits
}

make_ipv6() {
  pings 4 "$LAB_GREEN6"
  get6 $shop/
  get6 https://shop.green.example/
  dns NOERROR "$LAB_GREEN6" shop.green.example AAAA
  dns NXDOMAIN "$LAB_GREEN6" nothing.green.example AAAA
  [ "$(lab_ssh "$LAB_GREEN6" -n echo green)" = green ] || lab_fail "ssh echo"
  redis "$LAB_GREEN6" PONG ping
  lab_datagrams "$LAB_GREEN6" 600 2
}

make_fragments() {
  lab_datagrams "$LAB_GREEN" 4000 3
  lab_datagrams "$LAB_GREEN6" 4000 3
  pings 2 -s 3000 "$LAB_GREEN"
  pings 2 -s 3000 "$LAB_GREEN6"
}

make_large() {
  get 200 $shop/600.bin
}

make_jumbo() {
  lab_mtu 9001
  get 200 $shop/256.bin
  pings 2 -M 'do' -s 8900 "$LAB_GREEN"
  lab_mtu 1500
}

make_gso() {
  lab_offload on
  lab_exec blue iperf3 -c "$LAB_GREEN" -n 200K >/dev/null
  lab_offload off
}

make_refused() {
  refused 7 lab_curl "http://$LAB_GREEN:81/" # 7: could not connect
  refused 9 lab_dig "$LAB_GREEN" -p 5300 shop.green.example # 9: no reply
  lost_pings 2 -t 1 "$LAB_GREEN"
  lost_pings 2 -6 -t 1 "$LAB_GREEN6"
}

make_peering_noroute() {
  lab_host_route del
  lost_pings 8 "$LAB_GREEN"
  lab_host_route add
}

make_peering_blackhole() {
  lab_vpc_route del
  lost_pings 8 "$LAB_GREEN"
  lab_vpc_route add
}

make_peering_route() {
  pings 8 "$LAB_GREEN"
}

make_everything() {
  make_peering_blackhole
  make_peering_route
  make_web
  make_dns
  make_ssh_redis
  make_ipv6
  make_fragments
  get 200 $shop/20.bin
  make_refused
}

capture() { # NAME
  lab_capture "$LAB_DIR/$1.pcap"
  "make_$(echo "$1" | tr - _)"
  lab_capture_end
  mv "$LAB_DIR/$1.pcap" "$pcaps/$1.pcap"
  chmod 644 "$pcaps/$1.pcap"
}

# On one processor the kernel keeps the order of packets, and so do the captures.
taskset -p -c 0 $$ >/dev/null
trap lab_down EXIT
trap 'exit 1' INT TERM
[ $# -gt 0 ] || set -- web dns ssh-redis ipv6 fragments large jumbo gso refused \
  peering-noroute peering-blackhole peering-route everything
lab_up
lab_serve
lab_mirror blue on
lab_mirror green on
for name; do
  capture "$name"
  echo "$name.pcap: $(wc -c <"$pcaps/$name.pcap") bytes"
done
