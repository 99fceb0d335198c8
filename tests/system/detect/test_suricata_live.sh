#!/bin/sh
# Suricata in the live appliance: the alerts that it has of the inner packets alone, each with its session and flow,
# for 1, 2 and 4 workers; rules read again at a reload; killed, stopped, behind, with a full disk: counted, said, started
# again, and the sensor goes on.
. "$(dirname "$0")/../lib.sh"
. "$here/live/live.sh"

[ "$(id -u)" -eq 0 ] || {
  skip "namespaces need root"
  finish
}
net=pssuri$$
dir=$tmp/run
LIVE_PID=
down() {
  [ -z "$LIVE_PID" ] || kill -KILL $LIVE_PID 2>/dev/null
  umount "$tmp/small" 2>/dev/null
  ip netns del $net-source 2>/dev/null
  ip netns del $net-sensor 2>/dev/null
  rm -rf "$tmp"
}
trap down EXIT
. "$(dirname "$0")/suricata.sh"
chmod 755 "$tmp" && chmod 1777 "$tmp/private"

check "Suricata alone, of each session's inner packets" both_alone

quiet="--set overload.shed_recording=false --set overload.shed_dpi=false --set control.health_tcp=0 --set capture.memory=128MiB
  --set flow.capacity=65536"
whole() { # workers, capture, settings...
  rm -rf "$dir"
  workers=$1 input=$2
  shift 2
  n=$(capinfos -Mc "$input" | awk 'END { print $NF }')
  # shellcheck disable=SC2086
  live_start "$dir" env -- $quiet --set control.http=off --set "capture.ports=[\"net_pcap0,rx_pcap=$input\"]" \
    --set capture.workers="$workers" --set packets.queue=65536 --set "detect.suricata={rules: [$tmp/test.rules]}" "$@" || return 1
  says_within 20 "$dir" "s['suricata']['written'] == s['received'] == $n" && live_stop TERM 8 && live closed "$dir"
}
same() { # workers
  whole "$1" "$capture" && same_as_alone "$dir" && judge flows "$dir"
}
check "1 worker: the alerts that it has alone, with their sessions and flows" same 1
check "2 workers" same 2
check "4 workers" same 4
four() {
  make spread "$capture" 1001 "$tmp/four.pcap" 4 && whole 2 "$tmp/four.pcap" && judge even "$dir" 50 51 52 53 && judge flows "$dir"
}
check "equal addresses in four sessions: each session has its alerts, and their flows" four
drizzle() { # the correlator is away for moments, while other threads have the processors
  rm -rf "$dir"
  # shellcheck disable=SC2086
  live_start "$dir" env -- $quiet --set control.http=127.0.0.1:9477 --set "capture.ports=[\"net_pcap0,rx_pcap=$capture\"]" \
    --set capture.workers=4 --set "$(fake drizzle)" || return 1
  says_within 20 "$dir" "s['suricata']['alerts'] == 20000" && live_stop TERM 8 && live closed "$dir" && judge counted "$dir" 20000
}
check "alerts that come one by one are all counted" drizzle

