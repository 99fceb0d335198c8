#!/bin/sh
# Feeds of a replay: tcpdump, tshark and a reader of our own get what -w writes, in its order, by a named pipe,
# by PCAP-over-IP and on an interface; VLAN tags keep sessions apart and name them; readers are waited for, and
# one that goes is counted.
. "$(dirname "$0")/../lib.sh"

space=psfeed$$
trap 'ip netns del $space 2>/dev/null; rm -rf "$tmp"' EXIT
feeds() { python3 "$here/judge/feeds.py" "$@"; }
lab=$root/pcaps/everything.pcap
packets=$(capinfos -Mc "$lab" | awk 'END { print $NF }')
port=$((20000 + $$ % 20000))
fifo=$tmp/fifo
mkfifo "$fifo"
pipe() { echo "feeds=[{name: ids, kind: pipe, path: $fifo, $1}]"; }

# fed SETTING ARGUMENTS...: a replay that ends well, beside -w, and the reader that runs in the background.
fed() {
  setting=$1
  shift
  rm -rf "$tmp/out" "$tmp/ref.pcap"
  timeout 60 "$periscope" replay -l "$tmp/out" -w "$tmp/ref.pcap" --set "$setting" "$@" >"$tmp/stdout" 2>"$tmp/stderr"
  fed_status=$?
  [ $fed_status -eq 0 ] || kill "$reader" # it may wait for ever
  wait "$reader"
  [ $fed_status -eq 0 ] || { cat "$tmp/stderr"; return 1; }
}

by_tcpdump() { # times, precision of tcpdump, workers
  timeout 60 tcpdump -n -r "$fifo" --time-stamp-precision="$2" -w "$tmp/got.pcap" 2>"$tmp/tcpdump" &
  reader=$!
  fed "$(pipe "times: $1")" --workers "$3" "$lab" && feeds same "$tmp/got.pcap" "$tmp/ref.pcap" &&
    feeds output "$tmp/out" ids offered="$packets" written="$packets" readers_joined=1
}
check "a pipe, read by tcpdump: packets of -w in its order, ns, 1 worker" by_tcpdump ns nano 1
check "the same with 2 workers" by_tcpdump ns nano 2
check "the same with 4 workers, and microseconds" by_tcpdump us micro 4

# as it comes: the bytes of the stream themselves
by_cat() {
  cat "$fifo" >"$tmp/got.pcap" &
  reader=$!
  fed "$(pipe "times: ns, what: accepted")" "$lab" && cmp "$tmp/got.pcap" "$tmp/ref.pcap"
}
check "a pipe has the bytes of -w" by_cat

# an expression: tcpdump finds the same in what -w writes, and the sum closes
by_expression() { # expression, workers, tcpdump's where that is another
  cat "$fifo" >"$tmp/got.pcap" &
  reader=$!
  fed "$(pipe "times: ns, what: \"$1\"")" --workers "$2" "$lab" &&
    tcpdump -r "$tmp/ref.pcap" --nano -w "$tmp/want.pcap" "${3:-$1}" 2>/dev/null && cmp "$tmp/got.pcap" "$tmp/want.pcap" || return 1
  want=$(capinfos -Mc "$tmp/want.pcap" | awk 'END { print $NF }')
  [ "$want" -gt 0 ] && [ "$want" -lt "$packets" ] &&
    feeds output "$tmp/out" ids offered="$packets" written="$want" by_policy=$((packets - want))
}
check "an expression: tcp port 443 or 80" by_expression 'tcp port 443 or 80' 1
check "the same with 4 workers" by_expression 'tcp port 443 or 80' 4
check "an expression: not host 10.1.0.10 and udp" by_expression 'not host 10.1.0.10 and udp' 2
by_session() { # of the settings; of raw -w nothing says the session: by the VNI outside
  cat >"$tmp/session.yaml" <<'END'
traffic_mirror_sessions: [{id: tms-a, session_number: 1, virtual_network_id: 1002, network_interface_id: eni-a}]
END
  source=$(tshark -r "$lab" -Y vxlan.vni==1002 -T fields -E occurrence=f -e ip.src 2>/dev/null | sort -u)
  echo "network_interfaces: [{id: eni-a, private_ip_addresses: [$source]}]" >>"$tmp/session.yaml"
  want=$(tshark -r "$lab" -Y vxlan.vni==1002 2>/dev/null | wc -l)
  cat "$fifo" >"$tmp/got.pcap" &
  reader=$!
  fed "$(pipe "what: session tms-a")" -c "$tmp/session.yaml" --workers "$1" "$lab" && [ "$want" -gt 0 ] &&
    feeds output "$tmp/out" ids offered="$packets" written="$want" by_policy=$((packets - want))
}
check "an expression: a session of the settings" by_session 2

