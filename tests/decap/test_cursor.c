#include <CUnit/Basic.h>

#include "decap/cursor.h"

static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8};

static void cut_is_not_bad(void)
{
	struct cursor c = cursor_make(bytes, 4, 8);

	CU_ASSERT_PTR_EQUAL(cursor_take(&c, 4), bytes);
	CU_ASSERT_PTR_NULL(cursor_take(&c, 4));
	CU_ASSERT_EQUAL(c.status, CURSOR_CUT);
	c = cursor_make(bytes, 4, 8);
	CU_ASSERT_PTR_NULL(cursor_take(&c, 9));
	CU_ASSERT_EQUAL(c.status, CURSOR_BAD);
	c = cursor_make(bytes, 4, 8);
	CU_ASSERT_PTR_NULL(cursor_peek(&c, UINT32_MAX));
	CU_ASSERT_EQUAL(c.status, CURSOR_BAD);
}

static void the_first_failure_sticks(void)
{
	struct cursor c = cursor_make(bytes, 4, 8);

	cursor_take(&c, 5);
	CU_ASSERT_PTR_NULL(cursor_take(&c, 1));
	CU_ASSERT_PTR_NULL(cursor_take(&c, 100));
	CU_ASSERT_EQUAL(c.status, CURSOR_CUT);
	cursor_claim(&c, 100);
	CU_ASSERT_EQUAL(c.status, CURSOR_CUT);
}

static void a_claim_trims_and_never_grows(void)
{
	struct cursor c = cursor_make(bytes, 6, 8);

	cursor_claim(&c, 5);
	CU_ASSERT_EQUAL(c.cap, 5);
	CU_ASSERT_EQUAL(c.wire, 5);
	CU_ASSERT_EQUAL(c.status, CURSOR_OK);
	cursor_claim(&c, 6);
	CU_ASSERT_EQUAL(c.wire, 5);
	CU_ASSERT_EQUAL(c.status, CURSOR_BAD);
	c = cursor_make(bytes, 8, 3);
	CU_ASSERT_EQUAL(c.wire, 8);
}

static void numbers_are_big_endian(void)
{
	CU_ASSERT_EQUAL(be16(bytes), 0x0102);
	CU_ASSERT_EQUAL(be24(bytes), 0x010203);
	CU_ASSERT_EQUAL(be32(bytes + 1), 0x02030405);
	CU_ASSERT_EQUAL(be64(bytes), 0x0102030405060708);
}

void suite_cursor(void);
void suite_cursor(void)
{
	CU_pSuite s = CU_add_suite("cursor", NULL, NULL);

	CU_ADD_TEST(s, cut_is_not_bad);
	CU_ADD_TEST(s, the_first_failure_sticks);
	CU_ADD_TEST(s, a_claim_trims_and_never_grows);
	CU_ADD_TEST(s, numbers_are_big_endian);
}
