#include <CUnit/Basic.h>
#include <pthread.h>
#include <stdlib.h>

#include "config/thread/backoff.h"
#include "config/thread/ring.h"

enum { SIZE = 8, ITEMS = 1000000, PLACES = 240 /* no power of two: none is needed */ };

static void an_empty_one_has_all_room(void)
{
	struct ring *ring = cache_line_alloc(sizeof(*ring));

	CU_ASSERT_PTR_NOT_NULL_FATAL(ring);
	CU_ASSERT_EQUAL(ring_room(ring, SIZE, 1), SIZE);
	CU_ASSERT_EQUAL(ring_available(ring, 1), 0);
	CU_ASSERT_EQUAL(ring_fill(ring, SIZE), 0);
	free(ring);
}

/* Lap by lap: nothing is seen before it is sent, and no place is free before its holder is done. */
static void what_is_sent_is_there_and_what_is_done_is_free(void)
{
	struct ring *ring = cache_line_alloc(sizeof(*ring));

	CU_ASSERT_PTR_NOT_NULL_FATAL(ring);
	for (int lap = 0; lap < 5; lap++) {
		ring->put += 5;
		CU_ASSERT_EQUAL(ring_available(ring, 1), 0);
		ring_send(ring);
		CU_ASSERT_EQUAL(ring_available(ring, 1), 5);
		ring->put += 3;
		ring_send(ring);
		CU_ASSERT_EQUAL(ring_available(ring, 5), 5); /* that many are known: no look */
		CU_ASSERT_EQUAL(ring_available(ring, 6), 8);
		CU_ASSERT_EQUAL(ring_room(ring, SIZE, 1), 0);
		CU_ASSERT_EQUAL(ring_fill(ring, SIZE), 8);
		ring->got += 6;
		CU_ASSERT_EQUAL(ring_room(ring, SIZE, 1), 0);
		ring_done(ring);
		CU_ASSERT_EQUAL(ring_room(ring, SIZE, 1), 6);
		ring->got += 2;
		ring_done(ring);
		CU_ASSERT_EQUAL(ring_room(ring, SIZE, 6), 6); /* no look */
		CU_ASSERT_EQUAL(ring_room(ring, SIZE, 7), SIZE);
		CU_ASSERT_EQUAL(ring_available(ring, 1), 0);
		CU_ASSERT_EQUAL(ring_fill(ring, SIZE), 0);
	}
	free(ring);
}

/* What the producer writes in plain memory must be there for the consumer, and the consumer must have
 * read it before it is written over: ThreadSanitizer judges that it is ordered, the numbers that nothing
 * was lost or came twice. */
struct traffic {
	struct ring ring;
	uint32_t numbers[PLACES];
	uint32_t burst;
};

static void *produce(void *argument)
{
	struct traffic *t = argument;
	struct backoff wait = {0};

	for (uint32_t i = 0; i < ITEMS;) {
		uint64_t room = ring_room(&t->ring, PLACES, t->burst);

		if (room == 0)
			backoff_wait(&wait);
		else
			backoff_reset(&wait);
		for (uint32_t n = 0; n < t->burst && n < room && i < ITEMS; n++)
			t->numbers[t->ring.put++ % PLACES] = 3 * i++;
		ring_send(&t->ring);
	}
	return NULL;
}

static void pass(uint32_t burst)
{
	struct traffic *t = cache_line_alloc(sizeof(*t));
	uint64_t wrong = 0, over = 0;
	struct backoff wait = {0};
	pthread_t producer;
	uint32_t expected = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	t->burst = burst;
	CU_ASSERT_EQUAL_FATAL(pthread_create(&producer, NULL, produce, t), 0);
	while (expected < ITEMS) {
		uint64_t there = ring_available(&t->ring, burst + 7);

		over += there > PLACES || ring_fill(&t->ring, PLACES) > PLACES;
		if (there == 0) {
			backoff_wait(&wait);
			continue;
		}
		backoff_reset(&wait);
		for (uint32_t n = 0; n < burst + 7 && n < there; n++)
			wrong += t->numbers[t->ring.got++ % PLACES] != 3 * expected++;
		ring_done(&t->ring);
	}
	pthread_join(producer, NULL);
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(over, 0);
	CU_ASSERT_EQUAL(ring_available(&t->ring, 1), 0);
	free(t);
}

static void two_threads_pass_a_million_numbers(void)
{
	pass(1);
}

static void two_threads_pass_a_million_numbers_in_bursts(void)
{
	pass(32);
}

void suite_ring(void);
void suite_ring(void)
{
	CU_pSuite s = CU_add_suite("ring", NULL, NULL);

	CU_ADD_TEST(s, an_empty_one_has_all_room);
	CU_ADD_TEST(s, what_is_sent_is_there_and_what_is_done_is_free);
	CU_ADD_TEST(s, two_threads_pass_a_million_numbers);
	CU_ADD_TEST(s, two_threads_pass_a_million_numbers_in_bursts);
}
