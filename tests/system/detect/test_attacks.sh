#!/bin/sh
# Captures of attacks raise the alert that was named for each; clean ones raise none of severity 1 or 2 but those that are
# listed, with the reason. None of these captures is the project's own: without them all is skipped.
. "$(dirname "$0")/../lib.sh"

# capture|engine|rule|severity
attacks='WebattackSQLinj.pcap|ndpi|2|1
WebattackRCE.pcap|ndpi|13|2
log4j-webapp-exploit.pcap|ndpi|40|1
exe_download.pcap|ndpi|4|1
trickbot.pcap|ndpi|25|2
malware.pcap|ndpi|10|2
bad-dns-traffic.pcap|periscope|dns_tunnel|2
dns_exfiltration.pcap|periscope|dns_tunnel|2'

# Of nDPI's risks, all told truly: an old TLS (7), a weak cipher (8), a certificate of another name (10), and a name of a
# content network's that looks made up (16).
clean='443-curl.pcap|
443-firefox.pcap|
git.pcap|
imaps.pcap|
quic.pcap|
youtubeupload.pcap|
mqtt.pcap|
websocket.pcap|
doq.pcapng|
wireguard.pcap|
whatsapp_login_chat.pcap|
skype.pcap|7
wechat.pcap|8
weibo.pcap|16
teams.pcap|10'

raised() { # output directory: "engine|rule|severity" of each alert
  jq -r '[.engine, .rule, .severity] | join("|")' "$1"/alerts/*.jsonl
}
is_raised() { # capture engine|rule|severity
  replay "$tmp/out" "$shared/pcaps/ndpi42/$1" || return 1
  raised "$tmp/out" >"$tmp/raised"
  cat "$tmp/raised"
  grep -qxF "$2" "$tmp/raised"
}
is_quiet() { # capture rule
  replay "$tmp/out" "$shared/pcaps/ndpi42/$1" || return 1
  raised "$tmp/out" | grep '|[12]$' | sort -u >"$tmp/raised"
  cat "$tmp/raised"
  [ "$(cat "$tmp/raised")" = "${2:+ndpi|$2|2}" ]
}

have_shared pcaps/ndpi42 || finish
for row in $attacks; do
  rm -rf "$tmp/out"
  check "$row" is_raised "${row%%|*}" "${row#*|}"
done
for row in $clean; do
  rm -rf "$tmp/out"
  check "clean: $row" is_quiet "${row%%|*}" "${row#*|}"
done

finish
