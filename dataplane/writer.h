/* The writer: one thread that takes records from every worker and gives them to the output
 * directory, so that no worker waits for a disk. Each worker has an outbox: records are copied
 * into a chunk, full chunks go over a single-producer ring, empty ones come back over another.
 * In replay a worker with no empty chunk waits; live it is refused, and the exporter counts it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/export/output.h"
#include "inspect/export/sink.h"

struct writer;

/* Starts the thread. `output` is borrowed; nobody else may use it until writer_stop(). `wait`:
 * a full outbox waits instead of refusing. NULL: `error` says why. */
struct writer *writer_start(
	struct output *output, uint32_t n_outboxes, bool wait, char *error, size_t error_size);

/* The sink of worker `index`; valid until writer_stop(). One thread at a time uses it. */
struct sink writer_sink(struct writer *writer, uint32_t index);

/* Sends what worker `index` has gathered so far; called by that worker. */
void writer_flush(struct writer *writer, uint32_t index);

/* Writes all that was sent, ends the thread, frees. The workers must have stopped. */
void writer_stop(struct writer *writer);
