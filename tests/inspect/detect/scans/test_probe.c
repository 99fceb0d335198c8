/* Sets of probes: exact up to their bound, then a sample whose estimates are as good as is said; parts put together
 * are the whole, against a naive twin that keeps all. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/detect/scans/probe.h"
#include "support/random.h"

enum { ALL = 60000, PARTS = 5 };

static struct probe all[ALL];
static struct probe rooms[PARTS + 1][PROBES_MAX];

static struct probe probe_of(uint32_t i, uint64_t seed)
{
	struct probe probe = {.time_ns = 1 + i % 977,
		.dst = ip_addr_v4((const uint8_t[]){10, 0, (uint8_t)(i >> 8), (uint8_t)i}),
		.port = (uint16_t)(1 + (i >> 16)),
		.protocol = 6,
		.end = (uint8_t)(i % PROBE_ENDS)};

	probe.hash = probe_hash(&probe, seed);
	return probe;
}

static struct probe_set empty(unsigned room)
{
	return (struct probe_set){0, UINT64_MAX, rooms[room]};
}

static int by_hash(const void *a, const void *b)
{
	uint64_t left = ((const struct probe *)a)->hash,
		 right = ((const struct probe *)b)->hash;

	return (left > right) - (left < right);
}

static void join(struct probe_set *to, const struct probe_set *from)
{
	probe_set_lower(to, from->bound);
	for (uint32_t i = 0; i < from->n; i++)
		probe_set_add(to, &from->at[i]);
}

/* Each probe comes twice, to any part, in any order. */
static void parts_are_the_whole(void)
{
	static const uint32_t sizes[] = {1, 255, 256, 257, 300, 5000, ALL};
	struct random random = random_seeded(1);

	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		uint32_t n = sizes[s];
		struct probe_set whole = empty(PARTS), parts[PARTS];

		for (uint32_t i = 0; i < n; i++)
			all[i] = probe_of(i, s);
		for (unsigned p = 0; p < PARTS; p++)
			parts[p] = empty(p);
		for (uint32_t i = 0; i < 2 * n; i++) {
			struct probe again = all[i % n];

			again.time_ns += i / n;
			probe_set_add(&parts[random_below(&random, PARTS)], &again);
		}
		for (unsigned p = 0; p < PARTS; p++)
			join(&whole, &parts[(p + s) % PARTS]);
		qsort(all, n, sizeof(*all), by_hash);
		CU_ASSERT_EQUAL_FATAL(whole.n, n < PROBES_MAX ? n : PROBES_MAX);
		CU_ASSERT_EQUAL(
			whole.bound, n > PROBES_MAX ? all[PROBES_MAX].hash : UINT64_MAX);
		for (uint32_t i = 0; i < whole.n; i++) {
			CU_ASSERT_EQUAL(whole.at[i].hash, all[i].hash);
			CU_ASSERT_EQUAL(whole.at[i].end, all[i].end);
			CU_ASSERT_EQUAL(whole.at[i].port, all[i].port);
		}
	}
}

static void the_bound_is_the_least_that_is_left_out(void)
{
	struct probe_set set = empty(0);

	for (uint64_t hash = 1; hash <= 300; hash++)
		probe_set_add(&set, &(struct probe){.hash = hash});
	CU_ASSERT_EQUAL(set.n, PROBES_MAX);
	CU_ASSERT_EQUAL(set.bound, PROBES_MAX + 1);
	probe_set_lower(&set, 400);
	CU_ASSERT_EQUAL(set.bound, PROBES_MAX + 1);
	probe_set_lower(&set, 100);
	CU_ASSERT_EQUAL(set.n, 99);
	CU_ASSERT_EQUAL(set.at[98].hash, 99);
	probe_set_add(&set, &(struct probe){.hash = 100});
	CU_ASSERT_EQUAL(set.n, 99);
}

/* Where few are left more is let in again, and all when none is. */
static void a_set_that_forgets_opens(void)
{
	struct probe_set set = empty(0);

	for (uint64_t hash = 1; hash <= 300; hash++)
		probe_set_add(&set, &(struct probe){.hash = hash, .time_ns = hash});
	probe_set_forget(&set, 150);
	CU_ASSERT_EQUAL(set.n, 107);
	CU_ASSERT_EQUAL(set.bound, PROBES_MAX + 1);
	probe_set_forget(&set, 250);
	CU_ASSERT_EQUAL(set.n, 7);
	CU_ASSERT_EQUAL(set.bound, 2 * (PROBES_MAX + 1));
	probe_set_forget(&set, 500);
	CU_ASSERT_EQUAL(set.n, 0);
	CU_ASSERT_EQUAL(set.bound, UINT64_MAX);
}

static void of_equal_ones_the_latest_stays(void)
{
	struct probe_set set = empty(0);
	struct probe probe = probe_of(7, 0);

	probe.time_ns = 50;
	probe.end = PROBE_REFUSED;
	probe_set_add(&set, &probe);
	probe.time_ns = 40;
	probe.end = PROBE_UNANSWERED;
	probe_set_add(&set, &probe);
	CU_ASSERT_EQUAL(set.n, 1);
	CU_ASSERT_EQUAL(set.at[0].time_ns, 50);
	CU_ASSERT_EQUAL(set.at[0].end, PROBE_REFUSED);
	probe = probe_of(8, 0);
	probe.time_ns = 60;
	probe_set_add(&set, &probe);
	probe_set_forget(&set, 51);
	CU_ASSERT_EQUAL(set.n, 1);
	CU_ASSERT_EQUAL(set.at[0].time_ns, 60);
}

/* 200 sets: the estimates' spread is the standard error that is said, of 1 / sqrt(256). */
static void estimates_are_as_good_as_is_said(void)
{
	static const uint32_t sizes[] = {1000, 20000};

	for (size_t s = 0; s < 2; s++) {
		double sum = 0, squares = 0;

		for (uint64_t seed = 1; seed <= 200; seed++) {
			struct probe_set set = empty(0);
			double error;

			for (uint32_t i = 0; i < sizes[s]; i++) {
				struct probe probe = probe_of(i, seed);

				probe_set_add(&set, &probe);
			}
			error = set.n * probe_set_weight(&set) / sizes[s] - 1;
			sum += error;
			squares += error * error;
			CU_ASSERT_TRUE(error < 0.25 && error > -0.25); /* four */
		}
		CU_ASSERT_TRUE(sum / 200 < 0.02 && sum / 200 > -0.02);
		CU_ASSERT_TRUE(squares / 200 < 1.3 / PROBES_MAX);
	}
}

void suite_probe(void);
void suite_probe(void)
{
	CU_pSuite s = CU_add_suite("probe", NULL, NULL);

	CU_ADD_TEST(s, parts_are_the_whole);
	CU_ADD_TEST(s, the_bound_is_the_least_that_is_left_out);
	CU_ADD_TEST(s, a_set_that_forgets_opens);
	CU_ADD_TEST(s, of_equal_ones_the_latest_stays);
	CU_ADD_TEST(s, estimates_are_as_good_as_is_said);
}
