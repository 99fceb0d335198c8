/* What flows have raised, against a list that is searched from its begin. */
#include <CUnit/Basic.h>
#include <string.h>

#include "inspect/detect/raised.h"
#include "support/random.h"

enum { FLOWS = 12, CAPACITY = 32, STEPS = 20000 };

struct naive {
	unsigned n;
	uint64_t overflow;
	struct {
		unsigned flow;
		uint64_t id;
		bool open;
	} row[CAPACITY];
};

/* The row; that behind the last where there is none. */
static unsigned naive_find(const struct naive *naive, unsigned flow, uint64_t id)
{
	unsigned i = 0;

	while (i < naive->n && (naive->row[i].flow != flow || naive->row[i].id != id))
		i++;
	return i;
}

static void naive_add(struct naive *naive, unsigned flow, uint64_t id, bool open)
{
	unsigned i = naive_find(naive, flow, id);

	if (i == CAPACITY) {
		naive->overflow++;
		return;
	}
	if (i == naive->n) {
		naive->row[naive->n].flow = flow;
		naive->row[naive->n].open = false;
		naive->row[naive->n++].id = id;
	}
	naive->row[i].open |= open;
}

static bool naive_may_open(const struct naive *naive, unsigned flow, uint64_t id)
{
	unsigned i = naive_find(naive, flow, id);

	return i < naive->n ? !naive->row[i].open : i < CAPACITY;
}

static bool naive_close(struct naive *naive, unsigned flow, uint64_t id)
{
	unsigned i = naive_find(naive, flow, id);
	bool was_open = i < naive->n && naive->row[i].open;

	if (was_open)
		naive->row[i].open = false;
	return was_open;
}

static void naive_forget(struct naive *naive, unsigned flow)
{
	unsigned n = 0;

	for (unsigned i = 0; i < naive->n; i++)
		if (naive->row[i].flow != flow)
			naive->row[n++] = naive->row[i];
	naive->n = n;
}

static void agree(const struct raised *raised, const struct naive *naive,
	const struct flow *flows, unsigned flow)
{
	static struct flow_alerts got;
	unsigned n = 0;

	got.n = 0;
	raised_collect(raised, &flows[flow], &got);
	for (unsigned i = 0; i < naive->n; i++) {
		if (naive->row[i].flow != flow)
			continue;
		CU_ASSERT_TRUE_FATAL(n < got.n);
		CU_ASSERT_EQUAL(got.alert[n].id, naive->row[i].id);
		n++;
	}
	CU_ASSERT_EQUAL(got.n, n);
	CU_ASSERT_EQUAL(raised_overflow(raised), naive->overflow);
}

static void as_the_naive_twin(void)
{
	static struct flow flows[FLOWS];
	struct naive naive = {0};
	struct random r = random_seeded(9);
	struct raised *raised = raised_create(CAPACITY);

	CU_ASSERT_PTR_NOT_NULL_FATAL(raised);
	for (unsigned i = 0; i < STEPS; i++) {
		unsigned flow = random_below(&r, FLOWS);
		struct flow_alert alert = {.id = random_below(&r, 6)};

		if (random_below(&r, 10) == 0) {
			raised_forget(raised, &flows[flow]);
			naive_forget(&naive, flow);
		} else if (random_below(&r, 3) == 0) {
			CU_ASSERT_EQUAL(raised_close(raised, &flows[flow], alert.id),
				naive_close(&naive, flow, alert.id));
		} else {
			bool open = random_below(&r, 2);

			CU_ASSERT_EQUAL(raised_may_open(raised, &flows[flow], alert.id),
				naive_may_open(&naive, flow, alert.id));
			raised_add(raised, &flows[flow], &alert, open);
			naive_add(&naive, flow, alert.id, open);
		}
		agree(raised, &naive, flows, flow);
	}
	CU_ASSERT_TRUE(naive.overflow > 100);
	for (unsigned flow = 0; flow < FLOWS; flow++)
		agree(raised, &naive, flows, flow);
	raised_destroy(raised);
}

static void more_than_an_event_names(void)
{
	static struct flow_alerts alerts;
	struct flow_alert alert = {.id = 0};

	for (; alert.id < FLOW_ALERTS_MAX; alert.id++)
		CU_ASSERT_TRUE(flow_alerts_add(&alerts, &alert));
	CU_ASSERT_FALSE(flow_alerts_add(&alerts, &alert));
	alert.id = 3;
	CU_ASSERT_TRUE(flow_alerts_add(&alerts, &alert));
	CU_ASSERT_EQUAL(alerts.n, FLOW_ALERTS_MAX);
}

/* Who asks for all names of a list takes no room of others, and no time. */
static void one_flow_has_a_bound(void)
{
	static const struct flow flows[2];
	static struct flow_alerts got;
	struct raised *raised = raised_create(2 * FLOW_ALERTS_MAX);
	struct flow_alert alert = {.id = 0};

	CU_ASSERT_PTR_NOT_NULL_FATAL(raised);
	for (; alert.id < FLOW_ALERTS_MAX; alert.id++) {
		CU_ASSERT_TRUE(raised_may_open(raised, &flows[0], alert.id));
		raised_add(raised, &flows[0], &alert, false);
	}
	CU_ASSERT_FALSE(raised_may_open(raised, &flows[0], alert.id));
	CU_ASSERT_TRUE(raised_may_open(raised, &flows[0], 3)); /* it is there */
	for (; alert.id < FLOW_ALERTS_MAX + 5; alert.id++)
		raised_add(raised, &flows[0], &alert, false);
	CU_ASSERT_EQUAL(raised_overflow(raised), 5);
	CU_ASSERT_TRUE(raised_may_open(raised, &flows[1], alert.id));
	raised_add(raised, &flows[1], &alert, false);
	CU_ASSERT_EQUAL(raised_overflow(raised), 5);
	raised_collect(raised, &flows[1], &got);
	CU_ASSERT_EQUAL(got.n, 1);
	raised_destroy(raised);
}

void suite_raised(void);
void suite_raised(void)
{
	CU_pSuite s = CU_add_suite("raised", NULL, NULL);

	CU_ADD_TEST(s, as_the_naive_twin);
	CU_ADD_TEST(s, more_than_an_event_names);
	CU_ADD_TEST(s, one_flow_has_a_bound);
}
