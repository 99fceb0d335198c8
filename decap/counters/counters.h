/* Counters: words of uint64_t in plain structs, each declared by a row of counters.def, which says all
 * that the outputs need to know of it.
 *
 *	counters_each(c, COUNTERS_flow_table_stats)
 *		printf("%s %lu\n", c->name, counter_value(c, &stats));
 *
 * One thread writes a struct. Others see copies of it: see dataplane/output/tally.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decap/counters/counters.def"

enum counter_place {
	IN_SUMMARY = 1 << 0, /* the set's object of summary.json */
	IN_CTL = 1 << 1,     /* the set's object of ctl stats, and of the telemetry */
	IN_STATS = 1 << 2,   /* the set's object of stats events */
	IN_ALL = IN_SUMMARY | IN_CTL | IN_STATS,
	IN_TOP = 1 << 3,       /* the top of summary.json and of ctl stats */
	IN_STATS_TOP = 1 << 4, /* the top of stats events */
	IN_MEMORY = 1 << 5,    /* memory{} of summary.json */
	IN_RUN = 1 << 6,       /* run{} of summary.json */
	/* What it is. Above 0, a limit says that results depend on what had room: "deterministic": false. */
	IS_LIMIT = 1 << 7,
	IS_TRUTH = 1 << 8,   /* 0 or 1 */
	IS_UNTYPED = 1 << 9, /* neither counter nor gauge */
};

/* Of a value that nobody knows: null in JSON, an empty cell, no sample. */
#define COUNTER_UNKNOWN UINT64_MAX

enum counter_set {
#define SET(type, ...) COUNTERS_##type,
	COUNTER_SETS(SET)
#undef SET
		COUNTER_SETS_N
};

/* The members of a set, for a struct that has them among others. */
#define COUNTER_MEMBER(type, member, ...) uint64_t member;
#define COUNTERS(type) \
	union { \
		struct type type; \
		struct { \
			ROWS_##type(COUNTER_MEMBER, type) \
		}; \
	}

/* One struct for each set, of the set's name. */
#define SET(type, ...) \
	struct type { \
		ROWS_##type(COUNTER_MEMBER, type) \
	};
COUNTER_SETS(SET)
#undef SET

/* What a worker counts, or the sum of several. */
struct counters {
#define SET(type, ...) struct type type;
	COUNTER_SUMS(SET)
#undef SET
};

/* A row. */
struct counter {
	enum counter_set set;
	unsigned places; /* enum counter_place */
	size_t offset;
	const char *name, *metric, *unit, *head, *help;
};

/* What its rows have in common: see COUNTER_SETS. */
struct counter_set_info {
	const char *labels, *before, *summary, *ctl, *stats, *writer;
};

/* How a value is printed. */
enum counter_form { COUNTER_NUMBER, COUNTER_BYTES, COUNTER_NS, COUNTER_RATIO, COUNTER_TRUTH };
/* COUNTER_RATIO: in billionths. */
#define COUNTER_ONE UINT64_C(1000000000)

/* The rows of a set, in their order; behind the last stands one of another set. */
const struct counter *counters_first(enum counter_set set);
const struct counter_set_info *counters_info(enum counter_set set);
/* The set's struct in `counters`; NULL: it is not among what a worker counts. */
const void *counters_part(const struct counters *counters, enum counter_set set);
enum counter_form counter_form(const struct counter *counter);

#define counters_each(c, of) \
	for (const struct counter *c = counters_first(of); (c)->set == (of); (c)++)

/* Of `row`, a struct of the set. */
static inline uint64_t counter_value(const struct counter *counter, const void *row)
{
	return *(const uint64_t *)(const void *)((const char *)row + counter->offset);
}

/* The key in JSON. Returns `room` or a static string. */
enum { COUNTER_NAME = 64 };
const char *counter_key(const struct counter *counter, char room[COUNTER_NAME]);

/* Adds each word of `one` to `sum`; both are structs of `size` bytes and nothing but counters. */
void counters_add(void *sum, const void *one, size_t size);
/* A limit was hit: one of the rows that are limits is above 0. */
bool counters_limited(const struct counters *counters);
