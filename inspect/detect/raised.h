/* Which indicators a flow was found to show, until it ends: what its event says of them, for a list may be
 * another by then. Bounded, of a flow (FLOW_ALERTS_MAX) and of all: one more than there is room for is counted, and missing in
 * its event. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/record/flow_alerts.h"

struct raised;

/* NULL: no memory. */
struct raised *raised_create(uint32_t capacity);
/* NULL is legal. */
void raised_destroy(struct raised *raised);

/* Of the flow at that address, until raised_forget(). `open`: its transaction is still to come. */
void raised_add(struct raised *raised, const struct flow *flow, const struct flow_alert *alert,
	bool open);
/* Whether raised_add() could open it now: it is not, and there is room. */
bool raised_may_open(const struct raised *raised, const struct flow *flow, uint64_t id);
/* true: it was open, and is not any more. */
bool raised_close(struct raised *raised, const struct flow *flow, uint64_t id);
/* Adds those of the flow to `to`, in the order in which they came. */
void raised_collect(
	const struct raised *raised, const struct flow *flow, struct flow_alerts *to);
void raised_forget(struct raised *raised, const struct flow *flow);

/* Those for which there was no room. */
uint64_t raised_overflow(const struct raised *raised);
