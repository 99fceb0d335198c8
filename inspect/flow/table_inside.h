/* The inside of a flow table, for table.c (which changes it) and prefetch.c (which reads it). */
#pragma once

#include "inspect/flow/index.h"
#include "inspect/flow/row.h"
#include "inspect/flow/seen.h"
#include "inspect/flow/table.h"

struct flow_table {
	struct flow_params params;
	struct flow_observer observer;
	struct flow *flows; /* `capacity` slots, zero until first used */
	/* By slot: when the last flow_update was, or the flow began. NULL: no active timeout. */
	uint64_t *updates;
	struct seen seen; /* of TCP flows, by slot */
	struct flow_index index;
	uint32_t used; /* slots that were ever in use: the first ones */
	/* 1 + the number of a slot to reuse, which holds the next such number; 0 = none */
	uint32_t free_slot;
	uint32_t hand;        /* slot at which the next slice of expiry begins */
	uint32_t window_hand; /* and of closing windows */
	struct flow_table_stats stats;
	uint64_t salt[4];                /* of the hash */
	struct flow_row rows[BURST_MAX]; /* of the burst that was prepared last */
	bool rows_hold;                  /* no flow has ended since */
};
