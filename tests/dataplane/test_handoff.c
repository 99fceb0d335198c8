#include <CUnit/Basic.h>
#include <pthread.h>
#include <rte_mbuf.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/handoff.h"
#include "support/eal_once.h"

enum { BUFFERS = 4095, CACHE = 0 };

static struct rte_mempool *pool_create(void)
{
	struct rte_mempool *pool =
		rte_pktmbuf_pool_create("handoff", BUFFERS, CACHE, 0, 2048, SOCKET_ID_ANY);

	CU_ASSERT_PTR_NOT_NULL_FATAL(pool);
	return pool;
}

/* Every field that a stage before the flow fills in, from one number. */
static struct packet packet_of(uint32_t n)
{
	struct packet p;

	memset(&p, 0, sizeof(p));
	p.time_ns = n + 1;
	p.vni = n + 2;
	p.ip_len = n + 3;
	p.src.byte[15] = (uint8_t)n;
	p.dst.byte[0] = (uint8_t)(n >> 8);
	p.tenant = n + 4;
	p.rule_number = n + 5;
	p.accepted = n & 1;
	p.generation = n + 6;
	return p;
}

static void put(struct handoff *handoff, struct rte_mempool *pool, uint32_t n)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	struct packet p = packet_of(n);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	/* What is left from an earlier packet does not travel. */
	p.flow = (struct flow *)&p;
	p.row = (struct flow_row *)&p;
	p.flow_id = 7;
	handoff_put(handoff, 0, 1, m, &p, n % 3 ? HANDOFF_TO_FLOW : HANDOFF_TO_FRAGMENT);
}

/* Takes all there is, as worker 1, and gives back what it took. Checks that it begins with number
 * `first`; returns how many it were. */
static uint32_t take(struct handoff *handoff, uint32_t first)
{
	struct packet packets[BURST_MAX];
	struct rte_mbuf *mbufs[BURST_MAX];
	uint64_t fragments;
	uint32_t n, sum = 0;

	while ((n = handoff_take(handoff, 0, 1, packets, mbufs, BURST_MAX, &fragments)) > 0) {
		for (uint32_t i = 0; i < n; i++) {
			struct packet want = packet_of(first + sum + i);

			CU_ASSERT_EQUAL(memcmp(&packets[i], &want, sizeof(want)), 0);
			CU_ASSERT_EQUAL(fragments >> i & 1, (first + sum + i) % 3 == 0);
		}
		handoff_give_back(handoff, 0, 1, mbufs, n);
		sum += n;
	}
	return sum;
}

static void carries_packets_in_order_and_brings_mbufs_back(void)
{
	struct rte_mempool *pool = pool_create();
	struct handoff *handoff = handoff_create(2);
	uint32_t next = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(handoff);
	/* In portions of all sizes, so that the ring is gone round at every place. */
	for (uint32_t size = 1; size <= 130; size++) {
		for (uint32_t i = 0; i < size; i++)
			put(handoff, pool, next + i);
		CU_ASSERT_EQUAL(handoff_flush(handoff, 0), 0);
		CU_ASSERT_EQUAL(handoff_pair(handoff, 0, 1).fill, size);
		CU_ASSERT_EQUAL(take(handoff, next), size);
		next += size;
	}
	CU_ASSERT_EQUAL(handoff_pair(handoff, 0, 1).passed, next);
	CU_ASSERT_EQUAL(handoff_pair(handoff, 0, 1).full, 0);
	CU_ASSERT_EQUAL(handoff_pair(handoff, 1, 0).passed, 0);
	CU_ASSERT_EQUAL(handoff_flush(handoff, 0), 0); /* frees the last that came back */
	CU_ASSERT_EQUAL(rte_mempool_avail_count(pool), BUFFERS);
	CU_ASSERT_EQUAL(handoff_empty(handoff), 0);
	handoff_destroy(handoff);
	rte_mempool_free(pool);
}

static void sends_a_burst_before_it_is_told_to(void)
{
	struct rte_mempool *pool = pool_create();
	struct handoff *handoff = handoff_create(2);

	for (uint32_t i = 0; i < 64; i++)
		put(handoff, pool, i);
	CU_ASSERT_EQUAL(take(handoff, 0), 64);
	CU_ASSERT_EQUAL(handoff_empty(handoff), 0);
	handoff_destroy(handoff);
	rte_mempool_free(pool);
}

