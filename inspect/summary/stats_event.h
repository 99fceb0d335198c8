/* The stats event: how the live appliance stands at one moment, as one line of JSON among the flow
 * events (docs/OUTPUT.md). All counts are since the start. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/ledger.h"
#include "inspect/dpi/dpi.h"
#include "inspect/flow/table.h"
#include "inspect/record/text.h"
#include "inspect/summary/summary.h"

enum { STATS_STEPS = 3, STATS_PORT_NAME = 128 };

/* A step of the overload order. */
struct stats_step {
	const char *name; /* NULL: there is no such step here */
	bool active;
	uint64_t entered, spent_ns, count;
};

struct stats_event {
	uint64_t time_ns, uptime_ns;
	struct ledger ledger;
	struct flow_table_stats flows;
	struct dpi_stats dpi;
	struct stats_step steps[STATS_STEPS];
	struct summary_port ports[SUMMARY_PORTS_MAX]; /* longer names are cut */
	uint32_t n_ports;
};

/* No stats event is longer. */
enum {
	STATS_EVENT_MAX = 4096 + SUMMARY_PORTS_MAX * (256 + TEXT_JSON_GROWTH * STATS_PORT_NAME)
};

/* Appends the line with its newline. */
void stats_event(struct text *t, const struct stats_event *event);
