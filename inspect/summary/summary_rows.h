/* What the summary's JSON and tables both show, in the order both show it; and the parts of both
 * that the live appliance prints too. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/record/tenant.h"
#include "inspect/summary/summary.h"

enum { APP_NAME = 64 };

/* Pairs of nDPI numbers that print alike are one application. */
struct app_row {
	char name[APP_NAME];
	struct total total;
};

/* Most bytes first, ties by name; freed by the caller. NULL with `*n` 0: none, or no memory. */
struct app_row *summary_apps(const struct summary *summary, uint32_t *n);

struct session_row {
	const struct session *session;
};

/* By outer source, then VNI; freed by the caller. */
struct session_row *summary_sessions(const struct summary *summary, uint32_t *n);

/* The VNI of a tenant of its own, the name of one of the settings, or `plain`. */
const char *summary_tenant(
	const struct summary *summary, uint32_t tenant, char text[TENANT_TEXT]);

const char *summary_direction(enum direction direction);

/* No limit was hit, the summary's own included. */
bool summary_deterministic(const struct summary *summary);

struct json;

/* As members of the object that is open. */
void summary_ledger_json(struct json *j, const struct ledger *ledger);
/* What stands at the top. */
void summary_counters_json(struct json *j, const struct counters *counters);
void summary_rules_json(struct json *j, const struct summary_rule *rules, uint32_t n);
void summary_output_json(
	struct json *j, const char *name, bool enabled, const struct output_ledger *ledger);
/* `interface` and `exception`; both null where `interface` is NULL. */
void summary_exception_json(
	struct json *j, const char *interface, const struct exception_ledger *ledger);

struct columns;

/* The columns of a table of rules, which may be followed by others; and a rule's cells. */
void summary_rule_heads(struct columns *c);
void summary_rule_cells(struct columns *c, const struct summary_rule *rule);

/* Title and table of the buckets and their reasons that are not 0. */
void summary_ledger_table(const struct ledger *ledger, FILE *out);
