/* Both directions of a flow of DNS: finds the question that an answer is of, by its id, the side that
 * asked and, where the answer repeats it, the first question. Either side may ask.
 *
 * Of each open question its name and numbers are kept, in one block; at most DNS_OPEN_MAX of them: the oldest
 * is given up for a new one, and counted. A question that is asked again with its id is the same one.
 * mDNS (RFC 6762) has no ids: with id 0 the answer must repeat the question. UDP keeps no order: an answer that comes
 * before its question is told alone; if it repeats that, and the question comes within DNS_EARLY_NS, this is not open,
 * for all that it says was told. */
#pragma once

#include "inspect/flow/memory.h"
#include "inspect/proto/dns/dns.h"

enum { DNS_OPEN_MAX = 64, DNS_EARLY_MAX = 4 };
#define DNS_EARLY_NS UINT64_C(1000000000)

/* An answer whose question did not come so far. */
struct dns_early {
	uint64_t name; /* a hash */
	uint64_t time_ns;
	uint16_t id, type;
	bool side; /* who answered */
};

/* The first question of a message. */
struct dns_question {
	struct dns_question *next;
	uint64_t time_ns; /* packet time, of the first if it was asked again */
	uint32_t repeats; /* times that it was asked again */
	uint16_t id, type, class, question_count;
	uint8_t opcode;
	bool side; /* who asked */
	bool recursion_desired;
	bool has_question; /* else it was cut before its end: no type, no name */
	char name[];       /* as in struct dns_message */
};

/* All zero is a flow of which nothing was seen. */
struct dns_pair {
	struct dns_question *first, *last; /* open, in order of time */
	uint64_t last_name; /* of the last answer: a hash of its question's name, or 0 */
	uint32_t given_up;  /* questions for which no room was left */
	uint32_t unheld;    /* questions that had no memory */
	uint32_t
		further; /* answers to what was answered before: repeated, or parts of a transfer */
	uint16_t last_id;
	uint8_t n_open, n_early;
	bool has_last, last_side;
	struct dns_early early[DNS_EARLY_MAX]; /* the last ones, in order of time */
};

/* A message, parsed, and its bytes. */
struct dns_packet {
	const struct dns_message *message;
	const uint8_t *data;
	uint32_t cap, wire;
	bool side; /* who sent it */
	uint64_t time_ns;
};

/* A question and its answer, or one of them (NULL: there is none). Valid during the call. */
struct dns_transaction {
	const struct dns_question *question;
	const struct dns_packet *answer; /* dns_records.h reads its bytes */
	uint64_t rtt_ns;                 /* of both; 0: packet time did not go on */
};

struct dns_pair_sink {
	void (*transaction)(void *ctx, const struct dns_transaction *transaction);
	void *ctx;
};

/* Takes a message of either side. `list` is the same in every call. */
void dns_pair_add(struct dns_pair *pair, struct memory *memory, struct memory_list *list,
	const struct dns_packet *packet, const struct dns_pair_sink *sink);
/* Whether a message may come that belongs to one that was added. */
static inline bool dns_pair_waits(const struct dns_pair *pair)
{
	return pair->n_open || pair->n_early;
}

/* The flow has ended: tells what has no answer, and gives the memory back. */
void dns_pair_end(struct dns_pair *pair, const struct dns_pair_sink *sink);
