/* A status as Prometheus text, exposition format 0.0.4: names with units, HELP and TYPE once for
 * each family, samples of a family together, labels escaped. docs/METRICS.md lists them. */
#pragma once

#include <stdio.h>

#include "cli/status/health.h"
#include "cli/status/status.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum {
	/* Parts of the status that the metrics are made from. */
	METRICS_PARTS = STATUS_XSTATS | STATUS_SESSIONS | STATUS_RULES,
	/* Anyone who can send packets can make up sessions: of the learned ones, no more than
	 * these get metrics of their own. */
	METRICS_LEARNED_MAX = 256,
};

/* What the stream could not take shows in ferror(). */
void metrics_write(const struct status *status, const struct health_result *result, FILE *out);

/* Writes the table of docs/METRICS.md. */
void metrics_reference(FILE *out);
