/* The flow table of one worker: fixed capacity, all memory taken at the start (pages are touched
 * as flows come), no locks. Finds or makes a packet's flow, counts the packet into it, closes
 * aggregation windows, and ends flows by idle, active and TCP-close timeouts or eviction.
 *
 * Time. A packet's own time decides at lookup whether its flow had timed out. `horizon` is the
 * clock by which idle flows are reclaimed: the replay reader gives the same one with the same
 * packet whatever the number of workers, so results do not depend on when a slice of expiry runs:
 * a lookup treats a flow that the horizon has left behind exactly as if it had been reclaimed.
 * When the horizon goes back, call flow_table_expire_all() with the old one first.
 *
 * A flow ends when more than its timeout lies between its latest packet and the clock; time that
 * goes back inside a flow is never a timeout. A closed TCP flow (both FINs, or a RST) ends by the
 * shorter of the idle and the TCP-close timeout, or at once when a pure SYN begins the next
 * connection. With a TCP-close timeout of 0 closing changes nothing: no SYN splits a flow.
 * An active timeout reports the flow before the packet that finds it due is counted; the flow
 * and its counters go on.
 *
 * Windows are the multiples of window_s since the epoch. A packet that falls into another window
 * than the open one, later or earlier, closes the open one first; so out-of-order packets at a
 * border may give away one window in several parts, which add up.
 *
 * Full table: the flow idle longest among the packet's neighbourhood is ended as evicted, unless
 * all of them are younger than the guard time; then the packet is refused (NULL). A neighbourhood
 * is 2 to 8 buckets of at most 8 flows, so the work is bounded; a flow in it that the horizon has
 * left behind gives way first, and is not counted as evicted.
 *
 * Shares: an observation point finds the table full when what is common is used up and its share is,
 * too. Then flows of its own share, or of those that have more than theirs, give way; never one of a
 * share that has room left. One that is within its share need not wait for the guard time of others. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decap/counters/counters.h"
#include "inspect/flow/flow.h"
#include "inspect/flow/history.h"
#include "inspect/flow/quota.h"

struct flow_params {
	uint32_t capacity;        /* flows */
	uint64_t idle_timeout_ns; /* 0 = never, as all of these */
	uint64_t active_timeout_ns;
	uint64_t tcp_close_timeout_ns;
	uint64_t guard_ns; /* a flow seen within this is not evicted */
	uint32_t window_s; /* aggregation interval of the flow logs: 60 or 600 (or any up to
			      65535); 0 = off */
	bool use_vlan;     /* inner VLAN ids are part of the key */
	bool recorded; /* what was recorded of each flow is counted: flow_table_recorded() */
	/* Of the hash; one that nobody can guess keeps keys from being made to meet. */
	uint64_t seed;
	struct quota_params quota; /* of the capacity; all 0: who comes first */
};

/* Called synchronously from the functions below; must not call the table. The flow is the
 * table's and stays valid until the call returns. A NULL function is not called. */
struct flow_observer {
	void *ctx;
	/* The flow is over (or, with FLOW_END_ACTIVE, due for an update). Its open window is
	 * given to `window` first. */
	void (*ended)(void *ctx, struct flow *flow, enum flow_end end);
	/* What the client (0) and the server sent in an aggregation window, or a part of it. */
	void (*window)(void *ctx, const struct flow *flow, const struct flow_window sent[2]);
	/* The slot is about to be reused: release what the flow owns (dpi, details). */
	void (*release)(void *ctx, struct flow *flow);
	/* So many bytes more were acknowledged and never shown; before `ended`. */
	void (*unseen)(void *ctx, const struct flow *flow, uint64_t bytes);
	/* A flow has begun with this packet, which is not counted yet. */
	void (*began)(void *ctx, const struct flow *flow, const struct packet *p);
	/* The packet, which is counted, is a segment of TCP with SYN or RST, or ICMP that neither asks
	 * nor answers, such as an error. */
	void (*odd)(void *ctx, const struct flow *flow, const struct packet *p);
};

struct flow_table;

/* NULL: no memory. `observer` is copied. */
struct flow_table *flow_table_create(
	const struct flow_params *params, const struct flow_observer *observer);
/* Frees the memory; flows still live are not reported: call flow_table_end_all() first. */
void flow_table_destroy(struct flow_table *table);

/* Which points are of configured sessions has changed: see quota_bind(). */
void flow_table_bind(struct flow_table *table, const struct session_table *sessions);

/* Makes the keys of the packets whose bit is set in `live`, at most BURST_MAX, and asks for the
 * memory that flow_table_packet() will touch. Needs p->session; sets p->row, which is the table's and
 * holds until the next call, and p->remembered. */
void flow_table_prefetch(struct flow_table *table, struct packet *packets, uint64_t live);

/* Between flow_table_prefetch() and flow_table_packet(): the next packets of the same sender and
 * flow will have this p->remembered; 0 = nothing. The caller chooses what it means. */
void flow_table_remember(struct flow_table *table, struct packet *p, uint32_t verdict);
/* No flow remembers anything. Looks at all of them. */
void flow_table_forget(struct flow_table *table);

/* Finds or makes the flow of `p` (p->row must be set), counts the packet into it, sets p->flow
 * and PACKET_FROM_CLIENT. NULL: refused, the table is full of young flows. The flow may end, and
 * its slot be used for another one, in any later call: finish with p->flow (dpi, recording)
 * before the next packet of the burst is given to the table. */
struct flow *flow_table_packet(struct flow_table *table, struct packet *p, uint64_t horizon_ns);

/* What was recorded of a live flow so far, for who records to count up; NULL unless params.recorded. */
struct flow_recorded *flow_table_recorded(
	const struct flow_table *table, const struct flow *flow);

/* The number of a live flow's slot, by which it is found until it ends; NULL: it is free. */
uint32_t flow_table_slot(const struct flow_table *table, const struct flow *flow);
const struct flow *flow_table_flow(const struct flow_table *table, uint32_t slot);

/* Reclaims at most about `slots` slots' worth of flows that the horizon has left behind; goes
 * round the table from call to call. */
void flow_table_expire(struct flow_table *table, uint64_t horizon_ns, uint32_t slots);
/* The whole table, at once. */
void flow_table_expire_all(struct flow_table *table, uint64_t horizon_ns);

/* Reports the windows that are over by the clock `now_ns`, of at most about `slots` slots' worth of
 * flows, whether or not more packets come; goes round the table from call to call. */
void flow_table_close_windows(struct flow_table *table, uint64_t now_ns, uint32_t slots);

/* Shows the live flows among the `slots` slots from `*at` on, and moves `*at`; true when the end of
 * the table is reached and `*at` is 0 again. `look` must not call the table. */
bool flow_table_look(const struct flow_table *table, uint32_t *at, uint32_t slots,
	void (*look)(void *ctx, const struct flow *flow), void *ctx);

/* Ends every flow: as idle or tcp_close where the horizon has left it behind, else as `end`. */
void flow_table_end_all(struct flow_table *table, uint64_t horizon_ns, enum flow_end end);

/* Packets were lost in the appliance: what the flows' sequence numbers show to be missing by now is
 * not the mirror's loss, and is not counted. */
void flow_table_lost_here(struct flow_table *table);
/* How the flow went so far; in `ended` it is final. */
struct flow_course flow_table_course(const struct flow_table *table, const struct flow *flow);

const struct flow_table_stats *flow_table_stats(const struct flow_table *table);
