#include "dataplane/output/recorder.h"

#include "config/thread/service.h"
#include "dataplane/pipeline/record.h"
#include "decap/counters/shared.h"
#include "inspect/packets/packet_files.h"

#include <stdlib.h>

struct recorder {
	struct service service;
	const struct settings *settings;
	struct record_bounds bounds;
	struct packet_queue *queue;
	struct packet_files *files;
	struct shared_ledger ledger; /* of the files */
	_Atomic uint64_t left;       /* at the end, in the queue */
};

/* --- start --- */

struct recorder *recorder_create(const struct settings *settings, uint32_t n_workers)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));

	if (!recorder)
		return NULL;
	recorder->settings = settings;
	recorder->bounds = record_bounds_of(settings);
	recorder->queue =
		packet_queue_create(packet_queue_room(settings->packets.queue), n_workers);
	if (recorder->queue)
		return recorder;
	free(recorder);
	return NULL;
}

/* --- a worker --- */

struct choice {
	uint32_t offered;
	uint64_t mask; /* of these, what rules and the bounds of flows do not leave out */
	uint32_t keep[BURST_MAX];
};

static void choose(const struct record_bounds *bounds, const struct packet_burst *burst,
	struct choice *choice)
{
	choice->offered = 0;
	choice->mask = 0;
	for (uint64_t rest = burst->mask; rest; rest &= rest - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(rest);
		uint32_t keep = record_kept(bounds, &burst->packets[i], burst->why[i]);

		choice->offered += keep != RECORD_NOT_OFFERED;
		choice->mask |= (uint64_t)(keep != RECORD_NOT_OFFERED && keep != RECORD_NOTHING)
				<< i;
		choice->keep[i] = keep;
	}
}

uint64_t recorder_offer(struct recorder *recorder, uint32_t worker,
	const struct packet_burst *burst, bool shed, struct recorder_counts *counts)
{
	struct choice choice;
	uint64_t kept;
	uint32_t n;

	choose(&recorder->bounds, burst, &choice);
	n = (uint32_t)__builtin_popcountll(choice.mask);
	counts->offered += choice.offered;
	counts->shed += shed ? choice.offered : 0;
	if (shed || choice.offered == 0)
		return 0;
	counts->left_out += choice.offered - n;
	kept = packet_queue_put(
		recorder->queue, worker, burst, choice.mask, choice.keep, false);
	counts->lost += n - (uint32_t)__builtin_popcountll(kept);
	return kept;
}

/* --- the thread --- */

static bool write_one(void *ctx, const struct packet_record *record)
{
	struct recorder *recorder = ctx;

	packet_files_write(recorder->files, record);
	return true;
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
	const struct packet_taker taker = {recorder, write_one};
	uint64_t n;

	if (recorder->service.phase != SERVICE_LATE)
		return packet_queue_take(recorder->queue, &taker) > 0;
	n = packet_queue_drop(recorder->queue);
	shared_add(&recorder->left, n);
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

bool recorder_stop(struct recorder *recorder, uint64_t ns)
{
	bool whole;

	if (!recorder)
		return true;
	service_stop(&recorder->service, ns);
	/* What no thread has taken. */
	shared_add(&recorder->left, packet_queue_drop(recorder->queue));
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
	packet_queue_destroy(recorder->queue);
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
	return packet_queue_fill(recorder->queue, size);
}

uint64_t recorder_removed(const struct recorder *recorder, uint64_t *bytes)
{
	return packet_files_removed(recorder->files, bytes);
}
