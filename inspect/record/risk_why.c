#include "inspect/record/risk_why.h"

#include "inspect/dpi/dpi.h"

static void put_cut(struct text *t, const char *bytes, size_t len)
{
	size_t room = (size_t)(t->end - t->at);

	text_bytes(t, bytes, len < room ? len : room);
}

/* What is known of it: a detail, a port. */
static void put_fact(struct text *t, const struct flow *flow, int shown_by)
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
	put_cut(t, value, len);
}

void risk_why(struct text *t, const struct flow *flow, unsigned risk)
{
	struct risk_meaning meaning = dpi_risk_meaning(risk);
	size_t len;
	const char *said = details_why(flow->details, risk, &len);

	if (said != NULL) {
		put_cut(t, said, len);
	} else if (meaning.sentence != NULL) {
		text_cstr(t, meaning.sentence);
		put_fact(t, flow, meaning.shown_by);
	}
}
