#!/bin/sh
# periscope read: what was recorded comes back byte by byte; the packets of flows, of events as Suricata and Zeek write them, and of
# flow log records are those that tshark sees in the capture that nothing was wrapped around (read_packets.py); what is said of
# wrong questions, and of files that are cut, or still being written.
. "$(dirname "$0")/../lib.sh"

judge() { python3 "$here/retrieval/read_packets.py" "$@"; }
read_it() { "$periscope" read "$@" 2>"$tmp/stderr"; }
lines() { [ "$(wc -l <"$1")" -eq "$2" ] || { wc -l "$1"; return 1; }; }

# A conversation of each kind between a few hosts, as one session mirrors it, and as nobody does.
capgen mix "$tmp/mirror.pcap" flows=300 vnis=1 span=900 seed=5 >/dev/null
capgen mix "$tmp/plain.pcap" wrap=plain flows=300 span=900 seed=5 >/dev/null
check "a replay that records" replay "$tmp/out" --set packets.record=all -w "$tmp/written.pcapng" "$tmp/mirror.pcap"
check "and one of what is inside alone" replay "$tmp/plain-out" "$tmp/plain.pcap"

# ---- everything, back again ----

back() { # what to compare with, source of read...
  expected=$1
  shift
  read_it "$@" --force -w "$tmp/back.pcapng" && cmp "$expected" "$tmp/back.pcapng" && judge equal "$tmp/plain.pcap" "$tmp/back.pcapng"
}
check "what was recorded, byte by byte" back "$tmp/out/packets/packets.pcapng" -l "$tmp/out"
check "the same of the packet file" back "$tmp/written.pcapng" -r "$tmp/written.pcapng"
check "the same of the capture that was replayed" back "$tmp/written.pcapng" -r "$tmp/mirror.pcap"
as_pcap() {
  read_it -l "$tmp/out" --force -w "$tmp/back.pcap" && judge equal "$tmp/plain.pcap" "$tmp/back.pcap" &&
    [ "$(od -An -tx4 -N4 "$tmp/back.pcap" | tr -d ' ')" = a1b23c4d ]
}
check "as classic pcap, with nanoseconds" as_pcap
compressed() {
  gzip -kf "$tmp/mirror.pcap" && back "$tmp/written.pcapng" -r "$tmp/mirror.pcap.gz" && back "$tmp/written.pcapng" -r - <"$tmp/mirror.pcap"
}
check "of a compressed capture, and of standard input" compressed
others_read() {
  packets=$(tshark -r "$tmp/plain.pcap" 2>/dev/null | wc -l)
  [ "$packets" -gt 1000 ] && capinfos -Mc "$tmp/back.pcapng" | grep -q "packets: *$packets$" &&
    [ "$(tcpdump -nr "$tmp/back.pcapng" 2>/dev/null | wc -l)" -eq "$packets" ] &&
    [ "$(tshark -r "$tmp/back.pcapng" 2>/dev/null | wc -l)" -eq "$packets" ]
}
check "back: everything" back "$tmp/out/packets/packets.pcapng" -l "$tmp/out"
check "capinfos, tcpdump and tshark take it" others_read
piped() {
  "$periscope" read -l "$tmp/out" -w - "ip proto 17" 2>/dev/null | tshark -r - -T fields -e frame.time_epoch -e ip.src 2>/dev/null >"$tmp/piped"
  tshark -r "$tmp/plain.pcap" -Y "ip.proto == 17" -T fields -e frame.time_epoch -e ip.src 2>/dev/null | cmp - "$tmp/piped" && [ -s "$tmp/piped" ]
}
check "straight into tshark" piped

python3 - "$tmp/plain.pcap" "$tmp/raw.pcap" <<'END' # without Ethernet headers
import struct, sys
data = open(sys.argv[1], "rb").read()
out, at = bytearray(data[:20] + struct.pack("<I", 101)), 24
while at < len(data):
    seconds, part, cap, wire = struct.unpack_from("<IIII", data, at)
    out += struct.pack("<IIII", seconds, part, cap - 14, wire - 14) + data[at + 30:at + 16 + cap]
    at += 16 + cap
