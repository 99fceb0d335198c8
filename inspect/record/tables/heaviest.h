/* Sums by key in a bounded number of rows: exact until the rows are used up; when more keys come the
 * heaviest stay, within heaviest_error(). The hash is salted with a secret and each row lies in one of two
 * buckets (inspect/flow/index.h), so no lookup looks at more than 16 places, whatever keys come. One
 * writer; merged after it has stopped. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Sizes are multiples of 8 bytes; a key has two words at least. `add` adds `more` to `value`, in any
 * order with the same sum; a value of zeros is none. */
struct heaviest_form {
	uint32_t rows;
	size_t key_size, value_size;
	void (*add)(void *value, const void *more);
};

struct heaviest;

/* NULL: no memory. */
struct heaviest *heaviest_create(const struct heaviest_form *form);
/* NULL is legal. */
void heaviest_destroy(struct heaviest *heaviest);

/* Adds the value to the row of the key, which then weighs so much more. A key may be shorter than
 * the form's size; heaviest_key() has zeros behind it. */
void heaviest_add(struct heaviest *heaviest, const void *key, size_t key_size,
	const void *value, uint64_t weight);
/* Asks for memory that heaviest_add() will touch; need not be called. */
void heaviest_prefetch(const struct heaviest *heaviest, const void *key, size_t key_size);
/* So many values of so much weight were not added, and their keys are unknown. */
void heaviest_miss(struct heaviest *heaviest, uint64_t values, uint64_t weight);
/* Both of one form. What `from` has may be moved; it is to be destroyed after that. */
void heaviest_merge(struct heaviest *to, struct heaviest *from);

uint32_t heaviest_count(const struct heaviest *heaviest);
/* How often a row gave way to another (or, which does not happen by chance, found both its buckets
 * full), and values missed. 0: all is exact. */
uint64_t heaviest_overflow(const struct heaviest *heaviest);
/* The error in weight: a key without a row has at most so much, and one that has a row at most so much
 * more than it shows. Of one table it is at most a row's part of the sum of all weights; errors of merged
 * tables add up. 0: all is exact. */
uint64_t heaviest_error(const struct heaviest *heaviest);

/* Row number `i` < count, in the order they came: borrowed until the next change. */
const void *heaviest_key(const struct heaviest *heaviest, uint32_t i);
const void *heaviest_value(const struct heaviest *heaviest, uint32_t i);
/* The numbers of the first `max` rows, or all, in the order of `compare`, which has no ties; freed by the
 * caller. NULL: no memory. */
typedef int heaviest_compare(const struct heaviest *heaviest, uint32_t a, uint32_t b);
uint32_t *heaviest_sort(
	const struct heaviest *heaviest, heaviest_compare *compare, uint32_t max);
