/* The inside of a flow table, for table.c, look.c, eviction.c and end.c (which change it) and
 * prefetch.c (which reads it). */
#pragma once

#include "inspect/flow/capture_loss.h"
#include "inspect/flow/history.h"
#include "inspect/flow/index.h"
#include "inspect/flow/row.h"
#include "inspect/flow/table.h"

struct flow_table {
	struct flow_params params;
	struct flow_observer observer;
	struct flow *flows; /* `capacity` slots, zero until first used */
	/* By slot: when the last flow_update was, or the flow began. NULL: no active timeout. */
	uint64_t *updates;
	struct capture_loss seen;       /* of TCP flows, by slot */
	struct history *history;        /* by slot; of TCP and UDP */
	struct flow_recorded *recorded; /* by slot; NULL: nobody counts */
	struct flow_index index;
	struct quota quota; /* of the capacity */
	uint32_t used;      /* slots that were ever in use: the first ones */
	/* 1 + the number of a slot to reuse, which holds the next such number; 0 = none */
	uint32_t free_slot;
	uint32_t hand;        /* slot at which the next slice of expiry begins */
	uint32_t window_hand; /* and of closing windows */
	struct flow_table_stats stats;
	uint64_t salt[4];                /* of the hash */
	struct flow_row rows[BURST_MAX]; /* of the burst that was prepared last */
	bool rows_hold;                  /* no flow has ended since */
};

static inline uint32_t slot_of(const struct flow_table *table, const struct flow *flow)
{
	return (uint32_t)(flow - table->flows);
}

/* True when more than the flow's timeout has passed since its latest packet. The shorter of the
 * two timeouts decides and names the end, so that it does not matter when one looks. */
static inline bool flow_timed_out(const struct flow_params *params, const struct flow *flow,
	uint64_t now, enum flow_end *end)
{
	uint64_t idle = params->idle_timeout_ns, close = params->tcp_close_timeout_ns;
	uint64_t gap = now > flow->last_ns ? now - flow->last_ns : 0;
	bool closes = flow->flags & FLOW_CLOSED && close != 0 && (idle == 0 || close <= idle);
	uint64_t timeout = closes ? close : idle;

	*end = closes ? FLOW_END_TCP_CLOSE : FLOW_END_IDLE;
	return timeout != 0 && gap > timeout;
}

/* look.c */

/* A TCP packet of the flow that capture_loss_calm() has not taken. */
void look_tcp(struct flow_table *table, struct flow *flow, const struct packet *p)
	__attribute__((cold));
/* The flow ends: what is missing by now counts. */
void look_end(struct flow_table *table, struct flow *flow);

/* end.c */

/* Ends the flow: tells the observer, and gives its slot back. */
void flow_finish(struct flow_table *table, struct flow *flow, enum flow_end end);

/* eviction.c */

/* Whether there is room for a flow of `point` and `hash`. */
bool eviction_has_room(const struct flow_table *table, uint32_t point, uint64_t hash);
/* Makes room: ends a flow that is not young. false: there is none. */
bool eviction_make_room(struct flow_table *table, uint32_t point, uint64_t hash,
	uint64_t now_ns, uint64_t horizon_ns);
