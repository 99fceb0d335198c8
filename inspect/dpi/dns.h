/* A bounded parser of DNS messages (RFC 1035): nDPI 4.2 knows counts and the first address of an
 * answer only. Compression pointers may only point back, and the number of jumps, names and
 * records looked at is bounded by the bytes there are; a message that was cut gives what could be read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DNS_HEADER = 12, DNS_NAME_TEXT = 1025, DNS_ANSWERS_MAX = 64, DNS_ANSWER_TEXT = 1025 };

struct dns_message {
	bool is_response, has_question;
	uint16_t id;
	uint16_t
		rcode; /* with the upper bits of EDNS, RFC 6891, 6.1.3, if the message has it */
	uint16_t type; /* QTYPE of the first question */
	char query[DNS_NAME_TEXT]; /* presentation form (RFC 4343 escapes), no final dot */
	uint16_t answer_count;     /* of the header: what a response says it has */
	unsigned n_answers;        /* answers[] filled */
	char answers[DNS_ANSWERS_MAX][DNS_ANSWER_TEXT]; /* see dns_record.c */
};

/* `data`: a UDP payload, or a TCP one after its 2 byte length. false: not a DNS message. */
bool dns_parse(const uint8_t *data, uint32_t cap, uint32_t wire, struct dns_message *out);

/* Whether DNS_HEADER bytes may begin a message: a known opcode, few questions. */
bool dns_is_header(const uint8_t *bytes);

/* "A", "AAAA", ... or NULL: unknown, print TYPEnnn. */
const char *dns_type_name(uint16_t type);
const char *dns_rcode_name(uint16_t rcode);
