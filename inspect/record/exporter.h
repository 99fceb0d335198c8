/* The exporter of one worker: turns flows that end into flow events, what they sent in a window into
 * VPC Flow Log records (aggregate.h), and adds both to the totals of the summary. Single-threaded; formats on the stack and
 * gives each record to the sink. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/session/session.h"
#include "inspect/dpi/dpi.h"
#include "inspect/flow/table.h"
#include "inspect/record/aggregate.h"
#include "inspect/record/sink.h"
#include "inspect/record/totals.h"

struct exporter_params {
	bool flow_events;
	uint32_t window_s;                    /* of the flow logs; 0: none are written */
	uint32_t aggregates;                  /* of them: what is held until windows close */
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

/* Takes what the flow's sides sent in a window, or a part of it, for the flow log records. */
void exporter_window(
	struct exporter *exporter, const struct flow *flow, const struct flow_window sent[2]);
/* Writes the flow log records of windows that are closed by the clock: see aggregates_close(). */
void exporter_close_windows(struct exporter *exporter, uint64_t now_ns, uint32_t n);
/* The end: writes the flow log records of all windows. */
void exporter_finish(struct exporter *exporter);

/* Sends a line of JSON with its newline as an event of another kind. */
void exporter_event(struct exporter *exporter, const char *bytes, size_t len);

/* What was counted so far; owned by the exporter. */
const struct aggregates_stats *exporter_aggregates(const struct exporter *exporter);
const struct totals *exporter_totals(const struct exporter *exporter);
const struct output_ledger *exporter_ledger(
	const struct exporter *exporter, enum record_kind kind);
