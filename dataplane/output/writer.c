#include "dataplane/output/writer.h"

#include "config/log/now.h"
#include "config/thread/service.h"
#include "dataplane/output/outbox.h"
#include "decap/counters/shared.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/log/error.h"

/* A live worker cannot wait: its outbox takes the records of some 30,000 flows that end at once, while
 * the writer has no processor. */
enum { CHUNKS = 8, LIVE_CHUNKS = 64, FLOW_LOGS_EVERY_S = 60 };

struct writer {
	struct service service;
	struct output *output;
	struct outbox **outboxes;
	uint32_t n_outboxes, n_chunks; /* chunks of each outbox */
	bool live;
	uint64_t flow_logs_s; /* when they were flushed last */
	struct shared_ledger ledgers[RECORD_KIND_COUNT];
};

/* Live, once a second. */
static void flush(void *ctx)
{
	struct writer *writer = ctx;
	uint64_t now_s = now_monotonic() / NS_PER_S;

	for (int kind = 0; kind < RECORD_KIND_COUNT; kind++)
		if (record_kind_is_event((enum record_kind)kind))
			output_flush_kind(writer->output, (enum record_kind)kind);
	if (now_s - writer->flow_logs_s >= FLOW_LOGS_EVERY_S) {
		writer->flow_logs_s = now_s;
		output_flush_kind(writer->output, RECORD_FLOW_LOG);
	}
	for (int kind = 0; kind < RECORD_KIND_COUNT; kind++)
		shared_ledger_set(&writer->ledgers[kind],
			output_ledger(writer->output, (enum record_kind)kind));
}

/* One chunk of each outbox. */
static bool write_round(void *ctx)
{
	struct writer *writer = ctx;
	const struct record *record;
	bool any = false;

	for (uint32_t i = 0; i < writer->n_outboxes; i++) {
		struct outbox *outbox = writer->outboxes[i];

		if (!outbox_open(outbox))
			continue;
		any = true;
		while ((record = outbox_peek(outbox))) {
			output_record(writer->output, record);
			outbox_drop(outbox);
		}
	}
	return any;
}

static void writer_free(struct writer *writer)
{
	for (uint32_t i = 0; i < writer->n_outboxes; i++)
		outbox_destroy(writer->outboxes[i]);
	free(writer->outboxes);
	free(writer);
}

struct writer *writer_create(uint32_t n_outboxes, bool wait, struct error *error)
{
	struct writer *writer = calloc(1, sizeof(*writer));
	bool ok;

	error_set(error, "not enough memory for the writer");
	if (!writer)
		return NULL;
	writer->live = !wait;
	writer->n_chunks = wait ? CHUNKS : LIVE_CHUNKS;
	writer->outboxes = calloc(n_outboxes, sizeof(*writer->outboxes));
	ok = writer->outboxes != NULL;
	while (ok && writer->n_outboxes < n_outboxes) {
		struct outbox *outbox = outbox_create(writer->n_chunks, wait);

		ok = outbox != NULL;
		if (ok)
			writer->outboxes[writer->n_outboxes++] = outbox;
	}
	if (ok)
		return writer;
	writer_free(writer);
	return NULL;
}

int writer_run(struct writer *writer, struct output *output, struct error *error)
{
	const struct service_work work = {
		"writer", write_round, writer->live ? flush : NULL, NULL};

	writer->output = output;
	return service_start(&writer->service, &work, writer, error);
}

struct writer *writer_start(
	struct output *output, uint32_t n_outboxes, bool wait, struct error *error)
{
	struct writer *writer = writer_create(n_outboxes, wait, error);

	if (!writer || writer_run(writer, output, error) == 0)
		return writer;
	writer_free(writer);
	return NULL;
}

struct sink writer_sink(struct writer *writer, uint32_t index)
{
	return outbox_sink(writer->outboxes[index]);
}

void writer_flush(struct writer *writer, uint32_t index)
{
	outbox_flush(writer->outboxes[index]);
}

void writer_wait(struct writer *writer, uint32_t index)
{
	outbox_wait(writer->outboxes[index]);
}

void writer_hurry(struct writer *writer)
{
	for (uint32_t i = 0; i < writer->n_outboxes; i++)
		outbox_hurry(writer->outboxes[i]);
}

struct visit {
	void (*call)(void *ctx, struct output *output);
	void *ctx;
	struct output *output;
};

static void run_visit(void *ctx)
{
	struct visit *visit = ctx;

	visit->call(visit->ctx, visit->output);
}

bool writer_do(struct writer *writer, void (*call)(void *ctx, struct output *output), void *ctx,
	uint64_t wait_ns)
{
	struct visit visit = {call, ctx, writer->output};

	return service_do(&writer->service, run_visit, &visit, wait_ns);
}

struct output_ledger writer_ledger(const struct writer *writer, enum record_kind kind)
{
	return shared_ledger_get(&writer->ledgers[kind]);
}

uint32_t writer_queue(const struct writer *writer, uint32_t *size)
{
	uint32_t waiting = 0;

	*size = writer->n_outboxes * writer->n_chunks;
	for (uint32_t i = 0; i < writer->n_outboxes; i++)
		waiting += outbox_count(writer->outboxes[i]);
	return waiting;
}

void writer_stop(struct writer *writer)
{
	if (!writer)
		return;
	for (uint32_t i = 0; i < writer->n_outboxes; i++)
		outbox_flush(writer->outboxes[i]);
	service_stop(&writer->service, SERVICE_NO_LIMIT);
	writer_free(writer);
}
