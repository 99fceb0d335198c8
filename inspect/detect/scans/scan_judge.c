#include "inspect/detect/scans/scan_judge.h"

#include <math.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_protocol_and_port(const struct probe *a, const struct probe *b)
{
	int by = order(a->protocol, b->protocol);

	return by != 0 ? by : order(a->port, b->port);
}

static int by_address(const struct probe *a, const struct probe *b)
{
	return memcmp(a->dst.byte, b->dst.byte, sizeof(a->dst.byte));
}

static bool is_one(enum scan_kind kind, const struct probe *a, const struct probe *b)
{
	if (kind == SCAN_HORIZONTAL)
		return by_protocol_and_port(a, b) == 0;
	return a->protocol == b->protocol && by_address(a, b) == 0;
}

/* Those of one group stand together, by time. */
static int horizontal_by_time(const void *left, const void *right)
{
	const struct probe *a = left, *b = right;
	int by = by_protocol_and_port(a, b);

	return by != 0 ? by : order(a->time_ns, b->time_ns);
}

static int vertical_by_time(const void *left, const void *right)
{
	const struct probe *a = left, *b = right;
	int by = order(a->protocol, b->protocol);

	by = by != 0 ? by : by_address(a, b);
	return by != 0 ? by : order(a->time_ns, b->time_ns);
}

/* Of one group, by what differs. */
static int by_what(const void *left, const void *right)
{
	const struct probe *a = left, *b = right;
	int by = by_address(a, b);

	return by != 0 ? by : order(a->port, b->port);
}

/* The most of `n` probes, which are by time, that lie within a window. */
static uint32_t most_within(const struct probe *probe, uint32_t n, uint64_t window_ns)
{
	uint32_t most = 0, from = 0;

	for (uint32_t to = 0; to < n; to++) {
		while (probe[to].time_ns - probe[from].time_ns > window_ns)
			from++;
		most = to - from + 1 > most ? to - from + 1 : most;
	}
	return most;
}

static bool are_enough(uint32_t n, uint32_t least, double weight)
{
	double margin = weight > 1 ? 3 * sqrt((double)n) : 0;

	return least != 0 && (double)n - margin >= (double)least / weight;
}

static bool is_wider(const struct scan_found *a, const struct scan_found *b)
{
	if (b->n == 0 || a->is_slow != b->is_slow)
		return b->n == 0 || b->is_slow;
	return a->within > b->within;
}

/* Keeps the group if it is a scan, and wider than what was found of its protocol. */
static void look_at(struct scan_found *found, const struct scan_found *group, double weight,
	const struct scan_limits *limits)
{
	struct scan_found scan = *group;

	scan.within = most_within(group->probe, group->n, limits->window_ns);
	if (!are_enough(scan.within, limits->least[group->kind], weight)) {
		scan.is_slow = true;
		scan.within = most_within(group->probe, group->n, limits->slow_window_ns);
		if (!are_enough(scan.within, limits->slow_least[group->kind], weight))
			return;
	}
	if (is_wider(&scan, found))
		*found = scan;
}

/* All probes of one protocol. */
struct many {
	const struct probe *probe;
	uint32_t n;
	uint64_t first_ns, last_ns; /* of the probes looked at */
	uint32_t looked, pairs, groups;
	struct scan_found largest;
};

static struct scan_found group_of(enum scan_kind kind, const struct probe *probe, uint32_t left)
{
	struct scan_found group = {.kind = kind, .probe = probe};

	while (group.n < left && is_one(kind, probe, &probe[group.n]))
		group.n++;
	group.is_udp = probe->protocol == IPPROTO_UDP;
	group.first_ns = probe->time_ns;
	group.last_ns = probe[group.n - 1].time_ns;
	return group;
}

/* Probes of the last window, by group. */
static void look_at_many(struct many *many, enum scan_kind kind, uint64_t window_ns)
{
	uint64_t from_ns = many->last_ns > window_ns ? many->last_ns - window_ns : 0;

	many->looked = many->pairs = many->groups = many->largest.n = 0;
	many->first_ns = many->last_ns;
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

static bool find_many(struct many *many, struct scan_found *found, enum scan_kind kind,
	double weight, uint64_t window_ns, uint32_t least)
{
	double average, margin;

	look_at_many(many, kind, window_ns);
	if (least == 0 || many->groups < 2 || many->pairs < 2)
		return false;
	average = 1 + weight * many->pairs / many->looked;
	margin = 3 / sqrt(many->pairs / 2.0);
	if (average * (1 - margin) < least)
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

/* In a sample, where no group is a scan by itself. */
static void look_at_all(struct scan_found *found, enum scan_kind kind, struct many *many,
	double weight, const struct scan_limits *limits)
{
	for (uint32_t i = 0; i < many->n; i++)
		if (many->probe[i].time_ns > many->last_ns)
			many->last_ns = many->probe[i].time_ns;
	if (find_many(many, found, kind, weight, limits->window_ns, limits->least[kind]))
		return;
	if (found->n == 0 && find_many(many, found, kind, weight, limits->slow_window_ns,
				     limits->slow_least[kind]))
		found->is_slow = true;
}

static uint32_t of_protocol(const struct probe *probe, uint32_t n)
{
	uint32_t i = 0;

	while (i < n && probe[i].protocol == probe[0].protocol)
		i++;
	return i;
}

/* Scans among probes of one protocol. */
static struct scan_found find_one(enum scan_kind kind, const struct probe *probe, uint32_t n,
	double weight, const struct scan_limits *limits)
{
	struct scan_found found = {.n = 0};
	struct many many = {.probe = probe, .n = n};

	for (uint32_t i = 0; i < n;) {
		struct scan_found group = group_of(kind, &probe[i], n - i);

		look_at(&found, &group, weight, limits);
		i += group.n;
	}
	if (weight > 1 && (found.n == 0 || found.is_slow))
		look_at_all(&found, kind, &many, weight, limits);
	return found;
}

uint32_t scan_find(enum scan_kind kind, struct probe *probe, uint32_t n, double weight,
	const struct scan_limits *limits, struct scan_found found[2])
{
	uint32_t n_found = 0;

	qsort(probe, n, sizeof(*probe),
		kind == SCAN_HORIZONTAL ? horizontal_by_time : vertical_by_time);
	for (uint32_t i = 0; i < n && n_found < 2;) {
		uint32_t more = of_protocol(&probe[i], n - i);
		struct scan_found one = find_one(kind, &probe[i], more, weight, limits);

		if (one.n > 0)
			found[n_found++] = one;
		i += more;
	}
	for (uint32_t i = 0; i < n_found; i++)
		qsort(probe + (found[i].probe - probe), found[i].n, sizeof(*probe), by_what);
	return n_found;
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
