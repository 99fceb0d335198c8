#include "dataplane/live/handoff.h"

#include "config/thread/ring.h"
#include "decap/counters/shared.h"

#include <rte_mbuf.h>

#include <stddef.h>

enum {
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
_Static_assert(PART == 2 * CACHE_LINE, "each further line is a trip to the other processor");

struct handoff_slot {
	_Alignas(CACHE_LINE) char part[PART];
};

/* One ordered pair. What the sender has seen to be taken it has freed. */
struct lane_to {
	struct ring ring;
	/* What both read. */
	struct handoff_slot *slots;
	struct rte_mbuf **mbufs; /* NULL: kept by the taker, who looks here for nothing else */
	/* The sender's. */
	_Alignas(CACHE_LINE) uint64_t flushed, lost;
	_Atomic uint64_t full; /* read by others */
};

struct handoff {
	uint32_t n;
	struct lane_to *pairs; /* n rows of the pairs of one sender */
};

static struct lane_to *pair_of(const struct handoff *handoff, uint32_t from, uint32_t to)
{
	return &handoff->pairs[from * handoff->n + to];
}

static bool pair_init(struct lane_to *pair)
{
	pair->slots = cache_line_alloc(HANDOFF_RING * sizeof(*pair->slots));
	pair->mbufs = cache_line_alloc(HANDOFF_RING * sizeof(*pair->mbufs));
	return pair->slots && pair->mbufs;
}

struct handoff *handoff_create(uint32_t n_workers)
{
	struct handoff *handoff = calloc(1, sizeof(*handoff));
	bool ok;

	if (!handoff)
		return NULL;
	handoff->n = n_workers;
	handoff->pairs =
		cache_line_alloc((size_t)n_workers * n_workers * sizeof(*handoff->pairs));
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

/* From position `at` on, as far as the taker is seen to be. */
static void free_from(struct lane_to *pair, uint64_t at)
{
	while (at != pair->ring.seen_taken) {
		uint32_t place = (uint32_t)at & PLACES;
		uint64_t n =
			RTE_MIN(pair->ring.seen_taken - at, (uint64_t)HANDOFF_RING - place);

		rte_pktmbuf_free_bulk(&pair->mbufs[place], (unsigned)n);
		at += n;
	}
}

static void free_taken(struct lane_to *pair)
{
	uint64_t freed = pair->ring.seen_taken;

	ring_see_taken(&pair->ring);
	free_from(pair, freed);
}

static uint64_t room(struct lane_to *pair, uint32_t wanted)
{
	const struct ring *ring = &pair->ring;

	if (ring->put - ring->seen_taken + wanted > HANDOFF_RING)
		free_taken(pair);
	return HANDOFF_RING - (ring->put - ring->seen_taken);
}

/* Slots were last used by the other processor, so each line is a trip there. `write` as
 * __builtin_prefetch() has it. */
#define ask_for(at, write) \
	for (size_t line_ = 0; line_ < PART; line_ += CACHE_LINE) \
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
	uint32_t at = (uint32_t)pair->ring.put & PLACES;

	if (room(pair, 1) == 0) {
		pair->lost++;
		shared_add(&pair->full, 1);
		rte_pktmbuf_free(m);
		return;
	}
	ask_for(&pair->slots[(at + AHEAD) & PLACES], 1);
	slot_write(&pair->slots[at], p, where);
	pair->mbufs[at] = m;
	pair->ring.put++;
}

void handoff_send(struct handoff *handoff, uint32_t from)
{
	for (uint32_t to = 0; to < handoff->n; to++)
		if (to != from)
			ring_send(&pair_of(handoff, from, to)->ring);
}

/* Each look at where the taker is costs a trip there; so only for many, or when there is time. */
static void free_many(struct lane_to *pair)
{
	const struct ring *ring = &pair->ring;
	uint64_t held = ring->put - ring->seen_taken;

	if (held >= HANDOFF_LATE || (held > 0 && ring->put == pair->flushed))
		free_taken(pair);
	pair->flushed = ring->put;
}

uint32_t handoff_flush(struct handoff *handoff, uint32_t from)
{
	uint64_t lost = 0;

	for (uint32_t to = 0; to < handoff->n; to++) {
		struct lane_to *pair = pair_of(handoff, from, to);

		if (to == from)
			continue;
		ring_send(&pair->ring);
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

bool handoff_has_burst(const struct handoff *handoff, uint32_t to)
{
	uint64_t sum = 0;

	for (uint32_t from = 0; from < handoff->n; from++) {
		const struct ring *ring = &pair_of(handoff, from, to)->ring;

		sum += ring->seen_sent - ring->got;
	}
	return sum >= BURST_MAX;
}

struct handoff_taken handoff_take(struct handoff *handoff, uint32_t from, uint32_t to,
	struct packet *packets, uint32_t *numbers, uint64_t free)
{
	struct lane_to *pair = pair_of(handoff, from, to);
	uint32_t places = (uint32_t)__builtin_popcountll(free);
	uint32_t n = (uint32_t)RTE_MIN(ring_available(&pair->ring, places), places);
	uint64_t rest = free, fragments = 0;

	for (uint32_t k = 0; k < n && k < AHEAD; k++)
		ask_for(&pair->slots[(pair->ring.got + k) & PLACES], 0);
	for (uint32_t k = 0; k < n; k++, rest &= rest - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(rest);
		uint32_t at = (uint32_t)pair->ring.got++ & PLACES;

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
	for (uint32_t from = 0; from < handoff->n; from++)
		ring_done(&pair_of(handoff, from, to)->ring);
}

uint64_t handoff_empty(struct handoff *handoff)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < handoff->n * handoff->n; i++) {
		struct ring *ring = &handoff->pairs[i].ring;

		sum += ring->put - ring->got;
		ring->got = ring->put;
		ring_send(ring);
		ring_done(ring);
		free_taken(&handoff->pairs[i]);
	}
	return sum;
}

struct handoff_pair handoff_pair(const struct handoff *handoff, uint32_t from, uint32_t to)
{
	const struct lane_to *pair = pair_of(handoff, from, to);

	return (struct handoff_pair){
		(uint32_t)ring_fill(&pair->ring, HANDOFF_RING),
		shared_get(&pair->ring.sent),
		shared_get(&pair->full),
	};
}
