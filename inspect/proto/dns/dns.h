/* A bounded parser of DNS messages (RFC 1035): nDPI 4.2 knows counts and the first address of an
 * answer only. Compression pointers may only point back, a name that is stepped over ends at the first
 * one, and a name that is read has at most 255 bytes and 32 jumps. So the work is bounded by the bytes there
 * are and the text that is kept. A message that was cut gives what could be read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decap/cursor.h"

enum {
	DNS_HEADER = 12,
	DNS_NAME_TEXT = 1025,
	DNS_ANSWERS_MAX = 64,
	DNS_ANSWER_TEXT = 1025,
	DNS_ANSWERS_BYTES = 16 * 1024, /* of their text together; what follows is not read */
};

struct dns_message {
	bool is_response, has_question;
	bool authoritative, truncated, recursion_desired, recursion_available;
	uint8_t opcode;
	uint16_t id;
	uint16_t
		rcode; /* with the upper bits of EDNS, RFC 6891, 6.1.3, if the message has it */
	uint16_t question_count;   /* of the header */
	uint16_t type, class;      /* QTYPE and QCLASS of the first question */
	char query[DNS_NAME_TEXT]; /* presentation form (RFC 4343 escapes), no final dot */
	uint16_t answer_count;     /* of the header: what a response says it has */
	unsigned n_answers;        /* answers[] filled */
	/* What reading took: bytes of names and of text, labels, jumps, records. */
	uint32_t steps;
	char answers[DNS_ANSWERS_MAX][DNS_ANSWER_TEXT]; /* see dns_record.c */
};

/* `data`: a UDP payload, or a TCP one after its 2 byte length. false: not a DNS message. */
bool dns_parse(const uint8_t *data, uint32_t cap, uint32_t wire, struct dns_message *out);
/* The same without answers[]: their text is not made. */
bool dns_parse_head(const uint8_t *data, uint32_t cap, uint32_t wire, struct dns_message *out);

/* Whether DNS_HEADER bytes may begin a message: a known opcode, few questions. */
bool dns_is_header(const uint8_t *bytes);

/* Whether a UDP payload is one ordinary question, or a message that answers one: so plain that it is DNS on any
 * port. */
bool dns_begins(struct cursor datagram);

/* "A", "AAAA", ... or NULL: unknown, print TYPEnnn. */
const char *dns_type_name(uint16_t type);
const char *dns_rcode_name(uint16_t rcode);