open(sys.argv[2], "wb").write(out)
END
raw() {
  read_it -r "$tmp/raw.pcap" -w - >"$tmp/raw-back.pcapng" && judge equal "$tmp/raw.pcap" "$tmp/raw-back.pcapng" ethernet &&
    read_it -r "$tmp/raw.pcap" --force -w "$tmp/named.pcapng" && judge equal "$tmp/raw.pcap" "$tmp/named-ip.pcapng"
}
check "raw IP: behind an Ethernet header on standard output, in a file of its own else" raw

# ---- questions, against tshark ----

check "flows, events, log records of what was recorded" judge flows "$periscope" "$tmp/plain.pcap" "$tmp/out" 40 -l "$tmp/out"
check "the same of the capture" judge flows "$periscope" "$tmp/plain.pcap" "$tmp/out" 15 -r "$tmp/mirror.pcap"
check "the same of what nobody mirrored" judge flows "$periscope" "$tmp/plain.pcap" "$tmp/plain-out" 15 -r "$tmp/plain.pcap"

real=$root/pcaps/everything.pcap # two ends, mirrored
check "a replay of a real capture" replay "$tmp/real" --set packets.record=all "$real"
by_session() { # vni
  python3 "$here/make/unwrap.py" take "$real" "$1" "$tmp/inner.pcap" && read_it -l "$tmp/real" --force -w "$tmp/session.pcapng" "vni $1" &&
    judge equal "$tmp/inner.pcap" "$tmp/session.pcapng" && read_it -r "$real" --force -w "$tmp/session.pcapng" "vni $1" &&
    judge equal "$tmp/inner.pcap" "$tmp/session.pcapng"
}
check "all of a session" by_session 1001
check "all of the other one" by_session 1002
told() { # directions, sessions, flows of what was recorded stay with it
  read_it -l "$tmp/real" --force -w "$tmp/told.pcapng" && python3 - "$tmp/real/packets/packets.pcapng" "$tmp/told.pcapng" <<'END'
import captures, sys
before, after = (captures.read(path) for path in sys.argv[1:])
said = [(p.time, p.data, p.comment, p.flags) for p in sorted(before, key=lambda p: p.time)]
assert said == [(p.time, p.data, p.comment, p.flags) for p in after] and {flags for *_, flags in said} >= {1, 2}
END
}
check "directions and comments stay" told
ours() { # an event of ours names one of the two flows with these ends
  grep -m 1 '"vni":1002' "$tmp/real/events/flows.jsonl" >"$tmp/event"
  id=$(sed -E 's/.*"flow_id":"([0-9a-f]+)".*/\1/' "$tmp/event")
  for source in "-l $tmp/real" "-r $real"; do
    read_it $source --flow "$id" >"$tmp/by-id" && read_it $source --event - <"$tmp/event" >"$tmp/by-event" &&
      read_it $source --event "$(cat "$tmp/event")" | cmp - "$tmp/by-id" && cmp "$tmp/by-id" "$tmp/by-event" && [ -s "$tmp/by-id" ] || return 1
  done
}
check "an event of ours means its own flow" ours
labels() { # flows of events, and the flows that read shows
  python3 - "$tmp/real/events/flows.jsonl" <<'END' | sort >"$tmp/wanted"
import json, sys
for line in open(sys.argv[1], encoding="utf-8"):
    event = json.loads(line)
    if event["app_protocol"] == "DNS" or any(risk["score"] >= 50 for risk in event["risks"]):
        print(event["flow_id"])
END
  risks=$(python3 - "$tmp/real/events/flows.jsonl" <<'END'
import json, sys
print(" or ".join(sorted({"risk %d" % risk["id"] for line in open(sys.argv[1], encoding="utf-8") for risk in json.loads(line)["risks"] if risk["score"] >= 50})))
END
)
  read_it -l "$tmp/real" -s -j "app dns${risks:+ or $risks}" >"$tmp/rows"
  python3 -c 'import json, sys; [print(json.loads(line)["flow_id"]) for line in sys.stdin]' <"$tmp/rows" | sort | cmp - "$tmp/wanted" && [ -s "$tmp/wanted" ]
}
check "app and risk mean whole flows" labels
alert() {
  id=$(sed -nE '0,/"flow_id":"/s/.*"alert_id":"([0-9a-f]+)".*"flow_id":"([0-9a-f]+)".*/\1 \2/p' "$tmp/real/alerts/alerts.jsonl" | head -n 1)
  [ -n "$id" ] && read_it -l "$tmp/real" -s --alert "${id% *}" >"$tmp/rows" && grep -q "flow ${id#* }$" "$tmp/rows"
}
check "an alert means its flows" alert
scans() { # alerts of many flows, though a line names one: all packets of hosts that do nothing else
  python3 "$here/make/scans.py" make "$tmp/scans.pcap" >"$tmp/scans.expect" && replay "$tmp/scans" --set packets.record=all "$tmp/scans.pcap" &&
    python3 "$here/make/unwrap.py" take "$tmp/scans.pcap" 7 "$tmp/scans.inner.pcap" || return 1
  for scan in horizontal_scan/10.9.0.1 vertical_scan/10.9.0.4 udp_horizontal_scan/10.9.0.9 slow_vertical_scan/10.9.0.7 vertical_scan/fd00::9; do
    id=$(sed -nE "s/.*\"alert_id\":\"([0-9a-f]+)\".*\"rule\":\"${scan%/*}\".*\"src_ip\":\"${scan#*/}\".*/\1/p" "$tmp/scans/alerts/alerts.jsonl" | head -n 1)
    tcpdump -nr "$tmp/scans.inner.pcap" -w "$tmp/scan.pcap" "host ${scan#*/}" 2>/dev/null && [ -n "$id" ] && echo "$scan" &&
      read_it -l "$tmp/scans" --force -w "$tmp/scan.pcapng" --alert "$id" && judge equal "$tmp/scan.pcap" "$tmp/scan.pcapng" || return 1
  done
  id=$(sed -nE 's/.*"alert_id":"([0-9a-f]+)".*"rule":"syn_flood".*/\1/p' "$tmp/scans/alerts/alerts.jsonl" | head -n 1)
  read_it -l "$tmp/scans" --alert "$id" -s >"$tmp/rows" && lines "$tmp/rows" 1000 && grep -q "the alert has more than 1000 flows: the packets of the first 1000 are given" "$tmp/stderr"
}
check "a scan all that its source tried, a flood a thousand flows, which is said" scans

