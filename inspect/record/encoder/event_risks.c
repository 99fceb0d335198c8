#include "inspect/record/encoder/event_risks.h"

#include "inspect/record/encoder/event_flow_fields.h"
#include "inspect/record/risk_why.h"

static void put_why(struct text *t, const struct flow *flow, unsigned risk)
{
	char bytes[RISK_WHY];
	struct text why = text_make(bytes, sizeof(bytes));

	risk_why(&why, flow, risk);
	if (why.at == bytes)
		text_cstr(t, "null");
	else
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
