#include "decap/counters/shared.h"

enum { WORDS = sizeof(struct output_ledger) / sizeof(uint64_t) };

void shared_ledger_set(struct shared_ledger *shared, const struct output_ledger *ledger)
{
	const uint64_t *words = (const uint64_t *)ledger;

	for (int i = 0; i < WORDS; i++)
		atomic_store_explicit(&shared->words[i], words[i], memory_order_relaxed);
}

struct output_ledger shared_ledger_get(const struct shared_ledger *shared)
{
	struct output_ledger ledger = {0};
	uint64_t *words = (uint64_t *)&ledger;

	for (int i = 0; i < WORDS; i++)
		words[i] = atomic_load_explicit(&shared->words[i], memory_order_relaxed);
	return ledger;
}
