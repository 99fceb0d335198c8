#!/bin/sh
# nmap in the lab, before real hosts: each of its scans is an alert while it goes on, or within a second of its end; what
# people do meanwhile is none. Needs root and nmap.
. "$(dirname "$0")/../lib.sh"
. "$here/live/live.sh"

if [ "$(id -u)" -ne 0 ] || ! command -v nmap >/dev/null; then
  skip "needs root for network namespaces, and nmap"
  finish
fi
LAB_HERE=$here/live LAB_SECONDS=90
. "$here/live/lab.sh"
trap 'lab_down; rm -rf "$tmp"' EXIT
chmod 755 "$tmp"
. "$here/live/live_lab.sh"
settings=$root/pcaps/lab.yaml

alerts() { cat "$tmp/got"/alerts/*.jsonl 2>/dev/null | grep '"category":"scan"\|"category":"flood"'; }
told() { # rule, what must be in the line
  alerts | grep "\"rule\":\"$1\"" | grep -q "$2"
}
scan() { # rule, what must be in its alert, arguments of nmap: a second after its end at the latest
  rule=$1 words=$2
  shift 2
  lab_exec blue nmap -n -Pn "$@" >"$tmp/nmap" 2>&1 || { cat "$tmp/nmap"; return 1; }
  tries=20
  until told "$rule" "$words"; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { cat "$tmp/nmap"; alerts; return 1; }
    sleep 0.1
  done
}
count() { # how many alerts there are
  [ "$(alerts | sed 's/.*"alert_id":"\([^"]*\)".*/\1/' | sort -u | wc -l)" = "$1" ] || { alerts; return 1; }
}

check "the lab comes up" lab_up
check "its servers come up" lab_serve
check "the appliance" start "$tmp/got" --set capture.workers=2
[ $failures -eq 0 ] || finish
lab_mirror blue on
check "people talk" talk
sleep 2
check "which is no scan" count 0
check "nmap -sS of a network" scan horizontal_scan 'addresses at TCP port 22 in vain' -sS -p 22 10.2.0.0/24
check "nmap -sS of all ports of a host" scan vertical_scan "TCP ports of $LAB_GREEN in vain" -sS -p- "$LAB_GREEN"
check "nmap -sT of a thousand ports by IPv6" scan vertical_scan "TCP ports of $LAB_GREEN6 in vain" -6 -sT -p 1-1000 "$LAB_GREEN6"
# One error a second, as Linux has it, would make it last a minute.
lab_exec green sysctl -qw net.ipv4.icmp_ratelimit=0
check "nmap -sU" scan udp_vertical_scan "UDP ports of $LAB_GREEN in vain" -sU -p 1-40 "$LAB_GREEN"
check "these, and no others" count 4
check "it ends" live_stop TERM 10
closed() {
  live closed "$tmp/got" && [ "$(results summary "$tmp/got" memory.alerts_unheard)" = 0 ] &&
    alerts | grep -c '"ended":true' | grep -qx 4
}
check "nothing was lost" closed
[ "${SHOW:-}" ] && alerts

finish
