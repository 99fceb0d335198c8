#!/bin/sh
# periscope index: every packet of every capture is in the index at its place, with the flow that the flow events of a
# replay name, as an own reader of the format sees it (packet_index.py); what is said of captures that cannot be indexed.
. "$(dirname "$0")/../lib.sh"

judge() { python3 "$here/retrieval/packet_index.py" "$@"; }

# capture, arguments of replay: indexed quietly, and as the flow events of a replay have it
as_events() {
  capture=$1
  shift
  rm -rf "$tmp/out"
  "$periscope" index "$capture" >"$tmp/stdout" 2>"$tmp/stderr" && [ ! -s "$tmp/stderr" ] || { cat "$tmp/stderr"; return 1; }
  timeout 300 "$periscope" replay -l "$tmp/out" "$@" "$capture" >/dev/null 2>&1 || return 1
  judge "$capture" "$tmp/out/events/flows.jsonl"
}

all_there() { # capture: indexed, whatever is in it
  "$periscope" index --force "$1" >"$tmp/stdout" 2>"$tmp/stderr" || { cat "$tmp/stderr"; return 1; }
  judge "$1"
}

says() { # expected line on standard error, status, arguments of index
  sentence=$1
  status=$2
  shift 2
  "$periscope" index "$@" >"$tmp/stdout" 2>"$tmp/stderr"
  [ $? -eq "$status" ] && [ "$(wc -l <"$tmp/stderr")" -eq 1 ] && grep -qE -- "^periscope: $sentence$" "$tmp/stderr" && return 0
  cat "$tmp/stderr"
  return 1
}

