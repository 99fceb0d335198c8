/* A view of a lane for other threads: copies of its sessions and of its largest live flows, about half
 * a second old, or begun after they were asked for. The worker fills one in small slices between
 * bursts; three buffers go round between it and the reader, so neither ever waits for the other.
 *
 *     worker fills -> ready -> the reader holds -> spare -> worker fills */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/pipeline/lane.h"

enum {
	VIEW_SESSIONS_MAX = 65536, /* more are not shown */
	VIEW_FLOWS = 100,
	VIEW_BUFFERS = 3,
};

struct worker_view_flow {
	struct flow flow; /* its pointers are not to be followed */
	struct session session;
	uint64_t flow_id;
	bool has_session;
};

struct worker_view {
	/* Of the configuration that `config` of the sessions belongs to. */
	uint64_t generation;
	uint64_t answers; /* the latest question when it was begun */
	struct session *sessions;
	uint32_t n_sessions, capacity;
	struct worker_view_flow flows[VIEW_FLOWS]; /* most bytes, in no order */
	uint32_t n_flows;
};

struct worker_view_board {
	/* A full buffer, put there by the worker and taken by the reader; and one that is free, the other
	 * way round. */
	_Atomic(struct worker_view *) ready, spare;
	struct worker_view buffers[VIEW_BUFFERS];
	_Atomic uint64_t
		asked; /* questions so far: written by the reader, read by the worker */
	struct worker_view *held; /* the reader's */
	/* The worker's. */
	struct worker_view *filling;
	bool copying, sessions_done;
	bool learned;   /* of the sessions, those that are not of the settings */
	uint32_t at;    /* row of the session table, then slot of the flow table */
	uint32_t slice; /* slots in a step: more when somebody waits */
	uint32_t least; /* of the flows so far, the one with the fewest bytes */
	uint64_t begun_ns;
	uint64_t answering; /* the question that was seen last */
};

/* For a lane whose session table has `rows` rows (session_table_capacity()). false: no memory;
 * worker_view_fini() is due all the same. */
bool worker_view_init(struct worker_view_board *board, uint32_t rows);
void worker_view_fini(struct worker_view_board *board);

/* The worker: a slice of the work. */
void worker_view_step(
	struct worker_view_board *board, const struct lane *lane, uint64_t now_ns);
/* One reader at a time: asks for a copy that is begun from now on, and whether worker_view_read() would have
 * it by now. */
uint64_t worker_view_ask(struct worker_view_board *board);
bool worker_view_answers(struct worker_view_board *board, uint64_t question);
/* One reader at a time: the latest copy, valid until the next call. NULL: there is none yet. */
const struct worker_view *worker_view_read(struct worker_view_board *board);
