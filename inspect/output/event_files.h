/* The event files of an output directory: one after the other, each named by the time at which it was
 * begun, `events/flows-20261122T054801.123Z.jsonl`. Files of another prefix are another series, with bounds
 * of its own. Names sort in the order of writing, the last
 * one is the file being written, and no name changes. A file ends before a line would make it longer
 * than its bound, or when it has lines and is old enough. The oldest are removed before the next is
 * begun, and before the first one not until it has lines. One that has none is removed at its end. Counted
 * and said as record_file.h does; a new file that cannot be begun is said once, and the one before goes on.
 * One thread calls it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "inspect/record/sink.h"

struct event_files;

struct event_files_params {
	const char *dir;    /* the output directory, copied */
	const char *folder; /* in it; a static string, as the next */
	const char *prefix; /* of names, such as "flows-" */
	const char *what;   /* the lines are, for sentences, such as "events" */
	const char
		*name; /* one file of this name, emptied, whatever the bounds; NULL: as above */
	uint64_t max_file_size, max_file_age_ns, max_files, max_total_size; /* 0: no bound */
	/* Time since 1970; NULL: the system's. */
	uint64_t (*now_ns)(void *ctx);
	void *ctx;
};

/* `ledger` is borrowed. NULL: `error` says why. */
struct event_files *event_files_open(const struct event_files_params *params,
	struct output_ledger *ledger, struct error *error);

/* For one file of its own name: the file ends before a line that would make it longer than
 * `bytes` (0: no bound), and nothing is removed for it. Lines after that are left out, said
 * once, and counted as by_policy. */
void event_files_limit(struct event_files *files, uint64_t bytes);

/* One line, its newline included. */
void event_files_put(struct event_files *files, const char *line, size_t len);
/* Also begins the next file when it is time; false when anything was lost so far. */
bool event_files_flush(struct event_files *files);
/* Flushes, closes, frees; false when anything was lost. NULL is legal. */
bool event_files_close(struct event_files *files);

/* What was removed so far; any thread. */
uint64_t event_files_removed(const struct event_files *files, uint64_t *bytes);