mirror_wire $net
cat >"$tmp/live.rules" <<END
alert udp any any -> any 33333 (msg:"before"; content:"|f0 0d f0 0d|"; sid:1; rev:1;)
END
started() { # settings...
  kill -KILL $LIVE_PID 2>/dev/null
  rm -rf "$dir"
  printf 'detect: {suricata: {rules: [live.rules], timeout: 2s}}\n' >"$tmp/settings.yaml"
  # shellcheck disable=SC2086
  live_start "$dir" ip netns exec $net-sensor -- -c "$tmp/settings.yaml" $quiet --set control.http=127.0.0.1:9477 \
    --set capture.workers=2 --set 'capture.ports=["net_af_packet0,iface=eth0,framesz=2048,blocksz=65536,framecnt=8192"]' "$@"
}
# a second's conversations, each once, from number on
send() { ip netns exec $net-source python3 "$here/make/mirror_send.py" 10.77.0.2 "$@" >/dev/null; }
notes() { ip netns exec $net-sensor curl -s -m 2 http://127.0.0.1:9477/health | grep -F "$1"; }
program() { pgrep -P "$(pgrep -P $LIVE_PID -x spawner)"; }
told() { grep -qs "\"rule\":\"$1\"" "$dir"/alerts/*.jsonl; }
raised() { # rule, number of a conversation
  told "$1" && grep -s "\"rule\":\"$1\"" "$dir"/alerts/*.jsonl | grep -q "\"src_port\":$((20000 + $2))"
}
says() { grep -F "$1" "$dir.err"; }

reloads() {
  started && send first=1 flows=5 && eventually 5 raised 1:1 1 || return 1
  cat >"$tmp/live.rules" <<END
alert udp any any -> any 33333 (msg:"after"; content:"|f0 0d f0 0d|"; sid:2; rev:1;)
alert udp any any -> any any (msg:"no such word"; frobnicate:1; sid:9; rev:1;)
END
  "$periscope" ctl -l "$dir" reload || return 1
  # Suricata takes rules up when packets come.
  send first=100 flows=500 rate=100 &
  sender=$!
  eventually 8 says 'Suricata has read its rules again: 1 are in force, 1 cannot be read' &&
    says "$tmp/live.rules:2: Suricata cannot read this rule: detect-parse: unknown rule keyword 'frobnicate'" && wait $sender &&
    send first=700 && eventually 5 raised 1:2 700 && ! raised 1:1 700 &&
    says_within 2 "$dir" 's["suricata"]["lost_ids"] == 0 and s["suricata"]["running"] == 1'
}
refuses() { # a reload whose rule file is gone changes nothing
  mv "$tmp/live.rules" "$tmp/away.rules" && ! "$periscope" ctl -l "$dir" reload >"$tmp/said" 2>&1 && grep 'live.rules: cannot open' "$tmp/said" &&
    mv "$tmp/away.rules" "$tmp/live.rules" && send first=800 && eventually 5 raised 1:2 800
}
ends() { # times restarted, times ended
  live_stop TERM 8 && live closed "$dir" && judge restarted "$dir" "$1" "$2" && [ -z "$(ls "$TMPDIR")" ]
}
check "a reload has it read its rules again; one that it cannot read is said" reloads
check "a reload without the file of rules is refused, and nothing changes" refuses
check "its end" ends 0 0

killed() { # as a user without rights, under the filter of system calls
  started --set rights.user=nobody && send first=1 && eventually 5 raised 1:2 1 || return 1
  [ "$(ps -o user= -p "$(program)")" = nobody ] || return 1
  for n in 1 2; do
    kill -KILL "$(program)" && eventually 3 notes 'Suricata does not run' && send first=2 flows=50 &&
      says_within 10 "$dir" "s['suricata']['restarts'] == $n and s['suricata']['running'] == 1" &&
      send first=$((100 * n)) && eventually 5 raised 1:2 $((100 * n)) || return 1
  done
  told suricata_ended && says 'it was killed by signal 9 (Killed)' && says 'Suricata runs again' &&
    says_within 2 "$dir" 's["suricata"]["lost_ids"] >= 100' && notes 'Suricata has not got'
}
check "killed twice: said, counted, started again; not as root" killed
check "its end" ends 2 2

stopped() { # it takes nothing any more: its pipe fills, then its queue; then it is killed
  started --set packets.queue=1024 && send first=1 && eventually 5 raised 1:2 1 && kill -STOP "$(program)" || return 1
  send first=1000 flows=2000 packets=20 rate=12000 seconds=6 &
  sender=$!
  eventually 15 says 'it took no packets for too long, and was killed' && wait $sender &&
    says_within 15 "$dir" 's["suricata"]["restarts"] == 1 and s["suricata"]["running"] == 1 and s["suricata"]["lost_ids"] > 1000' &&
    send first=9000 && eventually 5 raised 1:2 9000
}
check "stopped (SIGSTOP): what it does not take is lost and counted, it is killed and started again" stopped
check "its end" ends 1 1

full() { # and then what it is started with cannot be written, for a while
  mkdir "$tmp/small" && mount -t tmpfs -o size=64k,mode=1777 tmpfs "$tmp/small" || return 1
  TMPDIR=$tmp/small started && send first=1 && eventually 5 raised 1:2 1 || return 1
  dd if=/dev/zero of="$tmp/small/ballast" bs=4k >/dev/null 2>&1
  send first=2 && eventually 5 raised 1:2 2 || return 1 # alerts need no disk
  mount -o remount,ro "$tmp/small" && kill -KILL "$(program)" && eventually 6 says 'periscope.yaml: cannot write: Read-only' || return 1
  mount -o remount,rw "$tmp/small" && rm "$tmp/small/ballast"
  says_within 15 "$dir" 's["suricata"]["restarts"] == 1 and s["suricata"]["running"] == 1' && send first=300 && eventually 5 raised 1:2 300
}
check "its disk is full: alerts come; killed when it cannot be written to, it is started once it can" full
check "its end" ends 1 1

# A Suricata that is started otherwise reads a feed, and says its alerts to our socket.
sed "s|filetype: regular, filename: eve.json|filetype: unix_stream, filename: $tmp/eve.sock|" "$tmp/alone.yaml" >"$tmp/other.yaml"
by_itself() {
  suricata -c "$tmp/other.yaml" -k none -S "$tmp/live.rules" -r "$tmp/fifo" --runmode single -l "$tmp/other" >"$tmp/other/said" 2>&1 &
  other=$!
  says_within 10 "$dir" 's["suricata"]["running"] == 1 and s["feeds"]["feed:ids"]["readers"] == 1' || { cat "$tmp/other/said"; return 1; }
}
attached() {
  rm -rf "$dir"
  mkdir "$tmp/other" && mkfifo "$tmp/fifo" || return 1
  # shellcheck disable=SC2086
  live_start "$dir" ip netns exec $net-sensor -- $quiet --set control.http=127.0.0.1:9477 --set capture.workers=2 \
    --set 'capture.ports=["net_af_packet0,iface=eth0,framesz=2048,blocksz=65536,framecnt=8192"]' \
    --set "feeds=[{name: ids, kind: pipe, path: $tmp/fifo, tag: qinq}]" --set "detect.suricata={attach: $tmp/eve.sock}" || return 1
  eventually 5 notes 'no Suricata is connected' && by_itself || return 1
  kill -KILL $other # before a packet has come
  eventually 5 told suricata_ended && by_itself && send first=1 flows=3 && eventually 5 raised 1:2 1 || return 1
  kill -KILL $other
  eventually 5 notes 'no Suricata is connected' && by_itself && send first=500 && eventually 5 raised 1:2 500 &&
    says_within 2 "$dir" 's["suricata"]["restarts"] == 2 and s["suricata"]["flow_unknown"] == 0'
}
check "one that is started otherwise, and reads a feed: its alerts are taken, also when it comes again" attached
detached() {
  kill -KILL $other
  live_stop TERM 8 && live closed "$dir" && judge restarted "$dir" 2 3 && judge flows "$dir"
}
check "its end: alerts name their flows" detached
answered() { # the other one keeps its socket
  python3 -c 'import socket, sys, time; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(1); time.sleep(60)' "$tmp/taken.sock" &
  other=$!
  eventually 5 test -S "$tmp/taken.sock" && timeout 10 "$periscope" run -l "$tmp/none" --set 'capture.ports=["net_null0"]' --set control.http=off \
    --set "feeds=[{name: ids, kind: pipe, path: $tmp/taken.fifo, tag: qinq}]" --set "detect.suricata={attach: $tmp/taken.sock}" 2>"$tmp/stderr"
  [ $? -eq 2 ] && grep -F "detect.suricata.attach: $tmp/taken.sock: another process answers there" "$tmp/stderr" &&
    [ -S "$tmp/taken.sock" ] && kill $other
}
check "a socket that another process answers is refused, and stays" answered
refused() { # words, settings
  timeout 10 "$periscope" run -l "$tmp/none" --set 'capture.ports=["net_null0"]' --set "$2" 2>"$tmp/stderr"
  [ $? -eq 2 ] && grep -F "$1" "$tmp/stderr" && [ ! -e "$tmp/none" ]
}
check "a file of rules that is not there is refused at the start" refused 'none.rules: cannot open' "detect.suricata={rules: [$tmp/none.rules]}"
check "and one that is started otherwise without a feed of tags" refused 'attach needs a feed' "detect.suricata={attach: $tmp/eve.sock}"
check "and one that both is started and not" refused 'has rules, config and command of its own' \
  "detect.suricata={attach: $tmp/eve.sock, rules: [$tmp/live.rules]}"
finish
