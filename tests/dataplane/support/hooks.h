/* Seams for the tests of the replay threads, made by the linker (--wrap, tests/CMakeLists.txt):
 * what the code under test calls goes through here, and then to the real function. Without a
 * setting nothing changes. Set and cleared while no other thread runs. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/pipeline/lane.h"

struct hooks {
	void *ctx;
	/* After each burst of a lane, on the lane's thread. */
	void (*burst)(void *ctx, const struct lane *lane, const struct packet *packets,
		uint32_t n, uint64_t horizon_ns, const enum reason *why);
	/* Before every flow that the old clock left behind is ended. */
	void (*rewind)(void *ctx, const struct flow_table *table, uint64_t horizon_ns);
	/* Before each record that the writer writes, on the writer's thread. */
	void (*record)(void *ctx);
	/* Before each packet that the recorder writes, on its thread. */
	void (*packet)(void *ctx);
};

void hooks_set(const struct hooks *hooks);
void hooks_clear(void);

/* Fails the `nth` allocation (1: the next one) that this thread makes, once; 0: none. */
void hooks_fail_allocation(unsigned nth);
/* Whether it came to that since the last call of the former. */
bool hooks_allocation_failed(void);

/* Whether EAL runs already, so that starting and stopping it does nothing. */
void hooks_eal_runs(bool runs);
/* Whether a device says nothing of its counters. */
void hooks_silence_devices(bool silent);
/* What a device says of its counters; NULL: what it does say. Borrowed. */
struct rte_eth_stats;
void hooks_devices_say(const struct rte_eth_stats *stats);

/* Fails the `nth` thread that this thread starts, once; 0: none. */
void hooks_fail_thread(unsigned nth);
