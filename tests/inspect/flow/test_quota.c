#include <CUnit/Basic.h>

#include "config/model/model.h"
#include "decap/session/session.h"
#include "inspect/flow/quota.h"

enum { CONFIGURED = 4, LEARNED = 4, POINTS = 16, LIMIT = 1000 };

/* The first CONFIGURED points are of configured sessions, the next ones unknown. */
struct desk {
	struct session_table *sessions;
	struct quota quota;
};

static struct session_key key_of(uint32_t vni)
{
	return (struct session_key){.vni = vni};
}

static void desk_open(struct desk *desk, uint32_t sessions, uint32_t unknown)
{
	const struct quota_params params = {sessions, unknown, POINTS};

	desk->sessions = session_table_create(POINTS);
	CU_ASSERT_PTR_NOT_NULL_FATAL(desk->sessions);
	for (uint32_t vni = 0; vni < CONFIGURED; vni++) {
		struct session_key key = key_of(vni);

		CU_ASSERT_PTR_NOT_NULL(session_table_add(desk->sessions, &key));
	}
	for (uint32_t vni = CONFIGURED; vni < CONFIGURED + LEARNED; vni++) {
		struct packet p = {.key = key_of(vni), .flags = PACKET_HAS_VNI};

		CU_ASSERT_TRUE(session_table_packet(desk->sessions, &p, true));
	}
	CU_ASSERT_TRUE_FATAL(quota_init(&desk->quota, LIMIT, &params));
	quota_bind(&desk->quota, desk->sessions);
}

static void desk_close(struct desk *desk)
{
	session_table_destroy(desk->sessions);
	quota_fini(&desk->quota);
}

static uint32_t fill(struct quota *quota, uint32_t point)
{
	uint32_t n = 0;

	while (quota_take(quota, point, 1))
		n++;
	return n;
}

/* 50 percent are 125 for each of four sessions, 10 percent 100 for the others, 400 are common. */
static void what_is_kept_cannot_be_taken(void)
{
	struct desk d;

	desk_open(&d, 50, 10);
	CU_ASSERT_EQUAL(fill(&d.quota, CONFIGURED), 100 + 400);
	for (uint32_t point = CONFIGURED + 1; point < POINTS; point++)
		CU_ASSERT_EQUAL(fill(&d.quota, point), 0);
	CU_ASSERT_EQUAL(fill(&d.quota, SESSION_NONE), 0);
	for (uint32_t point = 0; point < CONFIGURED; point++) {
		CU_ASSERT_TRUE(quota_is_within(&d.quota, point, 125));
		CU_ASSERT_FALSE(quota_is_within(&d.quota, point, 126));
		CU_ASSERT_FALSE(quota_take(&d.quota, point, 126));
		CU_ASSERT_EQUAL(fill(&d.quota, point), 125);
	}
	CU_ASSERT_EQUAL(d.quota.used, LIMIT);
	desk_close(&d);
}

static void one_session_may_have_all_that_is_common(void)
{
	struct desk d;

	desk_open(&d, 50, 10);
	CU_ASSERT_EQUAL(fill(&d.quota, 2), 125 + 400);
	CU_ASSERT_EQUAL(fill(&d.quota, SESSION_NONE), 100);
	quota_give(&d.quota, 2, 10);
	CU_ASSERT_FALSE(quota_fit(&d.quota, SESSION_NONE, 11));
	CU_ASSERT_TRUE(quota_take(&d.quota, SESSION_NONE, 10));
	quota_give(&d.quota, SESSION_NONE, 110);
	CU_ASSERT_EQUAL(fill(&d.quota, 2), 10);
	desk_close(&d);
}

