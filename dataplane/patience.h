/* Whether a worker lets its ports wait, because a ring to another worker has no room. That other
 * worker has mostly lost its processor for a moment, and what the ports hold meanwhile is not lost;
 * but they hold only so much, and while they wait, packets of all other workers wait with them. So
 * it waits half as long as they can hold what comes, at most 100 ms at a time, and a tenth of the
 * time in the long run. After that, packets that find no room are lost and counted. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct patience {
	uint64_t holds;     /* packets that the ports can hold */
	uint64_t budget_ns; /* left of what it may wait */
	uint64_t seen_ns;   /* the latest call */
	uint64_t began_ns;  /* of this wait; 0: it does not wait */
	/* How many packets come. */
	uint64_t counted_ns, counted;
	uint64_t limit_ns; /* of one wait */
};

void patience_init(struct patience *patience, uint64_t holds, uint64_t now_ns);
/* Once a round, with all packets that the ports have given so far. */
void patience_count(struct patience *patience, uint64_t packets, uint64_t now_ns);
/* Once a round, before the ports are looked at; `tight`: some ring has no room. */
bool patience_waits(struct patience *patience, bool tight, uint64_t now_ns);
