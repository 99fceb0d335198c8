/* Totals by talker, that is by tenant and address. They are exact for TALKERS_MAX talkers; when more
 * come, the heaviest stay, within talkers_error(). The hash is salted with a secret and each talker
 * lies in one of two buckets (inspect/flow/index.h), so no lookup looks at more than 16 places,
 * whatever addresses come. One writer; merged after it has stopped. */
#pragma once

#include <stdint.h>

#include "config/parse/addr.h"

enum { TALKERS_MAX = 65536 };

struct total {
	uint64_t flows, packets, bytes;
};

struct talker {
	struct ip_addr addr;
	uint32_t tenant;
	/* Flows that it began as client count in `sent`, those it served in `received`; packets
	 * and bytes are all that it sent and all that was sent to it. */
	struct total sent, received;
};

struct talkers;

/* NULL: no memory. */
struct talkers *talkers_create(void);
void talkers_destroy(struct talkers *talkers);

void total_add(struct total *to, const struct total *from);

/* Adds what it sent and received to the talker of its address and tenant. */
void talkers_add(struct talkers *talkers, const struct talker *add);
/* Asks for memory that talkers_add() will touch; need not be called. */
void talkers_prefetch(
	const struct talkers *talkers, const struct ip_addr *addr, uint32_t tenant);
/* So many conversations with so many bytes were not added, and their talkers are unknown. */
void talkers_miss(struct talkers *talkers, uint64_t conversations, uint64_t bytes);
void talkers_merge(struct talkers *to, const struct talkers *from);

uint32_t talkers_count(const struct talkers *talkers);
/* How often a talker gave way to another (or, which does not happen by chance, found both its buckets
 * full), and conversations missed. 0: all is exact. */
uint64_t talkers_overflow(const struct talkers *talkers);
/* The error in bytes: a talker that is not listed has at most so many, and a listed one at most
 * so many more than it shows. Of one table it is at most a TALKERS_MAX-th of the sum of all
 * talkers' bytes; errors of merged tables add up. 0: all is exact. */
uint64_t talkers_error(const struct talkers *talkers);
/* The heaviest, most bytes first, ties by tenant and address: fills at most `max` entries, returns
 * how many there are in all. */
uint32_t talkers_top(const struct talkers *talkers, struct talker *out, uint32_t max);
