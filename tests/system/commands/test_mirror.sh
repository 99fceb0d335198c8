#!/bin/sh
# mirror: there and back again gives the same packets, flows and labels (of all captures of nDPI:
# test_mirror_captures.sh); which session mirrors a packet, and how much of it; the headers as AWS writes
# them, read by tshark; and sending.
. "$(dirname "$0")/../lib.sh"

trip() { # mirror's options... -- captures...
  python3 "$here/judge/roundtrip.py" "$periscope" "$tmp" "$@"
}
mirrored() { python3 "$here/make/mirrored.py" "$@"; }
made() { # expected in mirror's last words, arguments...
  words=$1
  shift
  "$periscope" mirror --force "$@" >"$tmp/said" 2>&1 && grep -q "$words" "$tmp/said" || { cat "$tmp/said"; return 1; }
}
fields() { # capture, fields...: the different values of each, in one line; a bit is 0 or 1 (tshark 4.4: False, True)
  file=$1
  shift
  arguments=
  for field; do arguments="$arguments -e $field"; done
  # shellcheck disable=SC2086
  tshark -n -r "$file" -T fields -E occurrence=f $arguments 2>/dev/null | sed "s/False/0/g; s/True/1/g" |
    sort -u | tr '\t\n' ' ;'
}
is() { # value, command...
  want=$1
  shift
  got=$("$@")
  [ "$got" = "$want" ] || { printf '%s\nand not\n%s\n' "$got" "$want"; return 1; }
}

echo "# there and back"
for seed in 1 2; do
  capgen mix "$tmp/mix$seed.pcap" flows=400 seed=$seed wrap=plain noise=1 >/dev/null
done
capgen windows "$tmp/windows.pcapng" wrap=plain >/dev/null
capgen rewind "$tmp/rewind.pcap" wrap=plain flows=100 >/dev/null
set -- "$tmp/mix1.pcap" "$tmp/mix2.pcap" "$tmp/windows.pcapng"
check "generated captures" trip --vni 7 --source 10.9.9.9 -- "$@" "$tmp/rewind.pcap"
check "below outer IPv6" trip --vni 16777215 --source fd00::9 -- "$@"
check "below GENEVE" trip --vni 0 --source 10.9.9.9 --gwlb -- "$@"
check "100 bytes of each" trip --vni 7 --source 10.9.9.9 --packet-length 100 -- "$@"
check "headers alone" trip --vni 7 --source 10.9.9.9 --packet-length 74 -- "$@"

echo "# sessions, filters, lengths"
python3 - "$tmp/sessions.json" <<'SETTINGS'
import json, sys
def rule(number, direction, action, source, destination, **more):
    return {"rule_number": number, "traffic_direction": direction, "rule_action": action,
            "source_cidr_block": source, "destination_cidr_block": destination, **more}
any4, any6, web = "0.0.0.0/0", "::/0", {"from_port": 80, "to_port": 80}
def session(name, number, vni, **more):
    return {"id": name, "session_number": number, "virtual_network_id": vni, "network_interface_id": "eni-1", **more}
json.dump({
    "traffic_mirror_filters": [
        {"id": "tmf-web", "rules": [
            rule(1, "ingress", "reject", "10.0.0.0/29", any4, protocol=6),
            rule(2, "ingress", "accept", any4, any4, protocol=6, destination_port_range=web),
            rule(1, "egress", "accept", any4, any4, protocol=6, source_port_range=web)]},
        {"id": "tmf-tcp", "rules": [
            rule(1, "ingress", "accept", any4, any4, protocol=6), rule(1, "egress", "accept", any4, any4, protocol=6),
            rule(2, "egress", "accept", any6, any6, protocol=6)]},
        {"id": "tmf-rest", "rules": [
            rule(1, "ingress", "accept", any4, any4, protocol=17, destination_port_range={"from_port": 4000, "to_port": 4000}),
            rule(1, "egress", "accept", any4, any4)]}],
    # In the file in another order than their numbers.
    "traffic_mirror_sessions": [
        session("tms-tcp", 20, 2002, traffic_mirror_filter_id="tmf-tcp", packet_length=96),
        session("tms-rest", 32766, 2003, traffic_mirror_filter_id="tmf-rest", packet_length=1000),
        session("tms-web", 3, 2001, traffic_mirror_filter_id="tmf-web")],
    "network_interfaces": [
        {"id": "eni-1", "private_ip_addresses": ["172.31.5.5"] + ["10.0.0.%d" % i for i in range(100, 120)],
         "ipv6_addresses": ["2001:db8::%x" % i for i in range(100, 120)]},
        {"id": "eni-2", "private_ip_addresses": ["172.31.5.6"]}]}, open(sys.argv[1], "w"))
