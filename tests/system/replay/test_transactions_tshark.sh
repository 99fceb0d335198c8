#!/bin/sh
# Every message of DNS, HTTP, TLS, QUIC and SSH that tshark lists is in a transaction, with the same values: of the
# project's captures, of some of ../shared, and with PERISCOPE_ALL=1 of all that are there.
. "$(dirname "$0")/../lib.sh"

command -v tshark >/dev/null || {
  skip "no tshark"
  finish
}

compare() { # captures...; says what tshark lists, by kind, whatever it is
  python3 "$here/judge/transactions.py" "$periscope" "$tmp/work" "$here/judge/transactions.tsv" "$@" \
    >"$tmp/said" 2>&1
  result=$?
  cat "$tmp/said"
  return $result
}

say() {
  grep -E '^[a-z ]+: ' "$tmp/said" | sed 's/^/     /'
}

check "what tshark lists in a capture of everything" compare "$root/pcaps/everything.pcap"
say
if have_shared ja4; then
  check "JA4 as its authors' implementation gives it" python3 "$here/judge/ja4.py" "$periscope" "$tmp" "$shared/ja4"
  sed 's/^/     /' "$tmp/log"
fi
have_shared pcaps/ndpi42 || finish
list=$tmp/list
for name in alexa-app avast_securedns dns_exfiltration dns_fragmented dns_long_domainname doq EAQ ftp-start-tls \
  G16-community-id http_ipv6 imap-starttls instagram long_tls_certificate quic-29 quic-mvfst-27 \
  quic_frags_ch_in_multiple_packets tls_verylong_certificate trickbot WebattackRCE; do
  find "$shared/pcaps/ndpi42" "$shared/pcaps/apps" "$shared/ja4" -name "$name.pcap*" ! -name '*.out'
done >"$list"
[ -z "${PERISCOPE_ALL:-}" ] ||
  find "$shared/pcaps" "$shared/ja4" "$root/pcaps" -name '*.pcap*' ! -name '*.out' ! -name '*.expect*' | sort >"$list"
# shellcheck disable=SC2046
check "what tshark lists in $(wc -l <"$list") captures" compare $(cat "$list")
say
finish
