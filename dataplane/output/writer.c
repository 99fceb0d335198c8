#include "dataplane/output/writer.h"

#include "config/log/now.h"
#include "dataplane/output/ring.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A live worker cannot wait: its outbox takes the records of some 15,000 flows that end at once, while
 * the writer has no processor. */
enum { CHUNK_BYTES = 256 * 1024, CHUNKS = 8, LIVE_CHUNKS = 64, FLOW_LOGS_EVERY_S = 60 };

/* Records stand one behind the other, each behind this header, unaligned. */
struct record_header {
	uint64_t route;
	uint32_t kind, len;
};

struct chunk {
	uint32_t used;
	char bytes[CHUNK_BYTES];
};

struct outbox {
	struct ring *full, *empty; /* worker -> writer, writer -> worker */
	struct chunk *filling;     /* the worker's */
	atomic_bool wait, hurry;
};

/* A call for the writer's thread, on the stack of whoever waits for it. */
struct errand {
	void (*call)(void *ctx, struct output *output);
	void *ctx;
	atomic_bool done;
};

struct writer {
	struct output *output;
	struct outbox *outboxes;
	uint32_t n_outboxes, n_chunks; /* chunks of each outbox */
	bool live;
	uint64_t events_s, flow_logs_s; /* when each was flushed last */
	_Atomic(struct errand *) errand;
	/* Copies of the output's ledgers, for other threads. */
	_Atomic uint64_t written[RECORD_KIND_COUNT], lost_disk[RECORD_KIND_COUNT];
	pthread_t thread;
	bool started;
	atomic_bool stop; /* written by writer_stop(), read by the thread */
};

static void write_chunk(struct writer *writer, const struct chunk *chunk)
{
	struct record_header header;

	for (const char *at = chunk->bytes, *end = at + chunk->used; at < end;
		at += header.len) {
		memcpy(&header, at, sizeof(header));
		at += sizeof(header);
		output_write(writer->output, (enum record_kind)header.kind, header.route, at,
			header.len);
	}
}

/* Returns the number of chunks written. */
static unsigned write_round(struct writer *writer)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < writer->n_outboxes; i++) {
		struct chunk *chunk = ring_pop(writer->outboxes[i].full);

		if (!chunk)
			continue;
		write_chunk(writer, chunk);
		chunk->used = 0;
		ring_push(writer->outboxes[i].empty, chunk); /* has room for every chunk */
		n++;
	}
	return n;
}

static void publish(struct writer *writer)
{
	for (int kind = 0; kind < RECORD_KIND_COUNT; kind++) {
		const struct output_ledger *ledger =
			output_ledger(writer->output, (enum record_kind)kind);

		atomic_store_explicit(
			&writer->written[kind], ledger->written, memory_order_relaxed);
		atomic_store_explicit(
			&writer->lost_disk[kind], ledger->lost_disk, memory_order_relaxed);
	}
}

static void flush_in_time(struct writer *writer)
{
	uint64_t now_s = now_monotonic() / NS_PER_S;

	if (now_s == writer->events_s)
		return;
	writer->events_s = now_s;
	output_flush_kind(writer->output, RECORD_EVENT);
	if (writer->events_s - writer->flow_logs_s >= FLOW_LOGS_EVERY_S) {
		writer->flow_logs_s = writer->events_s;
		output_flush_kind(writer->output, RECORD_FLOW_LOG);
	}
	publish(writer);
}

static void run_errand(struct writer *writer)
{
	struct errand *errand =
		atomic_exchange_explicit(&writer->errand, NULL, memory_order_acquire);

	if (!errand)
		return;
	errand->call(errand->ctx, writer->output);
	atomic_store_explicit(&errand->done, true, memory_order_release);
}

static void *writer_main(void *arg)
{
	struct writer *writer = arg;
	struct backoff backoff = {0};

	for (;;) {
		/* Read before the round: what was sent before the stop is still written. */
		bool stop = atomic_load_explicit(&writer->stop, memory_order_acquire);

		run_errand(writer);
		if (writer->live)
			flush_in_time(writer);
		if (write_round(writer) > 0) {
			backoff_reset(&backoff);
			continue;
		}
		if (stop)
			return NULL;
		backoff_wait(&backoff);
	}
}

static bool may_wait(const struct outbox *outbox)
{
	return atomic_load_explicit(&outbox->wait, memory_order_relaxed) &&
	       !atomic_load_explicit(&outbox->hurry, memory_order_relaxed);
}

static struct chunk *take_empty(struct outbox *outbox)
{
	struct chunk *chunk = ring_pop(outbox->empty);
	struct backoff backoff = {0};

	while (!chunk && may_wait(outbox)) {
		backoff_wait(&backoff);
		chunk = ring_pop(outbox->empty);
	}
	return chunk;
}

static void send_filling(struct outbox *outbox)
{
	if (!outbox->filling || outbox->filling->used == 0)
		return;
	ring_push(outbox->full, outbox->filling); /* has room for every chunk */
	outbox->filling = NULL;
}

static bool outbox_put(
	void *ctx, enum record_kind kind, uint64_t route, const char *bytes, size_t len)
{
	struct record_header header = {route, (uint32_t)kind, (uint32_t)len};
	struct outbox *outbox = ctx;

	if (len > CHUNK_BYTES - sizeof(header))
		return false;
	if (outbox->filling && sizeof(header) + len > CHUNK_BYTES - outbox->filling->used)
		send_filling(outbox);
	if (!outbox->filling)
		outbox->filling = take_empty(outbox);
	if (!outbox->filling)
		return false;
	memcpy(outbox->filling->bytes + outbox->filling->used, &header, sizeof(header));
	outbox->filling->used += (uint32_t)sizeof(header);
	memcpy(outbox->filling->bytes + outbox->filling->used, bytes, len);
	outbox->filling->used += (uint32_t)len;
	return true;
}

