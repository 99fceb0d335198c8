/* The registries of DNS types and response codes (IANA, dns-parameters), as far as they are met
 * in traffic. */
#include "inspect/proto/dns/dns.h"

const char *dns_type_name(uint16_t type)
{
	static const char *const names[] = {
		[1] = "A",
		[2] = "NS",
		[5] = "CNAME",
		[6] = "SOA",
		[10] = "NULL",
		[12] = "PTR",
		[13] = "HINFO",
		[15] = "MX",
		[16] = "TXT",
		[17] = "RP",
		[18] = "AFSDB",
		[24] = "SIG",
		[25] = "KEY",
		[28] = "AAAA",
		[29] = "LOC",
		[33] = "SRV",
		[35] = "NAPTR",
		[36] = "KX",
		[37] = "CERT",
		[39] = "DNAME",
		[41] = "OPT",
		[42] = "APL",
		[43] = "DS",
		[44] = "SSHFP",
		[45] = "IPSECKEY",
		[46] = "RRSIG",
		[47] = "NSEC",
		[48] = "DNSKEY",
		[49] = "DHCID",
		[50] = "NSEC3",
		[51] = "NSEC3PARAM",
		[52] = "TLSA",
		[53] = "SMIMEA",
		[55] = "HIP",
		[59] = "CDS",
		[60] = "CDNSKEY",
		[61] = "OPENPGPKEY",
		[62] = "CSYNC",
		[63] = "ZONEMD",
		[64] = "SVCB",
		[65] = "HTTPS",
		[99] = "SPF",
		[249] = "TKEY",
		[250] = "TSIG",
		[251] = "IXFR",
		[252] = "AXFR",
		[255] = "ANY",
		[256] = "URI",
		[257] = "CAA",
	};

	return type < sizeof(names) / sizeof(*names) ? names[type] : NULL;
}

const char *dns_rcode_name(uint16_t rcode)
{
	static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
		"NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE",
		"DSOTYPENI", [16] = "BADVERS", "BADKEY", "BADTIME", "BADMODE", "BADNAME",
		"BADALG", "BADTRUNC", "BADCOOKIE"};

	return rcode < sizeof(names) / sizeof(*names) ? names[rcode] : NULL;
}
