/* A lane by itself, for measuring: with the settings, rules and sessions asked for, and a sink
 * that counts what it is given and drops it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/pipeline/lane.h"
#include "support/drawer.h"

struct lane_stand_params {
	uint32_t capacity; /* of the flow table; 0 = the default of the settings */
	uint32_t rules; /* 0: no sessions are configured; else all have a filter of so many */
	uint32_t sessions;
	uint32_t filters;  /* 0: one filter, of rules that match nothing; else mixed rules in so
			     many filters, which the sessions share out (bench/mixed_rules.h) */
	bool dpi, records; /* nDPI; flow events and flow logs */
};

struct lane_stand {
	struct settings settings;
	struct model *model;
	struct snapshot_slot slot;
	struct lane *lane;
	double load_s; /* reading the settings and compiling the rules; their file was there before */
	struct drawer drawer;
};

/* Says why and ends the program when it cannot be made. The first stand with rules starts EAL. */
struct lane_stand *lane_stand_create(const struct lane_stand_params *params);
void lane_stand_destroy(struct lane_stand *stand);
