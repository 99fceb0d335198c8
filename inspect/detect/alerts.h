/* The alerts that grow: facts of one rule, one source and one tenant (and, for some, one title) are one alert,
 * so that a scan is one and not a million. Bounded: when there is no room, the alert that has not grown for the
 * longest time ends. One thread uses it.
 *
 * Live an alert is written when it begins, when its count reaches 10, 100, 1,000 ..., and when it ends,
 * which is when it has not grown for `idle_ns`; one of a state that lasts ends with the fact that says that it
 * is over. In replay, where the order in which workers tell must not
 * matter, it is written once, at the end of the input, with what came first and last in packet time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/counters/counters.h"
#include "inspect/detect/alert_brief.h"

struct alerts;
struct suppress;

struct alerts_params {
	uint32_t capacity; /* alerts that grow at a time */
	uint64_t idle_ns;  /* 0: none ends before all do */
	bool live;
	struct sink sink; /* for alert_records */
};

/* NULL: no memory. */
struct alerts *alerts_create(const struct alerts_params *params);
/* NULL is legal. */
void alerts_destroy(struct alerts *alerts);

/* Takes over what is not wanted from now on; NULL: all is. Workers do not tell of it, others may. */
void alerts_suppress(struct alerts *alerts, struct suppress *suppress);

void alerts_add(struct alerts *alerts, const struct alert_fact *fact);
/* Live, now and then: ends those that have not grown for long. */
void alerts_age(struct alerts *alerts, uint64_t now_ns);
/* Ends all: in replay by the time of what came first. */
void alerts_end(struct alerts *alerts);

/* Fills `rows` with at most `max` of those that grow, the one that grew last first. Returns how many grow. */
uint32_t alerts_growing(const struct alerts *alerts, struct alert_brief *rows, uint32_t max);
/* The gravest that have ended. */
const struct alerts_top *alerts_top(const struct alerts *alerts);

struct alerts_stats alerts_stats(const struct alerts *alerts);
/* What was offered to the sink, and refused there. */
struct output_ledger alerts_ledger(const struct alerts *alerts);
