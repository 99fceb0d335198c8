/* The correlator: what any number of workers told it is what one would have told, also past the bound of
 * the talkers, where the order of facts decides; and what a full outbox refuses. */
#include <CUnit/Basic.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"
#include "config/thread/backoff.h"
#include "dataplane/output/correlator.h"
#include "dataplane/support/hooks.h"
#include "inspect/record/fact.h"

enum { WORKERS = 4, FACTS = 60000, BLOCK = 64, TOP = 100, ERROR = 256 };

static const struct totals_tables talkers_alone = {.talkers = true};
static const struct totals_tables all = {true, true, true, true};

static struct ip_addr addr_of(uint32_t n)
{
	return ip_addr_v4(
		(const uint8_t[]){10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n});
}

/* Fact number `n`: two new talkers nearly every time, more in all than the bound. */
static void fill(struct flow_fact *fact, uint32_t n)
{
	fact->fact.number = n;
	fact->key.client = addr_of(n % 7 == 0 ? n % 100 : 2 * n + 1000);
	fact->key.server = addr_of(2 * n + 1001);
	fact->key.tenant = n % 2;
	fact->packets[0] = n % 10;
	fact->packets[1] = 1;
	fact->bytes[0] = n * 7919 % 10000;
	fact->bytes[1] = 40;
}

static struct correlator *create(
	uint32_t n, bool replay, const struct totals_tables *tables, struct error *error)
{
	const struct correlator_params params = {
		.n_outboxes = n, .replay = replay, .tables = *tables};

	return correlator_create(&params, error);
}

static struct correlator *correlator_start(uint32_t n, bool replay)
{
	struct error error = {0};
	struct correlator *c = create(n, replay, &talkers_alone, &error);

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	CU_ASSERT_EQUAL_FATAL(correlator_run(c, &error), 0);
	return c;
}

struct teller {
	struct correlator *correlator;
	uint32_t index, n_workers, refused;
	pthread_t thread;
};

/* Its share of every block; a worker is ahead of the others or behind. */
static void *teller_main(void *arg)
{
	struct teller *teller = arg;
	struct sink sink = correlator_sink(teller->correlator, teller->index);

	for (uint32_t n = 0; n < FACTS; n++) {
		if (n * 2654435761u % teller->n_workers == teller->index) {
			struct flow_fact *fact = (struct flow_fact *)sink.take(
				sink.ctx, RECORD_FLOW_FACT, sizeof(*fact));

			if (fact)
				fill(fact, n);
			else
				teller->refused++;
		}
		if (n % BLOCK == BLOCK - 1)
			correlator_flush(teller->correlator, teller->index, n);
	}
	correlator_flush(teller->correlator, teller->index, UINT64_MAX);
	return NULL;
}

static struct correlator *tell_all(uint32_t n_workers)
{
	struct teller tellers[WORKERS];
	struct correlator *c = correlator_start(n_workers, true);

	for (uint32_t i = 0; i < n_workers; i++) {
		tellers[i] =
			(struct teller){.correlator = c, .index = i, .n_workers = n_workers};
		CU_ASSERT_EQUAL_FATAL(
			pthread_create(&tellers[i].thread, NULL, teller_main, &tellers[i]), 0);
	}
	for (uint32_t i = 0; i < n_workers; i++) {
		CU_ASSERT_EQUAL(pthread_join(tellers[i].thread, NULL), 0);
		CU_ASSERT_EQUAL(tellers[i].refused, 0);
	}
	correlator_stop(c);
	return c;
}