SETTINGS
plain=$tmp/mix1.pcap
mirror=$tmp/mirror.pcap
check "by interface" made "mirrored" -c "$tmp/sessions.json" --interface eni-1 "$plain" "$mirror"
check "the first session that accepts, cut to its length" mirrored chosen "$tmp/sessions.json" eni-1 "$plain" "$mirror"
replay "$tmp/back" --workers 2 -c "$tmp/sessions.json" "$mirror"
accepted() {
  results ledger "$tmp/back" && [ "$(results summary "$tmp/back" ledger.inspected)" = "$(results summary "$tmp/back" received)" ]
}
check "replay with the same settings accepts all that was mirrored" accepted
cp "$mirror" "$tmp/next.pcap"
check "stopping at a reject rule" made "mirrored" -c "$tmp/sessions.json" --interface eni-1 --on-reject stop "$plain" "$mirror"
check "no session after a reject rule" mirrored chosen "$tmp/sessions.json" eni-1 "$plain" "$mirror" stop
check "which is another outcome" sh -c '! cmp -s "$1" "$2"' sh "$mirror" "$tmp/next.pcap"

echo "# what AWS never mirrors, and what its targets take"
python3 - "$here/make" "$tmp" "$tmp/aws.json" <<'CAPTURE'
import json, sys
sys.path.insert(0, sys.argv[1])
from packets import *
any4 = {"source_cidr_block": "0.0.0.0/0", "destination_cidr_block": "0.0.0.0/0"}
any6 = {"source_cidr_block": "::/0", "destination_cidr_block": "::/0"}
rules = [{"rule_number": n, "traffic_direction": d, "rule_action": "accept", **cidrs}
         for d in ("ingress", "egress") for n, cidrs in ((1, any4), (2, any6))]
enis = {"eni-gwlbe": "10.0.1.10", "eni-eni": "10.0.1.11", "eni-nlb": "10.0.1.12"}
json.dump({
    "vpcs": [{"id": "vpc-1", "cidr_block": "10.0.0.0/16"}],
    "traffic_mirror_filters": [{"id": "tmf-all", "rules": rules}],
    "traffic_mirror_targets": [{"id": "tmt-gwlbe", "gateway_load_balancer_endpoint_id": "vpce-1"},
                               {"id": "tmt-eni", "network_interface_id": "eni-9"},
                               {"id": "tmt-nlb", "network_load_balancer_arn": "arn:x"}],
    "network_interfaces": [{"id": eni, "private_ip_addresses": [address], "vpc_id": "vpc-1",
                            "ipv6_addresses": ["2001:db8::" + address[-2:]]} for eni, address in enis.items()],
    "traffic_mirror_sessions": [{"id": "tms-" + eni, "session_number": 1, "virtual_network_id": i + 7,
                                 "network_interface_id": eni, "traffic_mirror_filter_id": "tmf-all",
                                 "traffic_mirror_target_id": "tmt-" + eni[4:]} for i, eni in enumerate(enis)],
}, open(sys.argv[3], "w"))


