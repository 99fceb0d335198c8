#include <CUnit/Basic.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "dataplane/output/ring.h"

static void refuses_wrong_sizes(void)
{
	static const unsigned wrong[] = {0, 1, 3, 1000, UINT32_MAX};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CU_ASSERT_PTR_NULL(ring_create(wrong[i]));
	ring_destroy(NULL);
}

static void holds_one_less_than_its_size_in_order(void)
{
	struct ring *ring = ring_create(8);
	int items[16];

	CU_ASSERT_PTR_NOT_NULL_FATAL(ring);
	for (int lap = 0; lap < 5; lap++) { /* the slots are used again from the start */
		for (int i = 0; i < 7; i++)
			CU_ASSERT_TRUE(ring_push(ring, &items[i]));
		CU_ASSERT_FALSE(ring_push(ring, &items[7]));
		CU_ASSERT_EQUAL(ring_count(ring), 7);
		for (int i = 0; i < 7; i++)
			CU_ASSERT_PTR_EQUAL(ring_pop(ring), &items[i]);
		CU_ASSERT_PTR_NULL(ring_pop(ring));
		CU_ASSERT_EQUAL(ring_count(ring), 0);
	}
	ring_destroy(ring);
}

static void bursts_take_what_fits_and_give_what_is_there(void)
{
	struct ring *ring = ring_create(8);
	int items[16];
	void *in[16], *out[16];

	CU_ASSERT_PTR_NOT_NULL_FATAL(ring);
	for (int i = 0; i < 16; i++)
		in[i] = &items[i];
	CU_ASSERT_EQUAL(ring_push_burst(ring, in, 5), 5);
	CU_ASSERT_EQUAL(ring_push_burst(ring, in + 5, 11), 2);
	CU_ASSERT_EQUAL(ring_push_burst(ring, in + 7, 9), 0);
	CU_ASSERT_EQUAL(ring_pop_burst(ring, out, 4), 4);
	CU_ASSERT_EQUAL(ring_push_burst(ring, in + 7, 9), 4);
	CU_ASSERT_EQUAL(ring_pop_burst(ring, out + 4, 12), 7);
	CU_ASSERT_EQUAL(ring_pop_burst(ring, out, 0), 0);
	for (int i = 0; i < 11; i++)
		CU_ASSERT_PTR_EQUAL(out[i], &items[i]);
	CU_ASSERT_EQUAL(ring_pop_burst(ring, out, 16), 0);
	ring_destroy(ring);
}

/* What the producer writes in plain memory must be there for the consumer: ThreadSanitizer judges
 * that it is ordered, the sum judges that nothing was lost or came twice. */
enum { ITEMS = 1000000 };

struct traffic {
	struct ring *ring;
	uint32_t *items;
	uint64_t wrong, sum, over;
	unsigned burst; /* 0: one by one */
};

static void *produce(void *argument)
{
	struct traffic *t = argument;
	struct backoff wait = {0};
	void *burst[32];
	uint32_t i = 0;

	while (i < ITEMS) {
		unsigned n = 0, pushed = 0;

		for (; n < (t->burst != 0 ? t->burst : 1) && i < ITEMS; n++, i++) {
			t->items[i] = 3 * i;
			burst[n] = &t->items[i];
		}
		while (pushed < n) {
			unsigned now = t->burst != 0 ? ring_push_burst(t->ring, burst + pushed,
							       n - pushed)
						     : ring_push(t->ring, burst[0]);
			if (now == 0)
				backoff_wait(&wait);
			else
				backoff_reset(&wait);
			pushed += now;
		}
	}
	return NULL;
}

static void consume(struct traffic *t)
{
	struct backoff wait = {0};
	uint32_t expected = 0;
	void *burst[48];

	while (expected < ITEMS) {
		unsigned n = t->burst != 0 ? ring_pop_burst(t->ring, burst, 48)
					   : (burst[0] = ring_pop(t->ring)) != NULL;

		t->over += ring_count(t->ring) > 255;
		if (n == 0) {
			backoff_wait(&wait);
			continue;
		}
		backoff_reset(&wait);
		for (unsigned i = 0; i < n; i++, expected++) {
			t->wrong += burst[i] != &t->items[expected];
			t->sum += *(uint32_t *)burst[i];
		}
	}
}

static void pass(unsigned burst)
{
	struct traffic t = {.ring = ring_create(256),
		.items = calloc(ITEMS, sizeof(*t.items)),
		.burst = burst};
	pthread_t producer;

	CU_ASSERT_PTR_NOT_NULL_FATAL(t.ring);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t.items);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&producer, NULL, produce, &t), 0);
	consume(&t);
	pthread_join(producer, NULL);
	CU_ASSERT_EQUAL(t.wrong, 0);
	CU_ASSERT_EQUAL(t.over, 0);
	CU_ASSERT_EQUAL(t.sum, 3ull * ITEMS * (ITEMS - 1) / 2);
	CU_ASSERT_PTR_NULL(ring_pop(t.ring));
	ring_destroy(t.ring);
	free(t.items);
}

static void two_threads_pass_a_million_pointers(void)
{
	pass(0);
}

static void two_threads_pass_a_million_pointers_in_bursts(void)
{
	pass(32);
}

void suite_ring(void);
void suite_ring(void)
{
	CU_pSuite s = CU_add_suite("ring", NULL, NULL);

	CU_ADD_TEST(s, refuses_wrong_sizes);
	CU_ADD_TEST(s, holds_one_less_than_its_size_in_order);
	CU_ADD_TEST(s, bursts_take_what_fits_and_give_what_is_there);
	CU_ADD_TEST(s, two_threads_pass_a_million_pointers);
	CU_ADD_TEST(s, two_threads_pass_a_million_pointers_in_bursts);
}
