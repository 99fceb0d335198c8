#!/bin/sh
# Suricata, fed by us: the same alerts as it has of the inner packets alone, each with its session and flow, also with
# equal addresses in four sessions; the same in every run; rules that it cannot read, and its end, are said.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/suricata.sh"

equal() {
  both_alone && replay "$tmp/one" --workers 1 --rules "$tmp/test.rules" "$capture" && results ledger "$tmp/one" && same_as_alone "$tmp/one"
}
check "fed with tagged packets it has the alerts that it has of each session's inner packets alone" equal
all_rules() {
  for sid in 1 2 3 4 5 7 8 9; do
    grep -q "\"rule\":\"1:100000$sid\"" "$tmp/one/alerts/alerts.jsonl" || { echo "sid 100000$sid has no alert"; return 1; }
  done
  ! grep -q '"rule":"1:1000006"' "$tmp/one/alerts/alerts.jsonl"
}
check "content, http.host, tls.sni, dns.query, flowbits, ja3.hash and ICMP are each in an alert" all_rules
check "each alert names its flow" judge flows "$tmp/one"

again() {
  for workers in 1 2 4; do
    replay "$tmp/again" --workers $workers --rules "$tmp/test.rules" "$capture" || return 1
    cmp "$tmp/one/alerts/alerts.jsonl" "$tmp/again/alerts/alerts.jsonl" || return 1
    [ "$(results summary "$tmp/again" deterministic)" = "$(results summary "$tmp/one" deterministic)" ] || return 1
  done
}
check "again, and with 2 and 4 workers: the same alerts, byte for byte" again

# Suricata looks at streams in pieces whose sizes are random where nobody forbids it.
pieces() {
  echo 'alert tcp any any -> any any (msg:"zeros"; flow:established; content:"|00 00|"; sid:1; rev:1;)' >"$tmp/zeros.rules"
  for _ in 1 2 3 4 5 6 7 8; do
    replay "$tmp/pieces" --input plain --rules "$tmp/zeros.rules" "$shared/pcaps/ndpi42/waze.pcap" || return 1
    cksum <"$tmp/pieces/alerts/alerts.jsonl"
  done | sort -u | wc -l | grep -qx 1
}
have_shared pcaps/ndpi42/waze.pcap && check "eight times with long streams: the same alerts" pieces
# Flows that nothing ends are given up at the end, or before, by a thread that looks once a second.
given_up() {
  echo 'alert http any any -> any any (msg:"get"; http.method; content:"GET"; sid:1; rev:1;)' >"$tmp/get.rules"
  for bytes in 0 30000 60000 90000 110000; do
    printf '#!/bin/sh\n{ head -c %s; sleep 2; cat; } | suricata "$@"\n' $bytes >"$tmp/slow"
    chmod 755 "$tmp/slow"
    replay "$tmp/given_up" --input plain --set "detect.suricata={command: $tmp/slow, rules: [$tmp/get.rules]}" \
      "$shared/pcaps/ndpi42/rtsp.pcap" || return 1
    cksum <"$tmp/given_up/alerts/alerts.jsonl"
  done | sort -u | wc -l | grep -qx 1 && grep -q '"engine":"suricata"' "$tmp/given_up/alerts/alerts.jsonl"
}
have_shared pcaps/ndpi42/rtsp.pcap && check "flows that Suricata gives up, whenever it does: the same alerts" given_up

four() {
  make spread "$capture" 1001 "$tmp/four.pcap" 4 &&
    replay "$tmp/four" --workers 2 --rules "$tmp/test.rules" "$tmp/four.pcap" &&
    judge even "$tmp/four" 50 51 52 53 && judge flows "$tmp/four"
}
check "equal addresses in four sessions: each session has its alerts, and their flows" four

fragments() {
  echo 'alert ip any any -> any any (msg:"any"; sid:1; rev:1;)' >"$tmp/any.rules"
  replay "$tmp/fragments" --rules "$tmp/any.rules" "$root/pcaps/fragments.pcap" || return 1
  [ "$(results summary "$tmp/fragments" suricata.alerts)" -ge "$(results summary "$tmp/fragments" suricata.written)" ] &&
    [ "$(results summary "$tmp/fragments" suricata.flow_unknown)" -eq 0 ]
}
check "alerts of fragments, and of what they are put together to, name flows" fragments

