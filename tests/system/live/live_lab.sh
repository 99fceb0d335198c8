# shellcheck shell=sh
# The appliance at the lab's sensor, and what is said and mirrored there. Sourced after lib.sh, live.sh
# and lab.sh; $settings is the file of the settings.

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

mirrored() { # packets that both hosts' vxlan devices have sent so far
  for host in blue green; do
    ip -n "$LAB-$host" -s -j link show dev vx0
  done | python3 -c '
import json, sys
decoder, text, sum = json.JSONDecoder(), sys.stdin.read().strip(), 0
while text:
    value, end = decoder.raw_decode(text)
    sum, text = sum + value[0]["stats64"]["tx"]["packets"], text[end:].strip()
print(sum)'
}

captured() { # file, packets: tcpdump has written so many
  [ "$(tcpdump -n -r "$1" 2>/dev/null | wc -l)" -ge "$2" ]
}
