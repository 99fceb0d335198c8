#!/bin/sh
# Recording in a replay (packets.record): accepted packets are those of -w, byte for byte; all are those
# that were refused, too, each with what a second implementation (verdicts.py) says of it; for any
# number of workers, and with -w at once.
. "$(dirname "$0")/../lib.sh"

recorded() { python3 "$here/judge/recording/replay_recorded.py" "$@"; }

# The Ethernet file and, where there is one, the raw IP file.
same_files() { # of one run, of another, without endings
  for part in .pcapng -ip.pcapng; do
    [ -e "$1$part" ] || [ -e "$2$part" ] || continue
    cmp "$1$part" "$2$part" || return 1
  done
}

accepted_is_w() { # parts there must be, arguments of replay
  parts=$1
  shift
  for workers in 1 2 4; do
    rm -f "$tmp"/w*.pcapng
    replay "$tmp/accepted" --workers $workers --set packets.record=accepted -w "$tmp/w.pcapng" "$@" &&
      same_files "$tmp/accepted/packets/packets" "$tmp/w" || return 1
    [ "$(ls "$tmp/accepted/packets" | wc -l)" -eq "$parts" ] || return 1
    [ "$(results summary "$tmp/accepted" outputs.recording)" = \
      "$(results summary "$tmp/accepted" outputs.packets)" ] || return 1
  done
}

# Without -w and with it, and with any number of workers, the same bytes.
all_is_all() { # settings, capture, truth
  replay "$tmp/all1" --workers 1 -c "$1" --set packets.record=all "$2" &&
    recorded judged "$2" "$3" "$tmp/all1" || return 1
  for workers in 2 4; do
    replay "$tmp/all" --workers $workers -c "$1" --set packets.record=all --force -w "$tmp/w.pcapng" "$2" &&
      same_files "$tmp/all1/packets/packets" "$tmp/all/packets/packets" &&
      recorded less "$tmp/all" "$tmp/w.pcapng" || return 1
  done
}

# Who refuses all sessions records what is accepted when none is refused.
refused_are_recorded() { # capture
  replay "$tmp/all" --set sessions.unknown=refuse --set packets.record=all "$1" &&
    replay "$tmp/accepted" --set packets.record=accepted "$1" &&
    recorded frames "$tmp/all" "$tmp/accepted"
}

nothing_by_default() { # and -w writes the same without it, flows in comments included
  replay "$tmp/some" --set packets.record=accepted "$tmp/mix.pcap" &&
    replay "$tmp/none" --force -w "$tmp/w.pcapng" "$tmp/mix.pcap" && [ ! -e "$tmp/none/packets" ] &&
    cmp "$tmp/w.pcapng" "$tmp/some/packets/packets.pcapng" &&
    [ "$(results summary "$tmp/none" outputs.recording.enabled)" = false ]
}

again() { # --force, with and without recording
  replay "$tmp/again" --set packets.record=all "$tmp/garbage.pcap" &&
    [ "$(ls "$tmp/again/packets")" = "$(printf 'packets-ip.pcapng\npackets.pcapng')" ] &&
    "$periscope" replay -l "$tmp/again" --force "$tmp/mix.pcap" >"$tmp/stdout" &&
    [ ! -e "$tmp/again/packets" ]
}

one_file_for_both() {
  mkdir -p "$tmp/both/packets" && echo mine >"$tmp/both/packets/notes" || return 1
  "$periscope" replay -l "$tmp/both" --force --set packets.record=all \
    -w "$tmp/both/packets/packets.pcapng" "$tmp/mix.pcap" >"$tmp/stdout" 2>"$tmp/stderr"
  [ $? -eq 1 ] && grep -q 'packets.pcapng: is packets/packets.pcapng of the output directory, too' "$tmp/stderr"
}

capgen mix "$tmp/mix.pcap" flows=150 vnis=6 noise=1 span=60 >/dev/null
capgen mix "$tmp/plain.pcapng" flows=100 vnis=1 noise=1 wrap=plain >/dev/null
capgen mix "$tmp/gateway.pcap.gz" flows=100 wrap=gateway >/dev/null
capgen every "$tmp/every.pcap" >/dev/null
capgen garbage "$tmp/garbage.pcap" count=3000 >/dev/null
check "accepted is what -w writes: a mix" accepted_is_w 1 "$tmp/mix.pcap"
check "accepted is what -w writes: plain" accepted_is_w 1 "$tmp/plain.pcapng"
check "accepted is what -w writes: GENEVE" accepted_is_w 1 "$tmp/gateway.pcap.gz"
check "accepted is what -w writes: every kind of packet" accepted_is_w 2 "$tmp/every.pcap"
check "accepted is what -w writes: garbage" accepted_is_w 2 "$tmp/garbage.pcap"

policy=0
for words in "" "unknown=refuse" "unknown=refuse unknown_direction=reject"; do
  policy=$((policy + 1))
  # shellcheck disable=SC2086
  python3 "$here/judge/filters.py" settings $words >"$tmp/settings.json"
  capgen mix "$tmp/judged.pcap" flows=150 vnis=6 seed=$policy span=60 >/dev/null
  python3 "$here/judge/verdicts.py" "$tmp/settings.json" "$tmp/judged.pcap" >"$tmp/truth.json" || exit 1
  check "all, each with its verdict, ${words:-defaults}" \
    all_is_all "$tmp/settings.json" "$tmp/judged.pcap" "$tmp/truth.json"
done
check "accepted is what -w writes: filters" accepted_is_w 1 -c "$tmp/settings.json" "$tmp/judged.pcap"
for name in every.pcap mix.pcap gateway.pcap.gz; do
  check "what is refused is recorded: $name" refused_are_recorded "$tmp/$name"
done
check "nothing is recorded by default" nothing_by_default
check "--force takes both files away" again
check "-w cannot be the same file" one_file_for_both
finish
