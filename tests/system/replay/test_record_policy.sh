#!/bin/sh
# What packets.record leaves out: by the rule that decided (record: true, false, headers), beyond the first packets
# or bytes of a flow, beyond a length. What is left is told from the mirror traffic itself, and flow events say what
# of each flow it is; for any number of workers.
. "$(dirname "$0")/../lib.sh"

policy() { python3 "$here/judge/recording/record_policy.py" "$@"; }
lab=$root/pcaps/everything.pcap

same_for_all() { # arguments of replay...: with 2 and 4 workers the files are those of one
  for workers in 2 4; do
    replay "$tmp/again" --force --workers $workers "$@" && for file in "$tmp/out/packets"/*; do
      cmp "$file" "$tmp/again/packets/${file##*/}" || return 1
    done || return 1
    cat "$tmp/out"/events/*.jsonl | sort >"$tmp/one" && cat "$tmp/again"/events/*.jsonl | sort | cmp - "$tmp/one" || return 1
  done
}

bounds() { # packets, bytes, snaplen, capture
  set -- "$1" "$2" "$3" "$4" --set packets.record=accepted --set packets.max_flow_packets="$1" \
    --set packets.max_flow_bytes="$2" --set packets.snaplen="$3"
  packets=$1 bytes=$2 snaplen=$3 capture=$4
  shift 4
  replay "$tmp/out" --force --workers 1 "$@" "$capture" && policy bounds "$tmp/out" "$capture" "$packets" "$bytes" "$snaplen" &&
    same_for_all "$@" "$capture" || return 1
  results value "$tmp/out" outputs.recording
  [ "$(results summary "$tmp/out" outputs.recording.offered)" = "$(results summary "$tmp/out" received)" ] &&
    [ "$(results summary "$tmp/out" outputs.recording.by_policy)" = \
      "$(($(results summary "$tmp/out" received) - $(results summary "$tmp/out" outputs.recording.written)))" ]
}

rules() { # packets.record
  policy settings "$root/pcaps/lab.yaml" "$1" "$tmp/rules.yaml" &&
    replay "$tmp/out" --force --workers 1 -c "$tmp/rules.yaml" "$lab" && policy rules "$tmp/out" "$lab" "$1" &&
    same_for_all -c "$tmp/rules.yaml" "$lab"
}

off() { # who records nothing tells nothing, -w or not
  replay "$tmp/out" --force -w "$tmp/w.pcapng" "$lab" && ! grep -v '"recorded":null' "$tmp"/out/events/flow*.jsonl | grep '"event":"flow"'
}

wrong() {
  sed 's/record: headers/record: some/' "$tmp/rules.yaml" >"$tmp/wrong.yaml"
  "$periscope" replay -c "$tmp/wrong.yaml" -l "$tmp/none" "$lab" 2>"$tmp/stderr"
  [ $? -eq 2 ] && grep "wrong.yaml:[0-9]*: .*record.*true|false|headers" "$tmp/stderr"
}

capgen mix "$tmp/mix.pcap" flows=300 vnis=3 >/dev/null
check "all of it" bounds 0 0 0 "$tmp/mix.pcap"
check "the first three packets of a flow" bounds 3 0 0 "$tmp/mix.pcap"
check "the first 500 bytes" bounds 0 500 0 "$tmp/mix.pcap"
check "64 bytes of each packet" bounds 0 0 64 "$tmp/mix.pcap"
check "all three, of the laboratory's traffic" bounds 5 400 80 "$lab"
check "rules say which, of those accepted" rules accepted
check "rules say which, and all others go" rules selected
check "without a recording events tell of none" off
check "another word than these" wrong
finish
