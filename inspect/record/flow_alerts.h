/* The alerts that a flow has raised: what its event says of them. */
#pragma once

#include <stdint.h>

#include "inspect/record/alert.h"

enum {
	FLOW_ALERTS_MAX = 32, /* of a flow; the others are left out */
	FLOW_ALERT_RULE = 64, /* bytes; longer names are cut */
};

struct flow_alert {
	uint64_t id;    /* alert_id() */
	uint8_t engine; /* enum alert_engine */
	uint8_t severity, rule_len;
	char rule[FLOW_ALERT_RULE];
};

struct flow_alerts {
	uint32_t n;
	struct flow_alert alert[FLOW_ALERTS_MAX];
};

/* Adds what is told, once. false: there was no room. */
bool flow_alerts_add(struct flow_alerts *alerts, const struct flow_alert *alert);
struct flow_alert flow_alert_of(const struct alert_telling *telling);