# ---- tables ----

tables() {
  total=$(tshark -r "$tmp/plain.pcap" 2>/dev/null | wc -l)
  read_it -l "$tmp/out" >"$tmp/table" && lines "$tmp/table" "$total" || return 1
  head -n 7 "$tmp/table" >"$tmp/first"
  read_it -l "$tmp/out" -n 7 | cmp - "$tmp/first" && read_it -l "$tmp/out" -j >"$tmp/json" && lines "$tmp/json" "$total" &&
    python3 - "$tmp/json" "$tmp/out/events/flows.jsonl" "$periscope" "$tmp/out" <<'END'
import collections, json, subprocess, sys
packets = [json.loads(line) for line in open(sys.argv[1])]
events = {e["flow_id"]: e for e in map(json.loads, open(sys.argv[2]))}
counts = collections.Counter(p["flow_id"] for p in packets)
assert counts == {i: e["client"]["packets"] + e["server"]["packets"] for i, e in events.items()}
for p in packets:
    e = events[p["flow_id"]]
    assert p["community_id"] == e["community_id"] and p["vni"] == e["vni"] and {p["src_ip"], p["dst_ip"]} == {e["src_ip"], e["dst_ip"]}
out = subprocess.run([sys.argv[3], "read", "-l", sys.argv[4], "-s", "-j"], capture_output=True, text=True, check=True).stdout
flows = [json.loads(line) for line in out.splitlines()]
assert len(flows) == len(events)
for f in flows:
    e = events[f["flow_id"]]
    assert (f["start"], f["end"], f["packets"], f["bytes"]) == (e["start"], e["end"], counts[f["flow_id"]], e["client"]["bytes"] + e["server"]["bytes"]), f
assert flows == sorted(flows, key=lambda f: f["start"])
END
}
check "tables of packets and flows say what the events of a replay say" tables
documented() { # what is printed is in OUTPUT.md, and all of that is printed
  read_it -l "$tmp/real" -s -j >"$tmp/flows" && python3 "$root/tests/inspect/output_doc.py" "Retrieved packets" "$tmp/json" &&
    python3 "$root/tests/inspect/output_doc.py" "Retrieved flows" "$tmp/flows"
}
check "and OUTPUT.md lists their fields" documented
moments() {
  newest=$(tshark -r "$tmp/plain.pcap" -T fields -e frame.time_epoch 2>/dev/null | tail -n 1)
  last=$(tshark -r "$tmp/plain.pcap" -Y "frame.time_epoch >= $((${newest%.*} - 100)).${newest#*.}" 2>/dev/null | wc -l)
  read_it -l "$tmp/out" "last 100s" >"$tmp/last" && [ "$last" -gt 10 ] && tail -n "$last" "$tmp/table" | cmp - "$tmp/last" || return 1
  at=$(sed -n '500s/  .*//p' "$tmp/table")
  read_it -l "$tmp/out" "after $at" >"$tmp/after" && read_it -l "$tmp/out" "before $at" >"$tmp/before" &&
    cat "$tmp/before" "$tmp/after" | cmp - "$tmp/table" && head -n 1 "$tmp/after" | grep -q "^$at"
}
check "after, before and last" moments

