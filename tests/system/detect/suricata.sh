# Sourced: Suricata by itself beside the one that periscope feeds, with rules of each kind. Skips where there is none.

suricata -V 2>/dev/null | grep -qE "version ([7-9]|[1-9][0-9])\." || {
  skip "there is no Suricata 7 here (Debian 13: suricata; Debian 12: suricata of bookworm-backports)"
  finish
}

capture=$root/pcaps/everything.pcap
mkdir "$tmp/private"
export TMPDIR="$tmp/private" # where its folder is, which must go away
make() { python3 "$here/make/unwrap.py" "$@"; }
judge() { python3 "$here/judge/suricata.py" "$@"; }

for vni in 1001 1002; do make take "$capture" $vni "$tmp/$vni.pcap"; done
ja3=$(tshark -r "$tmp/1001.pcap" -Y tls.handshake.ja3 -T fields -e tls.handshake.ja3 2>/dev/null | head -n 1)
cat >"$tmp/test.rules" <<END
alert http any any -> any any (msg:"host"; http.host; content:"shop.green.example"; classtype:web-application-attack; sid:1000001; rev:3;)
alert dns any any -> any any (msg:"question"; dns.query; content:"green.example"; endswith; priority:2; sid:1000002; rev:1;)
alert tls any any -> any any (msg:"name"; tls.sni; content:"shop.green"; nocase; sid:1000003; rev:4294967294;)
alert tcp any any -> any 6379 (msg:"redis \; ping"; content:"PING"; nocase; priority:200; sid:1000004; rev:7;)
alert tls any any -> any any (msg:"hello"; ja3.hash; content:"$ja3"; sid:1000005; rev:1;)
alert http any any -> any any (msg:"asked"; flow:to_server; http.method; content:"GET"; flowbits:set,asked; flowbits:noalert; sid:1000006; rev:1;)
alert http any any -> any any (msg:"answered"; flow:to_client; flowbits:isset,asked; http.stat_code; content:"200"; sid:1000007; rev:1;)
alert icmp any any -> any any (msg:"echo"; itype:8; sid:1000008; rev:1;)
alert tcp any [80,443,6379] -> any any (msg:"piece of a stream"; flow:established,to_client; content:"e"; sid:1000009; rev:1;)
END

cat >"$tmp/alone.yaml" <<END
%YAML 1.1
---
vars: {address-groups: {HOME_NET: any, EXTERNAL_NET: any}}
classification-file: /etc/suricata/classification.config
outputs: [{eve-log: {enabled: "yes", filetype: regular, filename: eve.json, types: [alert]}}]
stats: {enabled: "no"}
stream: {checksum-validation: "no", reassembly: {randomize-chunk-size: "no"}}
app-layer:
  protocols:
    http: {enabled: "yes", libhtp: {default-config: {randomize-inspection-sizes: "no"}}}
    ssh: {enabled: "yes"}
    tls: {enabled: "yes", ja3-fingerprints: "yes"}
    dns: {tcp: {enabled: "yes"}, udp: {enabled: "yes"}}
END
alone() { # capture of inner frames, directory
  mkdir "$2"
  timeout 120 suricata -c "$tmp/alone.yaml" -k none -S "$tmp/test.rules" -r "$1" --runmode single -l "$2" >"$2/said" 2>&1
}
both_alone() { alone "$tmp/1001.pcap" "$tmp/alone1001" && alone "$tmp/1002.pcap" "$tmp/alone1002"; }
same_as_alone() { judge same "$1" "1001=$tmp/alone1001/eve.json" "1002=$tmp/alone1002/eve.json"; } # directory

fake() { # how it ends: settings of one that says what it likes
  printf '#!/bin/sh\nexec python3 "%s" %s "$@"\n' "$here/make/fake_suricata.py" "$1" >"$tmp/fake"
  chmod 755 "$tmp/fake"
  echo "detect.suricata={command: $tmp/fake, rules: [$tmp/test.rules]}"
}
