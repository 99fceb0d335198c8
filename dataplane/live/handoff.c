#include "dataplane/live/handoff.h"

#include <rte_mbuf.h>

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
	LINE = 64,
	/* What of a packet is handed over; the rest is found anew, or comes after. */
	PART_BEGIN = offsetof(struct packet, time_ns),
	PART_END = offsetof(struct packet, key) + sizeof(struct session_key),
	PART = PART_END - PART_BEGIN,
	FLAGS = offsetof(struct packet, flags) - PART_BEGIN,
	PLACES = HANDOFF_RING - 1,
	AHEAD = 8, /* slots asked for before they are needed */
};

_Static_assert((HANDOFF_RING & PLACES) == 0, "positions are masked");
/* In the flags of a packet under way: HANDOFF_TO_FRAGMENT. */
enum { MARK = 1 << 15 };

_Static_assert((int)PACKET_FIRST_AHEAD < MARK, "flags of packets are below");
_Static_assert(PART == 2 * LINE, "each further line is a trip to the other processor");

struct handoff_slot {
	_Alignas(LINE) char part[PART];
};

/* One ordered pair. Positions count packets and never wrap; a line each for what one end writes and
 * the other one reads. */
struct lane_to {
	/* What both read. */
	_Alignas(LINE) struct handoff_slot *slots;
	struct rte_mbuf **mbufs; /* NULL: kept by the taker, who looks here for nothing else */
	/* The sender's. freed <= taken <= got <= sent <= put. */
	_Alignas(LINE) uint64_t put, freed, flushed, lost;
	/* Written by the sender once a burst, and read by others. */
	_Alignas(LINE) _Atomic uint64_t sent;
	_Atomic uint64_t full;
	/* The taker's. */
	_Alignas(LINE) uint64_t got, seen_sent;
	/* Written by the taker once a burst, and read by others. */
	_Alignas(LINE) _Atomic uint64_t taken;
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
	return pair->slots && pair->mbufs;
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
	if (pair->put != atomic_load_explicit(&pair->sent, memory_order_relaxed))
		atomic_store_explicit(&pair->sent, pair->put, memory_order_release);
}

/* Up to position `end`. */
static void free_until(struct lane_to *pair, uint64_t end)
{
	while (pair->freed != end) {
		uint32_t at = (uint32_t)pair->freed & PLACES;
		uint64_t n = RTE_MIN(end - pair->freed, (uint64_t)HANDOFF_RING - at);

		rte_pktmbuf_free_bulk(&pair->mbufs[at], (unsigned)n);
		pair->freed += n;
	}
}

static void free_done(struct lane_to *pair)
{
	if (pair->freed != pair->put)
		free_until(pair, atomic_load_explicit(&pair->taken, memory_order_acquire));
}

/* Looks where the taker is only when what was seen last is not enough. */
static uint32_t room(struct lane_to *pair, uint32_t wanted)
{
	if (pair->put - pair->freed + wanted > HANDOFF_RING)
		free_done(pair);
	return HANDOFF_RING - (uint32_t)(pair->put - pair->freed);
}

/* Slots were last used by the other processor, so each line is a trip there. `write` as
 * __builtin_prefetch() has it. */
#define ask_for(at, write) \
	for (size_t line_ = 0; line_ < PART; line_ += LINE) \
	__builtin_prefetch((at)->part + line_, write)

static void slot_write(struct handoff_slot *slot, const struct packet *p, enum handoff_to where)
{
	uint16_t flags = (uint16_t)(p->flags | MARK);

	memcpy(slot->part, (const char *)p + PART_BEGIN, PART);
	if (where == HANDOFF_TO_FRAGMENT)
		memcpy(slot->part + FLAGS, &flags, sizeof(flags));
}

/* Returns whether it goes on as HANDOFF_TO_FRAGMENT. What is not handed over is as if the packet had
 * come without its encapsulation. */
static bool slot_read(const struct handoff_slot *slot, struct packet *p)
{
	bool marked;

	memcpy((char *)p + PART_BEGIN, slot->part, PART);
	p->data = p->frame;
	p->cap = p->frame_cap;
	p->wire = p->frame_wire;
	p->link = p->frame_link;
	marked = p->flags & MARK;
	p->flags &= (uint16_t)~MARK;
	return marked;
}

void handoff_put(struct handoff *handoff, uint32_t from, uint32_t to, struct rte_mbuf *m,
	const struct packet *p, enum handoff_to where)
{
	struct lane_to *pair = pair_of(handoff, from, to);
	uint32_t at = (uint32_t)pair->put & PLACES;

	if (room(pair, 1) == 0) {
		pair->lost++;
		add(&pair->full, 1);
		rte_pktmbuf_free(m);
		return;
	}
	ask_for(&pair->slots[(at + AHEAD) & PLACES], 1);
	slot_write(&pair->slots[at], p, where);
	pair->mbufs[at] = m;
	pair->put++;
}

