/* Repairs the times of captured packets, before anything depends on them. A clock that jumps for
 * a moment (a packet dated 2033 between two of today) must neither end nor split flows. So a
 * time that jumps away, and from which the packets behind it come back, is replaced by the time
 * of the packet before it. A step that lasts (a clock that was set, one capture after another)
 * stays, and so does a stray at the very end of the input. */
#pragma once

#include <stdint.h>

#include "dataplane/capture/block.h"

enum { PACKET_TIMES_AHEAD = 64 }; /* packets looked at to see whether time comes back */

#define PACKET_TIMES_JUMP_NS UINT64_C(10000000000) /* up to here it is disorder, and stands */

/* `times`: `n` packets in their order; they are settled. `before_ns`, `after_ns`: the times of
 * the packets before the first and behind the last one; 0 = none. Returns how many were replaced. */
uint32_t packet_times_settle(
	uint64_t *times, uint32_t n, uint64_t before_ns, uint64_t after_ns);
