#!/bin/sh
# check: every code of config/parse/findings.def is found where it is, and nothing else; exit statuses;
# replay -T says the same; the project's own settings files are clean.
. "$(dirname "$0")/../lib.sh"

mkdir "$tmp/settings"
python3 "$here/judge/findings.py" "$periscope" "$root" "$tmp/settings" >"$tmp/cases" 2>&1 ||
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
one_tenant() { # its sessions share a tenant on purpose
  "$periscope" check -c "$root/config/example-account/periscope.yaml" >"$tmp/said" 2>&1 &&
    grep -q '^warning: .*share the tenant production.*one community id \[tenant_shared\]$' "$tmp/said" &&
    tail -n 1 "$tmp/said" | grep -q '0 errors, 1 warning$' || { cat "$tmp/said"; return 1; }
}
check "the example account has one finding" one_tenant
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

everything() { # settings, --set and the model, each with errors, and what none of them hides
  printf '%s\n' 'flow: {capacity: 1, idle_timeout: x}' 'nonsense: 1' 'traffic_mirror_sessions:' \
    '  - {id: tms-1, session_number: 1, virtual_network_id: 1, network_interface_id: eni-9}' \
    'vpcs: [{id: v, cidr_block: 10.0.0.1/8}]' >"$tmp/several.yaml"
  "$periscope" check -j -c "$tmp/several.yaml" --set dpi.enabled=perhaps >"$tmp/said.json"
  [ $? -eq 2 ] || return 1
  "$periscope" replay -T -j -c "$tmp/several.yaml" --set dpi.enabled=perhaps | cmp - "$tmp/said.json" || return 1
  python3 -c "
import json
found = [(e['line'], e['key'].split('.')[-1]) for e in json.load(open('$tmp/said.json'))['errors']]
print(found)
assert found == [(1, 'capacity'), (1, 'idle_timeout'), (2, 'nonsense'), (None, 'enabled'), (5, 'cidr_block'),
                 (4, 'traffic_mirror_sessions[0]')], found"
}
check "of the settings, of --set, of the model" everything
takes_set() {
  "$periscope" check -c "$root/config/periscope.yaml" --set dedup.mode=on --set packets.queue=100 >"$tmp/said" &&
    grep -q '^warning: --set: dedup.mode: has no effect yet: .*\[no_effect\]$' "$tmp/said" &&
    grep -q '^warning: --set: packets.queue: has no effect while packets.record is none' "$tmp/said" ||
    { cat "$tmp/said"; return 1; }
}
check "--set, and what has no effect" takes_set
left_out() { # a command that goes on says what the import left out
  mkdir -p "$tmp/account" && cp "$root"/config/example-account/* "$tmp/account" &&
    sed -i 's/"NetworkInterfaceId": "eni-0a1b2c3d4e5f60002"/"NetworkInterfaceId": "eni-09"/' "$tmp/account/sessions.json" &&
    "$periscope" explain -c "$tmp/account/periscope.yaml" --interface eni-0a1b2c3d4e5f60001 \
      --packet 'ingress tcp 203.0.113.9:4242 > 10.0.1.10:22' >"$tmp/said" 2>"$tmp/stderr" &&
    [ "$(wc -l <"$tmp/stderr")" -eq 1 ] &&
    grep -q '^periscope: warning: .*sessions.json:[0-9]*: .*is left out: its network interface eni-09' "$tmp/stderr" ||
    { cat "$tmp/said" "$tmp/stderr"; return 1; }
}
check "an import's session without its interface" left_out
forms() { # the AWS CLI's other forms
  for form in utf16 yaml table text; do
    case $form in
    utf16) printf '{"Vpcs": []}' | iconv -t UTF-16 ;;
    yaml) printf 'Vpcs:\n- CidrBlock: 10.0.0.0/16\n' ;;
    table) printf -- '--------------\n|DescribeVpcs|\n+-----+\n' ;;
    text) printf 'VPCS\t10.0.0.0/16\tdopt-1\n' ;;
    esac >"$tmp/form.json"
    printf 'aws_import: [form.json]\n' >"$tmp/form.yaml"
    "$periscope" check -c "$tmp/form.yaml" >"$tmp/said"
    [ $? -eq 2 ] && grep -q "^error: .*form.json:1: .*--output json \[not_aws\]$" "$tmp/said" || { cat "$tmp/said"; return 1; }
  done
}
check "UTF-16, YAML, a table, text" forms
usage() { # arguments...
  "$periscope" check "$@" >"$tmp/said" 2>"$tmp/stderr"
  [ $? -eq 2 ] && [ ! -s "$tmp/said" ] && grep -q '^usage: periscope check' "$tmp/stderr"
}
check "no settings named" usage
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

helps() { # command: -h, --help and `help COMMAND` say the same on standard output
  "$periscope" "$1" -h >"$tmp/help.1" && "$periscope" "$1" --help >"$tmp/help.2" &&
    "$periscope" help "$1" >"$tmp/help.3" && cmp "$tmp/help.1" "$tmp/help.2" &&
    cmp "$tmp/help.1" "$tmp/help.3" && grep -q "^usage: periscope $1" "$tmp/help.1"
}
for command in run replay check explain mirror ctl help; do
  check "help: $command" helps "$command"
done
helps_all() {
  "$periscope" help >"$tmp/help.1" && "$periscope" -h | cmp - "$tmp/help.1" || return 1
  "$periscope" help nothing >"$tmp/help.2" 2>"$tmp/stderr"
  [ $? -eq 2 ] && [ ! -s "$tmp/help.2" ] && grep -q "no such command: 'nothing'" "$tmp/stderr"
}
check "help of all commands, and of one that is none" helps_all

torn() { # line, ports as they stand in the file, what they should have been
  printf 'capture:\n  ports:\n    %s\n' "$2" >"$tmp/torn.yaml"
  "$periscope" check -c "$tmp/torn.yaml" >"$tmp/said"
  [ $? -eq 2 ] || return 1
  grep -qF "torn.yaml:$1: capture.ports: '${3#*,}' is no device; quote what belongs together: [\"$3\"]" \
    "$tmp/said" || { cat "$tmp/said"; return 1; }
}
check "a comma that is not quoted" torn 3 '[net_tap0,iface=dtap0]' net_tap0,iface=dtap0
check "one on the line after" torn 4 '[net_tap0,
     iface=dtap0]' net_tap0,iface=dtap0
check "one behind another device" torn 4 '- net_null0
    - iface=eth1' net_null0,iface=eth1
whole() {
  printf 'capture:\n  ports: ["net_tap0,iface=dtap0", 0000:00:06.0]\n' >"$tmp/torn.yaml"
  "$periscope" check -c "$tmp/torn.yaml" >"$tmp/said"
  ! grep -q 'no device' "$tmp/said"
}
check "quoted, it is a device" whole

echo "# what docs/AWS.md shows"
mkdir -p "$root/build"
rm -rf "$root"/build/aws-* # what they have left the last time
python3 "$here/judge/documents.py" "$root" "$root/docs/AWS.md" >"$tmp/shown" 2>&1 || fail "documents.py"
while IFS= read -r line; do
  case $line in
  ok*) ok "${line#ok   }" ;;
  FAIL*) fail "${line#FAIL }" ;;
  esac
done <"$tmp/shown"
finish
