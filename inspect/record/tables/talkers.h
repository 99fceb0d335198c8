/* Totals by talker, that is by tenant and address: the heaviest by bytes (heaviest.h). */
#pragma once

#include <stdint.h>

#include "config/parse/addr.h"
#include "inspect/record/tables/heaviest.h"

enum { TALKERS_MAX = 65536 };

struct total {
	uint64_t flows, packets, bytes;
};

void total_add(struct total *to, const struct total *from);

struct talker {
	struct ip_addr addr;
	uint32_t tenant;
	/* Flows that it began as client count in `sent`, those it served in `received`; packets
	 * and bytes are all that it sent and all that was sent to it. */
	struct total sent, received;
};

/* NULL: no memory. */
struct heaviest *talkers_create(void);

/* Adds what it sent and received to the talker of its address and tenant. */
void talkers_add(struct heaviest *talkers, const struct talker *add);
/* Asks for memory that talkers_add() will touch; need not be called. */
void talkers_prefetch(
	const struct heaviest *talkers, const struct ip_addr *addr, uint32_t tenant);
/* The heaviest, most bytes first, ties by tenant and address: fills at most `max` entries, returns
 * how many there are in all. */
uint32_t talkers_top(const struct heaviest *talkers, struct talker *out, uint32_t max);
