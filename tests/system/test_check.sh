#!/bin/sh
# check: every code of config/findings.def is found where it is, and nothing else; exit statuses;
# replay -T says the same; the project's own settings files are clean.
. "$(dirname "$0")/lib.sh"

mkdir "$tmp/settings"
python3 "$here/findings.py" "$periscope" "$root" "$tmp/settings" >"$tmp/cases" 2>&1 ||
  fail "findings.py"
while IFS= read -r line; do
  case $line in
  ok*) ok "${line#ok   }" ;;
  *) fail "${line#FAIL }" ;;
  esac
done <"$tmp/cases"

clean() { # settings
  "$periscope" check -c "$1" >"$tmp/said" 2>&1 && tail -n 1 "$tmp/said" | grep -q '0 errors, 0 warnings' ||
    { cat "$tmp/said"; return 1; }
}
check "the example account has no findings" clean "$root/config/example-account/periscope.yaml"
check "the commented settings have no findings" clean "$root/config/periscope.yaml"

all_of_several() { # several findings: all of them, errors first, and no model is counted
  printf '%s\n' '# several' 'traffic_mirror_filters:' '  - id: tmf-1' '    rules:' \
    '      - {rule_number: 0, traffic_direction: up, rule_action: accept, source_cidr_block: 0.0.0.0/0}' \
    '      - {rule_number: 1, traffic_direction: egress, rule_action: keep, source_cidr_block: x, destination_cidr_block: 10.0.0.1/8}' \
    >"$tmp/several.yaml"
  "$periscope" check -j -c "$tmp/several.yaml" >"$tmp/said.json"
  [ $? -eq 2 ] || return 1
  python3 -c "
import json
found = [(e['line'], e['key'].split('.')[-1], e['code']) for e in json.load(open('$tmp/said.json'))['errors']]
print(found)
rule = [(5, 'rule_number', 'wrong_value'), (5, 'traffic_direction', 'wrong_value'),
        (5, 'destination_cidr_block', 'missing_key'), (6, 'rule_action', 'wrong_value'),
        (6, 'source_cidr_block', 'wrong_value'), (6, 'destination_cidr_block', 'host_bits')]
assert sorted(set(found) & set(rule)) == sorted(rule), found"
}
check "all errors at once" all_of_several

usage() { # arguments...
  "$periscope" check "$@" >"$tmp/said" 2>"$tmp/stderr"
  [ $? -eq 2 ] && [ ! -s "$tmp/said" ] && grep -q '^usage: periscope check' "$tmp/stderr"
}
check "no settings named" usage
check "an option it does not have" usage -c "$root/config/periscope.yaml" -z
check "an argument too many" usage -c "$root/config/periscope.yaml" more
missing() {
  "$periscope" check -c "$tmp/missing.yaml" >"$tmp/said"
  [ $? -eq 2 ] && grep -q 'missing.yaml: .*No such file' "$tmp/said"
}
check "a settings file that is not there" missing
full() {
  "$periscope" check -c "$root/config/periscope.yaml" >/dev/full
  [ $? -eq 1 ]
}
check "standard output is full" full
check "help" sh -c '"$1" check --help | grep -q "exit status"' sh "$periscope"

echo "# what docs/AWS.md shows"
mkdir -p "$root/build"
python3 "$here/documents.py" "$root" "$root/docs/AWS.md" >"$tmp/shown" 2>&1 || fail "documents.py"
while IFS= read -r line; do
  case $line in
  ok*) ok "${line#ok   }" ;;
  FAIL*) fail "${line#FAIL }" ;;
  esac
done <"$tmp/shown"
finish
