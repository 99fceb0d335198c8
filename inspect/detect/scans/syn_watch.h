/* The SYNs that wait for an answer: of each TCP flow that began with one, its slot of the flow table, in the order in
 * which they came. A tick is a quarter of a second (SCAN_TICK_NS); one that has waited for SYN_WATCH_TICKS whole ones
 * is due. A second is the first retransmission timeout of TCP (RFC 6298, 2.1): what takes longer is sent again. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { SYN_WATCH_TICKS = 4, SYN_WATCH_MAX = 1 << 18 };

struct syn_watch;

struct syn_waiting {
	uint32_t slot;
	uint32_t mark; /* of the flow: tells whether the slot is still its own */
	uint32_t tick;
};

/* NULL: no memory, 3 MiB of pages that are touched as they are needed. */
struct syn_watch *syn_watch_create(void);
/* NULL is legal. */
void syn_watch_destroy(struct syn_watch *watch);

/* false: so many wait that there is no room. */
bool syn_watch_add(struct syn_watch *watch, const struct syn_waiting *waiting);
/* Takes the oldest, if it is due at `tick`. Where ticks go back, all are. */
bool syn_watch_take(struct syn_watch *watch, uint32_t tick, struct syn_waiting *waiting);
/* Takes the oldest, due or not. */
bool syn_watch_take_any(struct syn_watch *watch, struct syn_waiting *waiting);