cut() {
  cat "$fifo" >"$tmp/got.pcap" &
  reader=$!
  fed "$(pipe "cut: 64, times: ns")" "$lab" && python3 - "$tmp" <<'END'
import captures, sys
got, ref = (captures.read(sys.argv[1] + name) for name in ("/got.pcap", "/ref.pcap"))
assert [(p.time, p.wire, p.data) for p in got] == [(p.time, p.wire, p.data[:64]) for p in ref]
END
}
check "cut: 64 bytes of each, and its length" cut

check "a capture of equal addresses in four sessions" feeds four "$lab" "$tmp/four.pcap"
four() { # tag, times as many conversations, pairs of ids
  cat "$fifo" >"$tmp/got.pcap" &
  reader=$!
  fed "$(pipe "tag: $1")" "$tmp/four.pcap" || return 1
  feeds conversations "$tmp/ref.pcap" >"$tmp/plain" && feeds conversations "$tmp/got.pcap" >"$tmp/told" || return 1
  read -r plain _ <"$tmp/plain" && read -r told ids <"$tmp/told" || return 1
  [ "$plain" -gt 5 ] && [ "$told" -eq $(($2 * plain)) ] && [ "$ids" -eq "$3" ] ||
    { cat "$tmp/plain" "$tmp/told"; return 1; }
}
check "without tags tshark sees each conversation once" four none 1 1
check "with tags it sees each four times" four qinq 4 4
check "and the tags name the sessions" feeds tagged "$tmp/got.pcap" "$tmp/ref.pcap" "$tmp/out/feeds/vlan-tags.jsonl" "$tmp/four.pcap"

known() { # sessions of the settings come first, whatever the packets do
  cat >"$tmp/known.yaml" <<'END'
traffic_mirror_sessions:
  - {id: tms-b, session_number: 1, virtual_network_id: 9, network_interface_id: eni-4}
  - {id: tms-a, session_number: 1, virtual_network_id: 7, network_interface_id: eni-2}
network_interfaces:
  - {id: eni-2, private_ip_addresses: [10.9.0.2]}
  - {id: eni-4, private_ip_addresses: [10.9.0.4]}
END
  cat "$fifo" >"$tmp/got.pcap" &
  reader=$!
  fed "$(pipe "tag: qinq")" -c "$tmp/known.yaml" --workers 4 "$tmp/four.pcap" &&
    feeds tagged "$tmp/got.pcap" "$tmp/ref.pcap" "$tmp/out/feeds/vlan-tags.jsonl" "$tmp/four.pcap" &&
    cat >"$tmp/expected" <<'END' && diff "$tmp/expected" "$tmp/out/feeds/vlan-tags.jsonl"
{"vlan":[1,1],"vni":7,"network_id":null,"outer_src":"10.9.0.2","session":"tms-a","interface_id":"eni-2"}
{"vlan":[1,2],"vni":9,"network_id":null,"outer_src":"10.9.0.4","session":"tms-b","interface_id":"eni-4"}
{"vlan":[4078,1],"vni":7,"network_id":null,"outer_src":"10.9.0.1","session":null,"interface_id":null}
{"vlan":[4078,2],"vni":8,"network_id":null,"outer_src":"10.9.0.3","session":null,"interface_id":null}
END
}
check "sessions of the settings have the first numbers" known

if command -v suricata >/dev/null; then
  suricata_flows() { # tag: to $tmp/flows
    rm -rf "$tmp/suricata" && mkdir "$tmp/suricata"
    timeout 60 suricata -c /etc/suricata/suricata.yaml -S /dev/null --runmode single -k none -r "$fifo" -l "$tmp/suricata" \
      >"$tmp/suricata.out" 2>&1 &
    reader=$!
    fed "$(pipe "tag: $1")" "$tmp/four.pcap" || return 1
    python3 - "$tmp/suricata/eve.json" >"$tmp/flows" <<'END'
import json, sys
flows = [line for line in map(json.loads, open(sys.argv[1])) if line["event_type"] == "flow"]
print(len(flows), len({tuple(flow.get("vlan", [])) for flow in flows}))
END
  }
  by_suricata() {
    suricata_flows none && read -r plain _ <"$tmp/flows" && suricata_flows qinq && read -r told ids <"$tmp/flows" &&
      [ "$plain" -gt 5 ] && [ "$told" -eq $((4 * plain)) ] && [ "$ids" -eq 4 ] || { cat "$tmp/flows"; return 1; }
  }
  check "Suricata sees four times the flows, with the sessions' tags" by_suricata
