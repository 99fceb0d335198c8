/* An alert in brief: a row of a table. */
#pragma once

#include "inspect/record/alert.h"
#include "inspect/record/tenant.h"

enum { ALERT_BRIEF_TEXT = 96 };

/* Texts are cut where they are longer. */
struct alert_brief {
	uint64_t id, first_ns, last_ns, count;
	enum alert_engine engine;
	uint8_t severity;
	bool has_source; /* else it is about no packet */
	struct ip_addr source;
	char rule[ALERT_BRIEF_TEXT], title[ALERT_BRIEF_TEXT], why[ALERT_BRIEF_TEXT];
	char tenant[TENANT_TEXT];
};

struct alert_brief alert_brief_of(const struct alert_record *record, const char *texts);

/* The gravest of many: by severity, then by count. All zero: none yet. */
enum { ALERTS_TOP = 20 };
struct alerts_top {
	uint32_t n;
	struct alert_brief row[ALERTS_TOP];
};
void alerts_top_add(struct alerts_top *top, const struct alert_brief *alert);