# ---- several files: as run leaves them, and in any order ----

files() {
  rm -rf "$tmp/dir" && mkdir -p "$tmp/dir/packets"
  python3 - "$tmp/mirror.pcap" "$tmp/one.pcap" "$tmp/two.pcap" <<'END' # every third packet goes to the second
import struct, sys
data, at, n = open(sys.argv[1], "rb").read(), 24, 0
out = [bytearray(data[:24]), bytearray(data[:24])]
while at < len(data):
    cap = struct.unpack_from("<I", data, at + 8)[0]
    out[n % 3 == 0] += data[at:at + 16 + cap]
    at, n = at + 16 + cap, n + 1
for path, half in zip(sys.argv[2:], out):
    open(path, "wb").write(half)
END
  for half in one two; do replay "$tmp/half" --set packets.record=all "$tmp/$half.pcap" && cp "$tmp/half/packets/packets.pcapng" "$tmp/dir/packets/packets-$half.pcapng" || return 1; done
  read_it -l "$tmp/dir" --force -w "$tmp/merged.pcapng" && judge equal "$tmp/plain.pcap" "$tmp/merged.pcapng" &&
    python3 - "$tmp/merged.pcapng" "$tmp"/dir/packets/*.pcapng <<'END'
import captures, sys
merged, *halves = [[(p.time, p.data, p.comment, p.flags) for p in captures.read(path)] for path in sys.argv[1:]]
assert sorted(merged) == sorted(sum(halves, [])) and all("flow=" in comment for _, _, comment, _ in merged)
END
}
check "files are merged by time, and keep what they say of each packet" files
mixed() { # what was recorded beside mirror traffic: each as what it is
  read_it -r "$tmp/dir/packets/packets-one.pcapng" "$tmp/two.pcap" --force -w "$tmp/merged.pcapng" && judge equal "$tmp/plain.pcap" "$tmp/merged.pcapng"
}
check "and so are files of several kinds" mixed

# ---- by an index: the same answers, and sooner ----

flows_of() { # capture
  "$periscope" read -r "$1" -s 2>/dev/null | sed -n 's/.*flow //p'
}
indexed() { # capture, expressions, how many of them mean something at least: with an index, and without
  "$periscope" index --force "$1" >/dev/null 2>&1 && [ -s "$1.idx" ] && FLOWS=$(flows_of "$1") judge twins "$periscope" "$@"
}
capgen mix "$tmp/three.pcap" flows=1500 vnis=3 span=900 seed=9 noise=1 >/dev/null
check "a replay that records, for an index" replay "$tmp/three" --set packets.record=all "$tmp/three.pcap"
cp "$tmp/three/packets/packets.pcapng" "$tmp/three.pcapng"
check "random expressions, of what was recorded" indexed "$tmp/three.pcapng" 60 15
check "of mirror traffic" indexed "$tmp/three.pcap" 60 15
cp "$root/pcaps/fragments.pcap" "$tmp/fragments.pcap"
check "of fragments" indexed "$tmp/fragments.pcap" 10 0
capgen garbage "$tmp/garbage.pcap" >/dev/null
check "of garbage" indexed "$tmp/garbage.pcap" 20 0
python3 - "$tmp" <<'END'
import sys
from packets import UDP, fragments, frame, ip4, mirror, save, udp
packets = []
for i in range(40):
    whole = mirror(frame(ip4("10.0.0.1", "10.0.0.2", UDP, udp("10.0.0.1", 1000 + i % 4, "10.0.0.2", 53, bytes(900)))), 100)
    parts = [frame(part) for part in fragments(whole[14:], 400)] if i % 2 else [whole]
    packets += [(1700000000 * 10**9 + i * 1000000 + k, part, None) for k, part in enumerate(parts)]
save(sys.argv[1] + "/joined.pcap", packets)
# The last packet of a flow has a time far away, from which others come back: alone with its flow nothing would tell that.
packets = [(1700000000 * 10**9 + i * 1000000, frame(ip4("10.0.0.1", "10.0.0.3", UDP, udp("10.0.0.1", 1000 + (i > 5), "10.0.0.3", 53, bytes(9)))), None)
           for i in range(200)]
packets[5] = (1800000000 * 10**9,) + packets[5][1:]
save(sys.argv[1] + "/stray.pcap", packets)
END
check "of times that jump" indexed "$tmp/stray.pcap" 10 0
check "of outer fragments" indexed "$tmp/joined.pcap" 20 0
check "an index that is damaged, or cut, changes no answer" judge damage "$periscope" "$tmp/three.pcapng" 25
stale() { # the capture has grown
  "$periscope" index --force "$tmp/three.pcap" >/dev/null && tail -c +25 "$tmp/mirror.pcap" >>"$tmp/three.pcap" &&
    read_it -r "$tmp/three.pcap" "host 10.0.0.3" >"$tmp/by-index" && grep -q "three.pcap.idx: .*: all of the capture is read$" "$tmp/stderr" &&
    rm "$tmp/three.pcap.idx" && read_it -r "$tmp/three.pcap" "host 10.0.0.3" | cmp - "$tmp/by-index" && ! grep -q idx "$tmp/stderr"
}
check "an index of a capture that has grown is not used, which is said" stale
other_settings() {
  "$periscope" index --force "$tmp/two.pcap" >/dev/null && read_it --set flow.idle_timeout=1s -r "$tmp/two.pcap" "host 10.0.0.3" >/dev/null &&
    grep -q "two.pcap.idx: was made with other settings: all of the capture is read$" "$tmp/stderr"
}
check "nor is one that was made with other settings" other_settings
little() { # of a flow that has few packets little is read: strace counts what is read of the capture
  id=$(sed -n '1s/.*"flow_id":"\([0-9a-f]*\)".*/\1/p' "$tmp/three/events/flows.jsonl")
  "$periscope" index --force "$tmp/three.pcapng" >/dev/null && ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=read -o "$tmp/trace" "$periscope" read -r "$tmp/three.pcapng" --flow "$id" >"$tmp/stdout" &&
    [ -s "$tmp/stdout" ] && awk -v size="$(stat -c %s "$tmp/three.pcapng")" '{ n += $NF > 0 ? $NF : 0 } END { exit !(n > 0 && n < size / 2) }' "$tmp/trace"
}
if command -v strace >/dev/null; then check "of a flow little is read" little; else skip "no strace"; fi

