/* The stats event: how the live appliance stands at one moment, as one line of JSON among the flow
 * events (docs/OUTPUT.md). All counts are since the start. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/settings/settings.h"
#include "decap/ledger.h"
#include "inspect/dpi/dpi.h"
#include "inspect/flow/table.h"
#include "inspect/record/encoder/encoder.h"

enum { STATS_STEPS = 3, STATS_PORTS = 16, STATS_PORT_NAME = 128 };

/* A step of the overload order. */
struct stats_step {
	const char *name; /* a static string; NULL: there is no such step here */
	COUNTERS(shed_stats);
};

struct stats_port {
	char name[STATS_PORT_NAME + 1];
	COUNTERS(port_counters);
};

/* Of a feed, as an output: "feed:" and the name of the settings. */
struct stats_feed {
	char name[FEED_NAME_MAX + 8];
	struct output_ledger ledger;
};

struct stats_record {
	struct record record;
	uint64_t time_ns, uptime_ns;
	struct ledger ledger;
	struct counters counters;
	struct stats_step steps[STATS_STEPS];
	uint32_t n_ports;
	struct stats_port ports[STATS_PORTS];
	uint32_t n_feeds;
	struct stats_feed feeds[FEEDS_MAX];
};

_Static_assert(sizeof(struct stats_record) <= RECORD_MAX, "a record like others");

/* No stats event is longer. */
enum {
	STATS_EVENT_MAX = 4096 + STATS_PORTS * (256 + TEXT_JSON_GROWTH * STATS_PORT_NAME) +
			  FEEDS_MAX * 256
};

/* The encoder of a stats_record. */
void stats_event(struct text *t, const struct record *record, const struct names *names);
