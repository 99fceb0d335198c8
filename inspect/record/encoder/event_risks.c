#include "inspect/record/encoder/event_risks.h"

#include "inspect/record/encoder/event_flow_fields.h"

/* What is known of it: a detail, a port. */
static void add_fact(struct text *t, const struct flow *flow, int shown_by)
{
	size_t len;
	const char *value;

	if (shown_by == RISK_SHOWN_BY_PORT && flow_has_ports(flow->key.protocol)) {
		text_cstr(t, ": port ");
		text_u64(t, flow_ends(flow).dst_port);
	}
	if (shown_by < 0)
		return;
	value = details_string(flow->details, (enum detail)shown_by, &len);
	if (value == NULL)
		return;
	text_cstr(t, ": ");
	if (len > (size_t)(t->end - t->at))
		len = (size_t)(t->end - t->at);
	text_bytes(t, value, len);
}

/* In the library's words or ours of when it was raised; else what the risk means. */
static void put_why(struct text *t, const struct flow *flow, unsigned risk)
{
	char bytes[EVENT_RISK_WHY];
	struct text why = text_make(bytes, sizeof(bytes));
	struct risk_meaning meaning = dpi_risk_meaning(risk);
	size_t len;
	const char *said = details_why(flow->details, risk, &len);

	if (said != NULL) {
		text_json(t, said, len < sizeof(bytes) ? len : sizeof(bytes));
		return;
	}
	if (meaning.sentence == NULL) {
		text_cstr(t, "null");
		return;
	}
	text_cstr(&why, meaning.sentence);
	add_fact(&why, flow, meaning.shown_by);
	text_json(t, bytes, (size_t)(why.at - bytes));
}

static void put_risk(struct text *t, const struct flow *flow, unsigned risk)
{
	text_cstr(t, "{\"id\":");
	text_u64(t, risk_id(risk));
	text_cstr(t, ",\"name\":");
	event_name(t, dpi_risk_name(risk), EVENT_RISK_NAME);
	text_cstr(t, ",\"score\":");
	text_u64(t, dpi_risk_score(risk));
	text_cstr(t, ",\"why\":");
	put_why(t, flow, risk);
	text_char(t, '}');
}

void event_risks(struct text *t, const struct flow *flow)
{
	struct risk_set risks = details_risks(flow->details);
	uint64_t score = 0;

	text_cstr(t, ",\"risks\":[");
	for (bool first = true; !risk_set_is_empty(&risks); first = false) {
		unsigned risk = risk_set_take(&risks);

		if (!first)
			text_char(t, ',');
		put_risk(t, flow, risk);
		score += dpi_risk_score(risk);
	}
	text_cstr(t, "],\"score\":");
	text_u64(t, score);
}
