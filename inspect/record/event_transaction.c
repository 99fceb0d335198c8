#include "inspect/record/event.h"

void event_transaction(struct text *t, const struct record *record, struct labels *labels)
{
	const struct transaction_record *r = (const struct transaction_record *)record;

	(void)labels;
	text_cstr(t, "{\"event\":\"");
	text_cstr(t, transaction_name(r->kind));
	text_cstr(t, "\",\"time\":\"");
	text_time(t, r->time_ns);
	text_cstr(t, "\",");
	event_flow_ids(t, &r->flow, r->observation_point.point_id);
	event_flow_point(t, &r->flow, &r->observation_point);
	event_flow_ends(t, &r->flow);
	text_char(t, ',');
	event_details_of(t, r->flow.details, r->kind);
	if (r->kind == TRANSACTION_QUIC) { /* its handshake is TLS */
		text_char(t, ',');
		event_details_of(t, r->flow.details, TRANSACTION_TLS);
	}
	text_cstr(t, "}\n");
}
