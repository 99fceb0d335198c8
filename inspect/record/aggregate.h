/* Aggregates: the counters of VPC Flow Log records before they are written. AWS makes one record per
 * network interface, direction, 5-tuple and aggregation interval; a flow is something else: pings of
 * other ids, a connection that reuses its ports, one that was idle for a while are flows of their own.
 * So what flows sent in a window is added up here, and written when the window is closed.
 *
 * A mirror session stands for the interface: AWS gives a packet to one session of its interface, and
 * which one depends on what a record has in common. Both directions of a conversation are one
 * aggregate with two sides, each of which becomes a record.
 *
 * A window is closed when the clock is a whole window past its end. What is added to it later makes
 * one more aggregate, whose records are counted as late. The capacity is fixed, memory is taken at the start (pages are
 * touched as aggregates come); when it is full the oldest aggregate is written early, which is counted.
 * The hash has a secret of its own: nobody can make up packets whose aggregates meet. No result
 * depends on it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/counters/counters.h"
#include "inspect/flow/flow.h"

struct aggregate_key {
	struct ip_addr lo, hi;     /* lo <= hi, byte by byte */
	uint32_t window;           /* its number: it begins at window * window_s */
	uint32_t session;          /* the worker's number of it, or SESSION_NONE */
	uint16_t lo_port, hi_port; /* 0 for protocols without */
	uint8_t protocol, ip_version;
	uint8_t direction; /* enum direction, of what `lo` sends */
	uint8_t zero;
};

struct aggregate_side {
	uint64_t bytes, packets; /* no packets: the side sent nothing */
	uint16_t first, last;    /* seconds after the window's begin */
	uint8_t tcp_flags;       /* as in struct flow_window */
};

struct aggregate {
	struct aggregate_key key;
	struct aggregate_side side[2]; /* what `lo` sent, what `hi` sent */
	/* Slot + 1, 0 = none: of the same hash, or free; and in the order they were made. */
	uint32_t next, older, newer;
	bool late; /* made after its window was closed */
};

/* The enum direction of what side 0 (`lo`) or 1 sends. */
uint8_t aggregate_direction(const struct aggregate_key *key, unsigned side);

struct aggregates_params {
	uint32_t capacity;
	uint32_t window_s; /* as the flow table's; not 0 */
	void *ctx;
	/* An aggregate is complete; it is gone when the call returns. */
	void (*write)(void *ctx, const struct aggregate *aggregate);
};

struct aggregates;

/* NULL: no memory. */
struct aggregates *aggregates_create(const struct aggregates_params *params);
/* What was not written is dropped. NULL is allowed. */
void aggregates_destroy(struct aggregates *aggregates);

/* Adds what the client (0) and the server of the flow sent in one window. */
void aggregates_add(struct aggregates *aggregates, const struct flow *flow,
	const struct flow_window sent[2]);

/* The clock is `now_s`: closes windows and writes their aggregates. Looks at most at `n` of them, and
 * goes on at the next call. All flows must have given away what they sent in those windows. */
void aggregates_close(struct aggregates *aggregates, uint64_t now_s, uint32_t n);
/* Writes all. */
void aggregates_finish(struct aggregates *aggregates);

/* Of records, one for each side that sent something. */
const struct aggregates_stats *aggregates_stats(const struct aggregates *aggregates);
