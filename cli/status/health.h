/* Whether the appliance is healthy: judged from one status after another, because some of what is
 * wrong is a change (records lost since) or takes time (a ring that stays full). The limits are
 * control.* of the settings. One thread uses a health. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/status/status.h"
#include "config/settings/settings.h"

enum {
	HEALTH_WRONG = 16,
	HEALTH_TEXT = 320,
	HEALTH_OVERLOAD = 4,
	HEALTH_NOTES = 10 + FEEDS_MAX
};

/* Healthy is n_wrong = 0. Plain data, to be copied. */
struct health_result {
	uint32_t n_wrong;  /* all that is wrong; the first HEALTH_WRONG have their sentence */
	bool workers_poll; /* there are workers, and none of them has stopped polling */
	char wrong[HEALTH_WRONG][HEALTH_TEXT];
	/* Overload steps in force: static strings. They do not make the appliance unhealthy. */
	const char *overload[HEALTH_OVERLOAD];
	uint32_t n_overload;
	/* Sentences that are worth knowing, though nothing is wrong. */
	char notes[HEALTH_NOTES][HEALTH_TEXT];
	uint32_t n_notes;
};

struct health;

/* NULL: no memory. */
struct health *health_create(const struct settings *settings);
void health_destroy(struct health *health);

/* Judges the status that was collected at `now_ns` (now_monotonic()). Sentences begin in lower case,
 * have no full stop and name a thing and a number: `worker 1 has not polled for 1.3 s`. */
void health_judge(struct health *health, const struct status *status, uint64_t now_ns,
	struct health_result *result);

/* Adds a sentence. */
__attribute__((format(printf, 2, 3))) void health_result_add(
	struct health_result *result, const char *format, ...);
/* All sentences in one, with `; ` between them; returns `text`. */
const char *health_result_print(const struct health_result *result, char *text, size_t size);
/* `{"healthy": ..., "wrong": [...], "overload": [...], "notes": [...]}` and a newline. */
void health_result_json(const struct health_result *result, FILE *out);
