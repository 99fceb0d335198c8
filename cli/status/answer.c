#include "cli/status/answer.h"

#include <string.h>

#include "inspect/record/json.h"

static const struct answer_kind kinds[] = {
	{"stats", STATUS_XSTATS, answer_stats_json, answer_stats_tables},
	{"sessions", STATUS_SESSIONS, answer_sessions_json, answer_sessions_tables},
	{"rules", STATUS_RULES, answer_rules_json, answer_rules_tables},
	{"flows", STATUS_FLOWS, answer_flows_json, answer_flows_tables},
	{"alerts", STATUS_ALERTS, answer_alerts_json, answer_alerts_tables},
};

const struct answer_kind *answer_find(const char *request)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kinds[i].request, request) == 0)
			return &kinds[i];
	return NULL;
}

void answer_write(const struct answer_kind *kind, const struct status *status,
	const struct health_result *result, bool json, FILE *out)
{
	struct json j = {.out = out};

	if (!json) {
		kind->tables(status, result, out);
		return;
	}
	kind->json(status, result, &j);
	fputc('\n', out);
}