def both(src, sport, dst, dport, make):
    """There and back."""
    rest = [b"x"] if make is udp else [SYN, 1, 0]
    return [frame(ip(a, b, UDP if make is udp else TCP, make(a, ap, b, bp, *rest)))
            for a, ap, b, bp in ((src, sport, dst, dport), (dst, dport, src, sport))]


own, own6 = "10.0.1.10", "2001:db8::10"
never = [ether(arp(own, "10.0.1.1"), ARP)]
for args in ((own, 4000, "169.254.169.254", 80, tcp), (own6, 4000, "fd00:ec2::254", 80, tcp),
             (own, 123, "169.254.169.123", 123, udp), (own6, 123, "fd00:ec2::123", 123, udp),
             (own, 4000, "169.254.169.250", 1688, tcp), (own, 4000, "169.254.169.251", 1688, tcp),
             (own, 68, "10.0.1.1", 67, udp), (own6, 546, "fe80::1", 547, udp)):
    never += both(*args)
mirrored = both(own, 123, "192.0.2.1", 123, udp) + both(own, 4000, "192.0.2.1", 80, tcp)
mirrored.append(frame(ip6("fe80::1", own6, ICMP6, icmp6("fe80::1", own6, 135, 0, 0, 0, bytes(20)))))



def put(name, frames):
    save(sys.argv[2] + name, [(i * 1000000, data, len(data)) for i, data in enumerate(frames)])


put("/never.pcap", never + mirrored)
for eni, address in enis.items():
    sizes = (8400, 8426, 8427, 8446, 8447, 8947, 8948, 9001)
    put("/%s.pcap" % eni,
        [frame(ip4(address, "192.0.2.1", UDP, udp(address, 1, "192.0.2.1", 2, bytes(n - 28)))) for n in sizes] +
        [frame(ip6("2001:db8::" + address[-2:], "2001:db8::1", UDP,
                   udp("2001:db8::" + address[-2:], 1, "2001:db8::1", 2, bytes(n - 48)))) for n in sizes])
CAPTURE
none_of_it() { # expected in the second line, arguments...
  words=$1
  shift
  "$periscope" mirror --force "$@" --interface eni-gwlbe "$tmp/never.pcap" "$mirror" >"$tmp/said" 2>&1
  cat "$tmp/said"
  grep -q "^$words" "$tmp/said"
}
check "all kinds, and no other" none_of_it "22 packets read, 5 mirrored, 0 not accepted, 0 not IP" -c "$tmp/aws.json"
check "named" none_of_it "never mirrored by AWS: 4 instance metadata, 4 Amazon Time Sync, 4 Windows activation (KMS), 2 DHCP, 2 DHCPv6, 1 ARP$" \
  -c "$tmp/aws.json"
sed 's/^{/{"mirroring": {"ntp": "all", "neighbor_discovery": "never"}, /' "$tmp/aws.json" >"$tmp/wide.json"
check "more, where the settings say so" none_of_it ".* 1 ARP, 2 NTP, 1 IPv6 neighbor discovery$" -c "$tmp/wide.json"
if have_shared bugs/aws-never-mirrored.pcap; then
  check "an instance's metadata" made "^10 packets read, 0 mirrored" -c "$shared/bugs/aws-never-mirrored.yaml" \
    --interface eni-1 "$shared/bugs/aws-never-mirrored.pcap" "$mirror"
fi
takes() { # settings, interface, what is left of each IP packet, options...
  settings=$1
  eni=$2
  want=$3
  shift 3
  "$periscope" mirror --force -c "$tmp/$settings.json" --interface "$eni" "$@" "$tmp/$eni.pcap" "$mirror" >"$tmp/said" &&
    is "$want" sh -c 'tshark -n -r "$1" -T fields -e frame.len 2>/dev/null | awk "{ printf \"%s \", \$1 - 64 }"' sh "$mirror"
}
check "an endpoint takes 8500 less 54, of IPv6 74" takes aws eni-gwlbe \
  "8400 8426 8427 8446 8446 8446 8446 8446 8400 8426 8426 8426 8426 8426 8426 8426 "