for capture in "$root"/pcaps/*.pcap; do
  cp "$capture" "$tmp/"
  check "$(basename "$capture")" as_events "$tmp/$(basename "$capture")"
done
for wrap in mirror gateway outer6 vlan plain; do
  capgen mix "$tmp/$wrap.pcap" flows=80 wrap=$wrap seed=7 >/dev/null
  check "a mix, $wrap" as_events "$tmp/$wrap.pcap"
done
capgen mix "$tmp/mix.pcapng" flows=300 vnis=5 span=900 >/dev/null
check "a mix as pcapng" as_events "$tmp/mix.pcapng"
capgen rewind "$tmp/rewind.pcap" >/dev/null
check "time goes back" as_events "$tmp/rewind.pcap"
capgen records "$tmp/records.pcap" >/dev/null
check "flows that pause, and ICMP" as_events "$tmp/records.pcap"

# Ours: what is in them was decapsulated, and the flows are those of the run that recorded them.
recorded() { # capture
  rm -rf "$tmp/out"
  timeout 300 "$periscope" replay -l "$tmp/out" --set packets.record=all "$1" >/dev/null 2>&1 &&
    "$periscope" index "$tmp/out/packets/packets.pcapng" >/dev/null || return 1
  judge "$tmp/out/packets/packets.pcapng" "$tmp/out/events/flows.jsonl"
}
check "a recorded packet file has the flows of its run" recorded "$tmp/mix.pcapng"
"$periscope" mirror --vni 7 --source 10.9.9.9 "$tmp/mirror.pcap" "$tmp/twice.pcap" >/dev/null
check "one of packets that are mirror traffic themselves" recorded "$tmp/twice.pcap"
cleared() { # --force takes indexes with the packet files
  timeout 300 "$periscope" replay --force -l "$tmp/out" "$tmp/web.pcap" >/dev/null 2>&1 && [ ! -e "$tmp/out/packets" ]
}
check "replay --force removes indexes, too" cleared

capgen garbage "$tmp/garbage.pcap" >/dev/null
check "garbage" all_there "$tmp/garbage.pcap"
capgen every "$tmp/every.pcap" >/dev/null
check "every kind of bad packet" all_there "$tmp/every.pcap"
mkdir "$tmp/kinds" && python3 "$here/make/capture_kinds.py" "$tmp/kinds" || exit 1
for name in clocks-little.pcapng clocks-big.pcapng sections.pcapng long.pcapng; do
  check "$name" all_there "$tmp/kinds/$name"
done

# Mirror packets in outer fragments: the flow has the last one of each, the others are there without a flow.
python3 - "$tmp" <<'FRAGMENTED'
import sys
from packets import UDP, fragments, frame, ip4, mirror, save, udp

packets = []
for i in range(40):
    inner = frame(ip4("10.1.0.1", "10.1.0.2", UDP, udp("10.1.0.1", 1000 + i % 4, "10.1.0.2", 2000, bytes(900))))
    whole = mirror(inner, 42)
    parts = [frame(part) for part in fragments(whole[14:], 400)] if i % 2 else [whole]
    packets += [(1700000000 * 10**9 + i * 1000000 + k, part, None) for k, part in enumerate(parts)]
save(sys.argv[1] + "/joined.pcap", packets)
FRAGMENTED
joined() {
  as_events "$tmp/joined.pcap" >"$tmp/said" && grep -q ' 4 flows, 20 joined$' "$tmp/said" || { cat "$tmp/said"; return 1; }
}
check "outer fragments" joined

# ---- what is there already ----

was_there() {
  before=$(stat -c %Y%i "$tmp/web.pcap.idx")
  "$periscope" index "$tmp/web.pcap" >"$tmp/stdout" 2>&1 && grep -q 'web.pcap.idx: 240 packets, 18 flows, was there$' "$tmp/stdout" &&
    [ "$before" = "$(stat -c %Y%i "$tmp/web.pcap.idx")" ]
}
check "a good index stays" was_there
forced() {
  cp "$tmp/web.pcap.idx" "$tmp/before" && before=$(stat -c %i "$tmp/web.pcap.idx") &&
    "$periscope" index --force "$tmp/web.pcap" >"$tmp/stdout" 2>&1 && ! grep -q 'was there' "$tmp/stdout" &&
    [ "$before" != "$(stat -c %i "$tmp/web.pcap.idx")" ] && cmp "$tmp/before" "$tmp/web.pcap.idx"
}
check "--force makes the same bytes anew" forced
printf '\303\050\032\052' | dd of="$tmp/dns.pcap.idx" bs=1 seek=200 conv=notrunc 2>/dev/null
check "a damaged one is made anew, and that is said" says ".*dns.pcap.idx: is damaged: it was made anew" 0 "$tmp/dns.pcap"
check "and is good" judge "$tmp/dns.pcap"
cat "$root/pcaps/dns.pcap" >"$tmp/grown.pcap"
"$periscope" index "$tmp/grown.pcap" >/dev/null
tail -c +25 "$root/pcaps/dns.pcap" >>"$tmp/grown.pcap"
check "so is that of a file that has grown" says \
  ".*grown.pcap.idx: is of a file of [0-9]* bytes, and this one has [0-9]*: it was made anew" 0 "$tmp/grown.pcap"
check "and is good, too" judge "$tmp/grown.pcap"
check "other settings make other indexes" says ".*web.pcap.idx: was made with other settings: it was made anew" 0 \
  --set flow.idle_timeout=5s "$tmp/web.pcap"
echo "my notes" >"$tmp/ssh-redis.pcap.idx"
check "a file that is no index stays" says ".*ssh-redis.pcap.idx: is there, and is no index; --force writes over it" 1 \
  "$tmp/ssh-redis.pcap"
check "and is whole" grep -q '^my notes$' "$tmp/ssh-redis.pcap.idx"

# ---- what cannot be indexed ----

size=$(stat -c %s "$tmp/mirror.pcap")
head -c $((size - 20)) "$tmp/mirror.pcap" >"$tmp/cut.pcap"
check "a capture that breaks off" says ".*cut.pcap: breaks off at packet [0-9]* (.*)" 1 "$tmp/cut.pcap"
check "has an index of what is whole" judge "$tmp/cut.pcap"
gzip -k "$tmp/mirror.pcap"
check "a compressed one" says \
  ".*mirror.pcap.gz: is compressed \(gzip\), so nobody can begin to read in its middle: unpack it to index it" 1 \
  "$tmp/mirror.pcap.gz"
check "has none" test ! -e "$tmp/mirror.pcap.gz.idx"
check "standard input" says "standard input cannot be indexed: an index stands beside a file" 1 -
mkfifo "$tmp/pipe"
check "a pipe" says ".*pipe: is no regular file, and cannot be indexed" 1 "$tmp/pipe"
check "no file" says ".*none.pcap: cannot open: No such file or directory" 1 "$tmp/none.pcap"
echo nothing >"$tmp/text.pcap"
check "no capture" says ".*text.pcap: .*" 1 "$tmp/text.pcap"
check "no capture named" says "no capture given; see 'periscope index --help'" 2
check "one twice" says "(.*web.pcap) and .*web.pcap are one file" 2 "$tmp/web.pcap" "$tmp/../$(basename "$tmp")/web.pcap"
check "no number of workers" says "--workers: '0' is not a number from 1 to 64" 2 --workers 0 "$tmp/web.pcap"
check "nothing is left of those" sh -c '! ls "$0"/*.idx.part' "$tmp"

# ---- many at once ----

at_once() {
  mkdir "$tmp/many" && cp "$root"/pcaps/*.pcap "$tmp/many/" && cp "$tmp/cut.pcap" "$tmp/many/a-cut.pcap" || return 1
  "$periscope" index -j --workers 4 "$tmp"/many/*.pcap >"$tmp/json" 2>"$tmp/stderr"
  [ $? -eq 1 ] && [ "$(wc -l <"$tmp/stderr")" -eq 1 ] || { cat "$tmp/stderr"; return 1; }
  for capture in "$tmp"/many/*.pcap; do
    judge "$capture" >/dev/null || return 1
  done
  [ "$(jq -r '.[0].status + " " + .[1].status' "$tmp/json")" = "of a part made" ] &&
    [ "$(jq -r '.[] | select(.capture | endswith("/web.pcap")) | [.packets, .flows] | @text' "$tmp/json")" = "[240,18]" ] &&
    [ "$(jq '[.[].bytes] | add' "$tmp/json")" -eq "$(cat "$tmp"/many/*.idx | wc -c)" ] &&
    [ "$(jq length "$tmp/json")" -eq "$(ls "$tmp"/many/*.pcap | wc -l)" ]
}
check "many at once, one of which is cut; -j" at_once
finish
