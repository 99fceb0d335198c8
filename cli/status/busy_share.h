/* The share of its time that each worker was busy in the last second or so, from counters of busy
 * time seen one after another. One thread at a time. */
#pragma once

#include <stdint.h>

#include "cli/status/status.h"

struct shares {
	struct share {
		uint64_t busy_ns; /* when last measured */
		uint64_t share;   /* in billionths */
	} * workers;
	uint32_t n_workers;
	uint64_t at_ns; /* of that measurement; 0: none yet */
};

/* Takes note of a status collected at `now_ns`; measures anew when a second has passed. */
void shares_see(struct shares *shares, const struct status *status, uint64_t now_ns);
/* Sets busy_share of each worker: 0 before the first measurement. */
void shares_put(const struct shares *shares, struct status *status);
/* Frees; all zero again. */
void shares_fini(struct shares *shares);
