/* Whether a worker lets its ports wait, because a ring to another worker has no room. That other
 * worker has mostly lost its processor for a moment, and what the ports hold meanwhile is not lost.
 * But they hold only so much: from one time that they were found empty to the next, it waits half as
 * long as they can hold what comes, and half a second at most. After that, packets that find no
 * room in a ring are lost and counted, and nobody else's. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct rx_pause {
	uint64_t holds; /* packets that the ports can hold */
	/* How many come. */
	uint64_t counted_ns, counted;
	uint64_t limit_ns;
	uint64_t waited_ns, seen_ns;
	bool waits;
};

void rx_pause_init(struct rx_pause *rx_pause, uint64_t holds, uint64_t now_ns);
/* Once a round, with all packets that the ports have given so far. */
void rx_pause_count(struct rx_pause *rx_pause, uint64_t packets, uint64_t now_ns);
/* Before the ports are looked at; `tight`: some ring has no room. */
bool rx_pause_waits(struct rx_pause *rx_pause, bool tight, uint64_t now_ns);
/* The ports were looked at, and held nothing more. */
void rx_pause_drained(struct rx_pause *rx_pause);