static void counts_and_frees_what_has_no_room(void)
{
	struct rte_mempool *pool = pool_create();
	struct handoff *handoff = handoff_create(2);

	for (uint32_t i = 0; i < HANDOFF_RING - BURST_MAX; i++)
		put(handoff, pool, i);
	CU_ASSERT_FALSE(handoff_is_tight(handoff, 0));
	put(handoff, pool, HANDOFF_RING - BURST_MAX);
	CU_ASSERT_TRUE(handoff_is_tight(handoff, 0));
	CU_ASSERT_FALSE(handoff_is_tight(handoff, 1));
	for (uint32_t i = 1; i < BURST_MAX + 10; i++)
		put(handoff, pool, HANDOFF_RING - BURST_MAX + i);
	CU_ASSERT_EQUAL(handoff_flush(handoff, 0), 10);
	CU_ASSERT_EQUAL(handoff_flush(handoff, 0), 0); /* told once */
	CU_ASSERT_EQUAL(handoff_pair(handoff, 0, 1).full, 10);
	CU_ASSERT_EQUAL(handoff_pair(handoff, 0, 1).fill, HANDOFF_RING);
	CU_ASSERT_EQUAL(rte_mempool_avail_count(pool), BUFFERS - HANDOFF_RING);
	CU_ASSERT_EQUAL(take(handoff, 0), HANDOFF_RING);
	CU_ASSERT_FALSE(handoff_is_tight(handoff, 0));
	CU_ASSERT_EQUAL(handoff_empty(handoff), 0);
	CU_ASSERT_EQUAL(rte_mempool_avail_count(pool), BUFFERS);
	handoff_destroy(handoff);
	rte_mempool_free(pool);
}

static void is_emptied_at_the_end(void)
{
	struct rte_mempool *pool = pool_create();
	struct handoff *handoff = handoff_create(3);

	for (uint32_t i = 0; i < 40; i++)
		put(handoff, pool, i);
	handoff_flush(handoff, 0);
	CU_ASSERT_EQUAL(take(handoff, 0), 40); /* and all 40 are on their way back */
	for (uint32_t i = 0; i < 45; i++)
		put(handoff, pool, i);
	CU_ASSERT_EQUAL(handoff_empty(handoff), 45);
	CU_ASSERT_EQUAL(rte_mempool_avail_count(pool), BUFFERS);
	handoff_destroy(handoff);
	rte_mempool_free(pool);
}

/* Two threads: nothing is lost, changed or out of order. ThreadSanitizer looks on in its build. */
enum { MANY = 300000 };

struct taker {
	struct handoff *handoff;
	uint32_t taken, wrong;
	_Atomic uint32_t passed;
};

static void *take_many(void *arg)
{
	struct taker *t = arg;
	struct packet packets[BURST_MAX];
	struct rte_mbuf *mbufs[BURST_MAX];
	uint64_t fragments;

	while (t->taken < MANY) {
		uint32_t n =
			handoff_take(t->handoff, 0, 1, packets, mbufs, BURST_MAX, &fragments);

		for (uint32_t i = 0; i < n; i++) {
			struct packet want = packet_of(t->taken + i);

			t->wrong += memcmp(&packets[i], &want, sizeof(want)) != 0;
			t->wrong += *rte_pktmbuf_mtod(mbufs[i], uint32_t *) != t->taken + i;
		}
		handoff_give_back(t->handoff, 0, 1, mbufs, n);
		t->taken += n;
		if (n == 0)
			sched_yield();
	}
	return NULL;
}

static void two_threads_lose_nothing(void)
{
	struct rte_mempool *pool = pool_create();
	struct taker taker = {.handoff = handoff_create(2)};
	pthread_t thread;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, take_many, &taker), 0);
	for (uint32_t i = 0; i < MANY;) {
		struct rte_mbuf *m;

		if (handoff_is_tight(taker.handoff, 0)) {
			CU_ASSERT_EQUAL(handoff_flush(taker.handoff, 0), 0);
			sched_yield();
			continue;
		}
		m = rte_pktmbuf_alloc(pool);
		CU_ASSERT_PTR_NOT_NULL_FATAL(m);
		*rte_pktmbuf_mtod(m, uint32_t *) = i;
		{
			struct packet p = packet_of(i++);

			handoff_put(taker.handoff, 0, 1, m, &p, HANDOFF_TO_FLOW);
		}
	}
	CU_ASSERT_EQUAL(handoff_flush(taker.handoff, 0), 0);
	pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(taker.wrong, 0);
	CU_ASSERT_EQUAL(handoff_empty(taker.handoff), 0);
	CU_ASSERT_EQUAL(rte_mempool_avail_count(pool), BUFFERS);
	handoff_destroy(taker.handoff);
	rte_mempool_free(pool);
}

void suite_handoff(void);

void suite_handoff(void)
{
	CU_pSuite suite = CU_add_suite("handoff", eal_once, NULL);

	CU_ADD_TEST(suite, carries_packets_in_order_and_brings_mbufs_back);
	CU_ADD_TEST(suite, sends_a_burst_before_it_is_told_to);
	CU_ADD_TEST(suite, counts_and_frees_what_has_no_room);
	CU_ADD_TEST(suite, is_emptied_at_the_end);
	CU_ADD_TEST(suite, two_threads_lose_nothing);
}
