#!/bin/sh
# Bad input: one clear sentence that names the place, the right exit status, and everything done
# before is kept.
. "$(dirname "$0")/../lib.sh"

one_sentence() { # extended regular expression; the sentence is in $tmp/stderr
  [ "$(wc -l <"$tmp/stderr")" -eq 1 ] || { echo "not one line:"; cat "$tmp/stderr"; return 1; }
  grep -qE '^periscope: .{8,400}$' "$tmp/stderr" || { echo "no sentence"; return 1; }
  grep -qE -- "$1" "$tmp/stderr" || { echo "does not say: $1"; return 1; }
  ! grep -qE 'EAL|Assert|assert|Sanitizer|core dumped|0x[0-9a-f]{8}|\(null\)' "$tmp/stderr"
}

says() { # status, expression, command...
  want=$1
  sentence=$2
  shift 2
  timeout 60 "$@" >"$tmp/stdout" 2>"$tmp/stderr" </dev/null
  got=$?
  cat "$tmp/stderr"
  [ $got -eq "$want" ] || { echo "status $got, and not $want"; return 1; }
  one_sentence "$sentence"
}

refuses() { # status, expression, arguments...: nothing is done, nothing is left behind
  rm -rf "$tmp/out"
  want=$1
  sentence=$2
  shift 2
  says "$want" "$sentence" "$periscope" replay -l "$tmp/out" "$@" || return 1
  [ ! -s "$tmp/stdout" ] || { echo "something is on stdout"; return 1; }
  [ ! -e "$tmp/out" ] || { echo "an output directory was made"; return 1; }
}

keeps() { # packets, expression, arguments...: status 1, and what came before is there
  rm -rf "$tmp/out"
  kept=$1
  sentence=$2
  shift 2
  says 1 "$sentence" "$periscope" replay -l "$tmp/out" "$@" || return 1
  [ "$(results summary "$tmp/out" received)" = "$kept" ] || {
    echo "received $(results summary "$tmp/out" received), and not $kept"
    return 1
  }
  results ledger "$tmp/out"
}

capgen mix "$tmp/good.pcap" flows=120 >"$tmp/good.json"
capgen mix "$tmp/good.pcapng" flows=120 >/dev/null
packets=$(tcpdump --count -r "$tmp/good.pcap" 2>/dev/null | cut -d ' ' -f 1)
size=$(wc -c <"$tmp/good.pcap")
good=$tmp/good.pcap

echo "# no output directory"
no_files() { # arguments...: the tables, and nothing is left
  rm -rf "$tmp/none" && mkdir "$tmp/none" || return 1
  (cd "$tmp/none" && "$periscope" replay -l none "$@" "$good" >"$tmp/stdout" 2>"$tmp/stderr") || return 1
  [ -z "$(ls -A "$tmp/none")" ] || { ls -A "$tmp/none"; return 1; }
  grep -q "$packets received = $packets accounted for" "$tmp/stdout" && [ ! -s "$tmp/stderr" ]
}
check "-l none prints tables and leaves nothing" no_files
check "with flow logs and events in the settings" no_files --set flow_logs.enabled=true --set events.file=true
check "with --force" no_files --force
check "packets to record have no place" says 2 'none leaves no files, and packets.record' \
  "$periscope" replay -l none --set packets.record=all "$good"

echo "# captures"
check "missing file" refuses 1 'missing\.pcap: .*No such file' "$tmp/missing.pcap"
mkdir "$tmp/folder.pcap"
check "directory" refuses 1 'folder\.pcap: is a directory' "$tmp/folder.pcap"
: >"$tmp/empty.pcap"
check "empty file" refuses 1 'empty\.pcap: is empty' "$tmp/empty.pcap"
echo 'this is a text file, and nothing else' >"$tmp/text.pcap"
check "not a capture" refuses 1 'text\.pcap: .*not a pcap' "$tmp/text.pcap"
head -c 20 "$good" >"$tmp/head.pcap"
check "cut in the file's header" refuses 1 'head\.pcap: breaks off' "$tmp/head.pcap"
head -c 40 "$tmp/good.pcapng" >"$tmp/head.pcapng"
check "cut in the file's header, pcapng" refuses 1 'head\.pcapng: breaks off' "$tmp/head.pcapng"
python3 -c "
import sys; sys.path.insert(0, '$here/make'); import packets
packets.save('$tmp/wifi.pcap', [(10**18, bytes(60), None)], link=105)
packets.save('$tmp/private.pcap', [(10**18, bytes(60), None)], link=147)"
check "unknown link type" refuses 1 'wifi\.pcap: .*link type.*IEEE802_11' "$tmp/wifi.pcap"
check "private link type" refuses 1 'private\.pcap: .*link type' "$tmp/private.pcap"

