/* All records of a DNS message (RFC 1035, 4.1), one after the other, questions first: for what wants more
 * than dns_parse() keeps. Costs the memory of one record, and reads as much as there is, up to
 * DNS_RECORDS_BYTES of text. */
#pragma once

#include "decap/cursor.h"
#include "inspect/proto/dns/dns.h"

enum {
	DNS_RECORDS_BYTES =
		16 * 1024, /* of names and data together; what follows is not read */
	DNS_SUBNET_TEXT = 50,
	DNS_OPTIONS_MAX = 16,
};

enum dns_section { DNS_QUESTION, DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL, DNS_SECTIONS };

/* EDNS (RFC 6891): the fixed part of the OPT record, and what there is of its options. */
struct dns_edns {
	bool is_there, dnssec_ok;
	uint8_t version, rcode_high; /* bits 4 to 11 of the response code */
	uint16_t udp_size;
	char client_subnet[DNS_SUBNET_TEXT]; /* RFC 7871: "192.0.2.0/24"; "": none */
	uint8_t n_options;
	uint16_t options[DNS_OPTIONS_MAX]; /* codes of the first ones, as they come */
};

struct dns_record {
	enum dns_section section;
	uint16_t type, class;
	uint32_t ttl;               /* 0 of a question */
	char name[DNS_NAME_TEXT];   /* as in struct dns_message */
	char data[DNS_ANSWER_TEXT]; /* see dns_record.c; "" of a question */
};

struct dns_records {
	const uint8_t *data;
	struct cursor at;
	uint16_t left[DNS_SECTIONS];
	uint32_t name_at;     /* where the name stands that `record` has; 0: it has none */
	uint32_t room;        /* bytes of text that may still be read */
	uint32_t steps;       /* as in struct dns_message */
	struct dns_edns edns; /* once its record was read */
	struct dns_record record;
};

/* `data` as of dns_parse(); it stays the caller's, and must stay as it is. false: no DNS message. */
bool dns_records_begin(
	struct dns_records *records, const uint8_t *data, uint32_t cap, uint32_t wire);
/* Reads the next into `records->record`. false: there is none, or it was cut, lies, or has no room. */
bool dns_records_next(struct dns_records *records);
