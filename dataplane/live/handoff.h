/* Hand-off: takes packets from the worker that received them to the worker that owns them, over
 * one single-producer ring for each ordered pair of workers. A packet goes as a copy of its
 * `struct packet`; its mbuf stays in a list of the sender's, who frees it when the other worker
 * is done with it. So a processor fetches two cache lines from the other one, in order, and no
 * mbuf. Every line that both read or write costs such a fetch, so both say only once a burst how
 * far they are.
 *
 * A full ring refuses: the sender counts handoff_full. handoff_is_tight() says beforehand that a
 * ring has little room left, so that a worker can let its ports wait a moment instead.
 *
 * Fragments may travel twice: first to the worker that knows their ports, then to the owner of
 * their flow. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/packet.h"

struct rte_mbuf;
struct handoff;

enum {
	/* Packets of one pair of workers, those that the other one works on and mbufs that are not
	 * freed yet included. */
	HANDOFF_RING = 1024,
	HANDOFF_LATE = 256, /* mbufs that wait to be freed, while there is much to do */
};

/* Where a packet goes on at the other worker. */
enum handoff_to { HANDOFF_TO_FRAGMENT, HANDOFF_TO_FLOW };

/* NULL: no memory. */
struct handoff *handoff_create(uint32_t n_workers);
/* handoff_empty() comes first, where anything was sent. NULL is legal. */
void handoff_destroy(struct handoff *handoff);

/* Worker `from` only. Puts `m` into the ring to worker `to`, with the packet as it is now. Frees `m`
 * when there is no room. */
void handoff_put(struct handoff *handoff, uint32_t from, uint32_t to, struct rte_mbuf *m,
	const struct packet *p, enum handoff_to where);
/* Worker `from` only. Sends what was put, to all; called once a burst. */
void handoff_send(struct handoff *handoff, uint32_t from);
/* Worker `from` only. Sends, too, and frees what others are done with; called once a round. Returns
 * how many found no room since the last time. */
uint32_t handoff_flush(struct handoff *handoff, uint32_t from);
/* Worker `from` only. True when some ring has no room for a whole burst. */
bool handoff_is_tight(struct handoff *handoff, uint32_t from);

/* Places of a burst, a bit each: those that were filled, and of them those that go on as
 * HANDOFF_TO_FRAGMENT. */
struct handoff_taken {
	uint64_t all, fragments;
};
/* Worker `to` only. Puts packets that worker `from` sent into those places of a burst that `free`
 * names, in their order: what was known of them, but for what the flow stage fills in, and numbers
 * for handoff_keep(). Their bytes may be read until handoff_done(). */
struct handoff_taken handoff_take(struct handoff *handoff, uint32_t from, uint32_t to,
	struct packet *packets, uint32_t *numbers, uint64_t free);
/* Worker `to` only. True when it is known already that a whole burst can be taken. */
bool handoff_has_burst(const struct handoff *handoff, uint32_t to);
/* Worker `to` only, before handoff_done(). The mbuf of a packet that was taken; it is the sender's. */
struct rte_mbuf *handoff_mbuf(const struct handoff *handoff, uint32_t to, uint32_t number);
/* The same, but it is the caller's from now on, to free or to send on. */
struct rte_mbuf *handoff_keep(struct handoff *handoff, uint32_t to, uint32_t number);
/* Worker `to` only. It needs nothing any more of what it has taken so far. */
void handoff_done(struct handoff *handoff, uint32_t to);

/* When no worker runs any more: frees all mbufs in rings. Returns how many packets were sent and
 * not taken. */
uint64_t handoff_empty(struct handoff *handoff);

/* Any thread: how many packets of one pair the other worker is not done with, and what the ring has
 * passed and refused so far. */
struct handoff_pair {
	uint32_t fill;
	uint64_t passed, full;
};
struct handoff_pair handoff_pair(const struct handoff *handoff, uint32_t from, uint32_t to);
