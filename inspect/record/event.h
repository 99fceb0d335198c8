/* The flow event: one line of JSON for a flow that ended (or, as flow_update, goes on), with the
 * fields of docs/OUTPUT.md in that order, every one always present, unknown = null. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "inspect/dpi/dpi.h"
#include "inspect/flow/flow.h"
#include "inspect/record/event_details.h"
#include "inspect/record/label.h"
#include "inspect/record/sink.h"
#include "inspect/record/text.h"
#include "inspect/record/vantage.h"

/* Longer names are cut. */
enum { EVENT_RISK_NAME = 96, EVENT_MODEL_NAME = 64 };

/* No event is longer: keys, numbers and addresses; label; session and interface; risks; details. */
enum {
	EVENT_SIZE_MAX = 2048 + LABEL_JSON + 2 * TEXT_JSON_GROWTH * EVENT_MODEL_NAME +
			 DPI_RISK_COUNT * (48 + TEXT_JSON_GROWTH * EVENT_RISK_NAME) +
			 sizeof(struct event_details_bound)
};

_Static_assert((int)EVENT_SIZE_MAX <= (int)RECORD_SIZE_MAX, "what sinks make room for");

struct event_names {
	const struct dpi *dpi; /* NULL: no inspection */
	struct label_cache *labels;
};

/* Appends the line with its newline. `unseen` is acked_unseen; -1: unknown. */
void event_flow(struct text *t, const struct flow *flow, enum flow_end end, int64_t unseen,
	const struct vantage *vantage, const struct event_names *names);
