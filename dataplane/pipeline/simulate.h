/* Overload and loss on purpose, for tests (settings, simulate). Everything here costs a comparison
 * where it is off. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/settings/settings.h"

struct rte_mbuf;

/* Of one worker; its thread alone. */
struct simulation {
	uint32_t drop_every, counted; /* packets; 0 = never; since the last one dropped */
	uint64_t dropped;
	uint64_t stall_ns, stall_every_ns, stall_at_ns; /* stall_ns 0 = never */
};

void simulation_init(
	struct simulation *simulation, const struct settings *settings, uint32_t worker);

/* Frees every Nth of `n` packets; returns how many are left, at the front. */
uint32_t simulation_drop(struct simulation *simulation, struct rte_mbuf **mbufs, uint32_t n);

/* True when the worker shall stand still now; then for simulation->stall_ns. */
static inline bool simulation_stalls(struct simulation *simulation, uint64_t now_ns)
{
	if (simulation->stall_ns == 0)
		return false;
	if (simulation->stall_at_ns == 0)
		simulation->stall_at_ns = now_ns + simulation->stall_every_ns;
	if (now_ns < simulation->stall_at_ns)
		return false;
	simulation->stall_at_ns = now_ns + simulation->stall_ns + simulation->stall_every_ns;
	return true;
}

/* Spends `ns` of the processor. */
void simulate_work(uint64_t ns);

/* What is simulated, each thing as `; words`; false: nothing. */
bool simulate_describe(const struct settings *settings, char *text, size_t size);
