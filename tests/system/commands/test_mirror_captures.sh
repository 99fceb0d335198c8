#!/bin/sh
# mirror, there and back again, of every capture of nDPI: the same packets, flows and labels.
. "$(dirname "$0")/../lib.sh"

if have_shared pcaps/ndpi42; then
  find "$shared/pcaps/ndpi42" -name '*.pcap' -o -name '*.pcapng' -o -name '*.cap' | sort >"$tmp/list"
  trip() { # mirror's options...
    xargs python3 "$here/judge/roundtrip.py" "$periscope" "$tmp" --vni 7 --source 10.9.9.9 "$@" -- <"$tmp/list"
  }
  check "all $(wc -l <"$tmp/list") captures of nDPI" trip
  check "all of them, 100 bytes of each" trip --packet-length 100
fi
finish
