#include <CUnit/Basic.h>
#include <stdlib.h>

#include "dataplane/capture/packet_times.h"
#include "support/random.h"

enum { TIMES = 8 };

/* In seconds; a want of 0 is the time as it was. `before` and `after` the block: 0 = none. */
static const struct {
	const char *what;
	unsigned before, times[TIMES], after, want[TIMES];
} rows[] = {
	{"in order", 100, {101, 102, 200, 500, 900}, 1500, {0}},
	{"one ahead", 100, {101, 9000, 102, 103}, 104, {[1] = 101}},
	{"one behind", 100, {101, 3, 102, 103}, 104, {[1] = 101}},
	{"two and a pause", 1000, {1001, 90000, 91000, 1300}, 0, {[1] = 1001, 1001}},
	{"first of the block", 100, {9000, 101, 102}, 103, {[0] = 100}},
	{"last of the block", 100, {101, 102, 9000}, 103, {[2] = 102}},
	{"last of the input stands", 100, {101, 102, 9000}, 0, {0}},
	{"first of the input stands", 0, {9000, 101, 102}, 103, {0}},
	{"most of the way back", 100, {9000, 2300, 2301}, 2302, {[0] = 100}},
	{"a quarter of the way is left", 100, {9000, 2325, 2326}, 2327, {0}},
	{"a third of the way is left", 100, {9000, 3000, 3001}, 3002, {0}},
	{"disorder stands", 100, {101, 92, 102, 93, 112, 103}, 104, {0}},
	{"a clock that was set back", 1000, {1001, 1002, 5, 6, 7}, 8, {0}},
	{"a pause, then a clock that was set back", 1000, {1001, 1200, 5, 6, 7}, 8, {0}},
	{"a clock that was set ahead", 100, {101, 5000, 5001, 5002}, 5003, {0}},
};

static void strays_take_the_time_before_them(void)
{
	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		uint64_t times[TIMES] = {0};
		uint32_t n = 0, want = 0;

		for (; n < TIMES && rows[r].times[n]; n++)
			times[n] = rows[r].times[n] * UINT64_C(1000000000);
		for (uint32_t i = 0; i < n; i++)
			want += rows[r].want[i] != 0;
		CU_ASSERT_EQUAL(
			packet_times_settle(times, n, rows[r].before * UINT64_C(1000000000),
				rows[r].after * UINT64_C(1000000000)),
			want);
		for (uint32_t i = 0; i < n; i++) {
			unsigned s = rows[r].want[i] ? rows[r].want[i] : rows[r].times[i];

			if (times[i] != s * UINT64_C(1000000000))
				printf("\n%s: time %u\n", rows[r].what, i);
			CU_ASSERT_EQUAL(times[i], s * UINT64_C(1000000000));
		}
	}
}

/* Any times: none is moved unless time goes back, and a moved one has the time before it. */
static void any_times(void)
{
	struct random random = random_seeded(3);

	for (int round = 0; round < 2000; round++) {
		uint64_t times[200], captured[200];
		uint64_t clock = 0;
		uint32_t moved = 0, n = random_below(&random, 200);

		for (uint32_t i = 0; i < n; i++) {
			uint64_t ns = random_next(&random) >> 33 << random_below(&random, 34);

			times[i] = captured[i] = ns;
		}
		uint32_t got = packet_times_settle(times, n, 0, round % 2 ? UINT64_MAX : 0);

		for (uint32_t i = 0; i < n; i++) {
			moved += times[i] != captured[i];
			CU_ASSERT_TRUE(times[i] == captured[i] || times[i] == clock);
			clock = times[i];
		}
		CU_ASSERT_EQUAL(moved, got);
	}
}

void suite_packet_times(void);
void suite_packet_times(void)
{
	CU_pSuite s = CU_add_suite("packet_times", NULL, NULL);

	CU_ADD_TEST(s, strays_take_the_time_before_them);
	CU_ADD_TEST(s, any_times);
}
