# shellcheck shell=sh
# A lab of two peered VPCs in network namespaces, mirrored by the kernel to a sensor. Sourced, never
# run; needs root. Used to make the captures in pcaps/ and by the live system tests.
#
#   blue (VPC one)                router (peering, route tables)                 green (VPC two)
#   eth0 10.1.0.10 ------- vpc1 10.1.0.1        10.2.0.1 vpc2 ------- eth0 10.2.0.10
#        fd00:1::10             fd00:1::1    fd00:2::1                     fd00:2::10
#   under0 --------------- tap1 172.16.1.1    172.16.2.1 tap2 ----------- under0
#   vx0: VNI 1001               sens0 10.9.0.1                            vx0: VNI 1002
#                                  |
#                               eth0 10.9.0.10  sensor: the mirror target
#
# Each host's eth0 mirrors what comes in and what goes out into its vxlan device, so a packet
# between the hosts reaches the sensor twice. The outer source is the host's primary address and the
# copies take a path of their own (under0), as with AWS. The router keeps one route table for each
# VPC, chosen by the interface a packet came in by; what neither knows is dropped without a word.
#
#   lab_up                        makes it all; call `trap lab_down EXIT` first
#   lab_down                      removes it all; may be called at any time, and twice
#   lab_exec blue|green|router|sensor CMD...     runs a command there, at most LAB_SECONDS
#   lab_spawn PLACE NAME CMD...   starts a server there; output in $LAB_DIR/NAME.log
#   lab_serve                     nginx, nsd, sshd, redis, iperf3 and a UDP echo in green
#   lab_mirror blue|green on|off  switches the mirror of one host
#   lab_vni blue|green VNI        another VNI for the copies of one host
#   lab_neighbours                permanent ones: no ARP or neighbour discovery comes of itself
#   lab_offload on|off            off: every mirrored packet looks as it did on a wire
#   lab_mtu BYTES                 of the hosts' interfaces and the peering
#   lab_host_route add|del        the way back in green's own route table
#   lab_vpc_route add|del         the way back in the route table of VPC two
#   lab_capture FILE, lab_capture_end   tcpdump at the sensor

LAB=${LAB:-pslab$$}
LAB_SECONDS=${LAB_SECONDS:-20}
# shellcheck disable=SC2034
LAB_BLUE=10.1.0.10 LAB_BLUE6=fd00:1::10 LAB_BLUE_VNI=1001
LAB_GREEN=10.2.0.10 LAB_GREEN6=fd00:2::10 LAB_GREEN_VNI=1002
LAB_SENSOR=10.9.0.10
LAB_ECHO_PORT=7007
LAB_HERE=${LAB_HERE:-$(cd "$(dirname "$0")" && pwd)}
LAB_DIR=

lab_fail() {
  echo "lab: $*" >&2
  return 1
}

lab_exec() {
  lab_place=$1
  shift
  ip netns exec "$LAB-$lab_place" timeout "$LAB_SECONDS" "$@"
}

# Waits up to five seconds for a command to succeed.
lab_wait() {
  lab_tries=50
  until "$@" >/dev/null 2>&1; do
    lab_tries=$((lab_tries - 1))
    [ "$lab_tries" -gt 0 ] || { lab_fail "waited in vain for: $*"; return 1; }
    sleep 0.1
  done
}

# MAC addresses stay the same from run to run: settings (pcaps/lab.yaml) can name them.
lab_link() { # PLACE NAME MAC PLACE NAME MAC
  ip link add "$2" netns "$LAB-$1" address "$3" type veth \
    peer name "$5" netns "$LAB-$4" address "$6"
}

lab_addr() { # PLACE DEVICE ADDRESS...
  lab_place=$1 lab_device=$2
  shift 2
  for lab_address; do
    case "$lab_address" in
      *:*) ip -n "$LAB-$lab_place" addr add "$lab_address" dev "$lab_device" nodad ;;
      *) ip -n "$LAB-$lab_place" addr add "$lab_address" dev "$lab_device" ;;
    esac
  done
  ip -n "$LAB-$lab_place" link set "$lab_device" up
}

lab_quiet_ipv6() { # PLACE DEVICE: an interface that must send nothing of its own
  ip netns exec "$LAB-$1" sh -c "echo 1 >/proc/sys/net/ipv6/conf/$2/disable_ipv6"
}

lab_place_up() {
  ip netns add "$LAB-$1"
  ip netns exec "$LAB-$1" sh -c '
    for family in ipv4 ipv6; do
      cd /proc/sys/net/$family/conf
      for at in all default; do
        if [ $family = ipv4 ]; then echo 0 >$at/rp_filter
        else echo 0 >$at/accept_ra; echo 0 >$at/router_solicitations; fi
      done
    done
    ip link set lo up'
}

