/* The exporter of one worker: makes records of flows that end, of transactions and of what flows sent in
 * a window (aggregate.h), facts for the correlator, and adds the flows to the totals of the summary. Single-threaded; text is made of the
 * records elsewhere (encoder.h). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/session/session.h"
#include "inspect/flow/table.h"
#include "inspect/proto/transaction.h"
#include "inspect/record/aggregate.h"
#include "inspect/record/sink.h"
#include "inspect/record/totals.h"

struct dpi;
struct flow_alerts;

struct exporter_params {
	bool flow_events;
	bool flow_starts;      /* an event of each flow whose label is known, or will not be */
	uint32_t transactions; /* bit n: those of kind n become events */
	uint32_t transactions_per_flow;       /* so many of a flow; 0: any number */
	uint32_t transactions_per_second;     /* so many a second; 0: any number */
	uint32_t window_s;                    /* of the flow logs; 0: none are written */
	uint32_t aggregates;                  /* of them: what is held until windows close */
	const struct session_table *sessions; /* of the same worker */
	const struct flow_table *table; /* of the same worker; NULL: acked_unseen is unknown */
	struct sink sink;
	struct sink facts;     /* for the correlator; without `take`: none are made */
	bool names, failures;  /* there are facts of those, too */
	bool recorded;         /* the table counts what was recorded */
	const struct dpi *dpi; /* for names, at the start; NULL: none */
};

struct exporter;

/* NULL: no memory. */
struct exporter *exporter_create(const struct exporter_params *params);
void exporter_destroy(struct exporter *exporter);

/* Makes the flow's record (for FLOW_END_ACTIVE that of an update) and adds the flow to the totals
 * (not for an update). The flow's label must be final: dpi_conclude() first. `alerts`: what it has raised; NULL:
 * nothing. */
void exporter_flow(struct exporter *exporter, const struct flow *flow, enum flow_end end,
	const struct flow_alerts *alerts);

/* What tells the exporter of transactions and of flows' labels, at any time before the end of their flow; each becomes a
 * record. Valid as long as the exporter. */
struct transaction_sink exporter_transactions(struct exporter *exporter);

/* Replay: facts that come now are of the block of this number. */
void exporter_number(struct exporter *exporter, uint64_t number);

/* Takes what the flow's sides sent in a window, or a part of it, for the flow log records. */
void exporter_window(
	struct exporter *exporter, const struct flow *flow, const struct flow_window sent[2]);
/* Makes the records of windows that are closed by the clock: see aggregates_close(). */
void exporter_close_windows(struct exporter *exporter, uint64_t now_ns, uint32_t n);
/* The end: makes the records of all windows. */
void exporter_finish(struct exporter *exporter);

/* Flows that ended and whose facts the full outbox refused, and their bytes; and facts of names. */
struct exporter_unheard {
	uint64_t flows, bytes, names;
};
struct exporter_unheard exporter_unheard(const struct exporter *exporter);

/* What was counted so far; owned by the exporter. */
const struct aggregates_stats *exporter_aggregates(const struct exporter *exporter);
/* Flows that ended, by what protects them. */
const struct encryption_stats *exporter_encryption(const struct exporter *exporter);
struct totals *exporter_totals(struct exporter *exporter);
const struct output_ledger *exporter_ledger(
	const struct exporter *exporter, enum record_kind kind);
