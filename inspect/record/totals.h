/* Totals over flows that ended, for the summary: by application and by risk, which each worker adds up,
 * and by talker (tenant and address), which is the correlator's. One writer each; merged after all have
 * stopped. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/flow/flow.h"
#include "inspect/record/talkers.h"

struct totals;

/* `talkers`: with room for them. NULL: no memory. */
struct totals *totals_create(bool talkers);
void totals_destroy(struct totals *totals);

/* `risks`: its bitmap of nDPI risks. */
void totals_flow(struct totals *totals, const struct flow *flow, uint64_t risks);
/* Adds the flow's two ends to the talkers. */
struct flow_fact;
void totals_talk(struct totals *totals, const struct flow_fact *fact);
/* So many flows with so many bytes ended, and their facts were lost. */
void totals_unheard(struct totals *totals, uint64_t flows, uint64_t bytes);
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
