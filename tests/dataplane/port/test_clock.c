#include <CUnit/Basic.h>
#include <stdlib.h>

#include "dataplane/port/clock.h"

#define HZ UINT64_C(2500000000)
#define SECOND UINT64_C(1000000000)
#define START UINT64_C(1700000000000000000)

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static void tells_wall_time(void)
{
	struct clock clock;

	clock_start(&clock, HZ, 1000, START);
	CU_ASSERT_EQUAL(clock_ns(&clock, 1000), START);
	/* 2.5 ticks are a nanosecond; rounding loses less than one in a second. */
	CU_ASSERT_TRUE(distance(clock_ns(&clock, 1000 + 2500), START + 1000) <= 1);
	CU_ASSERT_TRUE(distance(clock_ns(&clock, 1000 + HZ), START + SECOND) <= 1);
	CU_ASSERT_FALSE(clock_is_due(&clock, 1000 + HZ - 1));
	CU_ASSERT_TRUE(clock_is_due(&clock, 1000 + HZ));
}

/* A counter 100 ppm faster than it says, and a system clock that is right: after a few corrections
 * the two agree to a millisecond, for good. */
static void follows_the_system_clock(void)
{
	struct clock clock;
	uint64_t real_hz = HZ + HZ / 10000;

	clock_start(&clock, HZ, 0, START);
	for (uint64_t s = 1; s <= 1000; s++) {
		uint64_t ticks = s * real_hz, wall = START + s * SECOND;

		if (s > 5)
			CU_ASSERT_TRUE(distance(clock_ns(&clock, ticks), wall) < 1000000);
		clock_correct(&clock, ticks, wall);
	}
}

/* Set back by half a second and by an hour: the clock runs slower, by a tenth at most, and never
 * back. */
static void never_goes_back(void)
{
	static const uint64_t steps[] = {SECOND / 2, 3600 * SECOND};

	for (int i = 0; i < 2; i++) {
		struct clock clock;
		uint64_t before = 0, ticks = 0;

		clock_start(&clock, HZ, 0, START);
		for (int tenth = 0; tenth < 200; tenth++, ticks += HZ / 10) {
			uint64_t now = clock_ns(&clock, ticks);

			CU_ASSERT_TRUE(now >= before);
			if (tenth > 0)
				CU_ASSERT_TRUE(now - before >= SECOND / 10 * 9 / 10 - 2);
			before = now;
			if (clock_is_due(&clock, ticks))
				clock_correct(&clock, ticks, START + ticks / 5 * 2 - steps[i]);
		}
		/* Half a second is made up for after five seconds and more. */
		if (i == 0)
			CU_ASSERT_TRUE(distance(clock_ns(&clock, ticks),
					       START + ticks / 5 * 2 - steps[0]) < 1000000);
	}
}

static void leaps_when_far_behind(void)
{
	struct clock clock;

	clock_start(&clock, HZ, 0, START);
	clock_correct(&clock, HZ, START + 3600 * SECOND);
	CU_ASSERT_EQUAL(clock_ns(&clock, HZ), START + 3600 * SECOND);
}

/* Counters of two CPUs may differ: a smaller one is the time of the last correction, not a time
 * long ago. */
static void stands_still_before_its_base(void)
{
	struct clock clock;

	clock_start(&clock, HZ, 5000, START);
	CU_ASSERT_EQUAL(clock_ns(&clock, 4000), START);
	CU_ASSERT_FALSE(clock_is_due(&clock, 4000));
	clock_correct(&clock, 4000, START - SECOND);
	CU_ASSERT_EQUAL(clock_ns(&clock, 5000), START);
}

void suite_clock(void);
void suite_clock(void)
{
	CU_pSuite suite = CU_add_suite("clock", NULL, NULL);

	CU_ADD_TEST(suite, tells_wall_time);
	CU_ADD_TEST(suite, follows_the_system_clock);
	CU_ADD_TEST(suite, never_goes_back);
	CU_ADD_TEST(suite, leaps_when_far_behind);
	CU_ADD_TEST(suite, stands_still_before_its_base);
}
