/* What rows of sources and of ports have in common: when they were told of, and the flow that shows it first. */
#pragma once

#include "inspect/detect/scans/scan_fact.h"
#include "inspect/record/alert.h"

struct scan_row {
	struct recent_row row;
	bool is_fresh; /* told of since it was judged; then it is in a list by `next_fresh` */
	struct scan_row *next_fresh;
	uint64_t last_ns;
	struct scan_sight sight; /* none before the first */
	char tenant[TENANT_TEXT];
	char names[3 * (OBSERVATION_POINT_NAME + 1)]; /* of the sight's observation point */
};

/* The fact is of this row: its sight is kept if it is the first. */
void scan_row_see(struct scan_row *row, const struct scan_fact *fact);
/* Rows that were told of wait in a list until they are judged. Adds it, unless it waits already; takes the one that was
 * added last, NULL: none waits. */
void scan_row_wait(struct scan_row **fresh, struct scan_row *row);
void *scan_row_next(struct scan_row **fresh);

/* Makes a fact of an alert of what is in `telling`, whose tenant, and whose flow, are the row's. */
struct scan_teller {
	void *ctx;
	void (*tell)(void *ctx, const struct alert_fact *fact);
};
void scan_row_tell(const struct scan_row *row, const struct scan_teller *teller,
	struct alert_telling *telling);
