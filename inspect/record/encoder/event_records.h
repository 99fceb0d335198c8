/* Lists of objects in the events of transactions: the records of a DNS response, and certificates. */
#pragma once

#include "inspect/flow/addr_text.h"
#include "inspect/proto/details.h"
#include "inspect/proto/dns/dns_records.h"
#include "inspect/proto/tls/tls_certificate.h"

/* Details as details_all() tells them. */
struct details_found {
	const struct details *details;
	uint64_t seen; /* bit n: there is values[n] */
	struct detail_value values[DETAIL_COUNT];
};

enum {
	EVENT_RECORDS = 256, /* of a message, all sections together */
	EVENT_RECORD_AROUND =
		sizeof("{\"name\":\"\",\"type\":\"\",\"ttl\":,\"data\":\"\"},") + 10 + 10,
	/* Names and data are printable: at most each byte behind a backslash. */
	EVENT_RECORDS_MAX = 512 + EVENT_RECORDS * EVENT_RECORD_AROUND + 2 * DNS_RECORDS_BYTES,
};

/* Appends `"answers":[{...}],"authorities":[...],"additionals":[...],"edns":{...}` of a DNS message; all null
 * without one. As many records as DNS_RECORDS_BYTES and EVENT_RECORDS have room for; that of EDNS
 * is none of them. */
void event_dns_message(struct text *t, const struct details_found *found);

/* What is around the strings and the hex of certificates. */
enum { EVENT_CERTIFICATES_AROUND = 32 + TLS_CERTIFICATES_MAX * 160 };

/* Appends `"certificates":[{"subject":...}]`, the server's own first; null without any. */
void event_certificates(struct text *t, const struct details_found *found);
