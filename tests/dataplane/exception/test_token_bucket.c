#include <CUnit/Basic.h>

#include "dataplane/exception/token_bucket.h"

#define SECOND UINT64_C(1000000000)
#define START (UINT64_C(1700000000) * SECOND)

static uint64_t take_all(struct token_bucket *bucket, uint64_t most)
{
	uint64_t n = 0;

	while (n < most && token_bucket_take(bucket))
		n++;
	return n;
}

static void gives_its_burst_at_once(void)
{
	struct token_bucket bucket;

	token_bucket_init(&bucket, 10, 25, START);
	CU_ASSERT_EQUAL(take_all(&bucket, 100), 25);
	CU_ASSERT_FALSE(token_bucket_take(&bucket));
}

/* Looked at often or seldom, at odd moments: so many in a second, neither one more nor one less. */
static void keeps_its_rate(void)
{
	static const uint64_t rates[] = {1, 3, 7, 1000, 20000, 999983};
	static const uint64_t steps[] = {1000003, 99999989, 333333333, SECOND};

	for (int r = 0; r < 6; r++)
		for (int s = 0; s < 4; s++) {
			uint64_t taken = 0, now = START, end = START + 100 * SECOND;
			struct token_bucket bucket;

			token_bucket_init(&bucket, rates[r], 1000000, START);
			CU_ASSERT_EQUAL(take_all(&bucket, 2000000), 1000000);
			while (now < end) {
				now = now + steps[s] < end ? now + steps[s] : end;
				token_bucket_fill(&bucket, now);
				taken += take_all(&bucket, 2000000);
			}
			CU_ASSERT_EQUAL(taken, 100 * rates[r]);
		}
}

/* A long time brings no more than its burst; what would overflow does not. */
static void holds_no_more_than_its_burst(void)
{
	struct token_bucket bucket;

	token_bucket_init(&bucket, 100000000, 1000000, START);
	take_all(&bucket, 2000000);
	token_bucket_fill(&bucket, START + UINT64_C(400) * 86400 * SECOND);
	CU_ASSERT_EQUAL(take_all(&bucket, 2000000), 1000000);
	token_bucket_fill(&bucket, UINT64_MAX);
	CU_ASSERT_EQUAL(take_all(&bucket, 2000000), 1000000);
}

static void a_clock_that_goes_back_brings_nothing(void)
{
	struct token_bucket bucket;

	token_bucket_init(&bucket, 1000, 5, START);
	take_all(&bucket, 10);
	token_bucket_fill(&bucket, START - SECOND);
	CU_ASSERT_FALSE(token_bucket_take(&bucket));
	token_bucket_fill(&bucket, START + SECOND / 1000);
	CU_ASSERT_EQUAL(take_all(&bucket, 10), 1);
}

static void rate_zero_is_no_limit(void)
{
	struct token_bucket bucket;

	token_bucket_init(&bucket, 0, 1, START);
	CU_ASSERT_EQUAL(take_all(&bucket, 100000), 100000);
	token_bucket_fill(&bucket, START + SECOND);
	CU_ASSERT_EQUAL(take_all(&bucket, 100000), 100000);
}

void suite_token_bucket(void);
void suite_token_bucket(void)
{
	CU_pSuite suite = CU_add_suite("token_bucket", NULL, NULL);

	CU_ADD_TEST(suite, gives_its_burst_at_once);
	CU_ADD_TEST(suite, keeps_its_rate);
	CU_ADD_TEST(suite, holds_no_more_than_its_burst);
	CU_ADD_TEST(suite, a_clock_that_goes_back_brings_nothing);
	CU_ADD_TEST(suite, rate_zero_is_no_limit);
}