else
  skip "no suricata"
fi

listen() { echo "feeds=[{name: tcp, kind: pcap_over_ip, address: \"listen:127.0.0.1:$port\", times: ns}]"; }
by_client() {
  feeds client "$port" "$tmp/got.pcap" &
  reader=$!
  fed "$(listen)" "$lab" && cmp "$tmp/got.pcap" "$tmp/ref.pcap" &&
    feeds output "$tmp/out" tcp written="$packets" readers_joined=1
}
check "PCAP-over-IP: a client gets the bytes of -w" by_client
port=$((port + 1))
by_tshark() {
  { until grep -q 'waits until' "$tmp/stderr" 2>/dev/null; do sleep 0.1; done
    timeout 60 tshark -n -i "TCP@127.0.0.1:$port" -T fields -e frame.time_epoch -e frame.len >"$tmp/told" 2>"$tmp/tshark"; } &
  reader=$!
  : >"$tmp/stderr"
  fed "$(listen)" "$lab" && tshark -n -r "$tmp/ref.pcap" -T fields -e frame.time_epoch -e frame.len >"$tmp/expected" &&
    cmp "$tmp/told" "$tmp/expected"
}
check "PCAP-over-IP, read by tshark itself" by_tshark
by_server() {
  feeds server "$tmp/got.pcap" >"$tmp/port" &
  reader=$!
  until [ -s "$tmp/port" ]; do sleep 0.1; done
  fed "feeds=[{name: out, kind: pcap_over_ip, address: \"connect:127.0.0.1:$(cat "$tmp/port")\", times: ns}]" "$lab" &&
    cmp "$tmp/got.pcap" "$tmp/ref.pcap"
}
check "PCAP-over-IP that connects" by_server

# A reader that goes: the rest is lost, said once, and everything else is done.
goes() {
  head -c 30000 "$fifo" >"$tmp/head" &
  "$periscope" replay -l "$tmp/goes" --set "$(pipe "tag: none")" "$lab" "$lab" "$lab" "$lab" >"$tmp/stdout" 2>"$tmp/stderr"
  [ $? -eq 1 ] && [ "$(grep -c 'nobody reads it any more' "$tmp/stderr")" -eq 1 ] &&
    feeds output "$tmp/goes" ids written=+ lost_disk=+ offered=$((4 * packets)) && grep -q 'LOST: .* of feed:ids' "$tmp/stdout"
}
check "a reader that goes: the run ends, and its sum closes" goes

waits() { # signal: nobody reads; it ends at the signal
  "$periscope" replay -l "$tmp/waits.$1" --set "$(pipe "tag: none")" "$lab" >"$tmp/stdout" 2>"$tmp/stderr" &
  waiting=$!
  tries=50
  until grep -q 'feed:ids: waits until it is read' "$tmp/stderr" || [ $tries -eq 0 ]; do sleep 0.1; tries=$((tries - 1)); done
  kill -0 $waiting || return 1
  kill -s "$1" $waiting
  wait $waiting
  [ $? -eq 1 ] && grep -q interrupted "$tmp/stderr"
}
check "without a reader it waits, until it is interrupted" waits INT
stalls() { # a reader that takes nothing more
  { exec 3<"$fifo"; dd bs=1 count=24 <&3 >/dev/null 2>&1; sleep 20; } &
  reader=$!
  capgen mix "$tmp/big.pcap" flows=3000 vnis=2 seed=3 >"$tmp/big.json" || return 1
  "$periscope" replay -l "$tmp/stalls" --set "$(pipe "tag: none")" "$tmp/big.pcap" >"$tmp/stdout" 2>"$tmp/stderr" &
  waiting=$!
  sleep 2
  kill -0 $waiting || { echo "it did not wait"; return 1; }
  kill -s TERM $waiting
  wait $waiting
  status=$?
  kill $reader 2>/dev/null
  [ $status -eq 1 ] && grep -q "ledger closed" "$tmp/stdout" && feeds output "$tmp/stalls" ids lost_disk=+
}
check "a reader that stalls holds it up, until it is interrupted" stalls

