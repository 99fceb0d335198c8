#include <CUnit/Basic.h>

#include "decap/ledger.h"

static void closes_when_every_packet_is_counted(void)
{
	struct ledger a = {0}, b = {0};

	a.received = 3;
	a.reasons[REASON_inspected] = 1;
	a.reasons[REASON_outer_udp_length] = 1;
	CU_ASSERT_FALSE(ledger_closes(&a));
	a.in_flight = 1;
	CU_ASSERT_TRUE(ledger_closes(&a));
	b.received = 2;
	b.reasons[REASON_vxlan_no_vni] = 2;
	ledger_add(&a, &b);
	CU_ASSERT_TRUE(ledger_closes(&a));
	CU_ASSERT_EQUAL(ledger_bucket(&a, BUCKET_outer_malformed), 3);
	a.reasons[REASON_inspected]--;
	CU_ASSERT_FALSE(ledger_closes(&a));
}

static void every_reason_has_a_bucket_and_every_bucket_a_reason(void)
{
	unsigned used[BUCKET_COUNT] = {0};

	for (int r = 0; r < REASON_COUNT; r++) {
		CU_ASSERT_PTR_NOT_NULL(reason_name((enum reason)r));
		CU_ASSERT_PTR_NOT_NULL(reason_sentence((enum reason)r));
		used[reason_bucket((enum reason)r)]++;
	}
	for (int b = 0; b < BUCKET_COUNT; b++)
		CU_ASSERT_TRUE(used[b] > 0);
}

void suite_ledger(void);
void suite_ledger(void)
{
	CU_pSuite s = CU_add_suite("ledger", NULL, NULL);

	CU_ADD_TEST(s, closes_when_every_packet_is_counted);
	CU_ADD_TEST(s, every_reason_has_a_bucket_and_every_bucket_a_reason);
}
