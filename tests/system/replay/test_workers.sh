#!/bin/sh
# The same results for any number of workers: events, flow logs, packet files and summary; and
# the work is spread.
. "$(dirname "$0")/../lib.sh"

run() { # workers, directory, arguments...
  workers=$1
  dir=$2
  shift 2
  mkdir -p "$dir"
  replay "$dir/out" --workers "$workers" -w "$dir/w.pcapng" "$@" || return 1
  results canon "$dir/out" >"$dir/canon" || return 1
  replay "$dir/classic" --workers "$workers" -w "$dir/w.pcap" "$@" || return 1
  find "$dir/out/flow-logs" -type f | sed "s|^$dir/||" | sort >"$dir/names"
}

same() { # arguments of replay
  for n in 1 2 4; do
    rm -rf "$tmp/run$n"
    run $n "$tmp/run$n" "$@" || return 1
  done
  grep -q '"event": "flow"' "$tmp/run1/canon" || { echo "no flow"; return 1; }
  [ "$(wc -c <"$tmp/run1/w.pcapng")" -gt 1000 ] || { echo "no packets"; return 1; }
  for n in 2 4; do
    for file in canon names w.pcapng w.pcap; do
      cmp "$tmp/run1/$file" "$tmp/run$n/$file" || {
        diff "$tmp/run1/$file" "$tmp/run$n/$file" | head -n 6
        return 1
      }
    done
  done
}

spread() { # capture
  for n in 2 4; do
    replay "$tmp/out" --workers $n "$1" || return 1
    # A worker may have half of its fair share at least.
    results balance "$tmp/out" "$(awk "BEGIN { print 1 / (2 * $n) }")" || return 1
  done
}

# As many as processors may be used: of one, of two, and of all that this process has.
by_itself() {
  for cpus in $(nproc) 1 2; do
    [ "$cpus" -le "$(nproc)" ] || continue
    set -- $(python3 -c 'import os; print(*sorted(os.sched_getaffinity(0)))')
    list=$(printf '%s\n' "$@" | head -n "$cpus" | paste -sd, -)
    taskset -c "$list" "$periscope" replay --force -l "$tmp/out" "$tmp/mix.pcap" >"$tmp/stdout" 2>&1 ||
      { cat "$tmp/stdout"; return 1; }
    got=$(results summary "$tmp/out" workers | tr -cd , | wc -c)
    [ "$((got + 1))" -eq "$cpus" ] || { echo "$((got + 1)) workers on $cpus processors"; return 1; }
  done
}

capgen mix "$tmp/mix.pcap" flows=800 vnis=6 noise=1 span=600 >/dev/null
capgen mix "$tmp/plain.pcapng" flows=300 vnis=1 noise=1 wrap=plain >/dev/null
capgen rewind "$tmp/rewind.pcap" flows=400 span=600 >/dev/null
capgen garbage "$tmp/garbage.pcap" count=5000 >/dev/null
capgen every "$tmp/every.pcap" >/dev/null

short="--set flow.idle_timeout=3s --set flow.tcp_close_timeout=50ms --set flow.active_timeout=2s"
check "1, 2 and 4 workers: a mix" same "$tmp/mix.pcap"
check "1, 2 and 4 workers: plain" same "$tmp/plain.pcapng"
check "1, 2 and 4 workers: time goes back" same "$tmp/rewind.pcap"
check "1, 2 and 4 workers: garbage" same "$tmp/garbage.pcap"
check "1, 2 and 4 workers: every kind of packet" same "$tmp/every.pcap"
# shellcheck disable=SC2086
check "1, 2 and 4 workers: flows split by short timeouts" same $short "$tmp/mix.pcap"
# shellcheck disable=SC2086
check "1, 2 and 4 workers: short timeouts, time goes back" same $short "$tmp/rewind.pcap"
check "1, 2 and 4 workers: two captures and a filter" same "$tmp/mix.pcap" "$tmp/rewind.pcap" 'udp'
check "1, 2 and 4 workers: VNIs joined to a tenant" same \
  --set 'tenants=[{name: blue, virtual_network_ids: [100, 101, 102]}]' "$tmp/mix.pcap"
check "work is spread: a mix" spread "$tmp/mix.pcap"
check "as many workers as processors may be used" by_itself

if have_shared pcaps/ndpi42; then
  set -- $(find "$shared/pcaps/ndpi42/" -name '*.pcap' -o -name '*.pcapng' | sort)
  python3 "$shared/tools/wrap_vxlan.py" "$@" --vni 1000 --interleave -o "$tmp/ndpi.pcap" 2>"$tmp/log" ||
    fail "wrap_vxlan.py"
  check "1, 2 and 4 workers: nDPI's captures" same "$tmp/ndpi.pcap"
  # shellcheck disable=SC2086
  check "1, 2 and 4 workers: nDPI's captures, short timeouts" same $short "$tmp/ndpi.pcap"
  check "work is spread: nDPI's captures" spread "$tmp/ndpi.pcap"
fi
finish
