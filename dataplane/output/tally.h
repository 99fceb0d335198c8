/* The counters of a live worker, for other threads to read while it runs. The worker publishes a
 * copy after each round in which something happened; a reader always gets one whole copy, and
 * the worker never waits.
 *
 * In each copy: received + handed_in = sum of `reasons` + handed_out. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "dataplane/pipeline/overload.h"
#include "decap/counters/counters.h"
#include "decap/ledger.h"
#include "inspect/record/sink.h"

/* uint64_t alone: it is copied and added up as words. */
struct tally {
	uint64_t received;
	uint64_t handed_out, handed_in;
	uint64_t reasons[REASON_COUNT];
	COUNTERS(worker_stats); /* the times but for busy_ticks are the reader's to say */
	uint64_t busy_ticks;
	struct counters counters;
	struct shed_stats sheds[OVERLOAD_STEPS];
	struct output_ledger outputs[RECORD_KIND_COUNT]; /* what the writer counts is 0 */
};

enum { TALLY_WORDS = sizeof(struct tally) / sizeof(uint64_t) };

/* Written by one worker, read by any thread (a sequence lock). */
struct tally_board {
	_Atomic uint64_t version; /* odd while the worker writes */
	_Atomic uint64_t words[TALLY_WORDS];
};

/* The worker alone. */
void tally_publish(struct tally_board *board, const struct tally *tally);
/* Any thread. */
void tally_read(struct tally_board *board, struct tally *tally);

/* Adds one worker's to the sum of others. */
void tally_add(struct tally *sum, const struct tally *one);
