/* Counters that one thread writes and any thread reads meanwhile: each number is whole. Who sees one
 * sees what was counted before it, too. */
#pragma once

#include <stdatomic.h>

#include "decap/counters/counters.h"

static inline void shared_add(_Atomic uint64_t *counter, uint64_t n)
{
	uint64_t was = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, was + n, memory_order_release);
}

static inline uint64_t shared_get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_acquire);
}

/* A copy of a ledger for other threads. */
struct shared_ledger {
	_Atomic uint64_t words[sizeof(struct output_ledger) / sizeof(uint64_t)];
};

void shared_ledger_set(struct shared_ledger *shared, const struct output_ledger *ledger);
struct output_ledger shared_ledger_get(const struct shared_ledger *shared);
