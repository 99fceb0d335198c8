#!/bin/sh
# No data race: a replay with four workers, recording, under ThreadSanitizer.
PERISCOPE=${PERISCOPE_TSAN:-$(dirname "$0")/../../build-tsan/periscope}
. "$(dirname "$0")/lib.sh"

quiet() { # replay's arguments...
  replay "$tmp/out" "$@" && ! grep -q 'ThreadSanitizer' "$tmp/stderr" "$tmp/stdout"
}
TSAN_OPTIONS="halt_on_error=0 exitcode=66"
export TSAN_OPTIONS
grep -q __tsan_init "$periscope" || fail "$periscope was not built with ThreadSanitizer"
capgen mix "$tmp/mix.pcap" flows=1500 vnis=5 span=900 noise=1 >"$tmp/mix.json"
capgen rewind "$tmp/rewind.pcap" flows=500 >/dev/null
check "four workers, pcapng" quiet --workers 4 -w "$tmp/w.pcapng" "$tmp/mix.pcap"
check "everything adds up" results ledger "$tmp/out" "$tmp/mix.json"
check "four workers, pcap, two captures, short timeouts" quiet --workers 4 -w "$tmp/w.pcap" \
  --set flow.idle_timeout=2s "$tmp/mix.pcap" "$tmp/rewind.pcap"
check "a capture that comes through a pipe" sh -c \
  '"$1" replay --workers 3 -j -l "$2/piped" - <"$2/mix.pcap" >/dev/null' sh "$periscope" "$tmp"
control_plane() { # its unit tests: HTTP, health, control socket, asked by many at once
  "$(dirname "$periscope")/tests/test_cli" && ! grep -q ThreadSanitizer "$tmp/log"
}
check "health, metrics and control" control_plane
race() { # the judge is awake: a program with a race is found out
  printf '%s\n' '#include <pthread.h>' 'static int n;' \
    'static void *add(void *p) { for (int i = 0; i < 1000; i++) n++; return p; }' \
    'int main(void) { pthread_t t; pthread_create(&t, 0, add, 0); add(0);' \
    'pthread_join(t, 0); return 0; }' >"$tmp/race.c"
  cc -g -fsanitize=thread -o "$tmp/race" "$tmp/race.c" -lpthread || return 1
  "$tmp/race" >"$tmp/said" 2>&1
  [ $? -eq 66 ]
}
check "the sanitizer finds a race that is there" race
finish
