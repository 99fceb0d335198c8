#include "inspect/record/tables/heaviest.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "decap/salt.h"
#include "inspect/flow/hash.h"
#include "inspect/flow/index.h"
#include "inspect/flow/pages.h"

/* Space-saving (Metwally, Agrawal, El Abbadi, 2005), with weights: when all rows are taken, the lightest
 * gives way to the new one, which may have had as much before, unseen. The heap is made when that
 * happens first; until then it costs nothing. Weights only grow, so a row that has grown need not move
 * before it comes to the top: the heap is by the weights that rows had when they were placed. */
struct heaviest {
	struct heaviest_form form;
	struct flow_index index;
	uint32_t count;
	bool full; /* the heap is in use */
	uint64_t overflow;
	uint64_t error;                /* weight that a key without a row has had at most */
	uint64_t salt[SALT_WORDS_MAX]; /* a secret of its own: no result depends on it */
	struct place *heap;            /* the lightest first */
	uint64_t *rows;                /* each some words, in the order they came */
};

/* A row's place in the heap; side by side, so that two children are read at once. */
struct place {
	uint64_t weight; /* the row's when it was placed */
	uint32_t number; /* of the row */
};

/* What is read together stands together: behind it are the value, and the key, which may be short. */
struct row {
	uint64_t weight; /* what it had at most: shown and missed */
	uint64_t missed; /* weight that it may have had before it had a row */
	uint64_t key_size;
	uint8_t value[];
};

static size_t row_size(const struct heaviest *h)
{
	return sizeof(struct row) + h->form.value_size + h->form.key_size;
}

static struct row *row_at(const struct heaviest *h, uint32_t number)
{
	return (struct row *)&h->rows[number * (row_size(h) / sizeof(*h->rows))];
}

static uint8_t *row_key(const struct heaviest *h, uint32_t number)
{
	return row_at(h, number)->value + h->form.value_size;
}

static size_t buckets_size(const struct heaviest *h)
{
	return h->index.n_buckets * sizeof(*h->index.buckets);
}

static size_t heap_size(const struct heaviest *h)
{
	return h->form.rows * sizeof(*h->heap);
}

static size_t rows_size(const struct heaviest *h)
{
	return h->form.rows * row_size(h);
}

struct heaviest *heaviest_create(const struct heaviest_form *form)
{
	struct heaviest *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->form = *form;
	salt_take(h->salt, SALT_WORDS_MAX);
	h->index.n_buckets = index_buckets(form->rows);
	h->index.buckets = pages_alloc(buckets_size(h));
	h->heap = pages_alloc(heap_size(h));
	h->rows = pages_alloc(rows_size(h));
	if (h->index.buckets && h->heap && h->rows)
		return h;
	heaviest_destroy(h);
	return NULL;
}

void heaviest_destroy(struct heaviest *h)
{
	if (h == NULL)
		return;
	pages_free(h->index.buckets, buckets_size(h));
	pages_free(h->heap, heap_size(h));
	pages_free(h->rows, rows_size(h));
	free(h);
}

static uint64_t hash_of(const struct heaviest *h, const uint8_t *key, size_t size)
{
	uint64_t hash = hash_fold(hash_word(key) ^ h->salt[0], hash_word(key + 8) ^ h->salt[1]);

	for (size_t at = 16; at < size; at += 8)
		hash = hash_fold(hash ^ hash_word(key + at), h->salt[2]);
	return hash;
}

enum { NOT_THERE = UINT32_MAX };

static uint32_t bucket_find(const struct heaviest *h, const struct index_bucket *bucket,
	uint16_t tag, const void *key, size_t size)
{
	for (uint32_t ways = index_match(bucket, tag); ways != 0; ways &= ways - 1) {
		uint32_t number = bucket->slots[__builtin_ctz(ways)];

		if (row_at(h, number)->key_size == size &&
			memcmp(row_key(h, number), key, size) == 0)
			return number;
	}
	return (uint32_t)NOT_THERE;
}

static bool is_lighter(const struct place *a, const struct place *b)
{
	return a->weight != b->weight ? a->weight < b->weight : a->number < b->number;
}

/* What stands there goes down to its place. */
static void heap_settle(struct heaviest *h, uint32_t at)
{
	struct place place = h->heap[at];

	for (uint32_t child; (child = 2 * at + 1) < h->form.rows; at = child) {
		if (child + 1 < h->form.rows &&
			is_lighter(&h->heap[child + 1], &h->heap[child]))
			child++;
		if (!is_lighter(&h->heap[child], &place))
			break;
		h->heap[at] = h->heap[child];
	}
	h->heap[at] = place;
}

/* The row on top, which weighs something else now. */
static void heap_place(struct heaviest *h)
{
	h->heap[0].weight = row_at(h, h->heap[0].number)->weight;
	heap_settle(h, 0);
}

static void heap_make(struct heaviest *h)
{
	for (uint32_t i = 0; i < h->form.rows; i++)
		h->heap[i] = (struct place){row_at(h, i)->weight, i};
	for (uint32_t i = h->form.rows / 2; i-- > 0;)
		heap_settle(h, i);
	h->full = true;
}

/* The number of the lightest, whose row is free now. */
static uint32_t give_way(struct heaviest *h)
{
	const struct row *gone;
	uint32_t number;

	if (!h->full)
		heap_make(h);
	while (h->heap[0].weight != row_at(h, h->heap[0].number)->weight)
		heap_place(h);
	number = h->heap[0].number;
	gone = row_at(h, number);
	if (gone->weight > h->error)
		h->error = gone->weight;
	index_remove(&h->index, hash_of(h, row_key(h, number), gone->key_size), number);
	return number;
}

