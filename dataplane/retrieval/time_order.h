/* Brings packets into time order: files of several workers, and of a disturbed network, have them a little out of it. Holds copies of
 * packets for as long as an older one may still come, within bounds; ties come as they were put. A step back of more than that is
 * a clock that was set, and stays: what was before comes first. One thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/retrieval/retrieval.h"

enum {
	TIME_ORDER_PACKETS = 1 << 16, /* held at once, at most */
	TIME_ORDER_BYTES = 64 << 20,  /* of their frames, likewise */
};
#define TIME_ORDER_NS UINT64_C(1000000000) /* so much later than a packet its elder may come */

struct time_order;

/* `take` (see retrieval.h) gets the packets. NULL: no memory. */
struct time_order *time_order_create(
	void *ctx, bool (*take)(void *ctx, const struct retrieved *packet));
void time_order_destroy(struct time_order *order); /* NULL is legal */

/* Both: false: whoever takes wants no more of them, or there is no memory. */
bool time_order_put(struct time_order *order, const struct retrieved *packet);
/* Gives what is left. */
bool time_order_end(struct time_order *order);

/* Steps back, and packets that came behind younger ones for want of room. */
uint64_t time_order_backwards(const struct time_order *order);
/* No memory was left. */
bool time_order_failed(const struct time_order *order);
