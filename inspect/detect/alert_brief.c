#include "inspect/detect/alert_brief.h"

#include <stdio.h>

static void copy(char *to, size_t size, const struct alert_record *record, const char *texts,
	enum alert_text which)
{
	snprintf(to, size, "%.*s", record->alert.len[which],
		alert_text(&record->alert, texts, which));
}

struct alert_brief alert_brief_of(const struct alert_record *record, const char *texts)
{
	struct alert_brief brief = {
		.id = record->id,
		.first_ns = record->first_ns,
		.last_ns = record->last_ns,
		.count = record->count,
		.engine = record->alert.engine,
		.severity = record->alert.severity,
		.has_source = record->alert.flow.key.ip_version != 0,
		.source = record->alert.source,
	};

	copy(brief.rule, sizeof(brief.rule), record, texts, ALERT_RULE);
	copy(brief.title, sizeof(brief.title), record, texts, ALERT_TITLE);
	copy(brief.why, sizeof(brief.why), record, texts, ALERT_WHY);
	copy(brief.tenant, sizeof(brief.tenant), record, texts, ALERT_TENANT);
	return brief;
}

static bool is_graver(const struct alert_brief *a, const struct alert_brief *b)
{
	if (a->severity != b->severity)
		return a->severity < b->severity;
	if (a->count != b->count)
		return a->count > b->count;
	return a->id < b->id;
}

void alerts_top_add(struct alerts_top *top, const struct alert_brief *alert)
{
	uint32_t at = top->n;

	if (at == ALERTS_TOP) {
		if (!is_graver(alert, &top->row[at - 1]))
			return;
		at--;
	} else {
		top->n++;
	}
	for (; at > 0 && is_graver(alert, &top->row[at - 1]); at--)
		top->row[at] = top->row[at - 1];
	top->row[at] = *alert;
}
