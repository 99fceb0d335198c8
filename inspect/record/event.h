/* The events of a flow, each one line of JSON with the fields of docs/OUTPUT.md in that order, every one
 * always present, unknown = null: that of a flow that ended (or, as flow_update, goes on), and that of a
 * transaction. */
#pragma once

#include "inspect/dpi/dpi.h"
#include "inspect/record/encoder.h"
#include "inspect/record/event_details.h"
#include "inspect/record/event_flow_fields.h"

enum { EVENT_RISK_NAME = 96 }; /* longer names are cut */

/* No event of a flow is longer: keys, numbers and addresses; label; session and interface; risks; details. */
enum {
	EVENT_ENCRYPTION_NAME = 16,
	EVENT_SIZE_MAX = 2048 + LABEL_JSON + 2 * TEXT_JSON_GROWTH * OBSERVATION_POINT_NAME +
			 DPI_RISK_COUNT * (48 + TEXT_JSON_GROWTH * EVENT_RISK_NAME) +
			 sizeof(struct event_details_bound)
};

/* The encoder of a flow_record. */
void event_flow(struct text *t, const struct record *record, struct labels *labels);

/* No event of a transaction is longer. */
enum {
	EVENT_TRANSACTION_MAX = 128 + EVENT_FLOW_FIELDS_MAX +
				2 * TEXT_JSON_GROWTH * OBSERVATION_POINT_NAME +
				sizeof(struct event_details_bound)
};

/* The encoder of a transaction_record. */
void event_transaction(struct text *t, const struct record *record, struct labels *labels);
