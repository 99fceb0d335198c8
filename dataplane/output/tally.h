/* What a live worker has counted, for other threads to read while it runs. The worker publishes a
 * copy after each round in which something happened; readers always get one whole copy (a seqlock
 * of relaxed words), never a mixture, and the worker never waits.
 *
 * In each copy: received + handed_in = sum of `reasons` + handed_out. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "dataplane/output/recorder.h"
#include "dataplane/pipeline/overload.h"
#include "decap/ledger.h"
#include "inspect/dpi/dpi.h"
#include "inspect/flow/table.h"
#include "inspect/record/aggregate.h"
#include "inspect/record/sink.h"

/* uint64_t alone: it is copied as words. */
struct tally {
	uint64_t received;
	uint64_t handed_out, handed_in;
	uint64_t reasons[REASON_COUNT];
	uint64_t packets; /* that ended here */
	uint64_t cut;     /* received with less in reach than arrived: see port_receive() */
	uint64_t undirected;
	uint64_t device_times; /* received with a time of the device */
	uint64_t bursts, empty_polls, busy_ticks;
	uint64_t acked_unseen;
	uint64_t overload; /* enum overload_step */
	uint64_t overload_entered[OVERLOAD_STEPS], overload_ns[OVERLOAD_STEPS];
	uint64_t flows_made, flows_ended, flows_evicted, flows_refused, flows_refused_unknown,
		flows_live, flows_peak;
	uint64_t dpi_packets, dpi_refused, dpi_refused_unknown, dpi_given_up, dpi_shed,
		dpi_memory, dpi_memory_peak;
	uint64_t sessions_overflow, sessions_evicted;
	uint64_t flow_log_late, flow_log_early;
	struct recorder_counts recording;
	uint64_t offered[RECORD_KIND_COUNT], by_policy[RECORD_KIND_COUNT],
		lost_queue[RECORD_KIND_COUNT];
};

enum { TALLY_WORDS = sizeof(struct tally) / sizeof(uint64_t) };

struct tally_board {
	_Atomic uint64_t version; /* odd while the worker writes */
	_Atomic uint64_t words[TALLY_WORDS];
};

/* The worker alone. */
void tally_publish(struct tally_board *board, const struct tally *tally);
/* Any thread. */
void tally_read(struct tally_board *board, struct tally *tally);

/* Adds one worker's to the sum of others; of `overload`, the worse stays. */
void tally_add(struct tally *sum, const struct tally *one);
/* Parts of a tally, or of a sum, as others name them. */
struct flow_table_stats tally_flows(const struct tally *tally);
struct dpi_stats tally_dpi(const struct tally *tally);
struct aggregates_stats tally_aggregates(const struct tally *tally);
/* Flows or packets that the step has cost. */
uint64_t tally_shed(const struct tally *tally, enum overload_step step);
