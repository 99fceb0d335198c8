/* The event of a transaction, that of a flow whose label is known, and how many transactions a flow had. */
#include "inspect/record/encoder/event.h"

void event_transaction(struct text *t, const struct record *record, const struct names *names)
{
	const struct transaction_record *r = (const struct transaction_record *)record;

	(void)names;
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
	text_cstr(t, "}\n");
}

void event_flow_start(struct text *t, const struct record *record, const struct names *names)
{
	const struct flow_start_record *r = (const struct flow_start_record *)record;

	text_cstr(t, "{\"event\":\"flow_start\",\"time\":\"");
	text_time(t, r->time_ns);
	text_cstr(t, "\",");
	event_flow_ids(t, &r->flow, r->observation_point.point_id);
	text_cstr(t, ",\"start\":\"");
	text_time(t, r->flow.start_ns);
	text_char(t, '"');
	event_flow_point(t, &r->flow, &r->observation_point);
	event_flow_ends(t, &r->flow);
	text_char(t, ',');
	label_json(names->labels, &r->flow, t);
	text_cstr(t, "}\n");
}

void event_transaction_counts(struct text *t, const struct flow_record *r, bool is_inspected)
{
	text_cstr(t, ",\"transactions\":");
	for (unsigned i = 0; i < TRANSACTIONS; i++) {
		enum transaction kind = (enum transaction)i;
		uint32_t n = details_transactions(r->flow.details, kind);

		text_cstr(t, i == 0 ? "{\"" : ",\"");
		text_cstr(t, transaction_name(kind));
		text_cstr(t, "\":");
		if ((r->outcome.kinds >> i & 1) && (is_inspected || n > 0))
			text_u64(t, n);
		else
			text_cstr(t, "null");
	}
	text_char(t, '}');
}
