/* A bounded parser of DNS messages (RFC 1035): nDPI 4.2 knows counts and the first address of an
 * answer only. Compression pointers may only point back, and the number of jumps, names and
 * records looked at is bounded; a message that was cut gives what could be read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DNS_NAME_TEXT = 1025, DNS_ANSWERS_MAX = 16, DNS_ANSWER_TEXT = 256 };

struct dns_message {
	bool is_response, has_question;
	uint8_t rcode;
	uint16_t type;             /* QTYPE of the first question */
	char query[DNS_NAME_TEXT]; /* presentation form (RFC 4343 escapes), no final dot */
	unsigned n_answers;        /* answers[] filled: addresses, names, text, else TYPEnnn */
	char answers[DNS_ANSWERS_MAX][DNS_ANSWER_TEXT];
};

/* `data`: a UDP payload, or a TCP one after its 2 byte length. false: not a DNS message. */
bool dns_parse(const uint8_t *data, uint32_t cap, uint32_t wire, struct dns_message *out);

/* "A", "AAAA", ... or NULL: unknown, print TYPEnnn. */
const char *dns_type_name(uint16_t type);
const char *dns_rcode_name(uint8_t rcode);