void handoff_send(struct handoff *handoff, uint32_t from)
{
	for (uint32_t to = 0; to < handoff->n; to++)
		if (to != from)
			send(pair_of(handoff, from, to));
}

/* Each look at where the taker is costs a trip there; so only for many, or when there is time. */
static void free_many(struct lane_to *pair)
{
	if (pair->put == pair->flushed || pair->put - pair->freed >= HANDOFF_LATE)
		free_done(pair);
	pair->flushed = pair->put;
}

uint32_t handoff_flush(struct handoff *handoff, uint32_t from)
{
	uint64_t lost = 0;

	for (uint32_t to = 0; to < handoff->n; to++) {
		struct lane_to *pair = pair_of(handoff, from, to);

		if (to == from)
			continue;
		send(pair);
		free_many(pair);
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

/* Looks where the sender is only when what was seen last is not enough. */
static uint32_t there(struct lane_to *pair, uint32_t wanted)
{
	if (pair->seen_sent - pair->got < wanted)
		pair->seen_sent = atomic_load_explicit(&pair->sent, memory_order_acquire);
	return (uint32_t)RTE_MIN(pair->seen_sent - pair->got, wanted);
}

bool handoff_has_burst(const struct handoff *handoff, uint32_t to)
{
	uint64_t sum = 0;

	for (uint32_t from = 0; from < handoff->n; from++) {
		const struct lane_to *pair = pair_of(handoff, from, to);

		sum += pair->seen_sent - pair->got;
	}
	return sum >= BURST_MAX;
}

struct handoff_taken handoff_take(struct handoff *handoff, uint32_t from, uint32_t to,
	struct packet *packets, uint32_t *numbers, uint64_t free)
{
	struct lane_to *pair = pair_of(handoff, from, to);
	uint32_t n = there(pair, (uint32_t)__builtin_popcountll(free));
	uint64_t rest = free, fragments = 0;

	for (uint32_t k = 0; k < n && k < AHEAD; k++)
		ask_for(&pair->slots[(pair->got + k) & PLACES], 0);
	for (uint32_t k = 0; k < n; k++, rest &= rest - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(rest);
		uint32_t at = (uint32_t)pair->got++ & PLACES;

		if (k + AHEAD < n)
			ask_for(&pair->slots[(at + AHEAD) & PLACES], 0);
		fragments |= (uint64_t)slot_read(&pair->slots[at], &packets[i]) << i;
		numbers[i] = from * HANDOFF_RING + at;
	}
	return (struct handoff_taken){free & ~rest, fragments};
}

struct rte_mbuf *handoff_mbuf(const struct handoff *handoff, uint32_t to, uint32_t number)
{
	return pair_of(handoff, number / HANDOFF_RING, to)->mbufs[number & PLACES];
}

struct rte_mbuf *handoff_keep(struct handoff *handoff, uint32_t to, uint32_t number)
{
	struct rte_mbuf **place =
		&pair_of(handoff, number / HANDOFF_RING, to)->mbufs[number & PLACES];
	struct rte_mbuf *m = *place;

	*place = NULL;
	return m;
}

void handoff_done(struct handoff *handoff, uint32_t to)
{
	for (uint32_t from = 0; from < handoff->n; from++) {
		struct lane_to *pair = pair_of(handoff, from, to);

		if (pair->got != atomic_load_explicit(&pair->taken, memory_order_relaxed))
			atomic_store_explicit(&pair->taken, pair->got, memory_order_release);
	}
}

uint64_t handoff_empty(struct handoff *handoff)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < handoff->n * handoff->n; i++) {
		struct lane_to *pair = &handoff->pairs[i];

		sum += pair->put - pair->got;
		free_until(pair, pair->put);
		pair->got = pair->put;
		send(pair);
		atomic_store_explicit(&pair->taken, pair->put, memory_order_release);
	}
	return sum;
}

struct handoff_pair handoff_pair(const struct handoff *handoff, uint32_t from, uint32_t to)
{
	const struct lane_to *pair = pair_of(handoff, from, to);
	uint64_t taken = atomic_load_explicit(&pair->taken, memory_order_acquire);
	uint64_t sent = atomic_load_explicit(&pair->sent, memory_order_acquire);
	uint64_t fill = sent - taken;

	return (struct handoff_pair){
		/* Not read at one time: the taker may have gone on meanwhile. */
		fill < HANDOFF_RING ? (uint32_t)fill : HANDOFF_RING,
		sent,
		atomic_load_explicit(&pair->full, memory_order_relaxed),
	};
}
