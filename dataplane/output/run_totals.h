/* What all lanes counted, added up for the summary. Lanes must be at rest. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/settings/settings.h"
#include "dataplane/pipeline/lane.h"
#include "dataplane/pipeline/owner.h"
#include "inspect/output/event_sinks.h"
#include "inspect/output/output.h"
#include "inspect/summary/summary.h"

struct run_totals {
	struct ledger ledger; /* `received` and `in_flight` are the reader's to add */
	struct session_table *sessions;
	struct totals *totals;
	const struct alerts_top *alerts; /* the correlator's; NULL: none are made */
	struct counters counters;
	struct output_ledger outputs[RECORD_KIND_COUNT];
	struct {
		const char *name;
		struct output_ledger ledger;
	} sinks[EVENT_SINKS_MAX]; /* those that the settings ask for */
	uint32_t n_sinks;
	struct summary_rule *rules;
	uint32_t n_rules;
	struct other_encap_met other_encap;
	struct ether_types *not_ip;
	uint64_t worker_packets[WORKERS_MAX];
	const char **tenants; /* names, borrowed from the settings */
	bool left_out;        /* records, beyond what an output may hold */
};

struct run_totals_params {
	const struct settings *settings;
	struct lane *const *lanes;
	uint32_t n_lanes;
	const struct output *output;
	struct output_ledger stats;    /* of stats events: what no lane has offered */
	struct correlator *correlator; /* stopped; its totals are moved. NULL: there was none */
};

/* Output ledgers join what the exporters offered with what the output wrote. false: no memory;
 * run_totals_free() is due all the same. */
bool run_totals_gather(struct run_totals *gathered, const struct run_totals_params *params);
/* One rule and what it matched under this snapshot; its texts are the model's. */
struct summary_rule run_totals_rule(const struct snapshot *snapshot, uint32_t index);
/* The summary as far as the lanes know; borrows `g`, the settings and the first lane's dpi. */
struct summary run_totals_summary(const struct run_totals *g, const struct settings *settings,
	struct lane *const *lanes, uint32_t n_lanes);
void run_totals_free(struct run_totals *gathered);
