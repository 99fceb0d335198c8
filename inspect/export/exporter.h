/* The exporter of one worker: turns flows that end into flow events, closed windows into VPC Flow
 * Log records, and both into the totals of the summary. Single-threaded; formats on the stack and
 * gives each record to the sink. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/session.h"
#include "inspect/dpi/dpi.h"
#include "inspect/export/sink.h"
#include "inspect/export/totals.h"
#include "inspect/flow/table.h"

struct exporter_params {
	bool flow_events, flow_logs;
	const struct dpi *dpi;                /* for names */
	const struct session_table *sessions; /* of the same worker */
	const struct flow_table *table; /* of the same worker; NULL: acked_unseen is unknown */
	struct sink sink;
};

struct exporter;

/* NULL: no memory. */
struct exporter *exporter_create(const struct exporter_params *params);
void exporter_destroy(struct exporter *exporter);

/* Writes the flow event (or, for FLOW_END_ACTIVE, a flow_update) and adds the flow to the totals
 * (not for an update). The flow's label must be final: dpi_conclude() first. */
void exporter_flow(struct exporter *exporter, const struct flow *flow, enum flow_end end);

/* Writes the flow log records of a closed window, one per side that sent packets in it. */
void exporter_window(
	struct exporter *exporter, const struct flow *flow, const struct flow_window sent[2]);

/* Sends a line of JSON with its newline as an event of another kind. */
void exporter_event(struct exporter *exporter, const char *bytes, size_t len);

/* Totals and output ledgers so far; owned by the exporter. */
const struct totals *exporter_totals(const struct exporter *exporter);
const struct output_ledger *exporter_ledger(
	const struct exporter *exporter, enum record_kind kind);
