#!/bin/sh
# TCP's history, times, and what came again or late, beside what tshark dissects: the lab's captures, the
# lossy conversations that loss.py makes (some of its packets overtake others, some are sent again), and
# captures of others where there are some.
. "$(dirname "$0")/../lib.sh"

agrees() { # capture, settings...: with tshark, and the same for any number of workers
  capture=$1
  shift
  for workers in 1 3; do
    replay "$tmp/out$workers" --workers $workers --set flow.idle_timeout=0 \
      --set flow.tcp_close_timeout=0 "$@" "$capture" || return 1
    results canon "$tmp/out$workers" >"$tmp/canon$workers" || return 1
  done
  cmp "$tmp/canon1" "$tmp/canon3" && python3 "$here/judge/history.py" "$capture" "$tmp/out1"
}

for seed in 1 2; do
  python3 "$here/make/loss.py" make "$tmp/loss.pcap" $seed >/dev/null
  check "conversations that lose and repeat, $seed" agrees "$tmp/loss.pcap"
done
for capture in ssh-redis refused; do
  check "the lab's $capture" agrees "$root/pcaps/$capture.pcap"
done
for capture in "$shared"/pcaps/ndpi42/tls*.pcap "$shared"/pcaps/ndpi42/http*.pcap; do
  [ -f "$capture" ] && check "$(basename "$capture")" agrees "$capture" --input plain
done

finish
