#include "dataplane/output/recorder.h"

#include "config/log/now.h"
#include "dataplane/output/ring.h"
#include "dataplane/pipeline/record.h"
#include "dataplane/port/port.h"
#include "inspect/packets/packet_files.h"

#include <rte_mbuf.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/log/error.h"

enum {
	LINE = 64,
	LARGE_MIN = 8,  /* that a worker may have in its ring, however many workers there are */
	MBUF_AHEAD = 8, /* packets asked for before they are written */
};

struct entry {
	struct rte_mbuf *m;
	struct packet_record record;
};

/* One worker's way in. Positions count packets and never wrap; each end writes lines of its own. */
struct way {
	/* The worker's alone. */
	_Alignas(LINE) uint64_t put, seen_taken, large_put;
	/* Written by the worker, read by the recorder. */
	_Alignas(LINE) _Atomic uint64_t sent;
	/* Written by the recorder, read by the worker. */
	_Alignas(LINE) _Atomic uint64_t taken;
	_Atomic uint64_t large_taken;
	struct entry *entries;
};

struct recorder {
	const struct settings *settings;
	uint32_t n_workers, room, large_room; /* of one way */
	struct way *ways;
	struct packet_files *files;
	uint64_t flushed_s;
	/* Written by the recorder's thread, read by any: copies of the files' ledger, and packets that were
	 * in the rings when there was no time left. */
	_Atomic uint64_t written, lost_disk, left;
	pthread_t thread;
	bool started;
	/* Written by recorder_stop(), read by the recorder's thread. */
	atomic_bool stop;
	_Atomic uint64_t deadline_ns; /* with `stop` */
};

/* --- start --- */

uint32_t recorder_room(const struct settings *settings)
{
	uint32_t room = BURST_MAX;

	while (room < settings->packets.queue)
		room *= 2;
	return room;
}

struct recorder *recorder_create(const struct settings *settings, uint32_t n_workers)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));
	size_t bytes = n_workers * sizeof(*recorder->ways);
	uint32_t large = RECORDER_LARGE / n_workers;
	bool ok;

	if (!recorder)
		return NULL;
	recorder->settings = settings;
	recorder->room = recorder_room(settings);
	recorder->large_room = large > LARGE_MIN ? large : LARGE_MIN;
	recorder->ways = aligned_alloc(LINE, bytes);
	ok = recorder->ways != NULL;
	if (ok)
		memset(recorder->ways, 0, bytes);
	for (uint32_t i = 0; ok && i < n_workers; i++) {
		struct way *way = &recorder->ways[recorder->n_workers++];

		way->entries = calloc(recorder->room, sizeof(*way->entries));
		ok = way->entries != NULL;
	}
	if (ok)
		return recorder;
	recorder_destroy(recorder);
	return NULL;
}

static void *recorder_main(void *arg);

int recorder_start(struct recorder *recorder, const char *dir, struct error *error)
{
	const struct settings *s = recorder->settings;
	const struct packet_files_params params = {
		.dir = dir,
		.max_file_size = s->packets.max_file_size,
		.max_file_age_ns = s->packets.max_file_age,
		.max_files = s->packets.max_files,
		.max_total_size = s->packets.max_total_size,
	};
	int failed;

	recorder->files = packet_files_open(&params, error);
	if (!recorder->files)
		return -1;
	failed = pthread_create(&recorder->thread, NULL, recorder_main, recorder);
	recorder->started = failed == 0;
	if (failed)
		error_set(error, "no thread for the recorder: %s", strerror(failed));
	return failed ? -1 : 0;
}

/* --- a worker --- */

/* Packets that there is room for, at most `wanted`. Looks where the recorder is only when what was
 * seen last is not enough. */
static uint32_t room_in(const struct recorder *recorder, struct way *way, uint32_t wanted)
{
	uint64_t room = recorder->room - (way->put - way->seen_taken);

	if (room < wanted) {
		way->seen_taken = atomic_load_explicit(&way->taken, memory_order_acquire);
		room = recorder->room - (way->put - way->seen_taken);
	}
	return room < wanted ? (uint32_t)room : wanted;
}

