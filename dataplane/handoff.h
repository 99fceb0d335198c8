/* Hand-off: packets on their way from the worker that received them to the worker that owns them,
 * over one single-producer ring for each ordered pair of workers. A packet goes as a copy of its
 * `struct packet` beside its mbuf, and the mbuf comes back to whoever sent it to be freed: so the
 * other processor has to fetch three lines of a ring in order, and never the mbuf itself.
 *
 * A full ring refuses: the sender counts handoff_full. handoff_is_tight() says beforehand that a
 * ring has little room left, so that a worker can let its ports wait a moment instead.
 *
 * Fragments may travel twice: first to whoever knows their ports, then to the owner of their flow. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/packet.h"

struct rte_mbuf;
struct handoff;

enum {
	HANDOFF_RING = 1024, /* packets of one pair of workers */
	HANDOFF_BACK = 256,  /* mbufs on their way back; more are freed where they are */
	HANDOFF_AWAY = HANDOFF_RING + HANDOFF_BACK, /* at most, of one pair */
};

/* Where a packet goes on at the other worker. */
enum handoff_to { HANDOFF_TO_FRAGMENT, HANDOFF_TO_FLOW };

/* NULL: no memory. */
struct handoff *handoff_create(uint32_t n_workers);
/* handoff_empty() comes first, where anything was sent. NULL is legal. */
void handoff_destroy(struct handoff *handoff);

/* Worker `from` only. Puts `m` into the ring to worker `to`, with the packet as it is now; it is
 * sent with the next few, or by handoff_flush(). Frees `m` when there is no room. */
void handoff_put(struct handoff *handoff, uint32_t from, uint32_t to, struct rte_mbuf *m,
	const struct packet *p, enum handoff_to where);
/* Worker `from` only. Sends what is not sent yet, and frees what has come back; called once a
 * round. Returns how many found no room since the last time. */
uint32_t handoff_flush(struct handoff *handoff, uint32_t from);
/* Worker `from` only. True when some ring has no room for a whole burst. */
bool handoff_is_tight(struct handoff *handoff, uint32_t from);

/* Worker `to` only. At most `n` <= BURST_MAX packets that worker `from` sent: their mbufs, and what
 * was known of them, but for what the flow stage fills in. Sets in `fragments` the bits of those
 * that go on as HANDOFF_TO_FRAGMENT. */
uint32_t handoff_take(struct handoff *handoff, uint32_t from, uint32_t to,
	struct packet *packets, struct rte_mbuf **mbufs, uint32_t n, uint64_t *fragments);
/* Worker `to` only. Gives back mbufs that worker `from` sent and nobody needs any more. */
void handoff_give_back(struct handoff *handoff, uint32_t from, uint32_t to,
	struct rte_mbuf **mbufs, uint32_t n);

/* When no worker runs any more: frees all mbufs in rings. Returns how many packets were sent and
 * not taken. */
uint64_t handoff_empty(struct handoff *handoff);

/* Any thread: one ring's fill now, and what it has passed and refused so far. */
struct handoff_pair {
	uint32_t fill;
	uint64_t passed, full;
};
struct handoff_pair handoff_pair(const struct handoff *handoff, uint32_t from, uint32_t to);
