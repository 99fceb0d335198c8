#!/bin/sh
# Countries and autonomous systems of flow events, as mmdblookup has them in the same databases; lists of AS numbers; what
# is no database, or a second one; nothing where none is given.
. "$(dirname "$0")/../lib.sh"

geoip() { python3 "$here/make/geoip.py" "$@"; }
command -v mmdblookup >/dev/null || {
  skip "mmdblookup is not installed (mmdb-bin)"
  finish
}
geoip make "$tmp" || exit 1
cat >"$tmp/settings.yaml" <<'END'
detect:
  geoip: [country.mmdb, asn.mmdb]
  lists:
  - {file: bad-as.txt, severity: 1}
END

located() { # workers
  replay "$tmp/out$1" -c "$tmp/settings.yaml" --workers "$1" "$tmp/talks.pcap" &&
    geoip judge "$tmp" "$tmp/out$1/events/flows.jsonl" &&
    geoip alerts "$tmp" "$tmp/out$1/events/flows.jsonl" "$tmp/out$1/alerts/alerts.jsonl"
}
equal() {
  for file in events/flows.jsonl alerts/alerts.jsonl; do
    sort "$tmp/out1/$file" >"$tmp/a" && sort "$tmp/out3/$file" | cmp "$tmp/a" - || return 1
  done
}
nowhere() { # nothing but the six fields differs
  echo 'detect: {geoip: [country.mmdb, asn.mmdb]}' >"$tmp/only.yaml"
  replay "$tmp/bare" "$tmp/talks.pcap" && replay "$tmp/only" -c "$tmp/only.yaml" "$tmp/talks.pcap" || return 1
  python3 - "$tmp/bare/events/flows.jsonl" "$tmp/only/events/flows.jsonl" <<'END'
import json, sys
fields = [end + field for end in ("src_", "dst_") for field in ("country", "asn", "as_org")]
def read(path, bare):
    rows = [json.loads(line) for line in open(path)]
    for row in rows:
        values = [row.pop(field) for field in fields]
        if bare and any(v is not None for v in values):
            sys.exit("not null: %s" % values)
    return sorted(map(json.dumps, rows))
sys.exit(read(sys.argv[1], True) != read(sys.argv[2], False))
END
}
says() { # status, words, arguments of check
  want=$1 words=$2
  shift 2
  "$periscope" check -c "$tmp/settings.yaml" "$@" >"$tmp/said" 2>&1
  [ $? -eq "$want" ] && grep -qF "$words" "$tmp/said" || { cat "$tmp/said"; return 1; }
}
refused() { # words: replay says it in one sentence, and begins nothing
  timeout 20 "$periscope" replay -c "$tmp/settings.yaml" -l "$tmp/no" --set "detect.geoip=$1" "$tmp/talks.pcap" \
    >"$tmp/said" 2>&1
  [ $? -eq 2 ] && [ ! -e "$tmp/no" ] && [ "$(wc -l <"$tmp/said")" -eq 1 ] && grep -qF "$2" "$tmp/said" ||
    { cat "$tmp/said"; return 1; }
}
head -c 3000 "$tmp/asn.mmdb" >"$tmp/cut.mmdb"

check "both ends of every flow, and lists of AS numbers" located 1
check "three workers say the same" located 3
check "line by line" equal
check "without databases they are null, and all else is the same" nowhere
check "check takes it" says 0 "0 errors, 0 warnings"
check "AS numbers without a database of them are a warning" \
  says 0 "names no database of autonomous systems: nothing looks for the AS numbers of detect.lists [list_other]" \
  --set detect.geoip=country.mmdb
check "a database that is cut is named" refused '[cut.mmdb]' "cut.mmdb: detect.geoip[0]: is no database in MaxMind's format"
check "one that is missing, too" refused '[missing.mmdb]' "missing.mmdb: detect.geoip[0]: cannot open: No such file"
check "and a second one of its kind" refused '[asn.mmdb, asn.mmdb]' "asn.mmdb: detect.geoip[1]: is a second database of autonomous systems"
check "check names all of them" says 2 "2 errors" --set 'detect.geoip=[cut.mmdb, missing.mmdb]'

finish
