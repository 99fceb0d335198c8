#!/bin/sh
# Indicator lists: what the lab's capture shows of them are alerts, and nothing else; what is allowed is none; several
# kinds of files; the same for any number of workers. What must be found is counted by tshark.
. "$(dirname "$0")/../lib.sh"

capture=$root/pcaps/everything.pcap

# tshark takes the second copy of a segment, mirrored at the other end, for a retransmission: so each end by itself.
for vni in 1001 1002; do
  tshark -r "$capture" -Y "vxlan.vni == $vni" -w "$tmp/$vni.pcapng" 2>/dev/null
done
shown() { # filter: packets of both ends
  for vni in 1001 1002; do
    tshark -r "$tmp/$vni.pcapng" -Y "$1" -T fields -e frame.number 2>/dev/null
  done | wc -l
}

printf '# names\nshop.green.example\n' >"$tmp/names.txt"
printf '10.2.0.10/32 ; the server\n' >"$tmp/addresses.txt"
printf '#fields\tindicator\tindicator_type\tmeta.source\nbig.green.example\tIntel::DOMAIN\tlab\n' >"$tmp/intel.dat"
printf 'green.example\n' >"$tmp/own.txt"

lists() { # directory, workers, more...
  dir=$1 workers=$2
  shift 2
  replay "$dir" --workers "$workers" --set detect.risk_score=0 "$@" "$capture" && results ledger "$dir"
}

# Flows with the server's address, and answers of DNS with it: to questions of types A and AXFR; in others it stands in
# the additional section, which is not looked at.
addresses() {
  lists "$tmp/a" 1 --list "$tmp/addresses.txt" || return 1
  python3 - "$tmp/a" "$(shown 'dns.a == 10.2.0.10 && (dns.qry.type == 1 || dns.qry.type == 252)')" <<'END'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1] + "/alerts/alerts.jsonl")]
flows = [json.loads(line) for line in open(sys.argv[1] + "/events/flows.jsonl")]
ends = sum("10.2.0.10" in (flow["src_ip"], flow["dst_ip"]) for flow in flows)
said = sum(row["count"] for row in rows)
print("flows", ends, "answers", sys.argv[2], "told", said)
sys.exit(not (ends > 50 and said == ends + int(sys.argv[2]) > ends and
              all(row["engine"] == "list" and row["rule"] == "addresses" and row["severity"] == 2 and
                  set(row["evidence"].values()) == {"10.2.0.10"} for row in rows)))
END
}
check "an address is found in each flow that has it" addresses

# As often as tshark has it; an error of ICMP quotes one question.
names() {
  lists "$tmp/n" 1 --list "$tmp/names.txt" || return 1
  seen=0
  for filter in 'dns.flags.response == 0 && dns.qry.name == "shop.green.example" && !icmp' 'dns.cname == "shop.green.example"' \
    'http.host == "shop.green.example"' 'tls.handshake.extensions_server_name == "shop.green.example"'; do
    n=$(shown "$filter")
    [ "$n" -gt 0 ] || { echo "tshark has none of $filter"; return 1; }
    seen=$((seen + n))
  done
  python3 - "$tmp/n" "$seen" <<'END'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1] + "/alerts/alerts.jsonl")]
said = sum(row["count"] for row in rows)
print("tshark", sys.argv[2], "told", said)
sys.exit(not (said == int(sys.argv[2]) and all(row["title"] == "shop.green.example" for row in rows)))
END
}
check "a name is found in each question, answer, request and hello that tshark has" names

all() {
  for workers in 1 2 4; do
    lists "$tmp/all$workers" $workers --list "$tmp/names.txt" --list "$tmp/addresses.txt" --list "$tmp/intel.dat" || return 1
    sort "$tmp/all$workers/alerts/alerts.jsonl" >"$tmp/sorted$workers"
    cmp "$tmp/sorted1" "$tmp/sorted$workers" || return 1
  done
  grep -q '"rule":"intel"' "$tmp/sorted1" && [ "$(results summary "$tmp/all1" alerts.facts)" -gt 100 ]
}
check "all lists, for any number of workers" all

# The name of the allowed list is above those of the others.
allowed() {
  printf 'detect:\n  lists:\n  - {file: names.txt}\n  - {file: addresses.txt, severity: 4}\n  - {file: own.txt, action: allow}\n' >"$tmp/lists.yaml"
  lists "$tmp/allowed" 2 -c "$tmp/lists.yaml" || return 1
  grep -q '"severity":4' "$tmp/allowed/alerts/alerts.jsonl" && ! grep -q green.example "$tmp/allowed/alerts/alerts.jsonl"
}
check "what is allowed is found by no list" allowed

# Transactions that become no events are looked at, too.
quiet() {
  lists "$tmp/quiet" 1 --list "$tmp/names.txt" --set events.dns=false --set events.http=false --set events.tls=false \
    --set events.quic=false --set events.ssh=false || return 1
  cmp "$tmp/n/alerts/alerts.jsonl" "$tmp/quiet/alerts/alerts.jsonl"
}
check "the same without events of transactions" quiet

refused() { # what, file...
  "$periscope" replay -l "$tmp/refused" --list "$2" "$capture" >"$tmp/said" 2>&1
  [ $? -eq 2 ] && grep -q "$1" "$tmp/said" && [ ! -e "$tmp/refused/summary.json" ]
}
printf '<html>\nno feed today\n</html>\n' >"$tmp/page.txt"
check "a list that is no list" refused 'page.txt' "$tmp/page.txt"
check "a list that is not there" refused 'nowhere.txt: cannot open' "$tmp/nowhere.txt"

finish
