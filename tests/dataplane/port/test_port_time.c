#include <CUnit/Basic.h>

#include "dataplane/port/port_time.h"

#define SECOND UINT64_C(1000000000)
#define MS UINT64_C(1000000)
#define NOW (UINT64_C(1700000000) * SECOND)

static uint64_t convert(const struct port_time *time, uint64_t stamp, uint64_t now, bool *sane)
{
	struct time_scale scale = port_time_scale(time);

	return time_scale_ns(&scale, stamp, now, sane);
}

static void stamps_since_1970(void)
{
	struct port_time ns = {0}, us = {0};
	bool sane;

	port_time_begin(&ns, 0, 1, 1);
	CU_ASSERT_EQUAL(convert(&ns, NOW - 12345, NOW, &sane), NOW - 12345);
	CU_ASSERT_TRUE(sane);
	port_time_begin(&us, 0, 1, 1000);
	CU_ASSERT_EQUAL(convert(&us, NOW / 1000 - 77, NOW, &sane), NOW - 77000);
	CU_ASSERT_TRUE(sane);
}

/* What lies in the future or long ago is not used. */
static void only_sane_stamps_are_used(void)
{
	static const uint64_t stamps[] = {0, 1, NOW + 1, NOW + SECOND, NOW - SECOND - 1,
		NOW - 86400 * SECOND, UINT64_MAX, UINT64_MAX / 2, NOW * 1000};
	struct port_time time = {0};
	bool sane;

	port_time_begin(&time, 0, 1, 1);
	for (int i = 0; i < 9; i++) {
		CU_ASSERT_EQUAL(convert(&time, stamps[i], NOW, &sane), NOW);
		CU_ASSERT_FALSE(sane);
	}
	CU_ASSERT_EQUAL(convert(&time, NOW, NOW, &sane), NOW);
	CU_ASSERT_TRUE(sane);
	CU_ASSERT_EQUAL(convert(&time, NOW - SECOND, NOW, &sane), NOW - SECOND);
	CU_ASSERT_TRUE(sane);
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* A counter of 125 MHz that began anywhere: known from the second reading on, to a microsecond. */
static void a_counter_of_its_own(void)
{
	static const uint64_t begins[] = {1, UINT64_C(1) << 40};

	for (int i = 0; i < 2; i++) {
		struct port_time time = {0};
		bool sane;

		port_time_begin(&time, 0, 1, 0);
		CU_ASSERT_EQUAL(convert(&time, begins[i], NOW, &sane), NOW);
		CU_ASSERT_FALSE(sane);
		port_time_reading(&time, begins[i], NOW);
		CU_ASSERT_EQUAL(convert(&time, begins[i], NOW, &sane), NOW);
		CU_ASSERT_FALSE(sane);
		port_time_reading(&time, begins[i] + 125000000, NOW + SECOND);
		for (uint64_t ms = 1; ms <= 1900; ms += 7) {
			uint64_t stamp = begins[i] + ms * 125000;
			uint64_t want = NOW + ms * MS, now = want + 500000;

			CU_ASSERT_TRUE(
				distance(convert(&time, stamp, now, &sane), want) <= 1000);
			CU_ASSERT_TRUE(sane);
		}
	}
}

/* A counter that begins anew, or a system clock that steps, is measured anew; no time is made up. */
static void a_step_of_either_clock(void)
{
	struct port_time time = {0};
	bool sane;

	port_time_begin(&time, 0, 1, 0);
	port_time_reading(&time, 1000000000, NOW);
	port_time_reading(&time, 1125000000, NOW + SECOND);
	port_time_reading(&time, 5000, NOW + 2 * SECOND);
	CU_ASSERT_EQUAL(convert(&time, 5000, NOW + 2 * SECOND, &sane), NOW + 2 * SECOND);
	CU_ASSERT_FALSE(sane);
	port_time_reading(&time, 125005000, NOW + 3 * SECOND);
	CU_ASSERT_EQUAL(convert(&time, 125005000, NOW + 3 * SECOND, &sane), NOW + 3 * SECOND);
	CU_ASSERT_TRUE(sane);
	port_time_reading(&time, 250005000, NOW - SECOND);
	convert(&time, 250005000, NOW - SECOND, &sane);
	CU_ASSERT_FALSE(sane);
}

void suite_port_time(void);
void suite_port_time(void)
{
	CU_pSuite suite = CU_add_suite("port_time", NULL, NULL);

	CU_ADD_TEST(suite, stamps_since_1970);
	CU_ADD_TEST(suite, only_sane_stamps_are_used);
	CU_ADD_TEST(suite, a_counter_of_its_own);
	CU_ADD_TEST(suite, a_step_of_either_clock);
}