# ---- what was recorded, and compressed since, or comes through a pipe ----

read_it -l "$tmp/out" -j >"$tmp/told"
packed() { # it says of each packet what it said before: sessions and flows, of which the frames alone tell nothing
  rm -rf "$tmp/packed" && mkdir -p "$tmp/packed/packets" || return 1
  grep -q '"vni":[0-9]' "$tmp/told" || return 1
  gzip -c "$tmp/out/packets/packets.pcapng" >"$tmp/packed/packets/packets.pcapng.gz" || return 1
  read_it -l "$tmp/packed" -j | cmp - "$tmp/told" && read_it -r "$tmp/packed/packets/packets.pcapng.gz" -j | cmp - "$tmp/told" || return 1
  zstd -qc "$tmp/out/packets/packets.pcapng" >"$tmp/packed/packets/packets.pcapng.zst" && read_it -l "$tmp/packed" -j | cmp - "$tmp/told" || return 1
  cp "$tmp/out/packets/packets.pcapng" "$tmp/packed/packets" && read_it -l "$tmp/packed" -j | cmp - "$tmp/told"
}
check "files that were compressed since, once each" packed
piped() {
  read_it -r - -j <"$tmp/out/packets/packets.pcapng" | cmp - "$tmp/told" || return 1
  { head -c 30 "$tmp/out/packets/packets.pcapng" && sleep 0.2 && tail -c +31 "$tmp/out/packets/packets.pcapng"; } | read_it -r - -j | cmp - "$tmp/told"
}
check "and through a pipe, in pieces, too" piped