check "which is said" grep -q "10 by MTU" "$tmp/said"
check "an interface 9001 less that" takes aws eni-eni \
  "8400 8426 8427 8446 8447 8947 8947 8947 8400 8426 8427 8446 8447 8927 8927 8927 "
check "a Network Load Balancer 8500 bytes with the Ethernet header" takes aws eni-nlb \
  "8400 8426 8427 8446 8447 8486 8486 8486 8400 8426 8427 8446 8447 8486 8486 8486 "
check "an MTU that is given" takes aws eni-eni \
  "8400 8426 8427 8446 8446 8446 8446 8446 8400 8426 8426 8426 8426 8426 8426 8426 " --mtu 8500
sed 's/^{/{"mirroring": {"mtu_overhead": "headers"}, /' "$tmp/aws.json" >"$tmp/headers.json"
check "or as the headers are, 50" takes headers eni-gwlbe \
  "8400 8426 8427 8446 8447 8450 8450 8450 8400 8426 8427 8446 8447 8450 8450 8450 "
sed 's/^{/{"mirroring": {"oversize": "drop"}, /' "$tmp/aws.json" >"$tmp/drop.json"
check "or dropped" takes drop eni-gwlbe "8400 8426 8427 8446 8400 8426 "
check "which is counted" grep -q "^dropped: 10 too long for the endpoint$" "$tmp/said"

echo "# headers"
check "IPv4" made "mirrored" --vni 7 --source 10.9.9.9 --target 10.8.8.8 "$plain" "$mirror"
check "source ports" mirrored ports "$mirror"
check "outer IPv4 as tshark reads it" is "10.9.9.9 10.8.8.8 255 0x0000 0 0 0x00;" \
  fields "$mirror" ip.src ip.dst ip.ttl ip.id ip.flags.df ip.frag_offset ip.dsfield
check "UDP and VXLAN as tshark reads them" is "4789 0x0000 0x0800 7;" \
  fields "$mirror" udp.dstport udp.checksum vxlan.flags vxlan.vni
checksums() {
  [ "$(tshark -n -o ip.check_checksum:TRUE -r "$1" -Y 'ip.checksum.status != "Good"' 2>/dev/null | wc -l)" -eq 0 ]
}
check "outer and inner IPv4 checksums" checksums "$mirror"
whole() { # the lengths of the headers claim what is there
  tshark -n -r "$1" -T fields -E occurrence=f -e frame.len -e ip.len -e udp.length 2>/dev/null |
    awk '$1 != $2 + 14 || $2 != $3 + 20 { bad++ } END { exit bad > 0 || NR == 0 }'
}
check "outer lengths" whole "$mirror"
check "MTU" made "by MTU" --vni 7 --source 10.9.9.9 --mtu 600 "$plain" "$mirror"
check "cut to the MTU, less what AWS's guide leaves" mirrored lengths "$plain" "$mirror" 560 540
check "outer lengths of what is cut" whole "$mirror"
check "packet length" made "by packet length" --vni 7 --source 10.9.9.9 --packet-length 77 "$plain" "$mirror"
check "cut to the packet length" mirrored lengths "$plain" "$mirror" 77
check "outer IPv6" made "mirrored" --vni 7 --source fd00::9 --target fd00::8 "$plain" "$mirror"
check "outer IPv6 as tshark reads it" is "fd00::9 fd00::8 255 4789 0x0000 7;" \
  fields "$mirror" ipv6.src ipv6.dst ipv6.hlim udp.dstport udp.checksum vxlan.vni
check "GENEVE" made "mirrored" --vni 7 --source 10.9.9.9 --gwlb "$plain" "$mirror"
check "GENEVE as tshark reads it" is "6081 0x0800 0x0108 0x000000 7;" \
  fields "$mirror" udp.dstport geneve.proto_type geneve.option.class geneve.vni vxlan.vni

