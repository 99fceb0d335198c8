/* The load of a live worker, and the overload step that follows from it: about once a
 * millisecond it looks at its queues, rings and counters, and overload.h decides. The worker's
 * thread alone. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/settings/settings.h"
#include "dataplane/pipeline/overload.h"

/* What it sees; counters are those since the start. */
struct worker_load_look {
	uint32_t queue;             /* percent: the fullest receive queue or ring */
	uint64_t memory;            /* bytes, of inspection */
	uint64_t missed;            /* packets lost at the ports */
	uint64_t refused;           /* packets lost on their way to it */
	uint64_t ticks, busy_ticks; /* of the CPU's counter: now, and spent on packets */
	uint64_t empty_polls;
	bool whole; /* a round is over: the two above have it */
};

struct worker_load {
	struct overload_marks marks;
	struct overload overload;
	bool receives;                        /* it reads ports */
	uint64_t memory_limit;                /* bytes; 0 = none */
	uint64_t window_ticks;                /* over which its being busy is measured */
	uint64_t every_ticks;                 /* how long nothing needs to be judged */
	struct worker_load_look last, window; /* seen last; seen when the window began */
	uint32_t busy;                        /* percent, of the last whole window */
};

/* `hz` of the CPU's counter; `n_workers` share the limit of the settings. */
void worker_load_init(struct worker_load *worker_load, const struct settings *settings,
	uint32_t n_workers, bool receives, uint64_t hz);

/* Sets the step that is in force from now on. True: packets that may be of this worker's flows were
 * lost since the last look. */
bool worker_load_judge(struct worker_load *worker_load, const struct worker_load_look *look,
	uint64_t now_ns, enum overload_step *step);
