#include <CUnit/Basic.h>
#include <pthread.h>
#include <rte_mbuf.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/live/handoff.h"
#include "tests/dataplane/support/eal_once.h"

enum { BUFFERS = 4095, CACHE = 0 };

static struct rte_mempool *pool_create(void)
{
	struct rte_mempool *pool =
		rte_pktmbuf_pool_create("handoff", BUFFERS, CACHE, 0, 2048, SOCKET_ID_ANY);

	CU_ASSERT_PTR_NOT_NULL_FATAL(pool);
	return pool;
}

/* Every field that the stages before the hand-off fill in, from one number: all bytes but those that each worker
 * sets itself. */
static struct packet packet_of(uint32_t n)
{
	struct packet p;

	memset(&p, 0, sizeof(p));
	p.time_ns = n + 1;
	p.frame = (const uint8_t *)(uintptr_t)(n + 2);
	p.frame_cap = n + 3;
	p.frame_wire = n + 4;
	p.frame_link = n % 2 ? LINK_IP : LINK_ETHERNET;
	p.ip = (const uint8_t *)(uintptr_t)(n + 5);
	p.ip_cap = n + 6;
	p.ip_len = n + 7;
	p.l4 = (uint16_t)(n + 8);
	p.payload = (uint16_t)(n + 9);
	p.ip_version = n % 2 ? 4 : 6;
	p.protocol = (uint8_t)(n + 10);
	p.tcp_flags = (uint8_t)(n + 11);
	p.icmp_type = (uint8_t)(n + 12);
	p.icmp_code = (uint8_t)(n + 13);
	p.icmp_id = (uint16_t)(n + 14);
	p.src_port = (uint16_t)(n + 15);
	p.dst_port = (uint16_t)(n + 16);
	p.flags = n % 8192;
	p.direction = n % 3 ? DIRECTION_INGRESS : DIRECTION_EGRESS;
	p.generation = n + 21;
	p.tcp_seq = n + 18;
	p.tcp_ack = n + 19;
	memset(&p.src, (int)(n % 251), sizeof(p.src));
	memset(&p.dst, (int)(n % 241), sizeof(p.dst));
	memset(&p.outer_src, (int)(n % 239), sizeof(p.outer_src));
	p.vni = n + 20;
	p.network = n + 17;
	return p;
}

/* As if it had come without its encapsulation. */
static bool is_packet(const struct packet *p, uint32_t n)
{
	struct packet want = packet_of(n);

	want.data = want.frame;
	want.cap = want.frame_cap;
	want.wire = want.frame_wire;
	want.link = want.frame_link;
	return memcmp(p, &want, sizeof(want)) == 0;
}

static void put(struct handoff *handoff, struct rte_mempool *pool, uint32_t n)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	struct packet p = packet_of(n);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	/* What each worker sets itself does not travel. */
	p.session = p.tenant = 7;
	p.flow = (struct flow *)&p;
	p.row = (struct flow_row *)&p;
	p.flow_id = 7;
	handoff_put(handoff, 0, 1, m, &p, n % 3 ? HANDOFF_TO_FLOW : HANDOFF_TO_FRAGMENT);
}

/* A burst in the hands of worker 1, from worker 0. */
struct burst {
	struct packet packets[BURST_MAX];
	uint32_t numbers[BURST_MAX];
	uint64_t taken, fragments;
};

static uint32_t take_into(struct handoff *handoff, uint64_t free, struct burst *b)
{
	struct handoff_taken taken;

	memset(b->packets, 0, sizeof(b->packets));
	taken = handoff_take(handoff, 0, 1, b->packets, b->numbers, free);
	b->taken = taken.all;
	b->fragments = taken.fragments;
	CU_ASSERT_EQUAL(b->taken & ~free, 0);
	return (uint32_t)__builtin_popcountll(b->taken);
}

/* Takes all there is into the places `free`, and is done with it. Checks that it begins with number
 * `first`; returns how many it were. */
static uint32_t take(struct handoff *handoff, uint32_t first, uint64_t free)
{
	struct burst b;
	uint32_t sum = 0;

	while (take_into(handoff, free, &b) > 0) {
		for (uint64_t rest = b.taken; rest; rest &= rest - 1, sum++) {
			uint32_t i = (uint32_t)__builtin_ctzll(rest);

			CU_ASSERT_TRUE(is_packet(&b.packets[i], first + sum));
			CU_ASSERT_EQUAL(b.fragments >> i & 1, (first + sum) % 3 == 0);
		}
		handoff_done(handoff, 1);
	}
	return sum;
}

static void carries_packets_in_order_and_frees_mbufs(void)
{
	struct rte_mempool *pool = pool_create();
	struct handoff *handoff = handoff_create(2);
	const uint64_t places[] = {UINT64_MAX, 0xff00f0f0c0a80001, UINT64_C(1) << 63};
	uint32_t next = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(handoff);
	/* In portions of all sizes, so that the ring is gone round at every place. */
	for (uint32_t size = 1; size <= 130; size++) {
		for (uint32_t i = 0; i < size; i++)
			put(handoff, pool, next + i);
		CU_ASSERT_EQUAL(handoff_flush(handoff, 0), 0);
		CU_ASSERT_EQUAL(handoff_pair(handoff, 0, 1).fill, size);
		CU_ASSERT_EQUAL(take(handoff, next, places[size % 3]), size);
		next += size;
	}
	CU_ASSERT_EQUAL(handoff_pair(handoff, 0, 1).passed, next);
	CU_ASSERT_EQUAL(handoff_pair(handoff, 0, 1).full, 0);
	CU_ASSERT_EQUAL(handoff_pair(handoff, 1, 0).passed, 0);
	handoff_flush(handoff, 0); /* sent nothing meanwhile: so there is time to free */
	CU_ASSERT_EQUAL(rte_mempool_avail_count(pool), BUFFERS);
	CU_ASSERT_EQUAL(handoff_empty(handoff), 0);
	handoff_destroy(handoff);
	rte_mempool_free(pool);
}

