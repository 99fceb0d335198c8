/* Totals over flows that ended, for the summary: by application, by talker (tenant and address),
 * by risk. One writer each; merged after the workers have stopped. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/flow/flow.h"
#include "inspect/record/talkers.h"

struct totals;

/* NULL: no memory. */
struct totals *totals_create(void);
void totals_destroy(struct totals *totals);

/* `tenant`: whose the flow is. `risks`: its bitmap of nDPI risks. */
void totals_flow(
	struct totals *totals, const struct flow *flow, uint32_t tenant, uint64_t risks);
/* Ask for the memory that totals_flow() will touch, in two steps: the second needs what the first
 * asked for. Neither need be called. */
void totals_prefetch(const struct totals *totals, const struct flow *flow, uint32_t tenant);
void totals_prefetch_talkers(
	const struct totals *totals, const struct flow *flow, uint32_t tenant);
void totals_merge(struct totals *to, const struct totals *from);

uint64_t totals_flows(const struct totals *totals);
uint32_t totals_talkers_count(const struct totals *totals);
uint64_t totals_talkers_overflow(const struct totals *totals);
uint64_t totals_talkers_error(const struct totals *totals);

/* One application a call, most bytes first, ties by number; the (master, app) pair of nDPI. */
struct app_total {
	uint16_t master, app;
	struct total total;
};
/* Fills at most `max` entries, returns how many there are in all. Deterministic order. */
uint32_t totals_apps(const struct totals *totals, struct app_total *out, uint32_t max);
uint32_t totals_talkers(const struct totals *totals, struct talker *out, uint32_t max);
/* Flows that carry risk number `risk`. */
uint64_t totals_risk(const struct totals *totals, unsigned risk);
