/* How a metric family is printed. Private to cli/metrics/metrics*.c.
 *
 *	metrics_family(&m, METRIC_worker_packets_total);
 *	metrics_label_u64(&m, "worker", 0);
 *	metrics_u64(&m, 17);       ends the sample; the next may follow
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum metric {
#define METRIC(name, type, labels, unit, help) METRIC_##name,
#include "cli/metrics/metrics.def"
	METRIC_COUNT
};

struct metrics {
	FILE *out;
	enum metric family;
	unsigned n_samples; /* of the family: HELP and TYPE stand before the first */
	unsigned n_labels;  /* of the sample at hand */
};

/* Begins a family; one without samples prints nothing. */
void metrics_family(struct metrics *m, enum metric family);
/* NULL is "", which Prometheus takes for a label that is not there. */
void metrics_label(struct metrics *m, const char *key, const char *value);
void metrics_label_u64(struct metrics *m, const char *key, uint64_t value);
void metrics_u64(struct metrics *m, uint64_t value);
void metrics_double(struct metrics *m, double value);
/* As seconds, exactly. */
void metrics_ns(struct metrics *m, uint64_t ns);

/* A uint64_t member of a row that is a family as it stands. */
struct metric_member {
	enum metric family;
	size_t offset;
};

#define METRIC_MEMBERS(list) (sizeof(list) / sizeof((list)[0]))

static inline uint64_t metric_member_of(const void *row, const struct metric_member *member)
{
	return *(const uint64_t *)(const void *)((const char *)row + member->offset);
}

struct status;

/* The families of ports, of their queues and of their exception paths. */
void metrics_ports(struct metrics *m, const struct status *status);
/* The families of sessions. */
void metrics_sessions(struct metrics *m, const struct status *status);
