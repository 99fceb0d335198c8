/* Whether a worker stops reading its ports for a moment, because a ring to another worker is
 * full. Mostly that worker has lost its processor for some milliseconds, and the ports can hold
 * packets meanwhile. The pause is bounded: half as long as the ports can hold what comes, half a
 * second at most, and again once the ports were found empty. After that, packets for the full
 * ring are lost and counted, and no others. */
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
