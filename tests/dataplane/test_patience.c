#include <CUnit/Basic.h>

#include "dataplane/patience.h"

#define MS UINT64_C(1000000)
#define START (UINT64_C(1700000000) * 1000 * MS)

/* How long a ring that stays tight makes the ports wait, looked at every tenth of a millisecond. */
static uint64_t wait_of(struct patience *p, uint64_t from, uint64_t until)
{
	uint64_t waited = 0;

	for (uint64_t now = from; now < until; now += MS / 10)
		waited += patience_waits(p, true, now) ? MS / 10 : 0;
	return waited;
}

static bool near(uint64_t got, uint64_t want)
{
	return got + MS / 2 > want && got < want + MS / 2;
}

static void does_not_wait_without_need(void)
{
	struct patience p;

	patience_init(&p, 4096, START);
	for (int i = 0; i < 1000; i++)
		CU_ASSERT_FALSE(patience_waits(&p, false, START + (uint64_t)i * MS));
}

/* Nothing is known of the rate: the longest wait; and none again while the ring stays tight. */
static void waits_so_long_and_no_longer(void)
{
	struct patience p;

	patience_init(&p, 4096, START);
	CU_ASSERT_TRUE(near(wait_of(&p, START, START + 1000 * MS), 100 * MS));
}

/* 100,000 packets a second into 4,096 places: 20.48 ms are half of it. */
static void waits_half_as_long_as_the_ports_can_hold(void)
{
	struct patience p;

	patience_init(&p, 4096, START);
	patience_count(&p, 20000, START + 200 * MS);
	CU_ASSERT_TRUE(near(wait_of(&p, START + 200 * MS, START + 250 * MS), 20480000));
	patience_waits(&p, false, START + 250 * MS);
	CU_ASSERT_TRUE(near(wait_of(&p, START + 251 * MS, START + 300 * MS), 20480000));
}

/* However often a ring is tight: a tenth of the time, and 100 ms to begin with. */
static void waits_a_tenth_of_the_time(void)
{
	struct patience p;
	uint64_t waited = 0, now = START;

	patience_init(&p, 1 << 20, START);
	for (int i = 0; i < 2000; i++, now += 10 * MS) {
		waited += wait_of(&p, now, now + 5 * MS);
		patience_waits(&p, false, now + 5 * MS);
	}
	CU_ASSERT_TRUE(waited > 1000 * MS);
	CU_ASSERT_TRUE(waited < 2100 * MS);
}

/* The clock of the wall may be set back. */
static void a_clock_that_goes_back_gives_nothing(void)
{
	struct patience p;

	patience_init(&p, 4096, START);
	wait_of(&p, START, START + 200 * MS);
	CU_ASSERT_FALSE(patience_waits(&p, true, START - 1000 * MS));
	patience_count(&p, 100, START - 1000 * MS);
	CU_ASSERT_FALSE(patience_waits(&p, false, START - 999 * MS));
}

void suite_patience(void);

void suite_patience(void)
{
	CU_pSuite suite = CU_add_suite("patience", NULL, NULL);

	CU_ADD_TEST(suite, does_not_wait_without_need);
	CU_ADD_TEST(suite, waits_so_long_and_no_longer);
	CU_ADD_TEST(suite, waits_half_as_long_as_the_ports_can_hold);
	CU_ADD_TEST(suite, waits_a_tenth_of_the_time);
	CU_ADD_TEST(suite, a_clock_that_goes_back_gives_nothing);
}
