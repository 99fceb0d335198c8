#include "dataplane/output/packet_queue.h"

#include "config/thread/ring.h"
#include "dataplane/pipeline/record.h"
#include "dataplane/port/port.h"
#include "decap/counters/shared.h"

#include <rte_mbuf.h>
#include <stdlib.h>

enum {
	LARGE_MIN = 8,  /* that a worker may have in its ring, however many workers there are */
	MBUF_AHEAD = 8, /* packets asked for before they are taken */
};

struct entry {
	struct rte_mbuf *m;
	struct packet_record record;
};

/* One worker's way in. */
struct way {
	struct ring ring;
	struct entry *entries;
	uint64_t large_put;                                /* the worker's */
	_Alignas(CACHE_LINE) _Atomic uint64_t large_taken; /* the thread's */
};

struct packet_queue {
	uint32_t n_workers, room, large_room; /* of one way */
	struct way *ways;
};

uint32_t packet_queue_room(uint32_t asked)
{
	uint32_t room = BURST_MAX;

	while (room < asked)
		room *= 2;
	return room;
}

struct packet_queue *packet_queue_create(uint32_t room, uint32_t n_workers)
{
	struct packet_queue *queue = calloc(1, sizeof(*queue));
	uint32_t large = PACKET_QUEUE_LARGE / n_workers;
	bool ok;

	if (!queue)
		return NULL;
	queue->room = room;
	queue->large_room = large > LARGE_MIN ? large : LARGE_MIN;
	queue->ways = cache_line_alloc(n_workers * sizeof(*queue->ways));
	ok = queue->ways != NULL;
	for (uint32_t i = 0; ok && i < n_workers; i++) {
		struct way *way = &queue->ways[queue->n_workers++];

		way->entries = calloc(room, sizeof(*way->entries));
		ok = way->entries != NULL;
	}
	if (ok)
		return queue;
	packet_queue_destroy(queue);
	return NULL;
}

/* --- a worker --- */

/* A port has few large buffers: they are not for a queue to hold. */
static bool may_hold(
	const struct packet_queue *queue, struct way *way, const struct rte_mbuf *m)
{
	if (!port_is_large(m))
		return true;
	if (way->large_put - shared_get(&way->large_taken) >= queue->large_room)
		return false;
	way->large_put++;
	return true;
}

/* Packet `i`; there is room. The reference comes first: once it is sent, the thread may give its own back. */
static void put(const struct packet_queue *queue, struct way *way,
	const struct packet_burst *burst, uint32_t i, const uint32_t *keep, bool shares)
{
	struct entry *entry = &way->entries[way->ring.put++ & (queue->room - 1)];

	entry->m = burst->mbufs[i];
	entry->record = record_of(&burst->packets[i], burst->why[i]);
	if (keep)
		entry->record.cap = keep[i];
	if (shares)
		rte_mbuf_refcnt_update(entry->m, 1);
}

uint64_t packet_queue_put(struct packet_queue *queue, uint32_t worker,
	const struct packet_burst *burst, uint64_t want, const uint32_t *keep, bool shares)
{
	struct way *way = &queue->ways[worker];
	uint64_t kept = 0, room;

	room = ring_room(&way->ring, queue->room, (uint64_t)__builtin_popcountll(want));
	for (uint64_t rest = want; rest && room > 0; rest &= rest - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(rest);

		if (!may_hold(queue, way, burst->mbufs[i]))
			continue;
		put(queue, way, burst, i, keep, shares);
		kept |= UINT64_C(1) << i;
		room--;
	}
	ring_send(&way->ring);
	return kept;
}

/* --- the thread --- */

/* Worker and thread are not on one processor: each packet's bytes are far away. */
static void ask_for(const struct entry *entry)
{
	rte_prefetch0(entry->record.frame);
	rte_prefetch0(entry->record.frame + RTE_CACHE_LINE_SIZE);
}

static struct entry *entry_at(
	const struct packet_queue *queue, const struct way *way, uint32_t i)
{
	return &way->entries[(way->ring.got + i) & (queue->room - 1)];
}

/* Of the next `n` packets, which are not the worker's until ring_done(); returns how many were taken. */
static uint32_t take_some(const struct packet_queue *queue, const struct way *way, uint32_t n,
	const struct packet_taker *taker)
{
	for (uint32_t i = 0; i < n; i++) {
		if (i + MBUF_AHEAD < n)
			ask_for(entry_at(queue, way, i + MBUF_AHEAD));
		if (!taker->take(taker->ctx, &entry_at(queue, way, i)->record))
			return i;
	}
	return n;
}

static void release(const struct packet_queue *queue, struct way *way, uint32_t n)
{
	struct rte_mbuf *mbufs[BURST_MAX];
	uint64_t large = 0;

	for (uint32_t i = 0; i < n; i++) {
		mbufs[i] = entry_at(queue, way, i)->m;
		large += port_is_large(mbufs[i]);
	}
	rte_pktmbuf_free_bulk(mbufs, n);
	if (large > 0)
		shared_add(&way->large_taken, large);
	way->ring.got += n;
	ring_done(&way->ring);
}

static uint32_t burst_of(struct way *way)
{
	return (uint32_t)RTE_MIN(ring_available(&way->ring, 1), (uint64_t)BURST_MAX);
}

uint32_t packet_queue_take(struct packet_queue *queue, const struct packet_taker *taker)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < queue->n_workers; i++) {
		struct way *way = &queue->ways[i];
		uint32_t n = take_some(queue, way, burst_of(way), taker);

		if (n > 0)
			release(queue, way, n);
		sum += n;
	}
	return sum;
}

uint64_t packet_queue_drop(struct packet_queue *queue)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < queue->n_workers; i++) {
		struct way *way = &queue->ways[i];
		uint32_t n;

		for (; (n = burst_of(way)) > 0; sum += n)
			release(queue, way, n);
	}
	return sum;
}

void packet_queue_destroy(struct packet_queue *queue)
{
	if (!queue)
		return;
	packet_queue_drop(queue);
	for (uint32_t i = 0; i < queue->n_workers; i++)
		free(queue->ways[i].entries);
	free(queue->ways);
	free(queue);
}

/* --- looking --- */

uint32_t packet_queue_fill(const struct packet_queue *queue, uint32_t *size)
{
	uint64_t waiting = 0;

	*size = queue->n_workers * queue->room;
	for (uint32_t i = 0; i < queue->n_workers; i++)
		waiting += ring_fill(&queue->ways[i].ring, queue->room);
	return (uint32_t)waiting;
}
