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

struct gathered {
	struct ledger ledger; /* `received` and `in_flight` are the reader's to add */
	struct session_table *sessions;
	struct totals *totals;
	struct counters counters;
	struct output_ledger outputs[RECORD_KIND_COUNT];
	struct {
		const char *name;
		struct output_ledger ledger;
	} sinks[EVENT_SINKS_MAX]; /* those that the settings ask for */
	uint32_t n_sinks;
	struct summary_rule *rules;
	uint32_t n_rules;
	uint64_t plain; /* packets that DECAP_AUTO took for no mirror traffic */
	struct foreign_met foreign;
	struct ether_types *not_ip;
	uint64_t worker_packets[WORKERS_MAX];
	const char **tenants; /* names, borrowed from the settings */
	bool left_out;        /* records, beyond what an output may hold */
};

struct gather_params {
	const struct settings *settings;
	struct lane *const *lanes;
	uint32_t n_lanes;
	const struct output *output;
	struct output_ledger stats;      /* of stats events: what no lane has offered */
	const struct totals *correlated; /* what the correlator joined; NULL: there was none */
};

/* Output ledgers join what the exporters offered with what the output wrote. false: no memory;
 * gathered_free() is due all the same. */
bool gather(struct gathered *gathered, const struct gather_params *params);
/* One rule and what it matched under this snapshot; its texts are the model's. */
struct summary_rule gather_rule(const struct snapshot *snapshot, uint32_t index);
/* The summary as far as the lanes know; borrows `g`, the settings and the first lane's dpi. */
struct summary gathered_summary(const struct gathered *g, const struct settings *settings,
	struct lane *const *lanes, uint32_t n_lanes);
void gathered_free(struct gathered *gathered);