/* A port has few large buffers: they are not for a queue to hold. */
static bool may_hold(const struct recorder *recorder, struct way *way, const struct rte_mbuf *m)
{
	if (!port_is_large(m))
		return true;
	if (way->large_put - atomic_load_explicit(&way->large_taken, memory_order_relaxed) >=
		recorder->large_room)
		return false;
	way->large_put++;
	return true;
}

/* Those that the settings want. */
static uint64_t wanted(enum settings_record which, const struct recorder_burst *burst)
{
	uint64_t want = 0;

	for (uint64_t rest = burst->mask; rest; rest &= rest - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(rest);

		want |= (uint64_t)record_wants(which, burst->why[i]) << i;
	}
	return want;
}

/* Packet `i`; there is room. */
static void put(const struct recorder *recorder, struct way *way,
	const struct recorder_burst *burst, uint32_t i)
{
	struct entry *entry = &way->entries[way->put & (recorder->room - 1)];

	entry->m = burst->mbufs[i];
	entry->record = record_of(&burst->packets[i], burst->why[i]);
	way->put++;
}

uint64_t recorder_offer(struct recorder *recorder, uint32_t worker,
	const struct recorder_burst *burst, bool shed, struct recorder_counts *counts)
{
	uint64_t want = wanted(recorder->settings->packets.record, burst);
	uint32_t n = (uint32_t)__builtin_popcountll(want), room;
	struct way *way = &recorder->ways[worker];
	uint64_t kept = 0;

	counts->offered += n;
	counts->shed += shed ? n : 0;
	if (shed || n == 0)
		return 0;
	room = room_in(recorder, way, n);
	for (uint64_t rest = want; rest && room > 0; rest &= rest - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(rest);

		if (!may_hold(recorder, way, burst->mbufs[i]))
			continue;
		put(recorder, way, burst, i);
		kept |= UINT64_C(1) << i;
		room--;
	}
	counts->lost += n - (uint32_t)__builtin_popcountll(kept);
	atomic_store_explicit(&way->sent, way->put, memory_order_release);
	return kept;
}

/* --- the thread --- */

/* Worker and recorder are not on one processor: each packet's bytes are far away. */
static void ask_for(const struct entry *entry)
{
	rte_prefetch0(entry->record.frame);
	rte_prefetch0(entry->record.frame + RTE_CACHE_LINE_SIZE);
}

/* Packets from position `at` on, which are not the worker's until `taken` goes on. */
static void write_burst(
	struct recorder *recorder, const struct way *way, uint64_t at, uint32_t n)
{
	const uint64_t mask = recorder->room - 1;

	for (uint32_t i = 0; i < n; i++) {
		if (i + MBUF_AHEAD < n)
			ask_for(&way->entries[(at + i + MBUF_AHEAD) & mask]);
		packet_files_write(recorder->files, &way->entries[(at + i) & mask].record);
	}
}

static void release_burst(
	const struct recorder *recorder, struct way *way, uint64_t at, uint32_t n)
{
	struct rte_mbuf *mbufs[BURST_MAX];
	uint64_t large = 0;

	for (uint32_t i = 0; i < n; i++) {
		mbufs[i] = way->entries[(at + i) & (recorder->room - 1)].m;
		large += port_is_large(mbufs[i]);
	}
	rte_pktmbuf_free_bulk(mbufs, n);
	if (large > 0)
		atomic_fetch_add_explicit(&way->large_taken, large, memory_order_relaxed);
	atomic_store_explicit(&way->taken, at + n, memory_order_release);
}

/* Returns how many packets were there. */
static uint32_t take_burst(struct recorder *recorder, struct way *way, bool late)
{
	uint64_t at = atomic_load_explicit(&way->taken, memory_order_relaxed);
	uint64_t there = atomic_load_explicit(&way->sent, memory_order_acquire) - at;
	uint32_t n = there < BURST_MAX ? (uint32_t)there : BURST_MAX;

	if (n == 0)
		return 0;
	if (late) {
		atomic_fetch_add_explicit(&recorder->left, n, memory_order_relaxed);
	} else {
		write_burst(recorder, way, at, n);
	}
	release_burst(recorder, way, at, n);
	return n;
}

