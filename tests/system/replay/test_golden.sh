#!/bin/sh
# Replays each capture of pcaps/ and compares flow events, ledger and summary with its .expect file,
# which tshark made. test_golden.sh [PROGRAM [NAME...]]
set -eu
export LC_ALL=C
cd "$(dirname "$0")/../../.."
program=${1:-build/periscope}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- pcaps/*.pcap
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# The rows of an .expect file that begin with one word, without it.
rows() { # KIND
  sed -n "s/^$1	//p" "pcaps/$name.expect" | sort
}

same() { # WHAT EXPECTED GOT
  diff "$work/$2" "$work/$3" >"$work/diff" && return
  echo "$name: $1: < expected, > got"
  head -n 20 "$work/diff"
  failed=1
}

events() { # JQ [RUN]: of each flow event
  cat "$work/${2:-out}"/events/*.jsonl | jq -r "select(.event == \"flow\") | $1 | @tsv" | sort
}

ledger() {
  {
    echo "received $(rows packets)"
    echo "inner_not_ip $(rows not_ip | awk '{ n += $2 } END { print n + 0 }')"
    echo "inspected $(rows flow | awk -F'\t' '{ n += $8 + $11 } END { print n + 0 }')"
    echo "other 0"
    echo "flows $(rows flow | wc -l)"
    echo "deterministic true"
  } >"$work/expected"
  jq -r '"received \(.received)", "inner_not_ip \(.ledger.inner_not_ip)",
    "inspected \(.ledger.inspected)",
    "other \([.ledger | to_entries[] | select(.key | IN("inspected", "inner_not_ip") | not) | .value] | add)",
    "flows \(.flows)", "deterministic \(.deterministic)"' "$work/out/summary.json" >"$work/got"
  same ledger expected got
}

flows() {
  rows flow >"$work/expected"
  events '[.vni, .protocol, .src_ip, .src_port, .dst_ip, .dst_port,
    (if .icmp.type | IN(0, 8, 128, 129) then .icmp.id else "-" end),
    (.client | .packets, .bytes, .tcp_flags), (.server | .packets, .bytes, .tcp_flags)]' >"$work/got"
  same flows expected got
}

# Without settings the direction follows from the outer source, the mirrored host's own address:
# packets of a client there leave, those of a client that talks to it arrive.
directions() {
  rows vni | awk -F'\t' -v OFS='\t' '
    FNR == NR { host[$1] = $2; next }
    { print $1, host[$1], $3, $4, $5, $6, $3 == host[$1] ? "egress" : $5 == host[$1] ? "ingress" : "?" }
  ' - "$work/flow" | grep -v '?$' | sort >"$work/expected"
  events 'select(.src_ip == .outer_src or .dst_ip == .outer_src) |
    [.vni, .outer_src, .src_ip, .src_port, .dst_ip, .dst_port, .direction]' >"$work/got"
  same directions expected got
}

http() { # the first request of a connection
  rows http | awk -F'\t' -v OFS='\t' '$4 == 1 { print $1, $2, $3, $5, $6, $6 $7, $8, $9 }' >"$work/expected"
  events 'select(.http.method) | [.vni, .src_ip, .src_port, (.http | .method, .host, .url,
    .user_agent, .status)]' >"$work/got"
  same http expected got
}

tls() {
  rows tls | sed 's/	0x0303	/	TLSv1.2	/; s/	0x0304	/	TLSv1.3	/' >"$work/expected"
  events 'select(.tls) | [.vni, .src_ip, .src_port, (.tls | .sni // "-", .version, .ja3,
    .alpn // "-", .ja3s)]' >"$work/got"
  same tls expected got
}

# Of the conversations that nDPI takes for DNS. Answers: at most 16, those tshark gives no data of are only counted. Of a message in several TCP
# segments the first one's are compared.
dns() {
  rows dns >"$work/dns"
  events 'select(.dns) | [.vni, (if .protocol == 17 then "udp" else "tcp" end), .src_ip,
    .src_port, .dst_ip, .dst_port, (.dns | .query, .type, .rcode // "-", (.answers // [] | length),
    (.answers // [] | join(",") | if . == "" then "-" else . end))]' >"$work/events"
  for file in dns events; do
    awk -F'\t' -v OFS='\t' -v tshark="$work/dns" -v events="$work/events" '
      function load(file, rows,    line, f) {
        while ((getline line <file) > 0) {
          split(line, f, FS)
          rows[f[1], f[2], f[4]] = f[11]
        }
      }
      BEGIN { load(tshark, known); load(events, seen) }
      {
        n = split($11, answer, ","); split(known[$1, $2, $4], data, ",")
        m = $2 == "tcp" ? split(seen[$1, $2, $4], first, ",") : 16
        text = ""
        for (i = 1; i <= n && i <= m; i++) text = text (data[i] == "-" ? "-" : answer[i]) ","
        if ($10 > m) $10 = m
        $11 = text
        print
      }' "$work/$file" >"$work/$file.cut"
  done
  same dns dns.cut events.cut
}

ssh() {
  rows ssh >"$work/expected"
  events 'select(.ssh) | [.vni, .src_ip, .src_port, .ssh.client, .ssh.server]' >"$work/got"
  same ssh expected got
}

# The labels of nDPI, for the same library; what its csv leaves out is Unknown.
apps() {
  rows app >"$work/app"
  ends='{ a = $3 OFS $4; b = $5 OFS $6; key = $1 OFS $2 OFS (a < b ? a OFS b : b OFS a) }'
  awk -F'\t' -v OFS='\t' -v labels="$work/app" '
    BEGIN {
      while ((getline line <labels) > 0) {
        split(line, f, FS)
        label[f[1] OFS f[2] OFS f[3] OFS f[4] OFS f[5] OFS f[6]] = f[7]
      }
    }
    '"$ends"'
    $2 == 6 || $2 == 17 { print key, key in label ? label[key] : "Unknown" }
  ' "$work/flow" | sort >"$work/expected"
  events 'select(.protocol == 6 or .protocol == 17) |
    [.vni, .protocol, .src_ip, .src_port, .dst_ip, .dst_port, .app]' |
    awk -F'\t' -v OFS='\t' "$ends { print key, \$7 }" | sort >"$work/got"
  same labels expected got
}

# With pcaps/lab.yaml: the session of each flow, and the direction of the client's packets as the
# mirrored interface sees them. The host's own addresses leave, all others arrive.
sessions() {
  "$program" replay -c pcaps/lab.yaml -l "$work/lab" "pcaps/$name.pcap" >/dev/null
  rows flow | awk -F'\t' -v OFS='\t' '
    BEGIN {
      split("10.1.0.10 fd00:1::10 fe80::aff:fe01:a", own, " "); for (i in own) host[1001, own[i]] = 1
      split("10.2.0.10 fd00:2::10 fe80::aff:fe02:a", own, " "); for (i in own) host[1002, own[i]] = 1
      name[1001] = "blue"; name[1002] = "green"
    }
    { print $1, $3, $4, $5, $6, "tms-" name[$1], "eni-" name[$1],
      ($1, $3) in host ? "egress" : "ingress", $3 ~ /:/ ? 110 : 100, "accept" }' |
    sort >"$work/expected"
  events '[.vni, .src_ip, .src_port, .dst_ip, .dst_port, .session, .interface_id, .direction,
    .rule_number, .rule_action]' lab >"$work/got"
  same sessions expected got
}

# The same events for two workers as for one.
workers() {
  "$program" replay --workers 2 -l "$work/two" "pcaps/$name.pcap" >/dev/null
  for out in out two; do
    cat "$work/$out"/events/*.jsonl | sort >"$work/$out.events"
  done
  same workers out.events two.events
}

failed=0
for capture; do
  name=$(basename "$capture" .pcap)
  rm -rf "${work:?}"/*
  "$program" replay -j --workers 1 -l "$work/out" "pcaps/$name.pcap" >"$work/printed.json"
  cmp -s "$work/printed.json" "$work/out/summary.json" || jq -e . "$work/printed.json" >/dev/null
  rows flow >"$work/flow"
  for kind in ledger flows directions http tls dns ssh apps sessions workers; do
    $kind
  done
done
[ $failed -ne 0 ] || echo "$# captures as tshark sees them"
exit $failed
