#!/bin/sh
# Includes point one way, from one table: each room may use itself and those that stand before it. No
# two files include or call each other in a circle; only dataplane knows DPDK, only inspect/dpi nDPI; no
# folder holds more than one takes in at a glance. Prints each offending line; status 1 if there is any.
set -eu
cd "$(dirname "$0")/../.."
bad=0

rooms="config/log config/socket config/thread config/parse config/settings config/model
decap/counters decap decap/session
inspect/flow inspect/stream inspect/proto inspect/proto/dns inspect/proto/tls inspect/proto/quic inspect/proto/http inspect/proto/ssh
inspect/dpi inspect/geo inspect/record/tables inspect/record inspect/record/encoder inspect/detect/lists inspect/detect/scans inspect/detect/tunnels inspect/detect/beacons inspect/detect/listeners inspect/detect/suricata inspect/detect inspect/output inspect/packets/expression inspect/packets/question inspect/packets/index inspect/packets inspect/summary
dataplane/port dataplane/pipeline dataplane/output dataplane/exception dataplane/capture dataplane/live dataplane/replay dataplane/retrieval
cli/rights cli/status cli/metrics cli/control cli/command cli/retrieval cli"
strangers="dataplane/live dataplane/replay" # they know nothing of each other
files_max=35

offend() { # what, then grep's arguments
  what=$1
  shift
  if grep -rnE "$@"; then
    echo "^ $what"
    bad=1
  fi
}

# file:line:room included
included() {
  grep -rnoE '^#include "[^"]+"' config decap inspect dataplane cli --include='*.[ch]' --include='*.def' |
    sed -E 's/#include "([^"]+)"/\1/'
}

included | awk -F: -v rooms="$rooms" -v strangers="$strangers" '
  function room(path) { sub("/[^/]*$", "", path); return path }
  BEGIN {
    n = split(rooms, name, /[ \n]+/)
    for (i = 1; i <= n; i++) place[name[i]] = i
    split(strangers, apart, " ")
  }
  {
    a = room($1); b = room($3)
    if (!(a in place) || !(b in place)) wrong = "no room of the table"
    else if (place[b] > place[a]) wrong = b " comes after " a
    else if (a != b && a ~ apart[1] "|" apart[2] && b ~ apart[1] "|" apart[2]) wrong = "they know nothing of each other"
    else next
    print $1 ":" $2 ": includes " $3 ": " wrong
    bad = 1
  }
  END { exit bad }' || bad=1

circles() { # reads pairs: who, whom; prints those that come back to themselves
  tsort 2>&1 >/dev/null | sed -n 's/^tsort: //p' | grep -v 'input contains a loop' | sort -u || true
}

met=$(included | awk -F: '{ print $1, $3 }' | circles)
[ -z "$met" ] || { echo "$met"; echo "^ these include each other in a circle"; bad=1; }

# Calls, as the built libraries tell: who defines a name, and who needs it.
calls() {
  nm -A -P build/lib*.a | sed -E 's|^build/lib([a-z]*)[.]a\[(.*)[.]c[.]o\]: ([^ ]*) (.).*|\1/\2 \3 \4|' |
    awk '$3 ~ /[TDBRGS]/ { home[$2] = $1 }
      $3 == "U" { who[++n] = $1; what[n] = $2 }
      END { for (i = 1; i <= n; i++) if (what[i] in home && home[what[i]] != who[i]) print who[i], home[what[i]] }'
}

if [ -e build/libcli.a ]; then
  met=$(calls | sort -u | circles)
  [ -z "$met" ] || { echo "$met"; echo "^ these call each other in a circle"; bad=1; }
fi

offend "DPDK belongs to dataplane" '^#include <rte_' config decap inspect cli
offend "headers of dataplane do not show DPDK" '^#include <rte_' dataplane --include='*.h'
offend "nDPI belongs to inspect" '^#include <(ndpi|libndpi)' config decap dataplane cli
if grep -rlE '^#include (<ndpi|"inspect/dpi/ndpi_)' inspect | grep -vE '^inspect/dpi/ndpi[a-z_]*\.[ch]$'; then
  echo "^ nDPI's API is known to inspect/dpi/ndpi*.c alone"
  bad=1
fi
offend "MaxMind's library belongs to inspect/geo" '^#include <maxminddb' config decap dataplane cli inspect/[!g]*
offend "standard error is the log's (config/log/log.h)" 'fprintf\(stderr|fput[cs]\([^;]*stderr\)|perror\(' \
  config decap inspect dataplane cli --include='*.[ch]' --exclude-dir=log
for folder in $(git ls-files | sed -n 's|/[^/]*$||p' | grep -v '/corpus/\|^pcaps' | sort -u); do
  files=$(find "$folder" -maxdepth 1 -type f | wc -l)
  [ "$files" -le $files_max ] || { echo "$folder: $files files, more than $files_max"; bad=1; }
done
for script in $(find tests/system -name 'test_*.sh'); do
  name=$(basename "$script" .sh)
  grep -q "^| $name |" docs/TESTING.md || { echo "docs/TESTING.md has no row for $name"; bad=1; }
done
[ $bad -eq 0 ] && echo "includes point one way"
exit $bad
