/* What the control socket says about a status, as tables for people and as JSON. docs/OPERATIONS.md
 * describes both. */
#pragma once

#include <stdio.h>

#include "cli/status/health.h"
#include "cli/status/status.h"

struct json;

enum { ANSWER_SESSIONS_MAX = 10000 }; /* that are listed; all are counted */

struct answer_kind {
	const char *request;
	unsigned parts; /* of the status that it is made from */
	void (*json)(const struct status *status, const struct health_result *result,
		struct json *j);
	void (*tables)(
		const struct status *status, const struct health_result *result, FILE *out);
};

/* stats, sessions, rules, flows, alerts; NULL: none of them. */
const struct answer_kind *answer_find(const char *request);

/* As one JSON object and a newline, or as tables. */
void answer_write(const struct answer_kind *kind, const struct status *status,
	const struct health_result *result, bool json, FILE *out);

void answer_stats_json(const struct status *s, const struct health_result *v, struct json *j);
void answer_sessions_json(
	const struct status *s, const struct health_result *v, struct json *j);
void answer_rules_json(const struct status *s, const struct health_result *v, struct json *j);
void answer_flows_json(const struct status *s, const struct health_result *v, struct json *j);
void answer_alerts_json(const struct status *s, const struct health_result *v, struct json *j);

void answer_stats_tables(const struct status *s, const struct health_result *v, FILE *out);
void answer_sessions_tables(const struct status *s, const struct health_result *v, FILE *out);
void answer_rules_tables(const struct status *s, const struct health_result *v, FILE *out);
void answer_flows_tables(const struct status *s, const struct health_result *v, FILE *out);
void answer_alerts_tables(const struct status *s, const struct health_result *v, FILE *out);
