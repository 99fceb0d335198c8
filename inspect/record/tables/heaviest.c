#include "inspect/record/tables/heaviest.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "decap/salt.h"
#include "inspect/flow/hash.h"
#include "inspect/flow/index.h"

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
	uint32_t *heap;                /* numbers of rows, the lightest by `placed` first */
	uint64_t *placed;              /* weight of each row when it was placed in the heap */
	uint64_t *weight;              /* what each row had at most: shown and missed */
	uint32_t *size;                /* of each row's key */
	uint64_t *missed;              /* weight that each may have had before it had a row */
	uint8_t *rows;                 /* key and value, in the order they came */
};

static uint8_t *row_key(const struct heaviest *h, uint32_t number)
{
	return h->rows + number * (h->form.key_size + h->form.value_size);
}

static uint8_t *row_value(const struct heaviest *h, uint32_t number)
{
	return row_key(h, number) + h->form.key_size;
}

/* Pages that are never written to cost nothing. */
static bool make_rows(struct heaviest *h, uint32_t rows)
{
	h->heap = calloc(rows, sizeof(*h->heap));
	h->placed = calloc(rows, sizeof(*h->placed));
	h->size = calloc(rows, sizeof(*h->size));
	h->weight = calloc(rows, sizeof(*h->weight));
	h->missed = calloc(rows, sizeof(*h->missed));
	h->rows = calloc(rows, h->form.key_size + h->form.value_size);
	return h->heap != NULL && h->placed != NULL && h->size != NULL && h->weight != NULL &&
	       h->missed != NULL && h->rows != NULL;
}

struct heaviest *heaviest_create(const struct heaviest_form *form)
{
	struct heaviest *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->form = *form;
	salt_take(h->salt, SALT_WORDS_MAX);
	h->index.n_buckets = index_buckets(form->rows);
	h->index.buckets = aligned_alloc(
		sizeof(*h->index.buckets), h->index.n_buckets * sizeof(*h->index.buckets));
	if (h->index.buckets == NULL || !make_rows(h, form->rows)) {
		heaviest_destroy(h);
		return NULL;
	}
	memset(h->index.buckets, 0, h->index.n_buckets * sizeof(*h->index.buckets));
	return h;
}

void heaviest_destroy(struct heaviest *h)
{
	if (h == NULL)
		return;
	free(h->index.buckets);
	free(h->heap);
	free(h->placed);
	free(h->size);
	free(h->weight);
	free(h->missed);
	free(h->rows);
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

		if (h->size[number] == size && memcmp(row_key(h, number), key, size) == 0)
			return number;
	}
	return (uint32_t)NOT_THERE;
}

static bool is_lighter(const struct heaviest *h, uint32_t a, uint32_t b)
{
	return h->placed[a] != h->placed[b] ? h->placed[a] < h->placed[b] : a < b;
}

/* The row goes down to its place. */
static void heap_settle(struct heaviest *h, uint32_t at)
{
	uint32_t number = h->heap[at];

	for (uint32_t child; (child = 2 * at + 1) < h->form.rows; at = child) {
		if (child + 1 < h->form.rows &&
			is_lighter(h, h->heap[child + 1], h->heap[child]))
			child++;
		if (!is_lighter(h, h->heap[child], number))
			break;
		h->heap[at] = h->heap[child];
	}
	h->heap[at] = number;
}

/* The row on top, which weighs something else now. */
static void heap_place(struct heaviest *h)
{
	h->placed[h->heap[0]] = h->weight[h->heap[0]];
	heap_settle(h, 0);
}

static void heap_make(struct heaviest *h)
{
	for (uint32_t i = 0; i < h->form.rows; i++) {
		h->heap[i] = i;
		h->placed[i] = h->weight[i];
	}
	for (uint32_t i = h->form.rows / 2; i-- > 0;)
		heap_settle(h, i);
	h->full = true;
}

/* The number of the lightest, whose row is free now. */
static uint32_t give_way(struct heaviest *h)
{
	uint32_t number;
	const uint8_t *gone;

	if (!h->full)
		heap_make(h);
	while (h->placed[h->heap[0]] != h->weight[h->heap[0]])
		heap_place(h);
	number = h->heap[0];
	gone = row_key(h, number);
	if (h->weight[number] > h->error)
		h->error = h->weight[number];
	index_remove(&h->index, hash_of(h, gone, h->size[number]), number);
	return number;
}

struct addend {
	const uint8_t *key;
	size_t key_size;
	const void *value;
	uint64_t weight;
	uint64_t less; /* of the error, what is known not to be missing */
};

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
	h->size[number] = (uint32_t)a->key_size;
	memcpy(row_key(h, number), a->key, a->key_size);
	memset(row_key(h, number) + a->key_size, 0,
		h->form.key_size - a->key_size + h->form.value_size);
	h->form.add(row_value(h, number), a->value);
	h->missed[number] = h->error - a->less;
	h->weight[number] = a->weight + h->missed[number];
	if (full)
		heap_place(h);
}

static void add(struct heaviest *h, const struct addend *a)
{
	uint64_t hash = hash_of(h, a->key, a->key_size);
	struct index_place place = index_place(&h->index, hash);
	uint32_t number =
		bucket_find(h, &h->index.buckets[place.first], place.tag, a->key, a->key_size);

	if (number == (uint32_t)NOT_THERE)
		number = bucket_find(
			h, &h->index.buckets[place.second], place.tag, a->key, a->key_size);
	if (number == (uint32_t)NOT_THERE) {
		row_make(h, hash, a);
		return;
	}
	h->form.add(row_value(h, number), a->value);
	h->weight[number] += a->weight;
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
		h->missed[i] += weight;
		h->weight[i] += weight;
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
	for (uint32_t i = 0; i < from->count; i++)
		add(to, &(struct addend){row_key(from, i), from->size[i], row_value(from, i),
				from->weight[i] - from->missed[i],
				from->error - from->missed[i]});
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
	return row_value(h, i);
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
