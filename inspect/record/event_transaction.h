/* The event of a transaction: one line of JSON with the fields of docs/OUTPUT.md in that order, every
 * one always present, unknown = null. */
#pragma once

#include "inspect/record/encoder.h"
#include "inspect/record/event_details.h"
#include "inspect/record/event_flow_fields.h"

/* No line is longer. */
enum {
	EVENT_TRANSACTION_MAX = 128 + EVENT_FLOW_FIELDS_MAX +
				2 * TEXT_JSON_GROWTH * OBSERVATION_POINT_NAME +
				sizeof(struct event_details_bound)
};

/* The encoder of a transaction_record. */
void event_transaction(struct text *t, const struct record *record, struct labels *labels);
