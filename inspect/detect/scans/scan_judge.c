#include "inspect/detect/scans/scan_judge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_address(const struct probe *a, const struct probe *b)
{
	return memcmp(a->dst.byte, b->dst.byte, sizeof(a->dst.byte));
}

/* Those of one group stand together, by time. */
static int horizontal_by_time(const void *left, const void *right)
{
	const struct probe *a = left, *b = right;
	int by = order(a->port, b->port);

	return by != 0 ? by : order(a->time_ns, b->time_ns);
}

static int vertical_by_time(const void *left, const void *right)
{
	const struct probe *a = left, *b = right;
	int by = by_address(a, b);

	return by != 0 ? by : order(a->time_ns, b->time_ns);
}

/* Of one group, by what differs. */
static int by_what(const void *left, const void *right)
{
	const struct probe *a = left, *b = right;
	int by = by_address(a, b);

	return by != 0 ? by : order(a->port, b->port);
}

static struct scan_found group_of(enum scan_kind kind, const struct probe *probe, uint32_t left)
{
	struct scan_found group = {.kind = kind, .probe = probe};

	while (group.n < left &&
		(kind == SCAN_HORIZONTAL ? probe[0].port == probe[group.n].port
					 : by_address(probe, &probe[group.n]) == 0))
		group.n++;
	group.first_ns = probe->time_ns;
	group.last_ns = probe[group.n - 1].time_ns;
	return group;
}

static bool are_enough(uint32_t n, uint32_t least, double weight)
{
	double margin = weight > 1 ? 3 * sqrt((double)n) : 0;

	return (double)n - margin >= (double)least / weight;
}

/* All probes of a set, and those of the last window by group. */
struct many {
	const struct probe *probe;
	uint32_t n;
	uint64_t first_ns, last_ns;
	uint32_t looked, pairs, groups;
	struct scan_found largest;
};

static void look_at_many(struct many *many, enum scan_kind kind, uint64_t window_ns)
{
	uint64_t from_ns = many->last_ns > window_ns ? many->last_ns - window_ns : 0;

	for (uint32_t i = 0; i < many->n;) {
		struct scan_found group = group_of(kind, &many->probe[i], many->n - i);
		uint32_t n = 0;

		for (uint32_t k = 0; k < group.n; k++)
			n += group.probe[k].time_ns >= from_ns;
		many->looked += n;
		many->pairs += n * (n - (n > 0));
		many->groups += n > 0;
		if (group.n > many->largest.n)
			many->largest = group;
		if (group.first_ns < many->first_ns)
			many->first_ns = group.first_ns;
		i += group.n;
	}
}

/* In a sample, where no group is a scan by itself. */
static bool find_many(struct many *many, enum scan_kind kind, double weight,
	const struct scan_limits *limits, struct scan_found *found)
{
	double average, margin;

	many->first_ns = UINT64_MAX;
	for (uint32_t i = 0; i < many->n; i++)
		if (many->probe[i].time_ns > many->last_ns)
			many->last_ns = many->probe[i].time_ns;
	look_at_many(many, kind, limits->window_ns);
	if (many->groups < 2 || many->pairs < 2)
		return false;
	average = 1 + weight * many->pairs / many->looked;
	margin = 3 / sqrt(many->pairs / 2.0);
	if (average * (1 - margin) < limits->least[kind])
		return false;
	*found = many->largest;
	found->first_ns = many->first_ns;
	found->last_ns = many->last_ns;
	found->within = found->n;
	found->average = (uint32_t)(average + 0.5);
	found->groups = (uint32_t)(many->looked * weight / average + 0.5);
	found->pairs = many->pairs / 2;
	return true;
}

/* The widest group that is a scan. */
static bool find_one(enum scan_kind kind, const struct probe *probe, uint32_t n, double weight,
	const struct scan_limits *limits, struct scan_found *found)
{
	found->within = 0;
	for (uint32_t i = 0; i < n;) {
		struct scan_found group = group_of(kind, &probe[i], n - i);

		group.within = probes_most_within(group.probe, group.n, limits->window_ns);
		if (group.within > found->within &&
			are_enough(group.within, limits->least[kind], weight))
			*found = group;
		i += group.n;
	}
	return found->within > 0;
}

bool scan_find(enum scan_kind kind, struct probe *probe, uint32_t n, double weight,
	const struct scan_limits *limits, struct scan_found *found)
{
	struct many many = {.probe = probe, .n = n};

	if (limits->least[kind] == 0)
		return false;
	qsort(probe, n, sizeof(*probe),
		kind == SCAN_HORIZONTAL ? horizontal_by_time : vertical_by_time);
	if (!find_one(kind, probe, n, weight, limits, found) &&
		!(weight > 1 && find_many(&many, kind, weight, limits, found)))
		return false;
	qsort(probe + (found->probe - probe), found->n, sizeof(*probe), by_what);
	return true;
}

static uint64_t rounded(double n)
{
	return (uint64_t)(n + 0.5);
}

struct scan_size scan_size(const struct scan_found *found, double weight)
{
	struct scan_size size = {found->average, found->average, 0};

	if (found->average > 0) {
		size.percent = (unsigned)ceil(100 / sqrt(found->pairs));
		return size;
	}
	size.all = rounded(found->n * weight);
	size.within = rounded(found->within * weight);
	if (weight > 1)
		size.percent = (unsigned)ceil(100 * sqrt((1 - 1 / weight) / found->n));
	return size;
}
