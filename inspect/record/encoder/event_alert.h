/* The event of an alert: one line of JSON with the fields of docs/OUTPUT.md in that order, every one always
 * present, unknown = null. */
#pragma once

#include "inspect/record/alert.h"
#include "inspect/record/encoder/encoder.h"
#include "inspect/record/encoder/event_flow_fields.h"

/* No event is longer. */
enum {
	EVENT_ALERT_MAX = 1024 + EVENT_FLOW_FIELDS_MAX +
			  2 * TEXT_JSON_GROWTH * OBSERVATION_POINT_NAME +
			  ALERT_TEXTS * (2 + TEXT_JSON_GROWTH * ALERT_TEXT)
};

/* The encoder of an alert_record. */
void event_alert(struct text *t, const struct record *record, const struct names *names);
