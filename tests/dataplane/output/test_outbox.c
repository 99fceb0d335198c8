/* The outbox between two threads, and full of records of every length: each comes out whole, in order,
 * aligned. */
#include <CUnit/Basic.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "config/thread/backoff.h"
#include "dataplane/output/outbox.h"
#include "dataplane/support/hooks.h"

enum { RECORDS = 20000 };

/* A number behind the head, and bytes that follow from it. */
struct numbered {
	struct record record;
	uint32_t number;
};

static size_t len_of(uint32_t number)
{
	if (number % 97 < 3)
		return RECORD_MAX - number % 97;
	return sizeof(struct numbered) + number * 37 % 1000;
}

static bool make(struct outbox *outbox, uint32_t number, size_t len)
{
	struct numbered *n = (struct numbered *)outbox_take(
		outbox, (enum record_type)(number % RECORD_TYPES), len);

	if (!n || (uintptr_t)n % RECORD_ALIGN != 0)
		return false;
	n->number = number;
	memset(n + 1, (int)(number % 251), len - sizeof(*n));
	return true;
}

static bool is_whole(const struct record *record, uint32_t number, size_t len)
{
	const struct numbered *n = (const struct numbered *)record;
	const uint8_t *at = (const uint8_t *)(n + 1), *end = (const uint8_t *)n + len;

	if (record->len != len || record->type != number % RECORD_TYPES || record->cut ||
		n->number != number)
		return false;
	while (at < end && *at == number % 251)
		at++;
	return at == end;
}

/* Takes all that was sent; returns the number after the last. */
static uint32_t take_all(struct outbox *outbox, uint32_t number, size_t (*len)(uint32_t))
{
	const struct record *record;
	uint32_t wrong = 0;

	while (outbox_open(outbox))
		while ((record = outbox_peek(outbox))) {
			wrong += !is_whole(record, number, len(number));
			number++;
			outbox_drop(outbox);
		}
	CU_ASSERT_EQUAL(wrong, 0);
	return number;
}

static void *maker(void *arg)
{
	struct outbox *outbox = arg;

	for (uint32_t i = 0; i < RECORDS; i++)
		if (!make(outbox, i, len_of(i)))
			return outbox;
	outbox_flush(outbox);
	return NULL;
}

static void two_threads(void)
{
	struct outbox *outbox = outbox_create(2, true);
	struct backoff wait = {0};
	uint32_t number = 0;
	pthread_t thread;
	void *refused;

	CU_ASSERT_PTR_NOT_NULL_FATAL(outbox);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, maker, outbox), 0);
	while (number < RECORDS) {
		number = take_all(outbox, number, len_of);
		backoff_wait(&wait);
	}
	CU_ASSERT_EQUAL(pthread_join(thread, &refused), 0);
	CU_ASSERT_PTR_NULL(refused);
	CU_ASSERT_FALSE(outbox_open(outbox));
	outbox_destroy(outbox);
}

static size_t longest(uint32_t number)
{
	(void)number;
	return RECORD_MAX;
}

/* On this thread: one that waited would never come back. */
static void a_full_one_refuses(void)
{
	enum { CHUNKS = 3, EACH = OUTBOX_CHUNK / RECORD_MAX };
	struct outbox *outbox = outbox_create(CHUNKS, false);
	uint32_t number = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(outbox);
	CU_ASSERT_FALSE(make(outbox, 0, RECORD_MAX + 1));
	while (make(outbox, number, RECORD_MAX))
		number++;
	CU_ASSERT_EQUAL(number, CHUNKS * EACH);
	CU_ASSERT_EQUAL(outbox_count(outbox), CHUNKS);
	/* A chunk is free when its last record was dropped, not before. */
	CU_ASSERT_TRUE(outbox_open(outbox));
	for (uint32_t i = 0; i < EACH; i++) {
		CU_ASSERT_TRUE(is_whole(outbox_peek(outbox), i, RECORD_MAX));
		CU_ASSERT_FALSE(make(outbox, number, RECORD_MAX));
		outbox_drop(outbox);
	}
	CU_ASSERT_PTR_NULL(outbox_peek(outbox));
	CU_ASSERT_TRUE(make(outbox, number, RECORD_MAX));
	outbox_flush(outbox);
	CU_ASSERT_EQUAL(take_all(outbox, EACH, longest), number + 1);
	outbox_destroy(outbox);
}

static void hurry_is_for_good(void)
{
	struct outbox *outbox = outbox_create(1, true);
	uint32_t number = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(outbox);
	outbox_hurry(outbox);
	outbox_wait(outbox);
	while (make(outbox, number, RECORD_MAX))
		number++;
	CU_ASSERT_EQUAL(number, OUTBOX_CHUNK / RECORD_MAX);
	outbox_destroy(outbox);
}

static void nothing_is_not_sent(void)
{
	struct outbox *outbox = outbox_create(1, false);

	CU_ASSERT_PTR_NOT_NULL_FATAL(outbox);
	outbox_flush(outbox);
	CU_ASSERT_FALSE(outbox_open(outbox));
	CU_ASSERT_PTR_NULL(outbox_peek(outbox));
	CU_ASSERT_TRUE(make(outbox, 0, RECORD_MAX));
	CU_ASSERT_FALSE(outbox_open(outbox));
	outbox_flush(outbox);
	outbox_flush(outbox);
	CU_ASSERT_EQUAL(take_all(outbox, 0, longest), 1);
	outbox_destroy(outbox);
}

static void without_memory(void)
{
	struct outbox *outbox = NULL;
	unsigned nth = 0;

	while (!outbox && nth < 100) {
		hooks_fail_allocation(++nth);
		outbox = outbox_create(4, false);
		CU_ASSERT_EQUAL(outbox == NULL, hooks_allocation_failed());
	}
	hooks_fail_allocation(0);
	CU_ASSERT_EQUAL(nth, 3); /* the outbox, its chunks */
	outbox_destroy(outbox);
	outbox_destroy(NULL);
}

void suite_outbox(void);
void suite_outbox(void)
{
	CU_pSuite s = CU_add_suite("outbox", NULL, NULL);

	CU_ADD_TEST(s, two_threads);
	CU_ADD_TEST(s, a_full_one_refuses);
	CU_ADD_TEST(s, hurry_is_for_good);
	CU_ADD_TEST(s, nothing_is_not_sent);
	CU_ADD_TEST(s, without_memory);
}
