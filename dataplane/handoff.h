/* Hand-off: packets on their way from the worker that received them to the worker that owns them,
 * over one single-producer ring for each ordered pair of workers, in bursts. A packet goes with
 * its mbuf, in whose private area its `struct packet` lies. A full ring refuses: the sender counts
 * handoff_full. Fragments may travel twice: first to whoever knows their ports, then to the owner
 * of their flow. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/packet.h"

struct rte_mbuf;
struct handoff;

enum {
	HANDOFF_RING = 1024, /* packets of one pair of workers */
};

/* Where a packet goes on at the other worker. */
enum handoff_to { HANDOFF_TO_FRAGMENT, HANDOFF_TO_FLOW };

/* The private area of every mbuf. */
struct handoff_area {
	struct packet packet;
	enum handoff_to to;
};

/* NULL: no memory. */
struct handoff *handoff_create(uint32_t n_workers);
/* The rings must be empty. NULL is legal. */
void handoff_destroy(struct handoff *handoff);

/* Worker `from` only. Queues `m` for worker `to`, with the packet as it is now; sends when a burst
 * is full. */
void handoff_put(struct handoff *handoff, uint32_t from, uint32_t to, struct rte_mbuf *m,
	const struct packet *p, enum handoff_to where);
/* Worker `from` only. Sends what is queued; called before the worker looks for packets again.
 * Frees what no ring has room for, and returns how many that were, calls of handoff_put() since
 * the last flush included. */
uint32_t handoff_flush(struct handoff *handoff, uint32_t from);
/* Worker `to` only. At most `n` packets that worker `from` sent. */
uint32_t handoff_take(struct handoff *handoff, uint32_t from, uint32_t to,
	struct rte_mbuf **mbufs, uint32_t n);

/* Any thread: one ring's fill now, and what it has passed and refused so far. */
struct handoff_pair {
	uint32_t fill;
	uint64_t passed, full;
};
struct handoff_pair handoff_pair(const struct handoff *handoff, uint32_t from, uint32_t to);