lab_vxlan() { # PLACE VNI
  lab_local=$LAB_BLUE
  [ "$1" = blue ] || lab_local=$LAB_GREEN
  ip -n "$LAB-$1" link add vx0 type vxlan id "$2" local "$lab_local" remote "$LAB_SENSOR" \
    dev under0 dstport 4789 noudpcsum nolearning ttl 255
  lab_quiet_ipv6 "$1" vx0
  ip -n "$LAB-$1" link set vx0 mtu 64000 up
}

lab_host_up() { # PLACE VPC-NUMBER VNI
  lab_link "$1" eth0 "02:00:0a:0$2:00:0a" router "vpc$2" "02:00:0a:0$2:00:01"
  lab_link "$1" under0 "02:00:ac:0$2:00:0a" router "tap$2" "02:00:ac:0$2:00:01"
  lab_quiet_ipv6 "$1" under0
  lab_quiet_ipv6 router "tap$2"
  ip -n "$LAB-$1" link set under0 mtu 65000
  ip -n "$LAB-router" link set "tap$2" mtu 65000
  lab_addr "$1" eth0 "10.$2.0.10/16" "fd00:$2::10/64"
  lab_addr "$1" under0 "172.16.$2.10/24"
  lab_addr router "vpc$2" "10.$2.0.1/16" "fd00:$2::1/64"
  lab_addr router "tap$2" "172.16.$2.1/24"
  ip -n "$LAB-$1" route add "$LAB_SENSOR" via "172.16.$2.1" dev under0
  lab_vxlan "$1" "$3"
  ip netns exec "$LAB-$1" tc qdisc add dev eth0 clsact
}

# The route table of a VPC: its own network, the peering connection, and nothing else.
lab_vpc_up() { # VPC-NUMBER PEER-NUMBER
  for lab_family in -4 -6; do
    ip -n "$LAB-router" "$lab_family" rule add pref "10$1" iif "vpc$1" lookup "10$1"
    ip -n "$LAB-router" "$lab_family" route add blackhole default table "10$1"
  done
  ip -n "$LAB-router" route add "10.$1.0.0/16" dev "vpc$1" table "10$1"
  ip -n "$LAB-router" route add "$LAB_SENSOR" dev sens0 table "10$1"
  ip -n "$LAB-router" -6 route add "fd00:$1::/64" dev "vpc$1" table "10$1"
  ip -n "$LAB-router" route add "10.$2.0.0/16" dev "vpc$2" table "10$1"
  ip -n "$LAB-router" -6 route add "fd00:$2::/64" dev "vpc$2" table "10$1"
}

lab_up() {
  [ "$(id -u)" -eq 0 ] || { lab_fail "namespaces need root"; return 1; }
  LAB_DIR=$(mktemp -d "${TMPDIR:-/tmp}/$LAB.XXXXXX")
  for lab_place in blue green router sensor; do
    lab_place_up "$lab_place"
  done
  lab_link sensor eth0 02:00:0a:09:00:0a router sens0 02:00:0a:09:00:01
  for lab_end in "sensor eth0" "router sens0"; do
    # shellcheck disable=SC2086
    lab_quiet_ipv6 $lab_end
    ip -n "$LAB-${lab_end% *}" link set "${lab_end#* }" mtu 65000
  done
  # The sensor has no way back to the hosts: nothing tells them that no socket listens on 4789.
  lab_addr sensor eth0 "$LAB_SENSOR/24"
  lab_addr router sens0 10.9.0.1/24
  lab_host_up blue 1 "$LAB_BLUE_VNI"
  lab_host_up green 2 "$LAB_GREEN_VNI"
  ip netns exec "$LAB-router" sh -c '
    echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
  lab_vpc_up 1 2
  lab_vpc_up 2 1
  ip -n "$LAB-blue" route add 10.2.0.0/16 via 10.1.0.1
  ip -n "$LAB-blue" -6 route add fd00:2::/64 via fd00:1::1
  lab_host_route add
  lab_offload off
  lab_wait lab_exec blue ping -q -c 1 -W 1 "$LAB_GREEN"
  lab_wait lab_exec blue ping -q -c 1 -W 1 "$LAB_GREEN6"
}

lab_down() {
  trap '' INT TERM # a second signal must not leave half a lab
  for lab_place in blue green router sensor; do
    [ -e "/run/netns/$LAB-$lab_place" ] || continue
    for lab_signal in TERM KILL; do
      lab_pids=$(ip netns pids "$LAB-$lab_place")
      [ -n "$lab_pids" ] || break
      # shellcheck disable=SC2086
      kill -s "$lab_signal" $lab_pids 2>/dev/null || :
      sleep 0.2
    done
    ip netns del "$LAB-$lab_place"
  done
  [ -z "$LAB_DIR" ] || rm -rf "$LAB_DIR"
  LAB_DIR=
}

# In AWS the hosts have a default route and the VPC's table decides; here both can lack the way.
lab_host_route() {
  ip -n "$LAB-green" route "$1" 10.1.0.0/16 via 10.2.0.1
  ip -n "$LAB-green" -6 route "$1" fd00:1::/64 via fd00:2::1
}

