/* Overload steps: what a worker gives up when it cannot keep up, and when it takes it up again.
 * Each worker decides for itself about every millisecond, from numbers alone.
 *
 *     none -> dpi        (flows that begin are not inspected)
 *          -> recording  (packets are not recorded)
 *          -> handoff    (the rings to this worker refuse)
 *
 * The first step is entered when a measure stays high for a while, or at once when packets were
 * lost; the next one when that goes on. A step is left when all measures stay below the lower
 * marks for a while, the last step first. `handoff` is entered when a ring refused a packet, and
 * left when none did for a while. A step includes those before it; `dpi` and `recording` may be
 * missing. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum overload_step {
	OVERLOAD_NONE,
	OVERLOAD_DPI,
	OVERLOAD_RECORDING,
	OVERLOAD_HANDOFF,
	OVERLOAD_STEPS
};

/* A static string: as metrics and summaries name it. */
const char *overload_step_name(enum overload_step step);

/* In percent: a measure is high at `high` and above, low below `low`. */
struct overload_mark {
	uint32_t high, low;
};

struct overload_marks {
	struct overload_mark queue, busy, memory;
	uint64_t enter_ns; /* how long a measure must be high */
	uint64_t next_ns;  /* how long a step must have been in force before the next one */
	uint64_t leave_ns; /* how long all must be low, and nothing be lost */
	bool dpi;          /* there is inspection, and it may be shed */
	bool recording;    /* packets are recorded, and it may be shed */
};

struct overload_sample {
	uint32_t queue;  /* percent: the fullest of its receive queues and rings */
	uint32_t busy;   /* percent of the time; 0 when it found nothing to do in between */
	uint32_t memory; /* percent of what inspection may have */
	bool missed;     /* a port lost packets since the last sample */
	bool refused;    /* a ring to this worker refused packets since then */
};

struct overload {
	enum overload_step step;
	uint64_t at_ns;         /* of the last sample; 0: none yet */
	uint64_t step_ns;       /* since when `step` is in force */
	uint64_t high_since_ns; /* 0: nothing is high */
	uint64_t low_since_ns;  /* 0: something is not low */
	uint64_t refused_ns;    /* when a ring refused last */
	/* By step: times entered, and time in it (or beyond it). */
	uint64_t entered[OVERLOAD_STEPS], spent_ns[OVERLOAD_STEPS];
};

/* Takes a sample, and returns the step that is in force from now on. `now_ns` may go back a little. */
enum overload_step overload_judge(struct overload *overload, const struct overload_marks *marks,
	const struct overload_sample *sample, uint64_t now_ns);
