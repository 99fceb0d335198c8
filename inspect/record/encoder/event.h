/* The events of a flow, each one line of JSON with the fields of docs/OUTPUT.md in that order, every one
 * always present, unknown = null: that of a flow that ended (or, as flow_update, goes on), that of a
 * transaction, and that of a flow whose label is known. */
#pragma once

#include "inspect/dpi/dpi.h"
#include "inspect/record/encoder/encoder.h"
#include "inspect/record/encoder/event_course.h"
#include "inspect/record/encoder/event_details.h"
#include "inspect/record/encoder/event_flow_fields.h"
#include "inspect/record/encoder/event_risks.h"
#include "inspect/record/flow_alerts.h"

/* No event of a flow is longer: keys, numbers and addresses; places; label; session and interface; risks; alerts; details,
 * without what transactions alone have. */
enum {
	EVENT_ENCRYPTION_NAME = 16,
	EVENT_FLOW_ALERT = 96 + TEXT_JSON_GROWTH * FLOW_ALERT_RULE,
	EVENT_SIZE_MAX = 2048 + FLOW_ALERTS_MAX * EVENT_FLOW_ALERT + EVENT_COURSE_MAX +
			 EVENT_RECORDED_MAX + PLACE_JSON + LABEL_JSON +
			 2 * TEXT_JSON_GROWTH * OBSERVATION_POINT_NAME + EVENT_RISKS_MAX +
			 sizeof(struct event_details_bound) - EVENT_RECORDS_MAX
};

/* The encoder of a flow_record. */
void event_flow(struct text *t, const struct record *record, const struct names *names);

/* `,"transactions":{"dns":...}` of a flow event: null of kinds that were not counted, and of a flow that was
 * not inspected, or not to its end, and shows none. */
void event_transaction_counts(struct text *t, const struct flow_record *r, bool is_inspected);

/* No event of a transaction is longer. */
enum {
	EVENT_TRANSACTION_MAX = 128 + EVENT_FLOW_FIELDS_MAX +
				2 * TEXT_JSON_GROWTH * OBSERVATION_POINT_NAME +
				sizeof(struct event_details_bound)
};

/* The encoder of a transaction_record. */
void event_transaction(struct text *t, const struct record *record, const struct names *names);

enum {
	EVENT_FLOW_START_MAX = 256 + EVENT_FLOW_FIELDS_MAX + LABEL_JSON +
			       2 * TEXT_JSON_GROWTH * OBSERVATION_POINT_NAME
};

/* The encoder of a flow_start_record. */
void event_flow_start(struct text *t, const struct record *record, const struct names *names);