static void flush(struct recorder *recorder)
{
	const struct output_ledger *ledger = packet_files_ledger(recorder->files);

	packet_files_flush(recorder->files);
	atomic_store_explicit(&recorder->written, ledger->written, memory_order_relaxed);
	atomic_store_explicit(&recorder->lost_disk, ledger->lost_disk, memory_order_relaxed);
}

static void flush_in_time(struct recorder *recorder)
{
	uint64_t now_s = now_monotonic() / NS_PER_S;

	if (now_s == recorder->flushed_s)
		return;
	recorder->flushed_s = now_s;
	flush(recorder);
}

static void *recorder_main(void *arg)
{
	struct recorder *recorder = arg;
	struct backoff backoff = {0};
	uint32_t n;

	pthread_setname_np(pthread_self(), "recorder");
	for (;;) {
		/* Read before the round: what was sent before the stop is still written. */
		bool stop = atomic_load_explicit(&recorder->stop, memory_order_acquire);
		bool late =
			stop && now_monotonic() > atomic_load_explicit(&recorder->deadline_ns,
							  memory_order_relaxed);

		flush_in_time(recorder);
		n = 0;
		for (uint32_t i = 0; i < recorder->n_workers; i++)
			n += take_burst(recorder, &recorder->ways[i], late);
		if (n > 0)
			backoff_reset(&backoff);
		else if (stop)
			break;
		else
			backoff_wait(&backoff);
	}
	flush(recorder);
	return NULL;
}

/* --- end --- */

/* What no thread has taken. */
static void abandon(struct recorder *recorder)
{
	for (uint32_t i = 0; i < recorder->n_workers; i++)
		while (take_burst(recorder, &recorder->ways[i], true) > 0)
			;
}

bool recorder_stop(struct recorder *recorder, uint64_t ns)
{
	bool whole;

	if (!recorder)
		return true;
	atomic_store_explicit(
		&recorder->deadline_ns, now_monotonic() + ns, memory_order_relaxed);
	atomic_store_explicit(&recorder->stop, true, memory_order_release);
	if (recorder->started)
		pthread_join(recorder->thread, NULL);
	recorder->started = false;
	abandon(recorder);
	whole = packet_files_close(recorder->files);
	recorder->files = NULL;
	return whole && atomic_load_explicit(&recorder->left, memory_order_relaxed) == 0;
}

void recorder_destroy(struct recorder *recorder)
{
	if (!recorder)
		return;
	recorder_stop(recorder, 0);
	for (uint32_t i = 0; i < recorder->n_workers; i++)
		free(recorder->ways[i].entries);
	free(recorder->ways);
	free(recorder);
}

/* --- looking --- */

struct output_ledger recorder_ledger(const struct recorder *recorder)
{
	return (struct output_ledger){
		.written = atomic_load_explicit(&recorder->written, memory_order_relaxed),
		.lost_disk = atomic_load_explicit(&recorder->lost_disk, memory_order_relaxed),
		.lost_queue = atomic_load_explicit(&recorder->left, memory_order_relaxed),
	};
}

uint32_t recorder_queue(const struct recorder *recorder, uint32_t *size)
{
	uint64_t waiting = 0;

	*size = recorder->n_workers * recorder->room;
	for (uint32_t i = 0; i < recorder->n_workers; i++) {
		const struct way *way = &recorder->ways[i];
		uint64_t taken = atomic_load_explicit(&way->taken, memory_order_acquire);

		waiting += atomic_load_explicit(&way->sent, memory_order_acquire) - taken;
	}
	return waiting < *size ? (uint32_t)waiting : *size;
}

uint64_t recorder_removed(const struct recorder *recorder, uint64_t *bytes)
{
	return packet_files_removed(recorder->files, bytes);
}
