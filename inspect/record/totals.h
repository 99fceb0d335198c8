/* Totals over flows that ended, for the summary: by application and by risk, which each worker adds up,
 * and what is the correlator's: by talker (tenant and address), by conversation, and by name. One writer
 * each; merged after all have stopped. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/flow/flow.h"
#include "inspect/proto/risk.h"
#include "inspect/record/tables/conversations.h"
#include "inspect/record/tables/named.h"
#include "inspect/record/tables/talkers.h"

struct totals;

/* Which there is room for. */
struct totals_tables {
	bool talkers, conversations, names, failures;
};

struct settings;

/* What the settings ask for: the talkers always. */
struct totals_tables totals_tables_asked(const struct settings *settings);

/* `tables` NULL: none. NULL: no memory. */
struct totals *totals_create(const struct totals_tables *tables);
void totals_destroy(struct totals *totals);

void totals_flow(struct totals *totals, const struct flow *flow, struct risk_set risks);
/* Adds the flow's two ends to the talkers, and its conversation. */
struct flow_fact;
void totals_talk(struct totals *totals, const struct flow_fact *fact);
struct name_fact;
void totals_name(struct totals *totals, const struct name_fact *fact);
/* So many flows with so many bytes ended, and their facts were lost; and so many facts of names. */
struct totals_unheard {
	uint64_t flows, bytes, names;
};
void totals_unheard(struct totals *totals, const struct totals_unheard *unheard);
/* What `from` has may be moved; it is to be destroyed after that. */
void totals_merge(struct totals *to, struct totals *from);

uint64_t totals_flows(const struct totals *totals);
uint64_t totals_bytes(const struct totals *totals);
uint32_t totals_talkers_count(const struct totals *totals);
uint64_t totals_talkers_overflow(const struct totals *totals);
uint64_t totals_talkers_error(const struct totals *totals);
struct talkers_stats totals_talkers_stats(const struct totals *totals);
struct tables_stats totals_tables_stats(const struct totals *totals);
/* NULL: there are none. */
const struct heaviest *totals_conversations(const struct totals *totals);
const struct heaviest *totals_names(const struct totals *totals);
const struct heaviest *totals_failures(const struct totals *totals);

/* One application a call, most bytes first, ties by number; the (master, app) pair of nDPI. */
struct app_total {
	uint16_t master, app;
	struct total total;
};
/* Fills at most `max` entries, returns how many there are in all. Deterministic order. */
uint32_t totals_apps(const struct totals *totals, struct app_total *out, uint32_t max);
uint32_t totals_talkers(const struct totals *totals, struct talker *out, uint32_t max);
/* Flows that carry risk number `risk`, an index (risk.h). */
uint64_t totals_risk(const struct totals *totals, unsigned risk);
