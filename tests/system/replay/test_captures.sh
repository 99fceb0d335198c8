#!/bin/sh
# Captures of every kind: the packets, times and lengths that the script wrote (capture_kinds.py), and
# that tshark sees, for any number of workers, from a pipe and compressed. And what is no capture.
. "$(dirname "$0")/../lib.sh"

as_tshark() { # capture: what tshark reads; it gives custom blocks as frames, too, without a time
  tshark -n -r "$1" -T fields -e frame.time_epoch -e frame.len 2>/dev/null |
    sed '/^\t/d; s/\.//' | tr '\t' ' ' >"$tmp/tshark" || return 1
  diff "$1.expect" "$tmp/tshark"
}

written() { # the packets of a run's -w, both files, in order of time
  for part in w.pcapng w-ip.pcapng; do
    [ ! -e "$tmp/$part" ] || tshark -n -r "$tmp/$part" -T fields -e frame.time_epoch -e frame.len 2>/dev/null
  done | sed 's/\.//' | tr '\t' ' ' | sort -n
}

all_there() { # expected lines, arguments of replay
  expect=$1
  shift
  rm -rf "$tmp/out" "$tmp"/w.pcapng "$tmp"/w-ip.pcapng
  timeout 300 "$periscope" replay -l "$tmp/out" --input plain -w "$tmp/w.pcapng" "$@" \
    >"$tmp/stdout" 2>"$tmp/stderr" || { cat "$tmp/stderr"; return 1; }
  [ "$(results summary "$tmp/out" received)" = "$(wc -l <"$expect")" ] || return 1
  results ledger "$tmp/out" || return 1
  sort -n "$expect" >"$tmp/sorted"
  written | diff "$tmp/sorted" -
}

quietly() { # the last run said nothing
  [ ! -s "$tmp/stderr" ] || { cat "$tmp/stderr"; return 1; }
}

every_way() { # capture
  all_there "$1.expect" --workers 1 "$1" && quietly && all_there "$1.expect" --workers 4 "$1" && quietly
}

packed_and_piped() { # capture
  cat "$1" | all_there "$1.expect" - && quietly || return 1
  gzip -kf "$1" && all_there "$1.expect" "$1.gz" && quietly || return 1
  zstd -qf "$1" && all_there "$1.expect" "$1.zst" && quietly
}

says() { # expression, capture: status 1, and one sentence
  rm -rf "$tmp/out"
  "$periscope" replay -l "$tmp/out" "$2" >"$tmp/stdout" 2>"$tmp/stderr"
  [ $? -eq 1 ] && [ "$(wc -l <"$tmp/stderr")" -eq 1 ] && grep -qE -- "$1" "$tmp/stderr" && return 0
  cat "$tmp/stderr"
  return 1
}

notes() { # several captures in one file are named, and that is nothing wrong
  all_there "$1.expect" "$1" && [ "$(wc -l <"$tmp/stderr")" -eq 1 ] &&
    grep -q 'several.cap: holds 4 captures one after the other, the second from byte [0-9]* on, after packet 20;' \
      "$tmp/stderr"
}

memory() { # of a run, in KB
  /usr/bin/env python3 - "$periscope" "$tmp/rss" "$1" <<'PEAK'
import os, resource, subprocess, sys
subprocess.run([sys.argv[1], "replay", "-l", sys.argv[2], sys.argv[3]], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
PEAK
  rm -rf "$tmp/rss"
}

bounded() { # a capture of 51 MB in three blocks needs little more than a small one
  small=$(memory "$tmp/sections.pcapng")
  long=$(memory "$tmp/long.pcapng")
  echo "$small KB, $long KB"
  [ "$long" -lt $((small + 8192)) ]
}

python3 "$here/make/capture_kinds.py" "$tmp" || exit 1
for name in clocks-little.pcapng clocks-big.pcapng sections.pcapng long.pcapng alone.pcapng \
  snap-little.pcap snap-big.pcap nano-swapped.pcap; do
  check "tshark reads $name so, too" as_tshark "$tmp/$name"
  check "$name" every_way "$tmp/$name"
done
check "a pipe, gzip, zstd" packed_and_piped "$tmp/clocks-big.pcapng"
check "memory does not grow with blocks" bounded
check "several captures in one file" notes "$tmp/several.cap"

echo "# what is no capture, or not all of it"
good=$tmp/clocks-little.pcapng
editcap -F snoop "$tmp/snap-little.pcap" "$tmp/s.snoop"
check "snoop" says "s\.snoop: is a Sun snoop capture.*'editcap -F pcapng IN OUT'" "$tmp/s.snoop"
editcap -F netmon2 "$tmp/snap-little.pcap" "$tmp/n.cap"
check "Network Monitor" says "n\.cap: is a Microsoft Network Monitor capture.*editcap" "$tmp/n.cap"
xz -k "$good"
check "xz" says "pcapng\.xz: is compressed by xz.*'xz -d'" "$good.xz"
tar -C "$tmp" -czf "$tmp/t.tgz" sections.pcapng
check "a tar archive inside gzip" says "t\.tgz: what is inside the gzip data is a tar archive" "$tmp/t.tgz"
python3 - "$tmp" <<'WRONG'
import sys
from capture_kinds import *
head = section(BIG) + interface(BIG, 105) + interface(BIG, ETHERNET)
data = packet(ETHERNET, 1)
open(sys.argv[1] + "/wifi.pcapng", "wb").write(head + b"".join(enhanced(BIG, i % 2, i, data) for i in range(1, 8)))
broken = bytearray(enhanced(BIG, 1, 2, data))
broken[-1] ^= 4
open(sys.argv[1] + "/broken.pcapng", "wb").write(head + enhanced(BIG, 1, 1, data) + broken)
WRONG
check "packets of a link type that is not read" says \
  'wifi\.pcapng: 3 packets were left out, the first is packet 2: its link type is IEEE802_11' "$tmp/wifi.pcapng"
check "the others are there" test \
  "$(results summary "$tmp/out" received) $(results summary "$tmp/out" link_excluded)" = "4 3"
check "a broken block" says \
  'broken\.pcapng: cannot be read on at packet 2 \(block 5 at byte [0-9]+, an Enhanced Packet Block: its length is' \
  "$tmp/broken.pcapng"
check "what comes before it is there" test "$(results summary "$tmp/out" received)" = 1
finish