static void check_equal(const struct totals *a, const struct totals *b)
{
	static struct talker top[2][TOP];
	unsigned wrong = 0;

	CU_ASSERT_TRUE(totals_talkers_overflow(a) > 0);
	CU_ASSERT_EQUAL(totals_talkers_overflow(a), totals_talkers_overflow(b));
	CU_ASSERT_EQUAL(totals_talkers_error(a), totals_talkers_error(b));
	CU_ASSERT_EQUAL(totals_talkers(a, top[0], TOP), totals_talkers(b, top[1], TOP));
	for (int i = 0; i < TOP; i++) {
		const struct talker *x = &top[0][i], *y = &top[1][i];

		wrong += !ip_addr_equal(&x->addr, &y->addr) || x->tenant != y->tenant ||
			 memcmp(&x->sent, &y->sent, sizeof(x->sent)) != 0 ||
			 memcmp(&x->received, &y->received, sizeof(x->received)) != 0;
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

static void the_number_of_workers_does_not_matter(void)
{
	struct totals *naive = totals_create(&talkers_alone);
	struct talkers_stats talkers;

	CU_ASSERT_PTR_NOT_NULL_FATAL(naive);
	for (uint32_t n = 0; n < FACTS; n++) {
		struct flow_fact fact;

		fill(&fact, n);
		totals_talk(naive, &fact);
	}
	for (uint32_t n = 1; n <= WORKERS; n++) {
		struct correlator *c = tell_all(n);

		check_equal(naive, correlator_totals(c));
		talkers = correlator_talkers(c);
		CU_ASSERT_EQUAL(talkers.overflow, totals_talkers_overflow(naive));
		CU_ASSERT_EQUAL(talkers.error_bytes, totals_talkers_error(naive));
		correlator_destroy(c);
	}
	totals_destroy(naive);
}

/* Worker 1 has not come as far as worker 0's fact: it must wait, or an older one would come too late. */
static void an_older_fact_is_waited_for(void)
{
	struct correlator *c = correlator_start(2, true);
	struct sink sinks[2] = {correlator_sink(c, 0), correlator_sink(c, 1)};
	struct flow_fact *fact;
	uint32_t n = 0;

	fact = (struct flow_fact *)sinks[0].take(sinks[0].ctx, RECORD_FLOW_FACT, sizeof(*fact));
	CU_ASSERT_PTR_NOT_NULL_FATAL(fact);
	fill(fact, 10);
	correlator_flush(c, 0, 20);
	for (struct backoff wait = {0}; n < 100; n++)
		backoff_wait(&wait);
	CU_ASSERT_EQUAL(totals_talkers_count(correlator_totals(c)), 0);
	fact = (struct flow_fact *)sinks[1].take(sinks[1].ctx, RECORD_FLOW_FACT, sizeof(*fact));
	CU_ASSERT_PTR_NOT_NULL_FATAL(fact);
	fill(fact, 9);
	correlator_stop(c);
	CU_ASSERT_EQUAL(totals_talkers_count(correlator_totals(c)), 4);
	correlator_destroy(c);
}

/* Live, before the thread takes any: a take that waited would never come back. */
static void a_full_one_refuses_when_live(void)
{
	struct error error;
	struct correlator *c = create(1, false, &talkers_alone, &error);
	struct sink sink;
	uint32_t n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	sink = correlator_sink(c, 0);
	for (struct flow_fact *fact;
		n < 1000000 && (fact = (struct flow_fact *)sink.take(
					sink.ctx, RECORD_FLOW_FACT, sizeof(*fact)));
		n++)
		fill(fact, n % 10);
	CU_ASSERT_TRUE(n > 40000 && n < 1000000);
	CU_ASSERT_EQUAL(correlator_run(c, &error), 0);
	correlator_stop(c);
	CU_ASSERT_TRUE(totals_talkers_count(correlator_totals(c)) > 0);
	correlator_destroy(c);
}

static void none_at_all(void)
{
	CU_ASSERT_PTR_NULL(correlator_sink(NULL, 0).take);
	correlator_flush(NULL, 0, 1);
	correlator_wait(NULL, 0);
	correlator_destroy(NULL);
}

static void without_memory(void)
{
	struct correlator *c = NULL;
	struct error error = {0};
	unsigned nth = 0;

	while (!c && nth < 100) {
		hooks_fail_allocation(++nth);
		c = create(2, true, &all, &error);
		CU_ASSERT_EQUAL(c == NULL, hooks_allocation_failed());
	}
	hooks_fail_allocation(0);
	CU_ASSERT_TRUE(nth > 8);
	hooks_fail_thread(1);
	CU_ASSERT_EQUAL(correlator_run(c, &error), -1);
	CU_ASSERT_STRING_NOT_EQUAL(&error, "");
	correlator_destroy(c);
}

void suite_correlator(void);
void suite_correlator(void)
{
	CU_pSuite s = CU_add_suite("correlator", NULL, NULL);

	CU_ADD_TEST(s, the_number_of_workers_does_not_matter);
	CU_ADD_TEST(s, an_older_fact_is_waited_for);
	CU_ADD_TEST(s, a_full_one_refuses_when_live);
	CU_ADD_TEST(s, none_at_all);
	CU_ADD_TEST(s, without_memory);
}
