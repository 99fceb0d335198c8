#include <CUnit/Basic.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/output/tally.h"

enum { ROUNDS = 200000 };

struct bench {
	struct tally_board board;
	atomic_bool stop;
};

/* Every word of a copy holds the number of its round. */
static void *publisher(void *arg)
{
	struct bench *bench = arg;
	struct tally tally;
	uint64_t *words = (uint64_t *)&tally;

	for (uint64_t round = 1; round <= ROUNDS; round++) {
		for (int i = 0; i < TALLY_WORDS; i++)
			words[i] = round;
		tally_publish(&bench->board, &tally);
	}
	atomic_store(&bench->stop, true);
	return NULL;
}

static void readers_get_whole_copies(void)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	uint64_t last = 0, mixed = 0, back = 0;
	pthread_t thread;
	struct tally tally;
	const uint64_t *words = (const uint64_t *)&tally;

	CU_ASSERT_PTR_NOT_NULL_FATAL(bench);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, publisher, bench), 0);
	while (!atomic_load(&bench->stop)) {
		tally_read(&bench->board, &tally);
		for (int i = 1; i < TALLY_WORDS; i++)
			mixed += words[i] != words[0];
		back += words[0] < last;
		last = words[0];
	}
	pthread_join(thread, NULL);
	tally_read(&bench->board, &tally);
	CU_ASSERT_EQUAL(words[0], ROUNDS);
	CU_ASSERT_EQUAL(mixed, 0);
	CU_ASSERT_EQUAL(back, 0);
	free(bench);
}

/* Word n of the one is n, of the other 1,000 n: so each sum is known. */
static void a_sum_has_every_word(void)
{
	struct tally sum, one;
	uint64_t *words = (uint64_t *)&sum, *more = (uint64_t *)&one;
	uint64_t wrong = 0;

	for (uint64_t i = 0; i < TALLY_WORDS; i++) {
		words[i] = i;
		more[i] = 1000 * i;
	}
	tally_add(&sum, &one);
	for (uint64_t i = 0; i < TALLY_WORDS; i++)
		wrong += words[i] != 1001 * i;
	CU_ASSERT_EQUAL(wrong, 0);
}

void suite_tally(void);
void suite_tally(void)
{
	CU_pSuite suite = CU_add_suite("tally", NULL, NULL);

	CU_ADD_TEST(suite, readers_get_whole_copies);
	CU_ADD_TEST(suite, a_sum_has_every_word);
}
