/* Whether calls are as regular as a program's. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct beacon_call {
	uint64_t time_ns; /* when it began */
	uint64_t bytes;   /* that the client sent */
};

enum { BEACON_CALLS = 64 };

struct beacon_limits {
	uint32_t calls;       /* so many at least, at most BEACON_CALLS */
	uint32_t jitter;      /* percent of the median that intervals and sizes may differ by */
	uint64_t interval_ns; /* the least, of the median */
};

struct beacon_found {
	uint64_t interval_ns, bytes; /* medians */
	uint32_t regular;            /* calls of those judged that keep to both, in percent */
};

/* The last `limits->calls` of `n` calls, by time: at least four in five of their intervals, and of their sizes, differ from
 * the median by no more than the jitter; the rest are those that were missed, or did more. */
bool beacon_judge(const struct beacon_call *calls, uint32_t n,
	const struct beacon_limits *limits, struct beacon_found *found);
