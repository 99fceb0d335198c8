/* Where the answers of a DNS message lead to: addresses and names, without text of anything else. For who looks
 * for some of them on the packet's path; dns_records.h reads all of a message. At most DNS_ANSWERS_MAX answers
 * and DNS_ANSWERS_BYTES of names are looked at. */
#pragma once

#include "config/parse/addr.h"
#include "inspect/proto/dns/dns.h"

struct dns_answer {
	bool is_address; /* of A and AAAA; else a name: of NS, CNAME, PTR, MX, SRV, DNAME, SVCB, HTTPS */
	struct ip_addr address;
	uint16_t len;
	char name[DNS_NAME_TEXT]; /* as in struct dns_message, `len` bytes and a NUL */
};

struct dns_answers {
	const uint8_t *data;
	struct cursor at;
	unsigned left;
	uint32_t room;  /* bytes of names that may still be read */
	uint32_t steps; /* as in struct dns_message */
};

/* `data` as of dns_parse(); it stays the caller's, and must stay as it is. false: it is no response. */
bool dns_answers_begin(
	struct dns_answers *answers, const uint8_t *data, uint32_t cap, uint32_t wire);
/* The next that has an address or a name. `names` false: addresses alone. false: there is none, or what follows
 * was cut or lies. */
bool dns_answers_next(struct dns_answers *answers, bool names, struct dns_answer *answer);