static bool outbox_init(struct outbox *outbox, uint32_t n_chunks, bool wait)
{
	atomic_init(&outbox->wait, wait);
	outbox->full = ring_create(2 * n_chunks);
	outbox->empty = ring_create(2 * n_chunks);
	if (!outbox->full || !outbox->empty)
		return false;
	for (uint32_t i = 0; i < n_chunks; i++) {
		struct chunk *chunk = malloc(sizeof(*chunk));

		if (!chunk)
			return false;
		chunk->used = 0;
		ring_push(outbox->empty, chunk);
	}
	return true;
}

static void free_chunks(struct ring *ring)
{
	struct chunk *chunk;

	while (ring && (chunk = ring_pop(ring)))
		free(chunk);
	ring_destroy(ring);
}

static void writer_free(struct writer *writer)
{
	for (uint32_t i = 0; i < writer->n_outboxes; i++) {
		free_chunks(writer->outboxes[i].full);
		free_chunks(writer->outboxes[i].empty);
		free(writer->outboxes[i].filling);
	}
	free(writer->outboxes);
	free(writer);
}

struct writer *writer_create(uint32_t n_outboxes, bool wait, char *error, size_t error_size)
{
	struct writer *writer = calloc(1, sizeof(*writer));
	bool ok;

	snprintf(error, error_size, "not enough memory for the writer");
	if (!writer)
		return NULL;
	writer->live = !wait;
	writer->n_chunks = wait ? CHUNKS : LIVE_CHUNKS;
	writer->outboxes = calloc(n_outboxes, sizeof(*writer->outboxes));
	ok = writer->outboxes != NULL;
	for (uint32_t i = 0; ok && i < n_outboxes; i++) {
		writer->n_outboxes++;
		ok = outbox_init(&writer->outboxes[i], writer->n_chunks, wait);
	}
	if (ok)
		return writer;
	writer_free(writer);
	return NULL;
}

int writer_run(struct writer *writer, struct output *output, char *error, size_t error_size)
{
	int failed;

	writer->output = output;
	failed = pthread_create(&writer->thread, NULL, writer_main, writer);
	writer->started = failed == 0;
	if (failed)
		snprintf(error, error_size, "no thread for the writer: %s", strerror(failed));
	return failed ? -1 : 0;
}

struct writer *writer_start(
	struct output *output, uint32_t n_outboxes, bool wait, char *error, size_t error_size)
{
	struct writer *writer = writer_create(n_outboxes, wait, error, error_size);

	if (!writer || writer_run(writer, output, error, error_size) == 0)
		return writer;
	writer_free(writer);
	return NULL;
}

struct sink writer_sink(struct writer *writer, uint32_t index)
{
	return (struct sink){&writer->outboxes[index], outbox_put};
}

void writer_flush(struct writer *writer, uint32_t index)
{
	send_filling(&writer->outboxes[index]);
}

void writer_wait(struct writer *writer, uint32_t index)
{
	atomic_store_explicit(&writer->outboxes[index].wait, true, memory_order_relaxed);
}

void writer_hurry(struct writer *writer)
{
	for (uint32_t i = 0; i < writer->n_outboxes; i++)
		atomic_store_explicit(&writer->outboxes[i].hurry, true, memory_order_relaxed);
}

/* Takes an errand back; false: the writer has it in hand. */
static bool take_back(struct writer *writer, struct errand *errand)
{
	struct errand *left = errand;

	return atomic_compare_exchange_strong(&writer->errand, &left, NULL);
}

bool writer_do(struct writer *writer, void (*call)(void *ctx, struct output *output), void *ctx,
	uint64_t patience_ns)
{
	struct errand errand = {.call = call, .ctx = ctx};
	uint64_t until = now_monotonic() + patience_ns;
	struct backoff backoff = {0};

	atomic_store_explicit(&writer->errand, &errand, memory_order_release);
	while (!atomic_load_explicit(&errand.done, memory_order_acquire)) {
		if (now_monotonic() >= until && take_back(writer, &errand))
			return false;
		backoff_wait(&backoff);
	}
	return true;
}

struct writer_ledger writer_ledger(const struct writer *writer, enum record_kind kind)
{
	return (struct writer_ledger){
		atomic_load_explicit(&writer->written[kind], memory_order_relaxed),
		atomic_load_explicit(&writer->lost_disk[kind], memory_order_relaxed),
	};
}

uint32_t writer_queue(const struct writer *writer, uint32_t *size)
{
	uint32_t waiting = 0;

	*size = writer->n_outboxes * writer->n_chunks;
	for (uint32_t i = 0; i < writer->n_outboxes; i++)
		waiting += ring_count(writer->outboxes[i].full);
	return waiting;
}

void writer_stop(struct writer *writer)
{
	if (!writer)
		return;
	for (uint32_t i = 0; i < writer->n_outboxes; i++)
		send_filling(&writer->outboxes[i]);
	atomic_store_explicit(&writer->stop, true, memory_order_release);
	if (writer->started)
		pthread_join(writer->thread, NULL);
	writer_free(writer);
}
