#include "inspect/detect/beacons/beacon_judge.h"

#include <stdlib.h>
#include <string.h>

enum { REGULAR = 80 /* percent */ };

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Of an even number the upper one of the two in the middle. Sorts. */
static uint64_t median(uint64_t *values, uint32_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[n / 2];
}

/* How many of a hundred differ from the median by no more than so many percent of it. */
static uint32_t share_near(
	const uint64_t *values, uint32_t n, uint64_t middle, uint32_t percent)
{
	uint64_t most = middle / 100 * percent + middle % 100 * percent / 100;
	uint32_t near = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t apart = values[i] > middle ? values[i] - middle : middle - values[i];

		near += apart <= most;
	}
	return near * 100 / n;
}

/* Whether so many intervals can be as long as they must: most calls come much faster, and need no sorting. */
static bool may_be_one(
	const struct beacon_call *calls, uint32_t n, const struct beacon_limits *limits)
{
	uint64_t least = limits->interval_ns / 100 * (100 - limits->jitter);

	return calls[n - 1].time_ns - calls[0].time_ns >= least * (n - 1) * REGULAR / 100;
}

bool beacon_judge(const struct beacon_call *calls, uint32_t n,
	const struct beacon_limits *limits, struct beacon_found *found)
{
	uint64_t intervals[BEACON_CALLS], sizes[BEACON_CALLS];
	uint32_t used = limits->calls, by_time, by_size;

	if (n < used || used < 2)
		return false;
	calls += n - used;
	if (!may_be_one(calls, used, limits))
		return false;
	for (uint32_t i = 0; i < used; i++) {
		sizes[i] = calls[i].bytes;
		if (i > 0)
			intervals[i - 1] = calls[i].time_ns - calls[i - 1].time_ns;
	}
	found->interval_ns = median(intervals, used - 1);
	found->bytes = median(sizes, used);
	by_time = share_near(intervals, used - 1, found->interval_ns, limits->jitter);
	by_size = share_near(sizes, used, found->bytes, limits->jitter);
	found->regular = by_time < by_size ? by_time : by_size;
	return found->regular >= REGULAR && found->interval_ns >= limits->interval_ns;
}
