/* A live worker measures its load, and sheds work if it must; see worker_load.h. The worker's
 * thread alone. */
#pragma once

#include "dataplane/live/poll.h"
#include "dataplane/live/worker_load.h"

struct poll_load {
	struct worker_load worker_load;
	bool sheds[OVERLOAD_STEPS]; /* this worker counts in `shedding` */
	bool no_recording;          /* some worker has given it up: so do all */
};

void poll_load_init(struct poll_load *load, const struct poll_params *params);

/* After each burst, and (`whole`) at the end of each round, when the tally's times are those of all
 * that was done. `ticks` of the CPU's counter are the time `now_ns`. */
void poll_load_judge(struct poll_load *load, const struct poll_params *params,
	const struct tally *tally, uint64_t ticks, uint64_t now_ns, bool whole);