# Where packet N begins and ends is computed from the file's own record headers.
python3 - "$good" >"$tmp/places" <<'PLACES'
import struct, sys
data, at, number = open(sys.argv[1], "rb").read(), 24, 0
while at < len(data):
    number += 1
    size = struct.unpack_from("<I", data, at + 8)[0]
    if number in (1, 2, 300):
        print(number, at + 7, at + 16 + size // 2)
    at += 16 + size
PLACES
while read -r number in_head in_body; do
  head -c "$in_head" "$good" >"$tmp/cut.pcap"
  check "cut in the header of packet $number" keeps $((number - 1)) \
    "cut\.pcap: breaks off at packet $number" "$tmp/cut.pcap"
  head -c "$in_body" "$good" >"$tmp/cut.pcap"
  for workers in 1 3; do
    check "cut in packet $number, $workers workers" keeps $((number - 1)) \
      "cut\.pcap: breaks off at packet $number" "$tmp/cut.pcap" --workers $workers
  done
done <"$tmp/places"
head -c $((size * 2 / 3)) "$tmp/good.pcapng" >"$tmp/cut.pcapng"
left=$(tcpdump -r "$tmp/cut.pcapng" -w - 2>/dev/null | tcpdump --count -r - 2>/dev/null | cut -d ' ' -f 1)
check "cut in a packet, pcapng" keeps "$left" "cut\.pcapng: breaks off at packet $((left + 1))" \
  "$tmp/cut.pcapng"
python3 - "$good" "$tmp/long.pcap" <<'LONG'
import struct, sys
data = bytearray(open(sys.argv[1], "rb").read())
at = 24 + 16 + struct.unpack_from("<I", data, 24 + 8)[0]
struct.pack_into("<I", data, at + 8, 0x7fffffff)
open(sys.argv[2], "wb").write(data)
LONG
check "a packet that claims 2 GB" keeps 1 'long\.pcap: .*packet 2' "$tmp/long.pcap"
gzip -nc "$good" >"$tmp/whole.pcap.gz"
bytes=$(wc -c <"$tmp/whole.pcap.gz")
head -c $((bytes / 2)) "$tmp/whole.pcap.gz" >"$tmp/cut.pcap.gz"
left=$(gzip -dc "$tmp/cut.pcap.gz" 2>/dev/null | tcpdump -r - -w - 2>/dev/null |
  tcpdump --count -r - 2>/dev/null | cut -d ' ' -f 1)
check "a gzip file that breaks off" keeps "$left" 'cut\.pcap\.gz: breaks off at packet' "$tmp/cut.pcap.gz"
{
  head -c $((bytes / 2)) "$tmp/whole.pcap.gz"
  head -c 64 /dev/zero | tr '\0' '\377'
  tail -c +$((bytes / 2 + 65)) "$tmp/whole.pcap.gz"
} >"$tmp/bad.pcap.gz"
damaged_gz() {
  rm -rf "$tmp/out"
  says 1 'bad\.pcap\.gz: ' "$periscope" replay -l "$tmp/out" "$tmp/bad.pcap.gz" &&
    results ledger "$tmp/out" && [ "$(results summary "$tmp/out" received)" -gt 0 ]
}
check "a damaged gzip file" damaged_gz
capgen mix "$tmp/long.pcap" flows=2000 >/dev/null # more than one block of zstd
zstd -qc "$tmp/long.pcap" >"$tmp/whole.pcap.zst"
head -c $(($(wc -c <"$tmp/whole.pcap.zst") * 2 / 3)) "$tmp/whole.pcap.zst" >"$tmp/cut.pcap.zst"
damaged_zst() {
  rm -rf "$tmp/out"
  says 1 'cut\.pcap\.zst: ' "$periscope" replay -l "$tmp/out" "$tmp/cut.pcap.zst" &&
    results ledger "$tmp/out" && [ "$(results summary "$tmp/out" received)" -gt 100 ]
}
check "a zstd file that breaks off" damaged_zst
printf 'BZh91AY&SY' >"$tmp/packed.bz2"
check "compressed by something else" refuses 1 'packed\.bz2: .*bzip2' "$tmp/packed.bz2"
check "a bad capture beside a good one" keeps "$packets" 'empty\.pcap: is empty' "$tmp/empty.pcap" "$good"
check "the same from standard input" refuses 1 'standard input: is empty' -
check "standard input twice" refuses 2 "standard input|'-'" - -
if [ "$(id -u)" -eq 0 ]; then
  chmod 755 "$tmp"
  cp "$periscope" "$tmp/periscope"
  chmod 755 "$tmp/periscope"
  mkdir -m 777 "$tmp/place"
  nobody="setpriv --reuid nobody --regid nogroup --clear-groups"
else
  nobody=
  mkdir "$tmp/place"
  cp "$periscope" "$tmp/periscope"
fi
cp "$good" "$tmp/secret.pcap"
chmod 0 "$tmp/secret.pcap"
# shellcheck disable=SC2086
check "a capture that may not be read" says 1 'secret\.pcap: .*Permission denied' \
  $nobody "$tmp/periscope" replay -l "$tmp/place/out" "$tmp/secret.pcap"

echo "# output"
mkdir "$tmp/full-of-life"
echo mine >"$tmp/full-of-life/mine"
check "-l is not empty" says 1 'full-of-life.*(not empty|--force)' "$periscope" replay -l "$tmp/full-of-life" "$good"
forced() {
  "$periscope" replay --force -l "$tmp/full-of-life" "$good" >/dev/null &&
    [ "$(cat "$tmp/full-of-life/mine")" = mine ] && results ledger "$tmp/full-of-life" &&
    "$periscope" replay --force -l "$tmp/full-of-life" "$good" >/dev/null &&
    [ "$(cat "$tmp/full-of-life/mine")" = mine ] && results ledger "$tmp/full-of-life"
}
check "--force takes it over, twice, and leaves what is not ours" forced
mkdir -m 555 "$tmp/sealed"
# shellcheck disable=SC2086
check "-l cannot be made" says 1 'sealed/out.*Permission denied' \
  $nobody "$tmp/periscope" replay -l "$tmp/sealed/out" "$good"
# shellcheck disable=SC2086
check "-l cannot be written to" says 1 'sealed.*Permission denied' \
  $nobody "$tmp/periscope" replay -l "$tmp/sealed" "$good"
check "-l is a file" says 1 'good\.pcap.*(Not a directory|not a directory)' "$periscope" replay -l "$good" "$good"
check "-w cannot be made" says 1 'nowhere/w\.pcap.*No such file' "$periscope" replay -l "$tmp/out2" -w "$tmp/nowhere/w.pcap" "$good"
full_stdout() {
  rm -rf "$tmp/out"
  "$periscope" replay -j -l "$tmp/out" "$good" >/dev/full 2>"$tmp/stderr"
  [ $? -eq 1 ] && one_sentence 'standard output' && results ledger "$tmp/out"
}
check "standard output is full" full_stdout
disk_full() { # replay's arguments...: something was lost, and the books say how much
  "$periscope" replay -l "$tmp/small/out" "$@" "$tmp/big.pcap" >"$tmp/stdout" 2>"$tmp/stderr"
  status=$?
  cat "$tmp/stderr"
  [ $status -eq 1 ] && grep -q 'No space left' "$tmp/stderr" &&
    [ "$(grep -vc '^periscope: ' "$tmp/stderr")" -eq 0 ] &&
    [ "$(sort "$tmp/stderr" | uniq -d | wc -l)" -eq 0 ] &&
    [ "$(wc -l <"$tmp/stderr")" -le 6 ] # of five files, and that one goes on
}
if [ "$(id -u)" -eq 0 ] && mkdir "$tmp/small" && mount -t tmpfs -o size=128k tmpfs "$tmp/small" 2>/dev/null; then
  trap 'umount "$tmp/small" 2>/dev/null; rm -rf "$tmp"' EXIT
  capgen mix "$tmp/big.pcap" flows=3000 span=3000 >/dev/null
  check "no space for events" disk_full
  rm -rf "$tmp/small/out"
  mkdir "$tmp/large"
  no_space_packets() {
    "$periscope" replay -j -l "$tmp/large/out" -w "$tmp/small/w.pcapng" "$tmp/big.pcap" \
      >"$tmp/stdout" 2>"$tmp/stderr"
    status=$?
    cat "$tmp/stderr"
    # What is left of the disk may take a later, smaller piece, and that is said, too.
    [ $status -eq 1 ] && head -n 1 "$tmp/stderr" | grep -q 'small/w\.pcapng.*No space left' &&
      ! grep -vE 'No space left|records are written again' "$tmp/stderr" || return 1
    python3 -c "
import json; o = json.load(open('$tmp/stdout'))['outputs']
p = o['packets']
assert p['offered'] == p['written'] + p['lost_disk'] > p['written'], p
assert o['events']['lost_disk'] == 0, o"
  }
  check "no space for packets: the rest is done, what was lost is counted" no_space_packets
  umount "$tmp/small"
else
  skip "no small file system could be mounted: disk full"
fi

echo "# usage"
check "unknown option" refuses 2 'bogus' --bogus "$good"
check "unknown letter" refuses 2 "'?-?Z'?" -Z "$good"
check "an option without its value" refuses 2 'workers' "$good" --workers
for value in 0 -1 65 99999999999 four '' 1x; do
  check "--workers '$value'" refuses 2 'workers' --workers "$value" "$good"
done
check "--input bogus" refuses 2 "input: 'bogus' is none of" --input bogus "$good"
check "no capture" refuses 2 'no capture'
check "BPF expression" refuses 2 "BPF expression 'tcp port'" "$good" 'tcp port'
check "BPF expression of nonsense" refuses 2 'BPF expression' "$good" 'this is no filter'
check "unknown command" says 2 "'bogus'" "$periscope" bogus
bpf() {
  replay "$tmp/out" "$good" 'ip6' && [ "$(results summary "$tmp/out" received)" = 0 ] &&
    replay "$tmp/out" "$good" 'udp port 4789' &&
    [ "$(results summary "$tmp/out" received)" = "$packets" ]
}
check "a good BPF expression" bpf

echo "# settings"
settings() { # what, expression, text
  printf '%b' "$3" >"$tmp/bad.yaml"
  check "settings: $1" refuses 2 "bad\.yaml$2" -c "$tmp/bad.yaml" "$good"
}
settings "unknown key" ':2: flow\.idle_timeuot: .*idle_timeout' 'flow:\n  idle_timeuot: 3s\n'
settings "unknown section" ':1: flows: ' 'flows: {idle_timeout: 3s}\n'
settings "wrong type" ':3: flow\.capacity: ' '# one\nflow:\n  capacity: many\n'
settings "a list for a number" ':1: flow\.capacity: ' 'flow: {capacity: [1, 2]}\n'
settings "out of range" ':2: capture\.vxlan_ports.*: .*70000' 'capture:\n  vxlan_ports: [70000]\n'
settings "no duration" ':1: flow\.idle_timeout: .*12 parsecs' 'flow: {idle_timeout: 12 parsecs}\n'
settings "none of the words" ':1: sessions\.unknown: .*maybe' 'sessions: {unknown: maybe}\n'
settings "twice" ':2: flow' 'flow: {capacity: 100}\nflow: {capacity: 200}\n'
settings "not YAML" ':[23]: .*YAML' 'flow:\n  {capacity: 1\n: ]\n'
settings "a VNI out of range" ':1: tenants.*: .*16777216' 'tenants: [{name: a, virtual_network_ids: [16777216]}]\n'
check "settings: missing file" refuses 2 'missing\.yaml.*No such file' -c "$tmp/missing.yaml" "$good"
check "settings: a directory" refuses 2 'folder\.pcap' -c "$tmp/folder.pcap" "$good"
check "--set: unknown key" refuses 2 '--set: .*flow\.nothing' --set flow.nothing=1 "$good"
check "--set: out of range" refuses 2 '--set: flow\.capacity: ' --set flow.capacity=1 "$good"
check "--set: no value" refuses 2 '--set: ' --set flow.capacity "$good"
same_as_check() { # as check tells it: on standard output
  "$periscope" replay -T -c "$tmp/bad.yaml" >"$tmp/stdout"
  [ $? -eq 2 ] && grep -q '^error: .*bad\.yaml:1: tenants' "$tmp/stdout"
}
check "-T finds the same" same_as_check
unmet() { # KEY=VALUE: accepted, and said to do nothing
  rm -rf "$tmp/out"
  "$periscope" replay -l "$tmp/out" --set "$1" "$good" >"$tmp/stdout" 2>"$tmp/stderr" &&
    [ "$(wc -l <"$tmp/stderr")" -eq 1 ] && grep -q "^periscope: ${1%%=*} has no effect yet: " "$tmp/stderr"
}
for setting in dedup.mode=on 'flow_logs.format=${version} ${srcaddr}'; do
  check "--set $setting: not done yet, and said" unmet "$setting"
done
round_trip() {
  "$periscope" replay --dump-config --set flow.idle_timeout=7s >"$tmp/dump.yaml" &&
    grep -q 'idle_timeout: 7s' "$tmp/dump.yaml" &&
    "$periscope" replay -c "$tmp/dump.yaml" --dump-config | cmp - "$tmp/dump.yaml" &&
    "$periscope" replay -T -c "$tmp/dump.yaml"
}
check "--dump-config prints what -c reads" round_trip

echo "# words"
one_json() { # status, arguments...
  rm -rf "$tmp/out"
  want=$1
  shift
  "$periscope" replay -j -l "$tmp/out" "$@" >"$tmp/stdout" 2>"$tmp/stderr"
  [ $? -eq "$want" ] || return 1
  python3 -c "
import json
got = json.loads(open('$tmp/stdout').read())
kept = json.load(open('$tmp/out/summary.json'))
assert got == kept, 'summary.json differs'"
}
check "-j prints one JSON document" one_json 0 "$good"
check "-j prints one JSON document when the capture breaks off" one_json 1 "$tmp/cut.pcap"
tables() {
  replay "$tmp/out" "$good" && grep -q "inspected *$packets" "$tmp/stdout"
}
check "without -j the terminal gets tables" tables
help() {
  "$periscope" --help >"$tmp/stdout" && grep -q replay "$tmp/stdout" &&
    "$periscope" replay --help >"$tmp/stdout" && grep -q -e '--workers' "$tmp/stdout" &&
    "$periscope" -V | grep -q '^periscope [0-9]'
}
check "help and version, status 0" help

# A stream that does not end, and a signal: what was read is finished.
interrupt() { # signal
  rm -rf "$tmp/out" "$tmp/pipe"
  mkfifo "$tmp/pipe"
  python3 -c "
import time
data = open('$good', 'rb').read()
with open('$tmp/pipe', 'wb', 0) as pipe:
    pipe.write(data)
    while True:
        time.sleep(0.02)
        pipe.write(data[24:])" 2>/dev/null &
  feeder=$!
  "$periscope" replay -l "$tmp/out" - <"$tmp/pipe" >"$tmp/stdout" 2>"$tmp/stderr" &
  job=$!
  # Before it handles signals the shell has it ignore some of them.
  for _ in $(seq 600); do
    [ -e "$tmp/out/periscope.lock" ] && break
    sleep 0.1
  done
  sleep 1
  kill "-$1" $job
  wait $job
  status=$?
  kill $feeder 2>/dev/null
  wait $feeder 2>/dev/null
  cat "$tmp/stderr"
  [ $status -eq 1 ] && one_sentence 'interrupted' && results ledger "$tmp/out" &&
    [ "$(results summary "$tmp/out" received)" -ge "$packets" ]
}
check "interrupted by INT" interrupt INT
check "interrupted by TERM" interrupt TERM
finish
