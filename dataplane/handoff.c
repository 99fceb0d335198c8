#include "dataplane/handoff.h"

#include "dataplane/ring.h"

#include <rte_mbuf.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { SEND = 32, LINE = 64 };

/* One ordered pair. All but the ring is the sender's. */
struct lane_to {
	_Alignas(LINE) struct ring *ring;
	uint32_t n;
	_Atomic uint64_t passed, full;
	struct rte_mbuf *queue[SEND];
};

struct sender {
	_Alignas(LINE) uint32_t lost; /* since the last flush */
};

struct handoff {
	uint32_t n;
	struct sender *senders;
	struct lane_to *pairs; /* n rows of the pairs of one sender */
};

static struct lane_to *pair_of(const struct handoff *handoff, uint32_t from, uint32_t to)
{
	return &handoff->pairs[from * handoff->n + to];
}

static void *zeroed(size_t n, size_t size)
{
	void *memory = aligned_alloc(LINE, n * size);

	if (memory)
		memset(memory, 0, n * size);
	return memory;
}

struct handoff *handoff_create(uint32_t n_workers)
{
	struct handoff *handoff = calloc(1, sizeof(*handoff));
	bool ok;

	if (!handoff)
		return NULL;
	handoff->n = n_workers;
	handoff->senders = zeroed(n_workers, sizeof(*handoff->senders));
	handoff->pairs = zeroed((size_t)n_workers * n_workers, sizeof(*handoff->pairs));
	ok = handoff->senders && handoff->pairs;
	for (uint32_t i = 0; ok && i < n_workers * n_workers; i++) {
		if (i / n_workers == i % n_workers)
			continue;
		handoff->pairs[i].ring = ring_create(HANDOFF_RING);
		ok = handoff->pairs[i].ring != NULL;
	}
	if (ok)
		return handoff;
	handoff_destroy(handoff);
	return NULL;
}

void handoff_destroy(struct handoff *handoff)
{
	if (!handoff)
		return;
	for (uint32_t i = 0; handoff->pairs && i < handoff->n * handoff->n; i++)
		ring_destroy(handoff->pairs[i].ring);
	free(handoff->pairs);
	free(handoff->senders);
	free(handoff);
}

static void add(_Atomic uint64_t *counter, uint64_t n)
{
	uint64_t was = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, was + n, memory_order_relaxed);
}

static void send_queue(struct sender *sender, struct lane_to *pair)
{
	uint32_t sent = ring_push_burst(pair->ring, (void *const *)pair->queue, pair->n);

	add(&pair->passed, sent);
	if (sent < pair->n) {
		add(&pair->full, pair->n - sent);
		sender->lost += pair->n - sent;
		rte_pktmbuf_free_bulk(pair->queue + sent, pair->n - sent);
	}
	pair->n = 0;
}

void handoff_put(struct handoff *handoff, uint32_t from, uint32_t to, struct rte_mbuf *m,
	const struct packet *p, enum handoff_to where)
{
	struct lane_to *pair = pair_of(handoff, from, to);
	struct handoff_area *area = rte_mbuf_to_priv(m);

	area->packet = *p;
	area->to = where;
	pair->queue[pair->n++] = m;
	if (pair->n == SEND)
		send_queue(&handoff->senders[from], pair);
}

uint32_t handoff_flush(struct handoff *handoff, uint32_t from)
{
	struct sender *sender = &handoff->senders[from];
	uint32_t lost;

	for (uint32_t to = 0; to < handoff->n; to++)
		if (pair_of(handoff, from, to)->n > 0)
			send_queue(sender, pair_of(handoff, from, to));
	lost = sender->lost;
	sender->lost = 0;
	return lost;
}

uint32_t handoff_take(struct handoff *handoff, uint32_t from, uint32_t to,
	struct rte_mbuf **mbufs, uint32_t n)
{
	return ring_pop_burst(pair_of(handoff, from, to)->ring, (void **)mbufs, n);
}

struct handoff_pair handoff_pair(const struct handoff *handoff, uint32_t from, uint32_t to)
{
	const struct lane_to *pair = pair_of(handoff, from, to);

	return (struct handoff_pair){
		ring_count(pair->ring),
		atomic_load_explicit(&pair->passed, memory_order_relaxed),
		atomic_load_explicit(&pair->full, memory_order_relaxed),
	};
}