static void tells_of_bursts_that_were_seen(void)
{
	struct rte_mempool *pool = pool_create();
	struct handoff *handoff = handoff_create(3);
	struct burst b;

	for (uint32_t i = 0; i < BURST_MAX + 1; i++)
		put(handoff, pool, i);
	CU_ASSERT_EQUAL(take_into(handoff, 1, &b), 0); /* not sent yet */
	handoff_send(handoff, 0);
	CU_ASSERT_FALSE(handoff_has_burst(handoff, 1)); /* not looked at yet */
	CU_ASSERT_EQUAL(take_into(handoff, 1, &b), 1);
	CU_ASSERT_TRUE(handoff_has_burst(handoff, 1));
	CU_ASSERT_FALSE(handoff_has_burst(handoff, 2));
	CU_ASSERT_EQUAL(take_into(handoff, 1, &b), 1);
	CU_ASSERT_FALSE(handoff_has_burst(handoff, 1));
	CU_ASSERT_EQUAL(take(handoff, 2, UINT64_MAX), BURST_MAX - 1);
	CU_ASSERT_EQUAL(handoff_empty(handoff), 0);
	CU_ASSERT_EQUAL(rte_mempool_avail_count(pool), BUFFERS);
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
	CU_ASSERT_EQUAL(take(handoff, 0, UINT64_MAX), HANDOFF_RING);
	CU_ASSERT_FALSE(handoff_is_tight(handoff, 0));
	CU_ASSERT_EQUAL(handoff_empty(handoff), 0);
	CU_ASSERT_EQUAL(rte_mempool_avail_count(pool), BUFFERS);
	handoff_destroy(handoff);
	rte_mempool_free(pool);
}

/* What the owner keeps is not freed by the sender; the other packets of the burst are, and not before
 * the owner is done with them. */
static void leaves_mbufs_that_are_kept(void)
{
	struct rte_mempool *pool = pool_create();
	struct handoff *handoff = handoff_create(2);
	struct rte_mbuf *first, *last;
	struct burst b;

	for (uint32_t i = 0; i < 32; i++)
		put(handoff, pool, i);
	CU_ASSERT_EQUAL(handoff_flush(handoff, 0), 0);
	CU_ASSERT_EQUAL_FATAL(take_into(handoff, UINT64_MAX, &b), 32);
	CU_ASSERT_EQUAL(handoff_flush(handoff, 0), 0);
	CU_ASSERT_EQUAL(rte_mempool_avail_count(pool), BUFFERS - 32);
	first = handoff_keep(handoff, 1, b.numbers[0]);
	last = handoff_keep(handoff, 1, b.numbers[31]);
	handoff_done(handoff, 1);
	CU_ASSERT_EQUAL(handoff_flush(handoff, 0), 0);
	CU_ASSERT_EQUAL(rte_mempool_avail_count(pool), BUFFERS - 2);
	rte_pktmbuf_free(first);
	CU_ASSERT_EQUAL(rte_mempool_avail_count(pool), BUFFERS - 1);
	rte_pktmbuf_free(last);
	CU_ASSERT_EQUAL(rte_mempool_avail_count(pool), BUFFERS);
	CU_ASSERT_EQUAL(handoff_empty(handoff), 0);
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
	CU_ASSERT_EQUAL(take(handoff, 0, UINT64_MAX), 40); /* and all 40 are not freed yet */
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
};

static void *take_many(void *arg)
{
	struct taker *t = arg;
	struct burst b;

	while (t->taken < MANY) {
		if (take_into(t->handoff, UINT64_MAX, &b) == 0)
			sched_yield();
		for (uint64_t rest = b.taken; rest; rest &= rest - 1, t->taken++) {
			uint32_t i = (uint32_t)__builtin_ctzll(rest);
			struct rte_mbuf *m = handoff_mbuf(t->handoff, 1, b.numbers[i]);

			t->wrong += !is_packet(&b.packets[i], t->taken);
			t->wrong += *rte_pktmbuf_mtod(m, uint32_t *) != t->taken;
			if (t->taken % 5 == 0)
				rte_pktmbuf_free(handoff_keep(t->handoff, 1, b.numbers[i]));
		}
		handoff_done(t->handoff, 1);
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

	CU_ADD_TEST(suite, carries_packets_in_order_and_frees_mbufs);
	CU_ADD_TEST(suite, tells_of_bursts_that_were_seen);
	CU_ADD_TEST(suite, counts_and_frees_what_has_no_room);
	CU_ADD_TEST(suite, leaves_mbufs_that_are_kept);
	CU_ADD_TEST(suite, is_emptied_at_the_end);
	CU_ADD_TEST(suite, two_threads_lose_nothing);
}