plain() {
  replay "$tmp/plain" --rules "$tmp/test.rules" "$tmp/1001.pcap" && judge flows "$tmp/plain" &&
    python3 - "$tmp/plain" "$tmp/alone1001/eve.json" <<'END'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1] + "/alerts/alerts.jsonl")]
ours = sum(row["count"] for row in rows if row["engine"] == "suricata")
own = sum('"event_type":"alert"' in line for line in open(sys.argv[2]))
print(ours, own)
sys.exit(not (ours == own > 0 and {row["tenant"] for row in rows} == {"plain"} and {row["vni"] for row in rows} == {None}))
END
}
check "packets that nobody mirrored go to it as they are" plain

own_config() {
  cat >"$tmp/own.yaml" <<END
%YAML 1.1
---
vars: {address-groups: {HOME_NET: "[10.1.0.0/16]"}}
default-rule-path: $tmp
rule-files: [own.rules]
app-layer: {protocols: {dns: {tcp: {enabled: "yes"}, udp: {enabled: "yes"}}}}
END
  # shellcheck disable=SC2016
  echo 'alert dns $HOME_NET any -> any any (msg:"from home"; sid:7; rev:1;)' >"$tmp/own.rules"
  replay "$tmp/config" --set "detect.suricata={config: $tmp/own.yaml}" "$capture" || return 1
  grep '"engine":"suricata"' "$tmp/config/alerts/alerts.jsonl" >"$tmp/rows" || return 1
  ! grep -v '"rule":"1:7".*"src_ip":"10\.1\.' "$tmp/rows"
}
check "a configuration of one's own is taken, and says where rules are" own_config

refused() { # words, arguments...: status 2 and one sentence with these words, and nothing else
  words=$1
  shift
  "$periscope" replay -l none "$@" "$capture" >"$tmp/stdout" 2>"$tmp/stderr"
  status=$?
  cat "$tmp/stderr"
  [ $status -eq 2 ] && [ ! -s "$tmp/stdout" ] && grep -qF "$words" "$tmp/stderr"
}
{
  echo '# good and bad'
  sed -n 1p "$tmp/test.rules"
  echo 'alert tcp any any -> any any (msg:"no such word"; frobnicate:1; sid:9; rev:1;)'
} >"$tmp/some.rules"
sed -n 3p "$tmp/some.rules" >"$tmp/bad.rules"
some_bad() {
  "$periscope" replay --force -l "$tmp/some" --rules "$tmp/some.rules" "$capture" >/dev/null 2>"$tmp/stderr" || return 1
  cat "$tmp/stderr"
  grep -qF "$tmp/some.rules:3: Suricata cannot read this rule: detect-parse: unknown rule keyword 'frobnicate'" "$tmp/stderr" &&
    grep -q "1 of 2 rules cannot be read" "$tmp/stderr" && grep -q '"rule":"1:1000001"' "$tmp/some/alerts/alerts.jsonl"
}
check "a rule that it cannot read is said with file, line and reason; the others are used" some_bad
check "a file without a rule that it can read is refused" refused "no rule that it can read" --rules "$tmp/bad.rules"
check "a file that is not there is refused" refused "$tmp/none.rules: cannot open" --set "detect.suricata={rules: [$tmp/none.rules]}"
check "a pattern that no file fits is refused" refused "no file is called so" --set "detect.suricata={rules: [\"$tmp/none*.rules\"]}"
check "a configuration that it cannot read is refused, with its words" refused "does not start" \
  --set "detect.suricata={config: $tmp/test.rules}"
check "where it is missing, it is said how to get it" refused "apt-get install" --rules "$tmp/test.rules" \
  --set "detect.suricata={command: /nowhere/suricata, rules: [$tmp/test.rules]}"

