# DNS messages, one a line (the fields dns() of expect.sh names), to `dns` rows, one a question.
BEGIN {
	n = split("1 A 2 NS 5 CNAME 6 SOA 15 MX 16 TXT 28 AAAA 252 AXFR", w, " ")
	for (i = 1; i < n; i += 2) type_name[w[i]] = w[i + 1]
	split("NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED", rcode_name, " ")
}

# The data of the answer section, which comes first; `-` for data that tshark has no field for.
function answers(count,    types, of, at, i, t, text) {
	split($13, types, "~")
	split($14, a, "~"); split($15, aaaa, "~"); split($16, cname, "~"); split($17, mx, "~"); split($19, pref, "~")
	for (i = 1; i <= count; i++) {
		t = types[i]; at[t]++
		of = t == 1 ? a[at[t]] : t == 28 ? aaaa[at[t]] : t == 5 ? cname[at[t]] : t == 15 ? pref[at[t]] " " mx[at[t]] : "-"
		text = text (i > 1 ? "," : "") of
	}
	return text == "" ? "-" : text
}

{ src = $1 $2; dst = $3 $4; key = $8 }
$7 ~ /^(0|False)/ {
	asked[key] = transport OFS src OFS $5 OFS dst OFS $6 OFS $9 OFS type_name[$10]
	next
}
{ answered[key] = rcode_name[$11 + 1] OFS $12 OFS answers($12) }

END {
	for (key in asked)
		print "dns", vni, asked[key], key in answered ? answered[key] : "-" OFS 0 OFS "-"
}
