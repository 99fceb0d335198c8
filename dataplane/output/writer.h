/* The writer: one service thread that takes records from every worker and gives them to the output
 * directory, where encoders make text of them, so that no worker waits for a disk. Each worker has an
 * outbox (outbox.h), which waits in replay when it is full; live it refuses, and the exporter counts it.
 * A writer that does not wait is a live one: it flushes events every second and flow logs every
 * minute, so that they can be followed and little is lost with the machine. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "inspect/output/output.h"
#include "inspect/record/sink.h"

struct writer;

/* Starts the thread. `output` is borrowed; nobody else may use it until writer_stop(). `wait`:
 * a full outbox waits instead of refusing. NULL: `error` says why. */
struct writer *writer_start(
	struct output *output, uint32_t n_outboxes, bool wait, struct error *error);

/* The same in two steps: the memory, so that there are sinks to give away, and the thread. 0, or
 * -1: `error` says why, and the writer is still to be stopped. */
struct writer *writer_create(uint32_t n_outboxes, bool wait, struct error *error);
int writer_run(struct writer *writer, struct output *output, struct error *error);

/* The sink of worker `index`; valid until writer_stop(). One thread at a time uses it. */
struct sink writer_sink(struct writer *writer, uint32_t index);

/* Sends what worker `index` has gathered so far; called by that worker. */
void writer_flush(struct writer *writer, uint32_t index);

/* A full outbox of worker `index` waits from now on; called by that worker. */
void writer_wait(struct writer *writer, uint32_t index);
/* No outbox waits from now on, whatever a worker says later; by any thread. */
void writer_hurry(struct writer *writer);

/* Has the writer's thread call `call` between two chunks, and waits until it has: for what only
 * that thread may do with the output. false: it did not come to it within `wait_ns`, for the disk
 * hangs, and will not. One thread at a time calls this. */
bool writer_do(struct writer *writer, void (*call)(void *ctx, struct output *output), void *ctx,
	uint64_t wait_ns);

/* Any thread: what became of the records of one kind, a second ago at most. */
struct output_ledger writer_ledger(const struct writer *writer, enum record_kind kind);
/* Chunks of records that wait for the disk, and the room for them, over all workers. */
uint32_t writer_queue(const struct writer *writer, uint32_t *size);

/* Writes all that was sent, ends the thread, frees. The workers must have stopped. Legal before
 * writer_run(), and with NULL. */
void writer_stop(struct writer *writer);
