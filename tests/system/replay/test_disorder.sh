#!/bin/sh
# What a mirror and a network do to packets: fragments, cuts and disorder. No flow is lost, no packet, no byte; in
# fragments every label stays, shuffled nearly all, and of what arrived whole in cut packets nearly all is told.
# PERISCOPE_ALL=1: of every capture in ../shared.
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

all() { # percent shuffled within 16 packets, within 64, captures...
  near=$1 far=$2
  shift 2
  check "fragments over 576 bytes: labels, details and flows stay" disorder 100 fragments=576 "$@"
  say
  check "cut at 128, 256 and 512 bytes: every flow, packet and byte, and 99 % of the names that arrived" \
    disorder 99 cut=128,cut=256,cut=512 "$@"
  say
  check "shuffled within 16 packets: $near % of the flows keep labels and details" disorder "$near" shuffle=16 "$@"
  say
  check "shuffled within 64 packets: $far %" disorder "$far" shuffle=64 "$@"
  say
}

all 99 98 "$root/pcaps/everything.pcap"
have_shared pcaps/ndpi42 || finish
list=$tmp/list
far_of_list=98
if [ -n "${PERISCOPE_ALL:-}" ]; then
  far_of_list=99
  find "$shared/pcaps/ndpi42" -name '*.pcap*' ! -name '*.out' ! -name 'ip_fragmented_garbage*' ! -name 'fuzz-*' | sort
else
  for name in 443-firefox alexa-app dns_exfiltration dnscrypt-v2-doh ftp-start-tls http_ipv6 imaps instagram iphone \
    quic quic-29 quic_frags_ch_in_multiple_packets teams tls_verylong_certificate trickbot waze; do
    find "$shared/pcaps/ndpi42" -name "$name.pcap*" ! -name '*.out'
  done
fi >"$list"
# shellcheck disable=SC2046
all 99 "$far_of_list" $(cat "$list")
finish
