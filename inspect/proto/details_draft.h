/* Collects the details of a flow; private to the dpi. One draft serves all flows of a worker in
 * turn: reset it, fill it, and finish it into one allocation of just the size needed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/flow/memory.h"
#include "inspect/proto/details.h"

struct draft {
	struct risk_set risks;
	uint64_t have; /* bit n: detail n was set */
	uint32_t len;
	uint32_t transactions[TRANSACTIONS]; /* of the flow, by kind */
	uint8_t bytes[DETAILS_BYTES];
};

_Static_assert(DETAIL_COUNT <= 64, "draft.have and details.have are 64 bits");

void draft_reset(struct draft *draft);

/* The first value set for a detail stays. Empty strings are not kept. */
void draft_string(struct draft *draft, enum detail detail, const char *text, size_t len);
/* Up to the NUL; NULL is ignored. */
void draft_text(struct draft *draft, enum detail detail, const char *text);
void draft_number(struct draft *draft, enum detail detail, uint64_t value);
/* `count` texts, `stride` bytes apart. */
void draft_list(struct draft *draft, enum detail detail, const char *texts, size_t stride,
	unsigned count);

/* Room for a value, or one more element of a list, of `len` bytes of any form; NULL: there is none. */
uint8_t *draft_room(struct draft *draft, enum detail detail, uint16_t len);
/* `cap` bytes of a message of `wire`, of which as much is kept as DETAILS_MESSAGE_MAX says. */
void draft_message(struct draft *draft, enum detail detail, const uint8_t *data, uint32_t cap,
	uint32_t wire);
/* Why risk number `risk` was raised: the first sentence for it stays. */
void draft_why(struct draft *draft, unsigned risk, const char *text);

/* Question and, of a response, answer. */
struct dns_message;
void draft_dns(struct draft *draft, const struct dns_message *dns);
struct dns_transaction;
void draft_dns_transaction(struct draft *draft, const struct dns_transaction *transaction);

/* What a side of SSH said; adds to the draft. */
struct ssh_kexinit;
void draft_ssh_identification(
	struct draft *draft, bool from_server, const uint8_t *line, uint32_t len);
void draft_ssh_kexinit(
	struct draft *draft, bool from_server, const struct ssh_kexinit *kexinit);
/* Request and response of HTTP. */
struct http_transaction;
void draft_http(struct draft *draft, const struct http_transaction *t);

/* Takes over from `old` (may be NULL) what the draft does not have, its risks and its counts. */
void draft_keep(struct draft *draft, const struct details *old);

/* The same in `room` of DETAILS_MAX bytes, aligned to 8; borrowed from there. */
const struct details *draft_copy(const struct draft *draft, void *room);

/* NULL: there is nothing to keep, or no memory. Give it back with memory_free(). */
struct details *draft_finish(
	const struct draft *draft, struct memory *memory, struct memory_list *list);

bool details_has(const struct details *details, enum detail detail);
