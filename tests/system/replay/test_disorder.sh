#!/bin/sh
# What a mirror and a network do to packets: fragments and cuts. No flow is lost, no packet, no byte, and in fragments
# every label stays. PERISCOPE_ALL=1: of every capture in ../shared.
. "$(dirname "$0")/../lib.sh"

export PERISCOPE_SHARED="$shared"

disorder() { # percent, kinds, captures...; says the numbers whatever they are
  percent=$1 kinds=$2
  shift 2
  python3 "$here/judge/disorder.py" "$periscope" "$tmp/work" "$percent" "$kinds" "$@" >"$tmp/said" 2>&1
  result=$?
  grep -v '^difference' "$tmp/said"
  grep '^difference' "$tmp/said"
  return $result
}

say() {
  grep -E '^(shuffle|fragments|cut)=' "$tmp/said" | sed 's/^/     /'
}

all() { # captures...
  check "fragments over 576 bytes: labels, details and flows stay" disorder 100 fragments=576 "$@"
  say
  check "cut at 128, 256 and 512 bytes: every flow, packet and byte" disorder 100 cut=128,cut=256,cut=512 "$@"
  say
}

all "$root/pcaps/everything.pcap"
have_shared pcaps/ndpi42 || finish
list=$tmp/list
if [ -n "${PERISCOPE_ALL:-}" ]; then
  find "$shared/pcaps/ndpi42" -name '*.pcap*' ! -name '*.out' ! -name 'ip_fragmented_garbage*' ! -name 'fuzz-*' | sort
else
  for name in 443-firefox alexa-app dns_exfiltration dnscrypt-v2-doh ftp-start-tls http_ipv6 imaps instagram iphone \
    quic quic-29 quic_frags_ch_in_multiple_packets teams tls_verylong_certificate trickbot waze; do
    find "$shared/pcaps/ndpi42" -name "$name.pcap*" ! -name '*.out'
  done
fi >"$list"
# shellcheck disable=SC2046
all $(cat "$list")
finish
