/* Where records go. An exporter formats a record and gives it to a sink; the sink copies it. In
 * replay the sink waits when its queue is full, live it refuses and the exporter counts the loss:
 * offered = written + by_policy + lost_queue + lost_disk. Sinks know nothing of packets. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum record_kind {
	RECORD_EVENT,    /* one line of JSON with its newline, for events/ */
	RECORD_FLOW_LOG, /* one line of a VPC Flow Log with its newline */
	RECORD_KIND_COUNT
};

/* No record is longer; a sink that has its own buffers makes them at least this large. */
enum { RECORD_SIZE_MAX = 240 * 1024 };

struct sink {
	void *ctx;
	/* `route` is the kind's own: for flow logs what flow_log_route() gave. false: refused. */
	bool (*put)(void *ctx, enum record_kind kind, uint64_t route, const char *bytes,
		size_t len);
};

/* The exporter counts `offered` and `lost_queue`, the output `written` and `lost_disk` (and what
 * arrived there as its own `offered`, which is less by what the queue lost). */
struct output_ledger {
	uint64_t offered, written, by_policy, lost_queue, lost_disk;
};