# A Suricata that tells who it is. The input comes in two parts, so that something can happen between them; the first
# is longer than what replay reads ahead.
make spread "$capture" 1001 "$tmp/long.pcap" 60
cat >"$tmp/suricata" <<END
#!/bin/sh
cat /proc/\$\$/status >"$tmp/status"
echo \$\$ >"$tmp/pid"
exec suricata "\$@"
END
chmod 755 "$tmp/suricata"
between() { # directory, signal, settings...: what a replay of two halves says and writes
  dir=$1 signal=$2
  shift 2
  rm -rf "$dir" "$tmp/pid"
  {
    head -c 8000000 "$tmp/long.pcap"
    for _ in $(seq 100); do [ -s "$tmp/pid" ] && break || sleep 0.1; done
    sleep 1
    kill -"$signal" "$(cat "$tmp/pid")"
    sleep 1
    tail -c +8000001 "$tmp/long.pcap"
  } | timeout 60 "$periscope" replay -l "$dir" "$@" - >"$tmp/stdout" 2>"$tmp/stderr"
  status=$?
  cat "$tmp/stderr"
  [ $status -eq 1 ] && results ledger "$dir"
}
killed() {
  between "$tmp/killed" KILL --set "detect.suricata={command: $tmp/suricata, rules: [$tmp/test.rules]}" &&
    grep -q 'ended early: it was killed by signal 9 (Killed)' "$tmp/stderr" && judge lost "$tmp/killed" &&
    replay "$tmp/whole" "$tmp/long.pcap" &&
    [ "$(results summary "$tmp/killed" flows)" = "$(results summary "$tmp/whole" flows)" ]
}
check "killed in the middle: the rest is counted, said and an alert; the replay goes on, and its status is 1" killed
stopped() {
  between "$tmp/stopped" STOP --set "detect.suricata={command: $tmp/suricata, timeout: 2s, rules: [$tmp/test.rules]}"  || return 1
  grep -q 'took no packets for too long' "$tmp/stderr" && judge lost "$tmp/stopped"
}
check "one that hangs is killed after detect.suricata.timeout" stopped

few_rights() {
  grep -qx 'NoNewPrivs:.1' "$tmp/status" || return 1
  for set in CapInh CapPrm CapEff CapBnd CapAmb; do
    grep -qE "^$set:.0+$" "$tmp/status" && continue
    [ $set = CapBnd ] && [ "$(id -u)" -ne 0 ] && continue # only root may give it up
    grep "$set" "$tmp/status"
    return 1
  done
}
check "it runs without a capability, and cannot get one" few_rights
another_user() {
  chmod 755 "$tmp"
  rm -f "$tmp/status" "$tmp/pid"
  touch "$tmp/status" "$tmp/pid"
  chmod 666 "$tmp/status" "$tmp/pid"
  chmod 777 "$tmp/private"
  replay "$tmp/user" --set rights.user=nobody --set "detect.suricata={command: $tmp/suricata, rules: [$tmp/test.rules]}" "$capture" &&
    cmp "$tmp/one/alerts/alerts.jsonl" "$tmp/user/alerts/alerts.jsonl" && grep -qE "^Uid:.$(id -u nobody)" "$tmp/status"
}
if [ "$(id -u)" -eq 0 ]; then
  check "started by root it becomes rights.user" another_user
else
  skip "only root can give it another user"
fi

liar() {
  replay "$tmp/liar" --set "$(fake well)" "$capture" && results ledger "$tmp/liar" && python3 - "$tmp/liar" <<'END'
import json, sys
stats = json.load(open(sys.argv[1] + "/summary.json"))["suricata"]
rows = [json.loads(line) for line in open(sys.argv[1] + "/alerts/alerts.jsonl")]
rows = [row for row in rows if row["engine"] == "suricata"]
print(stats, rows)
assert stats["alerts"] == stats["flow_unknown"] == 2 and stats["unreadable"] == 8 and stats["lost_ids"] == 0
assert [row["src_ip"] for row in rows] in (["192.0.2.1", None], [None, "192.0.2.1"])
assert all(row["flow_id"] is None and row["vni"] is None and row["title"] == "never sent" for row in rows)
END
}
check "lines that are no alerts are counted; alerts of packets that were never sent name no flow" liar
check "one that ends at once is refused, with its words" refused "it ended with status 1: pcap: it will not" --set "$(fake refuse)"

nothing_left() { [ -z "$(ls "$tmp/private")" ]; }
check "nothing of it is left" nothing_left

finish