/* Room is made by those who draw on the same share, or on what is common. */
static void who_may_replace_whom(void)
{
	struct desk d;

	desk_open(&d, 50, 10);
	CU_ASSERT_TRUE(quota_take(&d.quota, 0, 125));
	CU_ASSERT_TRUE(quota_take(&d.quota, 1, 126));
	CU_ASSERT_TRUE(quota_take(&d.quota, CONFIGURED, 50));
	CU_ASSERT_TRUE(quota_may_replace(&d.quota, 0, 1, 0));
	CU_ASSERT_FALSE(quota_may_replace(&d.quota, 1, 1, 0));
	CU_ASSERT_TRUE(quota_may_replace(&d.quota, 0, 1, 1));
	CU_ASSERT_FALSE(quota_may_replace(&d.quota, 0, 1, CONFIGURED));
	/* They have room of their own still. */
	CU_ASSERT_FALSE(quota_may_replace(&d.quota, CONFIGURED + 1, 1, CONFIGURED));
	CU_ASSERT_TRUE(quota_take(&d.quota, CONFIGURED, 50));
	CU_ASSERT_TRUE(quota_may_replace(&d.quota, CONFIGURED + 1, 1, CONFIGURED));
	CU_ASSERT_TRUE(quota_may_replace(&d.quota, SESSION_NONE, 1, CONFIGURED));
	CU_ASSERT_FALSE(quota_may_replace(&d.quota, 0, 1, CONFIGURED));
	CU_ASSERT_FALSE(quota_may_replace(&d.quota, CONFIGURED, 1, 0));
	desk_close(&d);
}

/* What a point has taken goes with it, in and out of the configuration; sums stay right. */
static void sessions_come_and_go(void)
{
	const struct model nothing = {0};
	struct desk d;

	desk_open(&d, 50, 10);
	CU_ASSERT_EQUAL(fill(&d.quota, CONFIGURED), 500);
	for (uint32_t point = 0; point < CONFIGURED; point++)
		CU_ASSERT_EQUAL(fill(&d.quota, point), 125);
	CU_ASSERT_TRUE(session_table_bind(d.sessions, &nothing));
	quota_bind(&d.quota, d.sessions);
	CU_ASSERT_EQUAL(d.quota.unknown_used, LIMIT);
	CU_ASSERT_EQUAL(d.quota.common_used, LIMIT - 100);
	for (uint32_t vni = CONFIGURED; vni < CONFIGURED + 2; vni++) {
		struct session_key key = key_of(vni);

		CU_ASSERT_PTR_NOT_NULL(session_table_add(d.sessions, &key));
	}
	quota_bind(&d.quota, d.sessions);
	/* 250 each now, 400 common: 500 of one session, 500 of unknown points. */
	CU_ASSERT_EQUAL(d.quota.unknown_used, 500);
	CU_ASSERT_EQUAL(d.quota.common_used, 250 + 400);
	/* Nobody goes over the limit; what is given back goes to who has less than his share. */
	CU_ASSERT_FALSE(quota_take(&d.quota, CONFIGURED + 1, 1));
	quota_give(&d.quota, 0, 125);
	CU_ASSERT_FALSE(quota_take(&d.quota, CONFIGURED, 1));
	CU_ASSERT_EQUAL(fill(&d.quota, CONFIGURED + 1), 125);
	quota_give(&d.quota, CONFIGURED, 500);
	quota_give(&d.quota, CONFIGURED + 1, 125);
	for (uint32_t point = 1; point < CONFIGURED; point++)
		quota_give(&d.quota, point, 125);
	CU_ASSERT_EQUAL(d.quota.used, 0);
	CU_ASSERT_EQUAL(d.quota.unknown_used, 0);
	CU_ASSERT_EQUAL(d.quota.common_used, 0);
	desk_close(&d);
}

static void without_a_limit_or_shares(void)
{
	struct quota none = {0}, plain;

	CU_ASSERT_TRUE(quota_take(&none, 7, UINT32_MAX));
	quota_give(&none, 7, UINT32_MAX);
	CU_ASSERT_EQUAL(none.used, 0);
	CU_ASSERT_TRUE_FATAL(quota_init(&plain, LIMIT, &(struct quota_params){0}));
	CU_ASSERT_EQUAL(fill(&plain, 3), LIMIT);
	CU_ASSERT_TRUE(quota_may_replace(&plain, 4, 1, 3));
	quota_fini(&plain);
}

void suite_quota(void);
void suite_quota(void)
{
	CU_pSuite s = CU_add_suite("quota", NULL, NULL);

	CU_ADD_TEST(s, what_is_kept_cannot_be_taken);
	CU_ADD_TEST(s, one_session_may_have_all_that_is_common);
	CU_ADD_TEST(s, who_may_replace_whom);
	CU_ADD_TEST(s, sessions_come_and_go);
	CU_ADD_TEST(s, without_a_limit_or_shares);
}
