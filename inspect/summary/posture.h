/* What protects flows between two interfaces: the conversations of the summary, folded by pair of ends.
 * The end of a flow that was mirrored is its session's interface, by the flow's direction; the other is
 * the interface of the settings that has the address, or the unknown session whose outer source it is.
 * Where several have it, one of the same VPC is taken, or none. */
#pragma once

#include <stdint.h>

#include "inspect/summary/summary.h"

enum { POSTURE_END = 64 };

struct posture {
	/* Id of the interface, address of the source, or "other". */
	char client[POSTURE_END], server[POSTURE_END];
	uint64_t flows, bytes;
	struct encryption_stats stats; /* flows */
};

/* Most bytes first: fills at most `max` rows, and `*others` with all flows that are in none of them.
 * Returns how many pairs there are in all; 0 without conversations or memory. */
uint32_t posture_top(const struct summary *summary, struct posture *rows, uint32_t max,
	struct posture *others);
