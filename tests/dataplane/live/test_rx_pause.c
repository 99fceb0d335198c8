#include <CUnit/Basic.h>

#include "dataplane/live/rx_pause.h"

#define MS UINT64_C(1000000)
#define START (UINT64_C(1700000000) * 1000 * MS)

/* How long a ring that stays tight makes the ports wait, looked at every tenth of a millisecond. */
static uint64_t wait_of(struct rx_pause *p, uint64_t from, uint64_t until)
{
	uint64_t waited = 0;

	for (uint64_t now = from; now < until; now += MS / 10)
		waited += rx_pause_waits(p, true, now) ? MS / 10 : 0;
	rx_pause_waits(p, false, until);
	return waited;
}

static bool near(uint64_t got, uint64_t want)
{
	return got + MS / 2 > want && got < want + MS / 2;
}

static void does_not_wait_without_need(void)
{
	struct rx_pause p;

	rx_pause_init(&p, 4096, START);
	for (int i = 0; i < 1000; i++)
		CU_ASSERT_FALSE(rx_pause_waits(&p, false, START + (uint64_t)i * MS));
}

/* Nothing is known of the rate: the longest wait. */
static void waits_so_long_and_no_longer(void)
{
	struct rx_pause p;

	rx_pause_init(&p, 4096, START);
	CU_ASSERT_TRUE(near(wait_of(&p, START, START + 2000 * MS), 500 * MS));
}

/* 100,000 packets a second into 4,096 places: 20.48 ms are half of it. */
static void waits_half_as_long_as_the_ports_can_hold(void)
{
	struct rx_pause p;

	rx_pause_init(&p, 4096, START);
	rx_pause_count(&p, 20000, START + 200 * MS);
	CU_ASSERT_TRUE(near(wait_of(&p, START + 200 * MS, START + 250 * MS), 20480000));
}

/* What the ports hold from an earlier wait counts, until they are empty. */
static void waits_again_when_the_ports_are_empty(void)
{
	struct rx_pause p;

	rx_pause_init(&p, 4096, START);
	rx_pause_count(&p, 20000, START + 200 * MS);
	CU_ASSERT_TRUE(near(wait_of(&p, START + 200 * MS, START + 210 * MS), 10 * MS));
	CU_ASSERT_TRUE(near(wait_of(&p, START + 220 * MS, START + 250 * MS), 10480000));
	CU_ASSERT_EQUAL(wait_of(&p, START + 260 * MS, START + 290 * MS), 0);
	rx_pause_drained(&p);
	CU_ASSERT_TRUE(near(wait_of(&p, START + 300 * MS, START + 350 * MS), 20480000));
}

/* A rate is not judged by what came in while the ports waited. */
static void a_wait_does_not_change_the_rate(void)
{
	struct rx_pause p;

	rx_pause_init(&p, 4096, START);
	rx_pause_count(&p, 20000, START + 200 * MS);
	wait_of(&p, START + 200 * MS, START + 250 * MS);
	rx_pause_count(&p, 20001, START + 500 * MS);
	rx_pause_drained(&p);
	CU_ASSERT_TRUE(near(wait_of(&p, START + 500 * MS, START + 550 * MS), 20480000));
}

static void a_clock_that_goes_back_is_no_wait(void)
{
	struct rx_pause p;

	rx_pause_init(&p, 4096, START);
	CU_ASSERT_TRUE(rx_pause_waits(&p, true, START));
	CU_ASSERT_TRUE(rx_pause_waits(&p, true, START - 1000 * MS));
	CU_ASSERT_TRUE(near(wait_of(&p, START - 1000 * MS, START + 1000 * MS), 500 * MS));
}

void suite_rx_pause(void);

void suite_rx_pause(void)
{
	CU_pSuite suite = CU_add_suite("rx_pause", NULL, NULL);

	CU_ADD_TEST(suite, does_not_wait_without_need);
	CU_ADD_TEST(suite, waits_so_long_and_no_longer);
	CU_ADD_TEST(suite, waits_half_as_long_as_the_ports_can_hold);
	CU_ADD_TEST(suite, waits_again_when_the_ports_are_empty);
	CU_ADD_TEST(suite, a_wait_does_not_change_the_rate);
	CU_ADD_TEST(suite, a_clock_that_goes_back_is_no_wait);
}
