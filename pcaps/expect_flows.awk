# Inner packets, one a line (the fields flows() of expect.sh names), to `flow` and `not_ip` rows.
BEGIN {
	# Queries that have an answer: one conversation, as the community id has it.
	split("8 0 0 8 13 14 14 13 15 16 16 15 17 18 18 17 10 9 9 10", v4, " ")
	split("128 129 129 128 133 134 134 133 135 136 136 135 130 131 131 130 139 140 140 139", v6, " ")
	for (i = 1; i < 20; i += 2) {
		counter[1, v4[i]] = v4[i + 1]
		counter[58, v6[i]] = v6[i + 1]
	}
}

function icmp_ports(type, code, id) {
	if ((proto, type) in counter) {
		sport = type; dport = counter[proto, type]; ident = id == "" ? "-" : strtonum(id)
	} else {
		sport = type; dport = code; ident = "-"
		if (sport == "") sport = dport = 0
	}
}

# The other end is the client.
function turn(from, to) {
	packets[to] = packets[from]
	delete packets[from]
	n[to, "c"] = n[from, "s"]; n[to, "s"] = n[from, "c"]
	sum[to, "c"] = sum[from, "s"]; sum[to, "s"] = sum[from, "c"]
	or_[to, "c"] = or_[from, "s"]; or_[to, "s"] = or_[from, "c"]
}

$1 == "" && $8 == "" { not_ip++; next }

{
	if ($1 != "") {
		src = $1; dst = $2; proto = $3; bytes = $4
		datagram = src dst proto strtonum($5)
		later = $6 + 0 > 0; fragment = later || $7 == "1" || $7 == "True"
	} else {
		src = $8; dst = $9; bytes = $11 + 40
		proto = $12 != "" ? $12 : $15 != "" ? $15 : $10
		datagram = src dst proto $13
		later = $14 + 0 > 0; fragment = $12 != ""
	}
	flags = 0; sport = dport = 0; ident = "-"
	if (later) {
		split(first[datagram], p, " ")
		sport = p[1]; dport = p[2]; ident = p[3]
	} else if (proto == 6) {
		sport = $16; dport = $17; flags = and(strtonum($18), 255)
	} else if (proto == 17) {
		sport = $19; dport = $20
	} else if (proto == 1) {
		icmp_ports($21, $22, $23)
	} else if (proto == 58) {
		icmp_ports($24, $25, $26)
	}
	if (fragment && !later) first[datagram] = sport " " dport " " ident

	there = proto OFS src OFS sport OFS dst OFS dport OFS ident
	back = proto OFS dst OFS dport OFS src OFS sport OFS ident
	one_way = (proto == 1 || proto == 58) && !((proto, sport) in counter)
	if (there in packets) key = there
	else if (!one_way && back in packets) key = back
	else {
		# Who spoke first; a port below 1024 is the server's when it is the only one.
		ports = proto == 6 || proto == 17
		key = ports && sport < 1024 && dport >= 1024 ? back : there
		packets[key] = 0
	}
	# A SYN is a client's and a SYN-ACK a server's, whatever came before; the first SYN says it for good.
	says = proto != 6 || !and(flags, 2) ? 0 : and(flags, 16) ? 1 : 2
	if (says > told[key]) {
		client = says == 2 ? there : back
		if (client != key) {
			turn(key, client)
			key = client
		}
		told[key] = says
	}
	side = key == there ? "c" : "s"
	packets[key]++
	n[key, side]++
	sum[key, side] += bytes
	or_[key, side] = or(or_[key, side], flags)
}

END {
	if (not_ip) print "not_ip", vni, not_ip
	for (key in packets)
		print "flow", vni, key, n[key, "c"] + 0, sum[key, "c"] + 0, or_[key, "c"] + 0,
			n[key, "s"] + 0, sum[key, "s"] + 0, or_[key, "s"] + 0
}