lab_vpc_route() {
  ip -n "$LAB-router" route "$1" 10.1.0.0/16 dev vpc1 table 102
  ip -n "$LAB-router" -6 route "$1" fd00:1::/64 dev vpc1 table 102
}

lab_vni() {
  ip -n "$LAB-$1" link del vx0
  lab_vxlan "$1" "$2"
  lab_offload off
}

lab_neighbours() {
  for lab_vpc in 1 2; do
    lab_place=blue
    [ $lab_vpc -eq 1 ] || lab_place=green
    for lab_net in "10.$lab_vpc.0." "fd00:$lab_vpc::"; do
      ip -n "$LAB-$lab_place" neigh replace "${lab_net}1" dev eth0 \
        lladdr "02:00:0a:0$lab_vpc:00:01" nud permanent
      ip -n "$LAB-router" neigh replace "${lab_net}10" dev "vpc$lab_vpc" \
        lladdr "02:00:0a:0$lab_vpc:00:0a" nud permanent
    done
    # Link-local ones, too, which the MAC addresses tell.
    ip -n "$LAB-$lab_place" neigh replace "fe80::aff:fe0$lab_vpc:1" dev eth0 \
      lladdr "02:00:0a:0$lab_vpc:00:01" nud permanent
    ip -n "$LAB-router" neigh replace "fe80::aff:fe0$lab_vpc:a" dev "vpc$lab_vpc" \
      lladdr "02:00:0a:0$lab_vpc:00:0a" nud permanent
  done
}

lab_mtu() {
  for lab_end in "blue eth0" "green eth0" "router vpc1" "router vpc2"; do
    ip -n "$LAB-${lab_end% *}" link set "${lab_end#* }" mtu "$1"
  done
}

# The copy of a packet that leaves is taken before the interface finishes its checksum and cuts it
# into segments; vx0 does both when its own offloads are off.
lab_offload() {
  for lab_end in "blue eth0" "green eth0" "router vpc1" "router vpc2" "blue vx0" "green vx0"; do
    ip netns exec "$LAB-${lab_end% *}" ethtool -K "${lab_end#* }" \
      tx "$1" tso "$1" gso "$1" gro "$1" >/dev/null 2>&1 ||
      { lab_fail "ethtool cannot switch offloads of $lab_end"; return 1; }
  done
  # The outer IPv4 length is 16 bits: a copy and its outer headers must fit.
  for lab_place in blue green; do
    ip -n "$LAB-$lab_place" link set eth0 gso_max_size 32000
  done
}

lab_mirror() {
  for lab_way in ingress egress; do
    case "$2" in
      on) ip netns exec "$LAB-$1" tc filter add dev eth0 "$lab_way" protocol all prio 1 \
        bpf bytecode '1,6 0 0 4294967295,' action mirred egress mirror dev vx0 ;;
      off) ip netns exec "$LAB-$1" tc filter del dev eth0 "$lab_way" prio 1 ;;
    esac
  done
}

lab_spawn() {
  lab_place=$1 lab_name=$2
  shift 2
  ip netns exec "$LAB-$lab_place" "$@" >"$LAB_DIR/$lab_name.log" 2>&1 &
  LAB_PID=$!
}

lab_capture() {
  lab_capture_at sensor "$1" -Q in 'udp dst port 4789' || return 1
  LAB_CAPTURE_PID=$LAB_PID
}

# lab_capture_at PLACE FILE ARGUMENTS-OF-TCPDUMP...: at eth0; output in $LAB_DIR/tcpdump.log, or of a
# host in $LAB_DIR/tcpdump-PLACE.log
lab_capture_at() {
  lab_name=tcpdump
  [ "$1" = sensor ] || lab_name=tcpdump-$1
  lab_file=$2 lab_at=$1
  shift 2
  rm -f "$LAB_DIR/$lab_name.log"
  lab_spawn "$lab_at" "$lab_name" tcpdump -Z root -i eth0 -n -s 0 -B 32768 -U \
    --time-stamp-precision=nano -w "$lab_file" "$@"
  lab_wait grep -q 'listening on' "$LAB_DIR/$lab_name.log"
}

# Ends captures; fails when the kernel could not give tcpdump every packet.
lab_capture_end() { # [PID PLACE]...: those of lab_capture_at, and no other
  sleep 1.3 # tcpdump gets a block of packets after at most a second
  [ $# -gt 0 ] || set -- "$LAB_CAPTURE_PID" ""
  while [ $# -gt 0 ]; do
    lab_name=tcpdump${2:+-$2}
    kill -s TERM "$1"
    wait "$1" || :
    grep -q '^0 packets dropped by kernel' "$LAB_DIR/$lab_name.log" ||
      { cat "$LAB_DIR/$lab_name.log" >&2; lab_fail "the capture lost packets"; return 1; }
    shift 2
  done
}

# shellcheck source=tests/system/live/lab_servers.sh
. "$LAB_HERE/lab_servers.sh"
