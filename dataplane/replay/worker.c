#include "dataplane/replay/worker.h"

#include "config/log/now.h"
#include "config/thread/backoff.h"
#include "config/thread/ring.h"
#include "config/thread/thread.h"
#include "dataplane/pipeline/record.h"
#include "decap/touch.h"
#include "inspect/flow/flow.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"

enum {
	/* Flow slots looked at for expiry with each block: at 1,024 packets a block, a table of a
	 * million flows is gone round once in a quarter of a million packets. */
	EXPIRE_SLOTS = 4096,
};

/* When all slots were looked at, there is nothing to find until the clock has gone on. */
#define EXPIRE_PAUSE_NS NS_PER_S

/* What of a packet is known after decap; the rest is the lane's. */
enum { PACKET_DECAPPED = offsetof(struct packet, key) + sizeof(struct session_key) };

struct worker {
	struct lane *lane;
	struct writer *writer;
	struct correlator *correlator;
	uint32_t index;
	struct ring *ring;
	struct block **ring_blocks;
	uint32_t ring_size;
	uint64_t returned; /* the reader's: blocks that it has back */
	struct thread thread;
	struct packet packets[BURST_MAX];
	enum reason why[BURST_MAX];
	uint64_t blocks;         /* got so far: every worker gets all, in the same order */
	uint32_t expire_left;    /* slots of this round of expiry */
	uint64_t expire_next_ns; /* horizon at which another round begins */
};

static void fill_mark(const struct record_bounds *bounds, struct mark *mark,
	const struct packet *p, enum reason why)
{
	mark->least = RECORD_NONE;
	if (record_wants(RECORD_ACCEPTED, why))
		mark->least = RECORD_ACCEPTED;
	else if (record_wants(RECORD_ALL, why))
		mark->least = RECORD_ALL;
	if (mark->least == RECORD_NONE)
		return;
	mark->packet = record_of(p, why);
	mark->keep = record_kept(bounds, p, why);
}

static uint64_t not_mirror(const struct lane *lane)
{
	return lane->ledger.reasons[REASON_not_udp] + lane->ledger.reasons[REASON_other_port];
}

/* What is not inspected begins no flow: it is looked at here. */
static void __attribute__((noinline)) look_at_others(
	struct lane *lane, const struct packet *packets, uint32_t n, const enum reason *why)
{
	for (uint32_t i = 0; i < n; i++) {
		struct packet p = packets[i];

		if ((why[i] == REASON_not_udp || why[i] == REASON_other_port) &&
			decap_plain(&p) == REASON_inspected)
			other_encap_look(&lane->other_encap, &p);
	}
}

/* Three lines a packet, which the reader's processor has written. */
static void take(
	struct worker *worker, const struct block *block, const uint16_t *slots, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const char *p = (const char *)&block->packets[slots[i]];

		touch(p);
		touch(p + 64);
		touch(p + PACKET_DECAPPED - 1);
	}
	for (uint32_t i = 0; i < n; i++) {
		memcpy(&worker->packets[i], &block->packets[slots[i]], PACKET_DECAPPED);
		worker->why[i] = block->why[slots[i]];
	}
}

static void run_burst(
	struct worker *worker, struct block *block, const uint16_t *slots, uint32_t n)
{
	uint64_t others = not_mirror(worker->lane);
	struct pipeline_burst burst = pipeline_own(worker->packets, n, worker->why);

	burst.decapsulated = true;
	take(worker, block, slots, n);
	pipeline_run(worker->lane, &burst, block->horizon_ns);
	if (not_mirror(worker->lane) != others)
		look_at_others(worker->lane, worker->packets, n, worker->why);
	for (uint32_t i = 0; block->marks && i < n; i++)
		fill_mark(&worker->lane->record, &block->marks[slots[i]], &worker->packets[i],
			worker->why[i]);
	for (uint32_t i = 0; block->index && i < n; i++)
		block->index->flows[slots[i]] =
			record_index_flow(&worker->packets[i], worker->why[i]);
}

