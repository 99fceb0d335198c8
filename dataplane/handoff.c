#include "dataplane/handoff.h"

#include "dataplane/ring.h"

#include <rte_mbuf.h>

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
	LINE = 64,
	SEND = 32, /* packets at once, when there are so many */
	/* What of a packet is handed over; the rest is found anew, or comes after. */
	PART = offsetof(struct packet, config),
	SLOT = (PART + LINE - 1) / LINE * LINE,
	MASK = HANDOFF_RING - 1,
	AHEAD = 8, /* slots asked for before they are needed */
};

_Static_assert((HANDOFF_RING & MASK) == 0, "positions are masked");

struct slot {
	_Alignas(LINE) char part[SLOT];
};

/* One ordered pair. Positions count packets and never wrap; three lines, so that neither end writes
 * where the other one works. */
struct lane_to {
	/* The sender's. */
	_Alignas(LINE) uint64_t put, seen_taken, lost;
	/* Written by the sender once a burst, and read by others. */
	_Alignas(LINE) _Atomic uint64_t sent;
	_Atomic uint64_t passed, full;
	/* The taker's. */
	_Alignas(LINE) _Atomic uint64_t taken;
	struct slot *slots;
	/* With HANDOFF_TO_FRAGMENT in the lowest bit, which an mbuf's address leaves free. */
	uintptr_t *mbufs;
	struct ring *back;
};

struct handoff {
	uint32_t n;
	struct lane_to *pairs; /* n rows of the pairs of one sender */
};

static struct lane_to *pair_of(const struct handoff *handoff, uint32_t from, uint32_t to)
{
	return &handoff->pairs[from * handoff->n + to];
}

static void *zeroed(size_t n, size_t size)
{
	void *memory = aligned_alloc(LINE, RTE_ALIGN_CEIL(n * size, LINE));

	if (memory)
		memset(memory, 0, n * size);
	return memory;
}

static bool pair_init(struct lane_to *pair)
{
	pair->slots = zeroed(HANDOFF_RING, sizeof(*pair->slots));
	pair->mbufs = zeroed(HANDOFF_RING, sizeof(*pair->mbufs));
	pair->back = ring_create(HANDOFF_BACK);
	return pair->slots && pair->mbufs && pair->back;
}

struct handoff *handoff_create(uint32_t n_workers)
{
	struct handoff *handoff = calloc(1, sizeof(*handoff));
	bool ok;

	if (!handoff)
		return NULL;
	handoff->n = n_workers;
	handoff->pairs = zeroed((size_t)n_workers * n_workers, sizeof(*handoff->pairs));
	ok = handoff->pairs != NULL;
	for (uint32_t i = 0; ok && i < n_workers * n_workers; i++)
		if (i / n_workers != i % n_workers)
			ok = pair_init(&handoff->pairs[i]);
	if (ok)
		return handoff;
	handoff_destroy(handoff);
	return NULL;
}

void handoff_destroy(struct handoff *handoff)
{
	if (!handoff)
		return;
	for (uint32_t i = 0; handoff->pairs && i < handoff->n * handoff->n; i++) {
		free(handoff->pairs[i].slots);
		free(handoff->pairs[i].mbufs);
		ring_destroy(handoff->pairs[i].back);
	}
	free(handoff->pairs);
	free(handoff);
}

static void add(_Atomic uint64_t *counter, uint64_t n)
{
	uint64_t was = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, was + n, memory_order_relaxed);
}

static void send(struct lane_to *pair)
{
	uint64_t sent = atomic_load_explicit(&pair->sent, memory_order_relaxed);

	if (sent == pair->put)
		return;
	add(&pair->passed, pair->put - sent);
	atomic_store_explicit(&pair->sent, pair->put, memory_order_release);
}

/* Looks where the taker is only when what was seen last is not enough. */
static uint32_t room(struct lane_to *pair, uint32_t wanted)
{
	if (pair->put - pair->seen_taken + wanted > HANDOFF_RING)
		pair->seen_taken = atomic_load_explicit(&pair->taken, memory_order_acquire);
	return HANDOFF_RING - (uint32_t)(pair->put - pair->seen_taken);
}

/* Slots were last used by the other processor, so each line is a trip there. `write` as
 * __builtin_prefetch() has it. */
#define ask_for(slot, write) \
	for (size_t line_ = 0; line_ < SLOT; line_ += LINE) \
	__builtin_prefetch((slot)->part + line_, write)

void handoff_put(struct handoff *handoff, uint32_t from, uint32_t to, struct rte_mbuf *m,
	const struct packet *p, enum handoff_to where)
{
	struct lane_to *pair = pair_of(handoff, from, to);
	uint32_t at = (uint32_t)pair->put & MASK;
	uintptr_t marked = (uintptr_t)m | (where == HANDOFF_TO_FRAGMENT);

	if (room(pair, 1) == 0) {
		pair->lost++;
		add(&pair->full, 1);
		rte_pktmbuf_free(m);
		return;
	}
	ask_for(&pair->slots[(at + AHEAD) & MASK], 1);
	memcpy(pair->slots[at].part, p, PART);
	pair->mbufs[at] = marked;
	pair->put++;
	if (pair->put % SEND == 0)
		send(pair);
}