echo "# sending"
sends() { # address, source, target as it is written
  rm -f "$tmp/port" "$tmp/got"
  "$periscope" mirror --force --vni 7 --source "$2" "$tmp/few.pcap" "$mirror" >"$tmp/said" || return 1
  n=$(tcpdump --count -r "$mirror" 2>/dev/null | cut -d ' ' -f 1)
  mirrored listen "$1" "$tmp/got" "$n" >"$tmp/port" &
  listener=$!
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    [ -s "$tmp/port" ] && break
    sleep 0.2
  done
  "$periscope" mirror --vni 7 --source "$2" --send "$3:$(cat "$tmp/port")" "$tmp/few.pcap" >"$tmp/said" || return 1
  wait $listener || return 1
  grep -q "$n mirrored" "$tmp/said" && mirrored sent "$mirror" "$tmp/got"
}
capgen mix "$tmp/few.pcap" flows=10 wrap=plain >/dev/null
check "over IPv4" sends 127.0.0.1 10.9.9.9 127.0.0.1
if python3 -c "import socket; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).bind(('::1', 0))" 2>/dev/null; then
  check "over IPv6" sends ::1 fd00::9 "[::1]"
else
  skip "no IPv6 here"
fi

# A device of a namespace that nobody else knows: what is put on one end is mirrored from the other.
live() {
  in="ip netns exec $place"
  $in "$periscope" mirror --vni 7 --source 10.9.9.9 --send "127.0.0.1:$(cat "$tmp/port")" -i mirror0 \
    >"$tmp/said" 2>"$tmp/stderr" &
  mirrorer=$!
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    $in grep -q " 0003 " /proc/net/packet && break # it listens
    sleep 0.2
  done
  $in python3 "$here/make/mirrored.py" put "$tmp/few.pcap" peer0 && wait $listener &&
    kill -s INT $mirrorer && wait $mirrorer &&
    grep -q "$n mirrored" "$tmp/said" && mirrored sent "$mirror" "$tmp/got"
}
device() {
  rm -f "$tmp/port" "$tmp/got"
  "$periscope" mirror --force --vni 7 --source 10.9.9.9 "$tmp/few.pcap" "$mirror" >"$tmp/said" || return 1
  n=$(tcpdump --count -r "$mirror" 2>/dev/null | cut -d ' ' -f 1)
  place=periscope-mirror-$$
  ip netns add "$place" || return 1
  ip -n "$place" link set lo up &&
    ip -n "$place" link add mirror0 type veth peer name peer0 &&
    ip netns exec "$place" sh -c 'for end in mirror0 peer0; do
      echo 1 >/proc/sys/net/ipv6/conf/$end/disable_ipv6; ip link set $end up; done'
  ip netns exec "$place" python3 "$here/make/mirrored.py" listen 127.0.0.1 "$tmp/got" "$n" >"$tmp/port" &
  listener=$!
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    [ -s "$tmp/port" ] && break
    sleep 0.2
  done
  live
  status=$?
  kill $listener $mirrorer 2>/dev/null
  ip netns del "$place"
  [ $status -eq 0 ] || { cat "$tmp/said" "$tmp/stderr"; return 1; }
}
if [ "$(id -u)" -eq 0 ]; then check "a live device" device; else skip "a live device needs root"; fi

# A capture may hold less than a frame, cut or empty: nothing of it is mirrored, as nobody sent it.
python3 - "$tmp/short.pcap" "$tmp/empty-ip.pcap" <<'CAPTURES'
import struct, sys
whole = bytes(12) + b"\x08\x00" + bytes.fromhex("4500001c00010000401100000a0000010a00000200350035000800" + "00")
for path, link, packets in ((sys.argv[1], 1, (b"", b"\x01", bytes(13), whole[:14], whole)),
                            (sys.argv[2], 101, (b"", whole[14:]))):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, link))
        for i, packet in enumerate(packets):
            file.write(struct.pack("<IIII", 1000 + i, 0, len(packet), len(packet)) + packet)