/* A slice of expiry: it only reclaims memory, so when it runs changes no result. */
static void expire(struct worker *worker, uint64_t horizon_ns)
{
	struct flow_table *flows = worker->lane->flows;
	uint32_t slots;

	if (worker->expire_left == 0) {
		if (horizon_ns < worker->expire_next_ns)
			return;
		worker->expire_left = flow_table_stats(flows)->peak;
		worker->expire_next_ns = horizon_ns + EXPIRE_PAUSE_NS;
	}
	slots = worker->expire_left < EXPIRE_SLOTS ? worker->expire_left : EXPIRE_SLOTS;
	flow_table_expire(flows, horizon_ns, slots);
	worker->expire_left -= slots;
}

static void run_block(struct worker *worker, struct block *block)
{
	const uint16_t *slots = block_owned(block, worker->index);
	uint32_t left = block->n_owned[worker->index];

	lane_number(worker->lane, ++worker->blocks);
	lane_tick(worker->lane, block->horizon_ns);
	if (block->rewind_ns) {
		flow_table_expire_all(worker->lane->flows, block->rewind_ns);
		worker->expire_next_ns = 0;
	}
	lane_close_windows(worker->lane, block->horizon_ns);
	while (left > 0) {
		uint32_t n = left < BURST_MAX ? left : BURST_MAX;

		run_burst(worker, block, slots, n);
		slots += n;
		left -= n;
	}
	if (block->last)
		lane_end(worker->lane, block->horizon_ns, FLOW_END_OF_INPUT);
	else
		expire(worker, block->horizon_ns);
}

static void worker_main(void *arg)
{
	struct worker *worker = arg;
	struct backoff backoff = {0};
	bool last = false;

	while (!last) {
		struct block *block;

		if (ring_available(worker->ring, 1) == 0) {
			backoff_wait(&backoff);
			continue;
		}
		backoff_reset(&backoff);
		block = worker->ring_blocks[worker->ring->got % worker->ring_size];
		run_block(worker, block);
		last = block->last;
		correlator_flush(
			worker->correlator, worker->index, last ? UINT64_MAX : worker->blocks);
		if (last && worker->writer)
			writer_flush(worker->writer, worker->index);
		worker->ring->got++;
		ring_done(worker->ring);
	}
}

struct worker *worker_start(struct lane *lane, uint32_t index, struct writer *writer,
	struct correlator *correlator, uint32_t max_blocks, struct error *error)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	char name[THREAD_NAME];

	error_set(error, "could not start worker %u", index);
	if (!worker)
		return NULL;
	worker->lane = lane;
	worker->index = index;
	worker->writer = writer;
	worker->correlator = correlator;
	worker->ring = cache_line_alloc(sizeof(*worker->ring));
	worker->ring_size = max_blocks;
	worker->ring_blocks = calloc(max_blocks, sizeof(*worker->ring_blocks));
	snprintf(name, sizeof(name), "worker %u", index);
	if (worker->ring && worker->ring_blocks &&
		thread_start(&worker->thread, name, worker_main, worker, error) == 0)
		return worker;
	worker_stop(worker);
	return NULL;
}

void worker_send(struct worker *worker, struct block *block)
{
	worker->ring_blocks[worker->ring->put++ % worker->ring_size] = block;
	ring_send(worker->ring);
}

struct block *worker_done(struct worker *worker)
{
	if (worker->returned == worker->ring->seen_taken)
		ring_see_taken(worker->ring);
	if (worker->returned == worker->ring->seen_taken)
		return NULL;
	return worker->ring_blocks[worker->returned++ % worker->ring_size];
}

void worker_stop(struct worker *worker)
{
	thread_join(&worker->thread);
	free(worker->ring);
	free(worker->ring_blocks);
	free(worker);
}
