/* A forwarder takes lines to one sink, on a thread of its own, so that nothing waits for the
 * sink's reader. Lines wait in a bounded queue; what does not fit is refused and counted. A sink
 * that is away is tried again, after 0.1 s at first and 5 s at last. When a connection was lost
 * in the middle of a line, the next one begins with that line, whole.
 *
 * A line is `written` when the system has taken all of it. Each outage, its end, and the first
 * line lost are said on stderr. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "inspect/output/event_sink.h"

struct forwarder;

struct forwarder_params {
	const struct event_sink *sink;
	struct sink_target target;
	size_t room; /* bytes that may wait */
	/* A full queue waits as long as the sink can be reached, instead of refusing. */
	bool wait;
};

/* Tries the sink once before it returns; that it is away is no error. NULL: `error` says why. */
struct forwarder *forwarder_start(const struct forwarder_params *params, struct error *error);

/* Takes a copy of one line, its newline included. One thread at a time. false: refused, counted. */
bool forwarder_put(struct forwarder *forwarder, const char *line, size_t len);

/* Delivers what waits, as long as the sink takes any of it, but not for longer than `ns` (0: no
 * limit), and ends the thread; what is left is counted as lost_queue. Then the ledger closes. */
void forwarder_stop(struct forwarder *forwarder, uint64_t ns);
/* Stopped before, or not. NULL is legal. */
void forwarder_destroy(struct forwarder *forwarder);

/* What is known of a forwarder; any thread. */
struct forwarder_state {
	uint64_t written, lost_queue, lost_disk; /* lines */
	size_t size, fill;                       /* bytes of the queue */
	bool reached;                            /* the sink is open */
};
struct forwarder_state forwarder_state(const struct forwarder *forwarder);
const struct event_sink *forwarder_sink(const struct forwarder *forwarder);