refused() { # setting, words
  "$periscope" replay -l "$tmp/refused" --set "feeds=[{name: x, $1}]" "$lab" >"$tmp/stdout" 2>"$tmp/stderr"
  [ $? -eq 1 ] && grep -q "$2" "$tmp/stderr" && [ "$(wc -l <"$tmp/stderr")" -eq 1 ] || { cat "$tmp/stderr"; return 1; }
}
wrong() { # settings, words: before anything is read
  printf 'feeds:\n- {name: x, kind: pipe, path: %s,\n   what: "%s"}\n' "$fifo" "$1" >"$tmp/wrong.yaml"
  "$periscope" replay -l "$tmp/wrong" -c "$tmp/wrong.yaml" "$lab" >"$tmp/stdout" 2>"$tmp/stderr"
  [ $? -eq 2 ] && [ "$(cat "$tmp/stderr")" = "periscope: $tmp/wrong.yaml:3: feeds[0].what: $2" ] && [ ! -e "$tmp/wrong" ] ||
    { cat "$tmp/stderr"; return 1; }
}
check "an expression that is none: line, key, caret" wrong 'port 80 and hots 10.0.0.1' \
  "'hots' is no word of expressions: port 80 and ^hots 10.0.0.1"
check "a word of others in one" wrong 'tcp and risk 4' \
  "'risk' cannot be used in a feed: it works in periscope read: tcp and ^risk 4"
check "no pipe there" refused "kind: pipe, path: $tmp/none" 'x: .*/none: No such file or directory; make the named pipe'
check "a file that is no pipe" refused "kind: pipe, path: $lab" 'everything.pcap: is no named pipe'
check "no interface there" refused "kind: interface, iface: psnone" 'interface psnone'

if [ "$(id -u)" -ne 0 ]; then
  skip "needs root for interfaces"
  finish
fi
ip netns add $space
ip -n $space link add feed0 mtu 1600 arp off type veth peer name feed1 mtu 1600 arp off
ip netns exec $space sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6'
ip -n $space link set feed0 up
ip -n $space link set feed1 up
iface() { # tag, status: to $tmp/got.pcap by tcpdump
  ip netns exec $space timeout 60 tcpdump -n -i feed1 -Q in -B 65536 --time-stamp-precision=nano -w "$tmp/got.pcap" 2>"$tmp/tcpdump" &
  reader=$!
  until grep -q 'listening on' "$tmp/tcpdump" 2>/dev/null; do sleep 0.1; done
  rm -rf "$tmp/out" "$tmp/ref.pcap"
  ip netns exec $space timeout 60 "$periscope" replay -l "$tmp/out" -w "$tmp/ref.pcap" \
    --set "feeds=[{name: if, kind: interface, iface: feed0, tag: $1}]" "$lab" >"$tmp/stdout" 2>"$tmp/stderr"
  fed_status=$?
  sleep 1.5 # tcpdump reads blocks that are full or a second old
  kill -s INT "$(ip netns pids $space | head -n 1)" 2>/dev/null
  wait $reader
  [ $fed_status -eq "$2" ] || { cat "$tmp/stderr"; return 1; }
}
by_interface() {
  iface "$1" 0 && feeds output "$tmp/out" if written="$packets" && python3 - "$tmp" "$1" <<'END'
import captures, feeds, sys
got, ref = (captures.read(sys.argv[1] + name) for name in ("/got.pcap", "/ref.pcap"))
if sys.argv[2] == "qinq":
    got = [feeds.untagged(packet)[1] for packet in got]
assert [p.data for p in got] == [p.data for p in ref], (len(got), len(ref))
END
}
check "an interface: frames of -w in its order, to tcpdump" by_interface none
check "the same with tags" by_interface qinq
small() { # two tags more than the MTU has room for
  ip -n $space link set feed0 mtu 500
  iface qinq 1 && feeds output "$tmp/out" if written=+ too_long=+ lost_disk=+ && grep -q 'feed0: its MTU is too small' "$tmp/stderr"
}
check "an MTU too small is a loss of its own, and said" small
finish
