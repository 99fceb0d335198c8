#!/bin/sh
# Loss before the appliance: bytes acknowledged by TCP that the mirror did not show. loss.py makes the
# captures, leaves out known segments, and says what is missing.
. "$(dirname "$0")/../lib.sh"

loss() { python3 "$here/make/loss.py" "$@"; }

found() { # workers, settings...: as the script says, and for any number of workers the same
  workers=$1
  shift
  replay "$tmp/out" --workers "$workers" "$@" "$tmp/loss.pcap" || return 1
  loss judge "$tmp/out" "$tmp/want" && results canon "$tmp/out" >"$tmp/canon$workers" &&
    cmp "$tmp/canon1" "$tmp/canon$workers"
}

for seed in 1 2; do
  loss make "$tmp/loss.pcap" $seed >"$tmp/want"
  for workers in 1 2 4; do
    check "capture $seed, $workers workers: what the mirror lost, by flow and session" \
      found $workers --set flow.tcp_close_timeout=2s
  done
done

# What a real capture has, a tool that knows nothing of mirrors sees, too: none of the lab's was lost.
whole() { # capture
  replay "$tmp/out" "$root/pcaps/$1.pcap" || return 1
  [ "$(results summary "$tmp/out" acked_unseen)" = 0 ]
}

for capture in web ssh-redis ipv6 gso jumbo; do
  check "the lab's $capture lost nothing" whole $capture
done

finish
