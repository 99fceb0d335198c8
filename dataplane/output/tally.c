#include "dataplane/output/tally.h"

#include <string.h>

#include "config/thread/backoff.h"

_Static_assert(sizeof(struct tally) % sizeof(uint64_t) == 0, "copied as words");

/* Each word is stored with release, so whoever sees one sees the odd version too; on x86 that is an
 * ordinary store. */
void tally_publish(struct tally_board *board, const struct tally *tally)
{
	uint64_t version = atomic_load_explicit(&board->version, memory_order_relaxed);
	uint64_t words[TALLY_WORDS];

	memcpy(words, tally, sizeof(words));
	atomic_store_explicit(&board->version, version + 1, memory_order_relaxed);
	for (int i = 0; i < TALLY_WORDS; i++)
		atomic_store_explicit(&board->words[i], words[i], memory_order_release);
	atomic_store_explicit(&board->version, version + 2, memory_order_release);
}

void tally_read(struct tally_board *board, struct tally *tally)
{
	struct backoff backoff = {0};
	uint64_t words[TALLY_WORDS], before, after;

	for (;;) {
		before = atomic_load_explicit(&board->version, memory_order_acquire);
		for (int i = 0; i < TALLY_WORDS; i++)
			words[i] = atomic_load_explicit(&board->words[i], memory_order_acquire);
		after = atomic_load_explicit(&board->version, memory_order_relaxed);
		if (before == after && before % 2 == 0)
			break;
		backoff_wait(&backoff);
	}
	memcpy(tally, words, sizeof(words));
}

void tally_add(struct tally *sum, const struct tally *one)
{
	counters_add(sum, one, sizeof(*sum));
}