# ---- wrong questions, and files that are not whole ----

says() { # status, lines on standard error (an extended expression that one of them matches), arguments
  status=$1
  sentence=$2
  shift 2
  "$periscope" read "$@" >"$tmp/stdout" 2>"$tmp/stderr"
  [ $? -eq "$status" ] && grep -qE -- "^periscope: $sentence$" "$tmp/stderr" && return 0
  cat "$tmp/stderr"
  return 1
}
caret() { # column, arguments: the caret stands there
  column=$1
  shift
  "$periscope" read "$@" >/dev/null 2>"$tmp/stderr"
  [ $? -eq 2 ] && [ "$(wc -l <"$tmp/stderr")" -eq 3 ] && [ "$(sed -n 3p "$tmp/stderr" | sed 's/^periscope:   //' | tr -d '\n' | wc -c)" -eq "$column" ] && return 0
  cat "$tmp/stderr"
  return 1
}
check "a wrong word" caret 9 -l "$tmp/out" "tcp and nett 10.0.0.0/8"
check "a flow id that is none" says 2 "'abc' is no flow id: 16 hex digits, as flow events have it" -l "$tmp/out" --flow abc
check "a community id that is none" says 2 "'x' is no community id, .*" -l "$tmp/out" --community x
check "a log line that is none" caret 22 -l "$tmp/out" --log "2 123 eni-1 10.0.0.1 10.0.0.2x 1 2 6 1 1 1 1 ACCEPT OK"
check "a log line of another format" says 2 "the line has 3 fields, and its format 14" -l "$tmp/out" --log "a b c"
check "a log record about no packets" says 2 "the record has no srcaddr: it is about no packets" -l "$tmp/out" --log "2 1 eni-1 - - - - - - - 1 2 - NODATA"
check "an event that is none" says 2 "--event: the event has no time .*" -l "$tmp/out" --event '{"src_ip":"10.0.0.1","dst_ip":"10.0.0.2"}'
check "two questions" says 2 "one thing is asked for at a time: .*" -l "$tmp/out" --flow 0123456789abcdef tcp
check "labels of captures" says 2 "'app' cannot be used in captures: it needs the events of a run: see 'periscope replay'" -r "$tmp/mirror.pcap" "app dns"
no_alert() {
  read_it -l "$tmp/real" --alert ffffffffffffffff >"$tmp/rows" && lines "$tmp/rows" 0 &&
    grep -F -e "--alert: no event in $tmp/real names a flow of alert 'ffffffffffffffff'" "$tmp/stderr"
}
check "an alert that there is not is said" no_alert
check "alerts of captures" says 2 "'alert' cannot be used in captures: .*" -r "$tmp/mirror.pcap" --alert 0123456789abcdef
check "sessions without settings" says 2 "'tms-1' is looked for among the sessions of the settings: name them with -c FILE" -l "$tmp/out" "session tms-1"
check "-l and -r" says 2 "-l and -r exclude each other: .*" -l "$tmp/out" -r "$tmp/mirror.pcap"
check "a directory that is none" says 1 "$tmp/none: is no output directory of run or replay: No such file or directory" -l "$tmp/none"
check "one without packets" says 1 "$tmp/plain-out: holds no packets: .*" -l "$tmp/plain-out"
check "a capture that is not there" says 1 "$tmp/none.pcap: .*No such file.*" -r "$tmp/none.pcap"
check "a file that is there" says 2 "$tmp/back.pcapng: is there already; --force writes over it" -l "$tmp/out" -w "$tmp/back.pcapng"
check "a file that is read" says 2 "$tmp/written.pcapng: is read, too .*" -r "$tmp/written.pcapng" --force -w "$tmp/written.pcapng"
check "standard input twice" says 2 "--event reads the captures twice, which standard input cannot be" -r - --event '{"src_ip":"10.0.0.1","dst_ip":"10.0.0.2","time":1}'
check "nothing found is said, and no failure" says 0 "no packet was found" -l "$tmp/out" --flow 0123456789abcdef
disk_full() { # -w to a full device
  says 1 ".*No space left on device.*" -l "$tmp/out" -w /dev/full --force
}
check "a disk that is full" disk_full

