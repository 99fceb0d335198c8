/* Where records go. An exporter makes a record in the room that a sink gives it. In replay the sink
 * waits when its queue is full, live it refuses and the exporter counts the loss:
 * offered = written + by_policy + lost_queue + lost_disk. Sinks know nothing of packets. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decap/counters/counters.h"
#include "inspect/record/record.h"

/* What lines are written to. */
enum record_kind {
	RECORD_EVENT,             /* one line of JSON with its newline, for events/ */
	RECORD_TRANSACTION_EVENT, /* the same, for files of their own there */
	RECORD_ALERT_EVENT,       /* the same, for files in alerts/ */
	RECORD_FLOW_LOG,          /* one line of a VPC Flow Log with its newline */
	RECORD_KIND_COUNT
};

/* Events of both kinds go to the sinks of the settings, too. */
static inline bool record_kind_is_event(enum record_kind kind)
{
	return kind != RECORD_FLOW_LOG;
}

/* No line is longer; who has buffers of lines makes them at least this large. */
enum { LINE_SIZE_MAX = 256 * 1024 };

struct sink {
	void *ctx;
	/* Room for a record of `len` <= RECORD_MAX bytes, its head filled in. It goes on its way with
	 * the next call or a flush: until then it must be whole. NULL: refused. */
	struct record *(*take)(void *ctx, enum record_type type, size_t len);
};

/* The exporter counts `offered` and `lost_queue` of struct output_ledger, the output the other
 * members. (The output's own `offered` is what arrived there.) */
