#include "inspect/record/alert.h"

static size_t texts_size(const struct alert *alert)
{
	size_t size = 0;

	for (int i = 0; i < ALERT_TEXTS; i++)
		size += alert->len[i];
	return size;
}

size_t alert_bytes(const struct alert *alert)
{
	return texts_size(alert) + observation_point_size(&alert->observation_point);
}

const char *alert_text(const struct alert *alert, const char *texts, enum alert_text which)
{
	for (unsigned i = 0; i < (unsigned)which; i++)
		texts += alert->len[i];
	return texts;
}

void alert_copy(
	struct alert *to, char *to_texts, const struct alert *from, const char *from_texts)
{
	size_t size = texts_size(from);

	*to = *from;
	memcpy(to_texts, from_texts, size);
	if (!observation_point_copy(
		    &to->observation_point, &from->observation_point, to_texts + size))
		to->cut = true;
}

static void put_texts(struct alert *alert, char *to, const struct alert_telling *telling)
{
	for (int i = 0; i < ALERT_TEXTS; i++) {
		if (alert->len[i] > 0)
			memcpy(to, telling->text[i].at, alert->len[i]);
		to += alert->len[i];
	}
	if (!observation_point_copy(&alert->observation_point, &alert->observation_point, to))
		alert->cut = true;
}

bool alert_tell(const struct sink *facts, uint64_t number, const struct flow *flow,
	const struct observation_point *observation_point, const struct alert_telling *telling)
{
	struct alert alert = {
		.engine = telling->engine,
		.severity = telling->severity,
		.by_title = telling->by_title,
		.tenant = telling->tenant,
		.source = telling->source,
		.observation_point = *observation_point,
		.flow = *flow,
	};
	struct alert_fact *fact;

	alert.flow.dpi = NULL;
	alert.flow.details = NULL;
	for (int i = 0; i < ALERT_TEXTS; i++) {
		size_t len = telling->text[i].at != NULL ? telling->text[i].len : 0;

		alert.cut = alert.cut || len > ALERT_TEXT;
		alert.len[i] = (uint16_t)(len < ALERT_TEXT ? len : ALERT_TEXT);
	}
	fact = (struct alert_fact *)facts->take(
		facts->ctx, RECORD_ALERT_FACT, sizeof(*fact) + alert_bytes(&alert));
	if (fact == NULL)
		return false;
	fact->fact.number = number;
	fact->time_ns = telling->time_ns;
	fact->alert = alert;
	put_texts(&fact->alert, fact->text, telling);
	return true;
}