cut() { # arguments: what is before the cut is given, one line says where it is
  "$periscope" read "$@" >"$tmp/stdout" 2>"$tmp/stderr"
  [ $? -eq 1 ] && lines "$tmp/stderr" 1 && grep -q "breaks off at packet 1001 " "$tmp/stderr" && head -n 1000 "$tmp/table" | cmp - "$tmp/stdout"
}
cut_pcapng() {
  rm -rf "$tmp/cut" && mkdir -p "$tmp/cut/packets"
  python3 - "$tmp/out/packets/packets.pcapng" "$tmp/cut/packets/packets.pcapng" <<'END'
import struct, sys
data, at, n = open(sys.argv[1], "rb").read(), 0, 0
while n < 1001: # up to within the 1001st packet's block
    kind, size = struct.unpack_from("<II", data, at)
    n, at = n + (kind == 6), at + size
open(sys.argv[2], "wb").write(data[:at - 30])
END
  cut -l "$tmp/cut"
}
check "a file that is cut" cut_pcapng
growing() { # the same file while somebody holds the directory's lock: it ends at its last whole packet
  python3 - "$tmp/cut/periscope.lock" "$periscope" read -l "$tmp/cut" >"$tmp/stdout" 2>"$tmp/stderr" <<'END'
import fcntl, subprocess, sys
with open(sys.argv[1], "w") as lock:
    fcntl.lockf(lock, fcntl.LOCK_EX)
    sys.exit(subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL).returncode)
END
  [ $? -eq 0 ] && [ ! -s "$tmp/stderr" ] && head -n 1000 "$tmp/table" | cmp - "$tmp/stdout"
}
check "a file that is being written" growing
begun() { # and the next one has not even its header
  : >"$tmp/cut/packets/packets-ip.pcapng" && growing
  status=$?
  rm -f "$tmp/cut/packets/packets-ip.pcapng"
  return $status
}
check "and one that was just begun beside it" begun
damaged() { # its block's length at both ends differs
  python3 - "$tmp/cut/packets/packets.pcapng" "$tmp/out/packets/packets.pcapng" <<'END'
import struct, sys
data, at, n = bytearray(open(sys.argv[2], "rb").read()), 0, 0
while n < 1001:
    kind, size = struct.unpack_from("<II", data, at)
    n, at = n + (kind == 6), at + size
data[at - 4] ^= 0xff
open(sys.argv[1], "wb").write(data)
END
  says 1 "$tmp/cut/packets/packets.pcapng: cannot be read on at packet 1001 .*" -l "$tmp/cut" && head -n 1000 "$tmp/table" | cmp - "$tmp/stdout"
}
check "a file that is damaged" damaged
finish