static void free_returned(struct lane_to *pair)
{
	struct rte_mbuf *mbufs[BURST_MAX];
	uint32_t n;

	do {
		n = ring_pop_burst(pair->back, (void **)mbufs, BURST_MAX);
		rte_pktmbuf_free_bulk(mbufs, n);
	} while (n == BURST_MAX);
}

uint32_t handoff_flush(struct handoff *handoff, uint32_t from)
{
	uint64_t lost = 0;

	for (uint32_t to = 0; to < handoff->n; to++) {
		struct lane_to *pair = pair_of(handoff, from, to);

		if (to == from)
			continue;
		send(pair);
		free_returned(pair);
		lost += pair->lost;
		pair->lost = 0;
	}
	return (uint32_t)lost;
}

bool handoff_is_tight(struct handoff *handoff, uint32_t from)
{
	for (uint32_t to = 0; to < handoff->n; to++)
		if (to != from && room(pair_of(handoff, from, to), BURST_MAX) < BURST_MAX)
			return true;
	return false;
}

uint32_t handoff_take(struct handoff *handoff, uint32_t from, uint32_t to,
	struct packet *packets, struct rte_mbuf **mbufs, uint32_t n, uint64_t *fragments)
{
	struct lane_to *pair = pair_of(handoff, from, to);
	uint64_t taken = atomic_load_explicit(&pair->taken, memory_order_relaxed);
	uint64_t there = atomic_load_explicit(&pair->sent, memory_order_acquire) - taken;

	*fragments = 0;
	n = there < n ? (uint32_t)there : n;
	for (uint32_t i = 0; i < n && i < AHEAD; i++)
		ask_for(&pair->slots[(taken + i) & MASK], 0);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = (uint32_t)(taken + i) & MASK;
		uintptr_t marked = pair->mbufs[at];

		if (i + AHEAD < n)
			ask_for(&pair->slots[(taken + i + AHEAD) & MASK], 0);
		memcpy(&packets[i], pair->slots[at].part, PART);
		packets[i].config = NULL;
		packets[i].row = NULL;
		packets[i].flow = NULL;
		packets[i].flow_id = 0;
		mbufs[i] = (struct rte_mbuf *)(marked & ~(uintptr_t)1);
		*fragments |= (uint64_t)(marked & 1) << i;
	}
	if (n > 0)
		atomic_store_explicit(&pair->taken, taken + n, memory_order_release);
	return n;
}

void handoff_give_back(struct handoff *handoff, uint32_t from, uint32_t to,
	struct rte_mbuf **mbufs, uint32_t n)
{
	struct ring *back = pair_of(handoff, from, to)->back;
	uint32_t gone = n > 0 ? ring_push_burst(back, (void *const *)mbufs, n) : 0;

	rte_pktmbuf_free_bulk(mbufs + gone, n - gone);
}

static uint64_t empty_pair(struct handoff *handoff, uint32_t from, uint32_t to)
{
	struct packet packets[BURST_MAX];
	struct rte_mbuf *mbufs[BURST_MAX];
	uint64_t fragments, sum = 0;
	uint32_t n;

	send(pair_of(handoff, from, to));
	do {
		n = handoff_take(handoff, from, to, packets, mbufs, BURST_MAX, &fragments);
		rte_pktmbuf_free_bulk(mbufs, n);
		sum += n;
	} while (n > 0);
	free_returned(pair_of(handoff, from, to));
	return sum;
}

uint64_t handoff_empty(struct handoff *handoff)
{
	uint64_t sum = 0;

	for (uint32_t from = 0; from < handoff->n; from++)
		for (uint32_t to = 0; to < handoff->n; to++)
			if (from != to)
				sum += empty_pair(handoff, from, to);
	return sum;
}

struct handoff_pair handoff_pair(const struct handoff *handoff, uint32_t from, uint32_t to)
{
	const struct lane_to *pair = pair_of(handoff, from, to);
	uint64_t taken = atomic_load_explicit(&pair->taken, memory_order_acquire);
	uint64_t fill = atomic_load_explicit(&pair->sent, memory_order_acquire) - taken;

	return (struct handoff_pair){
		/* Not read at one time: the taker may have gone on meanwhile. */
		fill < HANDOFF_RING ? (uint32_t)fill : HANDOFF_RING,
		atomic_load_explicit(&pair->passed, memory_order_relaxed),
		atomic_load_explicit(&pair->full, memory_order_relaxed),
	};
}