CAPTURES
short() { # capture, its packets, those left out: all others are mirror packets for replay
  made "^left out: $3 packets* shorter than an Ethernet header$" --vni 7 --source 10.9.9.9 "$1" "$mirror" &&
    grep -q "^$2 packets read, $(($2 - $3)) mirrored, " "$tmp/said" || return 1
  replay "$tmp/out" --input mirror "$mirror" &&
    [ "$(results summary "$tmp/out" received)" = $(($2 - $3)) ] &&
    [ "$(results summary "$tmp/out" ledger.outer_malformed)" = 0 ] &&
    [ "$(results summary "$tmp/out" ledger.inspected)" = 1 ]
}
check "packets shorter than a frame" short "$tmp/short.pcap" 5 3
check "an empty packet of raw IP" short "$tmp/empty-ip.pcap" 2 1

# And -w, which has no place for raw IP in a file of Ethernet frames, says where it is.
raw_ip() {
  replay "$tmp/out" -w "$tmp/raw.pcap" --set packets.record=all "$tmp/empty-ip.pcap" &&
    grep -q "^note: 2 packets of raw IP, .* are in raw-ip.pcap beside raw.pcap: " "$tmp/stdout" &&
    grep -q '^note: 2 packets of raw IP, .* are in packets-ip.pcapng beside packets.pcapng: ' "$tmp/stdout" &&
    [ "$(tcpdump -n -r "$tmp/raw-ip.pcap" 2>/dev/null | wc -l)" -eq 2 ]
}
check "raw IP of -w is where the note says" raw_ip

echo "# wrong calls"
wrong() { # status, expression, arguments...
  want=$1
  sentence=$2
  shift 2
  "$periscope" mirror --force "$@" >"$tmp/said" 2>"$tmp/stderr"
  got=$?
  cat "$tmp/stderr"
  [ $got -eq "$want" ] && [ ! -s "$tmp/said" ] && [ "$(wc -l <"$tmp/stderr")" -eq 1 ] &&
    grep -qE "^periscope: .*$sentence" "$tmp/stderr"
}
check "an unknown interface" wrong 2 "eni-9 is not in the settings" -c "$tmp/sessions.json" --interface eni-9 "$plain" "$mirror"
check "an interface without sessions" wrong 2 "eni-2 is the source of no session" -c "$tmp/sessions.json" --interface eni-2 "$plain" "$mirror"
check "a VNI that does not fit" wrong 2 "'16777216' is not a number from 0 to 16777215" --vni 16777216 --source 10.9.9.9 "$plain" "$mirror"
check "a source that is none" wrong 2 "'x' is not an address" --vni 1 --source x "$plain" "$mirror"
check "families that differ" wrong 2 "not of the source's family" --vni 1 --source 10.9.9.9 --target fd00::1 "$plain" "$mirror"
check "an MTU without room" wrong 2 "mtu: '49' is not a number from 74" --vni 1 --source 10.9.9.9 --mtu 49 "$plain" "$mirror"
check "no capture" wrong 1 "missing.pcap: .*No such file" --vni 1 --source 10.9.9.9 "$tmp/missing.pcap" "$tmp/nothing.pcap"
check "and nothing is made" sh -c '! [ -e "$1" ]' sh "$tmp/nothing.pcap"
check "no place to write" wrong 1 "/nowhere/out.pcap" --vni 1 --source 10.9.9.9 "$plain" /nowhere/out.pcap
usage() {
  "$periscope" mirror --force "$@" >"$tmp/said" 2>"$tmp/stderr"
  [ $? -eq 2 ] && [ ! -s "$tmp/said" ] && grep -q '^usage: periscope mirror' "$tmp/stderr"
}
check "neither interface nor VNI" usage "$plain" "$mirror"
check "an interface without settings" usage --interface eni-1 "$plain" "$mirror"
check "no output" usage --vni 1 --source 10.9.9.9 "$plain"
finish
