#!/bin/sh
# Writes NAME.expect beside each capture: what tshark and ndpiReader find in it, as README.md
# describes.
# expect.sh [NAME...]; with -c nothing is written, and a difference from the file is an error.
# Each VNI's inner frames are taken out first (outer headers are 14 + 20 + 8 + 8 bytes), else
# tshark would take the copy made at the other end for a retransmission.
# shellcheck disable=SC2046,SC2086,SC2317
set -eu
export LC_ALL=C
cd "$(dirname "$0")"
check=
[ "${1:-}" != -c ] || { check=1; shift; }
[ $# -gt 0 ] || set -- *.pcap
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# fields CAPTURE FIELD... : one line a packet; the first value of each field, which is the packet's
# own and not that of a packet quoted in an ICMP error
fields() {
  capture=$1
  shift
  tshark -n -r "$capture" -o ip.defragment:FALSE -o ipv6.defragment:FALSE -T fields \
    -E occurrence=f $(printf ' -e %s' "$@") 2>"$work/stderr" || { cat "$work/stderr" >&2; exit 1; }
}

# messages CAPTURE FILTER FIELD... : the same of reassembled messages, all values, `~` between
messages() {
  capture=$1 filter=$2
  shift 2
  tshark -n -r "$capture" -Y "$filter" -T fields -E occurrence=a -E aggregator='~' \
    $(printf ' -e %s' "$@") 2>"$work/stderr" || { cat "$work/stderr" >&2; exit 1; }
}

outer() { # CAPTURE
  fields "$1" vxlan.vni ip.src | gawk -F'\t' -v OFS='\t' '
    { n[$1 OFS $2]++ }
    END {
      print "packets", NR
      for (k in n) print "vni", k, n[k]
    }'
}

flows() { # VNI CAPTURE
  fields "$2" ip.src ip.dst ip.proto ip.len ip.id ip.frag_offset ip.flags.mf \
    ipv6.src ipv6.dst ipv6.nxt ipv6.plen ipv6.fraghdr.nxt ipv6.fraghdr.ident \
    ipv6.fraghdr.offset ipv6.hopopts.nxt tcp.srcport tcp.dstport tcp.flags udp.srcport \
    udp.dstport icmp.type icmp.code icmp.ident icmpv6.type icmpv6.code \
    icmpv6.echo.identifier ipv6.fraghdr.more |
    gawk -F'\t' -v OFS='\t' -v vni="$1" -f expect_flows.awk
}

dns() {
  for transport in udp tcp; do
    messages "$2" "dns && $transport && !icmp && !icmpv6" ip.src ipv6.src ip.dst ipv6.dst \
      $transport.srcport $transport.dstport dns.flags.response dns.id dns.qry.name \
      dns.qry.type dns.flags.rcode dns.count.answers dns.resp.type dns.a dns.aaaa dns.cname \
      dns.mx.mail_exchange dns.txt dns.mx.preference |
      gawk -F'\t' -v OFS='\t' -v vni="$1" -v transport=$transport -f expect_dns.awk
  done
}

http() {
  messages "$2" 'http.request || http.response' tcp.stream http.request.method http.host \
    http.request.uri http.user_agent http.response.code ip.src ipv6.src tcp.srcport |
    gawk -F'\t' -v OFS='\t' -v vni="$1" '
      $2 != "" {
        n[$1]++
        request[$1, n[$1]] = $7 $8 OFS $9 OFS n[$1] OFS $2 OFS $3 OFS $4 OFS $5
        next
      }
      { print "http", vni, request[$1, ++answered[$1]], $6 }'
}

tls() {
  messages "$2" 'tls.handshake.type == 1 || tls.handshake.type == 2' tcp.stream \
    tls.handshake.type ip.src ipv6.src tcp.srcport tls.handshake.extensions_server_name \
    tls.handshake.ja3 tls.handshake.ja3s tls.handshake.version \
    tls.handshake.extensions.supported_version tls.handshake.extensions_alpn_str |
    gawk -F'\t' -v OFS='\t' -v vni="$1" '
      function dash(value) { return value == "" ? "-" : value }
      $2 ~ /^1/ { gsub(/~/, ",", $11); hello[$1] = $3 $4 OFS $5 OFS dash($6); client[$1] = $7 OFS dash($11); next }
      { split($9, version, "~"); print "tls", vni, hello[$1], $10 == "" ? version[1] : $10, client[$1], $8 }'
}

ssh() {
  messages "$2" ssh.protocol tcp.stream ip.src ipv6.src tcp.srcport tcp.dstport ssh.protocol |
    gawk -F'\t' -v OFS='\t' -v vni="$1" '
      $5 == 22 { client[$1] = $6; from[$1] = $2 $3 OFS $4 }
      $4 == 22 { server[$1] = $6 }
      END { for (s in from) print "ssh", vni, from[s], client[s], server[s] }'
}

icmp() {
  fields "$2" icmp.type icmp.code icmpv6.type icmpv6.code | gawk -F'\t' -v OFS='\t' -v vni="$1" '
    $1 != "" { n["1" OFS $1 OFS $2]++ }
    $3 != "" { n["58" OFS $3 OFS $4]++ }
    END { for (k in n) print "icmp", vni, k, n[k] }'
}

# The label of each TCP and UDP conversation, its ends in the order of their text.
app() {
  ndpiReader -q -i "$2" -C "$work/csv" >/dev/null
  gawk -F, -v OFS='\t' -v vni="$1" '$2 == 6 || $2 == 17 {
    a = $6 OFS $7; b = $8 OFS $9
    print "app", vni, $2, a < b ? a OFS b : b OFS a, $11
  }' "$work/csv"
}

expect() { # NAME
  echo "# written by expect.sh with tshark and ndpiReader; README.md describes the rows"
  {
    outer "$1.pcap"
    for vni in $(fields "$1.pcap" vxlan.vni | sort -u); do
      tshark -r "$1.pcap" -Y "vxlan.vni == $vni" -w "$work/vni.pcapng" 2>/dev/null
      editcap -F nsecpcap -L -C 50 "$work/vni.pcapng" "$work/vni.pcap" 2>/dev/null
      for kind in flows dns http tls ssh icmp app; do
        $kind "$vni" "$work/vni.pcap"
      done
    done
  } | sort -t "$(printf '\t')" -V
}

failed=0
for name; do
  name=${name%.pcap}
  expect "$name" >"$work/expect"
  gawk -v name="$name" -f expect_sent.awk "$work/expect" sent.tsv >&2 || failed=1
  if [ -z "$check" ]; then
    cp "$work/expect" "$name.expect"
  else
    diff "$name.expect" "$work/expect" >&2 || { echo "$name.expect differs" >&2; failed=1; }
  fi
done
exit $failed
