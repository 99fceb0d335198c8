#include "dataplane/output/recorder.h"

#include "config/thread/ring.h"
#include "config/thread/service.h"
#include "dataplane/pipeline/record.h"
#include "dataplane/port/port.h"
#include "decap/counters/shared.h"
#include "inspect/packets/packet_files.h"

#include <rte_mbuf.h>

enum {
	LARGE_MIN = 8,  /* that a worker may have in its ring, however many workers there are */
	MBUF_AHEAD = 8, /* packets asked for before they are written */
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
	_Alignas(CACHE_LINE) _Atomic uint64_t large_taken; /* the recorder's */
};

struct recorder {
	struct service service;
	const struct settings *settings;
	uint32_t n_workers, room, large_room; /* of one way */
	struct way *ways;
	struct packet_files *files;
	struct shared_ledger ledger; /* of the files */
	_Atomic uint64_t left;       /* at the end, in the rings */
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
	uint32_t large = RECORDER_LARGE / n_workers;
	bool ok;

	if (!recorder)
		return NULL;
	recorder->settings = settings;
	recorder->room = recorder_room(settings);
	recorder->large_room = large > LARGE_MIN ? large : LARGE_MIN;
	recorder->ways = cache_line_alloc(n_workers * sizeof(*recorder->ways));
	ok = recorder->ways != NULL;
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

/* --- a worker --- */

/* A port has few large buffers: they are not for a queue to hold. */
static bool may_hold(const struct recorder *recorder, struct way *way, const struct rte_mbuf *m)
{
	if (!port_is_large(m))
		return true;
	if (way->large_put - shared_get(&way->large_taken) >= recorder->large_room)
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
	struct entry *entry = &way->entries[way->ring.put++ & (recorder->room - 1)];

	entry->m = burst->mbufs[i];
	entry->record = record_of(&burst->packets[i], burst->why[i]);
}

uint64_t recorder_offer(struct recorder *recorder, uint32_t worker,
	const struct recorder_burst *burst, bool shed, struct recorder_counts *counts)
{
	uint64_t want = wanted(recorder->settings->packets.record, burst);
	uint32_t n = (uint32_t)__builtin_popcountll(want);
	struct way *way = &recorder->ways[worker];
	uint64_t kept = 0, room;

	counts->offered += n;
	counts->shed += shed ? n : 0;
	if (shed || n == 0)
		return 0;
	room = ring_room(&way->ring, recorder->room, n);
	for (uint64_t rest = want; rest && room > 0; rest &= rest - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(rest);

		if (!may_hold(recorder, way, burst->mbufs[i]))
			continue;
		put(recorder, way, burst, i);
		kept |= UINT64_C(1) << i;
		room--;
	}
	counts->lost += n - (uint32_t)__builtin_popcountll(kept);
	ring_send(&way->ring);
	return kept;
}

/* --- the thread --- */

/* Worker and recorder are not on one processor: each packet's bytes are far away. */
static void ask_for(const struct entry *entry)
{
	rte_prefetch0(entry->record.frame);
	rte_prefetch0(entry->record.frame + RTE_CACHE_LINE_SIZE);
}

static struct entry *entry_at(
	const struct recorder *recorder, const struct way *way, uint32_t i)
{
	return &way->entries[(way->ring.got + i) & (recorder->room - 1)];
}

/* The next packets, which are not the worker's until ring_done(). */
static void write_burst(struct recorder *recorder, const struct way *way, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (i + MBUF_AHEAD < n)
			ask_for(entry_at(recorder, way, i + MBUF_AHEAD));
		packet_files_write(recorder->files, &entry_at(recorder, way, i)->record);
	}
}

static void release_burst(const struct recorder *recorder, struct way *way, uint32_t n)
{
	struct rte_mbuf *mbufs[BURST_MAX];
	uint64_t large = 0;

	for (uint32_t i = 0; i < n; i++) {
		mbufs[i] = entry_at(recorder, way, i)->m;
		large += port_is_large(mbufs[i]);
	}
	rte_pktmbuf_free_bulk(mbufs, n);
	if (large > 0)
		shared_add(&way->large_taken, large);
	way->ring.got += n;
	ring_done(&way->ring);
}

/* Returns how many packets were there. */
static uint32_t take_burst(struct recorder *recorder, struct way *way, bool late)
{
	uint32_t n = (uint32_t)RTE_MIN(ring_available(&way->ring, 1), (uint64_t)BURST_MAX);

	if (n == 0)
		return 0;
	if (late)
		shared_add(&recorder->left, n);
	else
		write_burst(recorder, way, n);
	release_burst(recorder, way, n);
	return n;
}

static void flush(void *ctx)
{
	struct recorder *recorder = ctx;

	packet_files_flush(recorder->files);
	shared_ledger_set(&recorder->ledger, packet_files_ledger(recorder->files));
}

static bool record_round(void *ctx)
{
	struct recorder *recorder = ctx;
	bool late = recorder->service.phase == SERVICE_LATE;
	uint32_t n = 0;

	for (uint32_t i = 0; i < recorder->n_workers; i++)
		n += take_burst(recorder, &recorder->ways[i], late);
	return n > 0;
}

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
	const struct service_work work = {"recorder", record_round, flush, NULL};

	recorder->files = packet_files_open(&params, error);
	if (!recorder->files)
		return -1;
	return service_start(&recorder->service, &work, recorder, error);
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
	service_stop(&recorder->service, ns);
	abandon(recorder);
	if (recorder->files)
		flush(recorder);
	whole = packet_files_close(recorder->files);
	recorder->files = NULL;
	return whole && shared_get(&recorder->left) == 0;
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
	struct output_ledger ledger = shared_ledger_get(&recorder->ledger);

	ledger.lost_queue += shared_get(&recorder->left);
	return ledger;
}

uint32_t recorder_queue(const struct recorder *recorder, uint32_t *size)
{
	uint64_t waiting = 0;

	*size = recorder->n_workers * recorder->room;
	for (uint32_t i = 0; i < recorder->n_workers; i++)
		waiting += ring_fill(&recorder->ways[i].ring, recorder->room);
	return (uint32_t)waiting;
}

uint64_t recorder_removed(const struct recorder *recorder, uint64_t *bytes)
{
	return packet_files_removed(recorder->files, bytes);
}
