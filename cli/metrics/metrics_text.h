/* How samples are printed. Private to cli/metrics/metrics*.c.
 *
 *	metrics_family(&m, counter);
 *	metrics_label_u64(&m, "worker", 0);
 *	metrics_sample(&m, 17);       the next may follow
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "decap/counters/counters.h"
#include "inspect/flow/addr_text.h"

enum { METRICS_LABEL_MAX = 256, METRICS_LABELS_MAX = 8 };

struct metrics {
	FILE *out;
	const struct counter *counter;
	size_t name_len;    /* of the family; behind it stand the counter's own labels */
	unsigned n_samples; /* of the family: HELP and TYPE stand before the first */
	/* Of the sample at hand. */
	struct text labels;
	char room[METRICS_LABELS_MAX * (64 + TEXT_JSON_GROWTH * METRICS_LABEL_MAX)];
};

/* Begins the family of a counter; one without samples prints nothing. */
void metrics_family(struct metrics *m, const struct counter *counter);
/* Goes on with another counter: true if it is of the same family. */
bool metrics_goes_on(struct metrics *m, const struct counter *counter);
/* NULL is "", which Prometheus takes for a label that is not there. */
void metrics_label(struct metrics *m, const char *key, const char *value);
void metrics_label_u64(struct metrics *m, const char *key, uint64_t value);
/* Prints the sample with its labels; COUNTER_UNKNOWN: there is none. */
void metrics_sample(struct metrics *m, uint64_t value);