struct addend {
	const uint8_t *key;
	size_t key_size;
	const void *value;
	uint64_t weight;
	uint64_t less; /* of the error, what is known not to be missing */
};

/* Of a key that was longer zeros stay behind the new one, as behind every key. */
static void row_fill(struct heaviest *h, uint32_t number, const struct addend *a)
{
	struct row *row = row_at(h, number);
	uint8_t *key = row_key(h, number);

	memcpy(key, a->key, a->key_size);
	if (row->key_size > a->key_size)
		memset(key + a->key_size, 0, row->key_size - a->key_size);
	row->key_size = a->key_size;
	memset(row->value, 0, h->form.value_size);
	h->form.add(row->value, a->value);
	row->missed = h->error - a->less;
	row->weight = a->weight + row->missed;
}

static void __attribute__((noinline))
row_make(struct heaviest *h, uint64_t hash, const struct addend *a)
{
	bool full = h->count == h->form.rows, room = index_has_room(&h->index, hash);
	uint32_t number;

	h->overflow += full || !room;
	if (!room) {
		h->error += a->weight;
		return;
	}
	number = full ? give_way(h) : h->count++;
	index_add(&h->index, hash, number);
	row_fill(h, number, a);
	if (full)
		heap_place(h);
}

static void add(struct heaviest *h, const struct addend *a)
{
	uint64_t hash = hash_of(h, a->key, a->key_size);
	struct index_place place = index_place(&h->index, hash);
	struct row *row;
	uint32_t number =
		bucket_find(h, &h->index.buckets[place.first], place.tag, a->key, a->key_size);

	if (number == (uint32_t)NOT_THERE)
		number = bucket_find(
			h, &h->index.buckets[place.second], place.tag, a->key, a->key_size);
	if (number == (uint32_t)NOT_THERE) {
		row_make(h, hash, a);
		return;
	}
	row = row_at(h, number);
	h->form.add(row->value, a->value);
	row->weight += a->weight;
}

void heaviest_add(struct heaviest *h, const void *key, size_t key_size, const void *value,
	uint64_t weight)
{
	add(h, &(struct addend){key, key_size, value, weight, 0});
}

void heaviest_prefetch(const struct heaviest *h, const void *key, size_t key_size)
{
	__builtin_prefetch(index_first(&h->index, hash_of(h, key, key_size)));
}

static void miss(struct heaviest *h, uint64_t weight)
{
	h->error += weight;
	for (uint32_t i = 0; i < h->count; i++) {
		row_at(h, i)->missed += weight;
		row_at(h, i)->weight += weight;
	}
}

void heaviest_miss(struct heaviest *h, uint64_t values, uint64_t weight)
{
	h->overflow += values;
	miss(h, weight);
}

/* A key without a row in `from` may have had as much there as its error says; of one that has a row there
 * `missed` is known, and is not more. */
void heaviest_merge(struct heaviest *to, struct heaviest *from)
{
	struct heaviest empty = *to;

	if (!to->count && !to->overflow) {
		*to = *from;
		*from = empty;
		return;
	}
	to->overflow += from->overflow;
	miss(to, from->error);
	for (uint32_t i = 0; i < from->count; i++) {
		const struct row *row = row_at(from, i);

		add(to, &(struct addend){row_key(from, i), row->key_size, row->value,
				row->weight - row->missed, from->error - row->missed});
	}
}

uint32_t heaviest_count(const struct heaviest *h)
{
	return h->count;
}

uint64_t heaviest_overflow(const struct heaviest *h)
{
	return h->overflow;
}

uint64_t heaviest_error(const struct heaviest *h)
{
	return h->error;
}

const void *heaviest_key(const struct heaviest *h, uint32_t i)
{
	return row_key(h, i);
}

const void *heaviest_value(const struct heaviest *h, uint32_t i)
{
	return row_at(h, i)->value;
}

struct sorting {
	const struct heaviest *table;
	heaviest_compare *compare;
};

static int by_row(const void *left, const void *right, void *arg)
{
	const struct sorting *sorting = arg;

	return sorting->compare(
		sorting->table, *(const uint32_t *)left, *(const uint32_t *)right);
}

/* There are many rows, and few of them are wanted: each finds its place among the first ones, or none. */
static void put_first(
	const struct heaviest *h, heaviest_compare *compare, uint32_t *first, uint32_t max)
{
	uint32_t n = 0;

	for (uint32_t i = 0; max > 0 && i < h->count; i++) {
		uint32_t at = n < max ? n++ : max;

		if (at == max && compare(h, first[--at], i) < 0)
			continue;
		for (; at > 0 && compare(h, i, first[at - 1]) < 0; at--)
			first[at] = first[at - 1];
		first[at] = i;
	}
}

enum { FEW = 32 };

uint32_t *heaviest_sort(const struct heaviest *h, heaviest_compare *compare, uint32_t max)
{
	struct sorting sorting = {h, compare};
	uint32_t *numbers = calloc(h->count + 1ull, sizeof(*numbers));

	if (numbers && max <= FEW) {
		put_first(h, compare, numbers, max);
		return numbers;
	}
	for (uint32_t i = 0; numbers && i < h->count; i++)
		numbers[i] = i;
	if (numbers)
		qsort_r(numbers, h->count, sizeof(*numbers), by_row, &sorting);
	return numbers;
}
