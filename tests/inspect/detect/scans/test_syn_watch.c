/* What waits for an answer comes back in its order, when it is due. */
#include <CUnit/Basic.h>

#include "inspect/detect/scans/syn_watch.h"

static void what_is_due_comes_in_its_order(void)
{
	struct syn_watch *watch = syn_watch_create();
	struct syn_waiting w;

	CU_ASSERT_PTR_NOT_NULL_FATAL(watch);
	CU_ASSERT_FALSE(syn_watch_take(watch, 1000, &w));
	for (uint32_t i = 0; i < 3; i++)
		CU_ASSERT_TRUE(
			syn_watch_add(watch, &(struct syn_waiting){i, 7, UINT32_MAX - 1 + i}));
	/* The tick in which it came does not count; numbers may begin anew. */
	CU_ASSERT_FALSE(syn_watch_take(watch, UINT32_MAX - 1 + SYN_WATCH_TICKS, &w));
	CU_ASSERT_TRUE(syn_watch_take(watch, UINT32_MAX + SYN_WATCH_TICKS, &w));
	CU_ASSERT_EQUAL(w.slot, 0);
	CU_ASSERT_EQUAL(w.mark, 7);
	CU_ASSERT_FALSE(syn_watch_take(watch, UINT32_MAX + SYN_WATCH_TICKS, &w));
	CU_ASSERT_TRUE(syn_watch_take(watch, UINT32_MAX + SYN_WATCH_TICKS + 1, &w));
	CU_ASSERT_TRUE(syn_watch_take_any(watch, &w));
	CU_ASSERT_EQUAL(w.slot, 2);
	CU_ASSERT_FALSE(syn_watch_take_any(watch, &w));
	/* Back in time. */
	CU_ASSERT_TRUE(syn_watch_add(watch, &(struct syn_waiting){9, 7, 500}));
	CU_ASSERT_TRUE(syn_watch_take(watch, 400, &w));
	syn_watch_destroy(watch);
}

static void it_is_bounded(void)
{
	struct syn_watch *watch = syn_watch_create();
	struct syn_waiting w = {.tick = 1};

	CU_ASSERT_PTR_NOT_NULL_FATAL(watch);
	for (; w.slot < SYN_WATCH_MAX; w.slot++)
		CU_ASSERT_TRUE_FATAL(syn_watch_add(watch, &w));
	CU_ASSERT_FALSE(syn_watch_add(watch, &w));
	for (uint32_t i = 0; i < SYN_WATCH_MAX; i++)
		CU_ASSERT_TRUE_FATAL(syn_watch_take(watch, 9, &w) && w.slot == i);
	CU_ASSERT_FALSE(syn_watch_take_any(watch, &w));
	syn_watch_destroy(watch);
}

void suite_syn_watch(void);
void suite_syn_watch(void)
{
	CU_pSuite s = CU_add_suite("syn_watch", NULL, NULL);

	CU_ADD_TEST(s, what_is_due_comes_in_its_order);
	CU_ADD_TEST(s, it_is_bounded);
}
