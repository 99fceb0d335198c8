#include "inspect/detect/scans/recent.h"

#include <stdlib.h>
#include <string.h>

#include "decap/salt.h"
#include "inspect/flow/hash.h"
#include "inspect/flow/pages.h"

enum { NONE = UINT32_MAX };

struct recent {
	uint32_t capacity, n_buckets; /* a power of two */
	size_t row_size;
	uint64_t secret; /* of the buckets: no result depends on it */
	uint32_t used;   /* rows that were ever taken; the others follow */
	uint32_t free;   /* of these, those that were given back: a list by `next` */
	uint32_t oldest, newest, count;
	uint32_t *buckets; /* the first row of each; NONE */
	char *rows;
};

void recent_destroy(struct recent *r)
{
	if (r == NULL)
		return;
	free(r->buckets);
	pages_free(r->rows, r->capacity * r->row_size);
	free(r);
}

struct recent *recent_create(uint32_t capacity, size_t row_size)
{
	struct recent *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->capacity = capacity;
	r->row_size = row_size;
	salt_take(&r->secret, 1);
	r->free = r->oldest = r->newest = NONE;
	for (r->n_buckets = 1; r->n_buckets < capacity;)
		r->n_buckets *= 2;
	r->buckets = malloc(r->n_buckets * sizeof(*r->buckets));
	r->rows = pages_alloc(capacity * row_size);
	if (r->buckets == NULL || r->rows == NULL) {
		recent_destroy(r);
		return NULL;
	}
	memset(r->buckets, 0xff, r->n_buckets * sizeof(*r->buckets));
	return r;
}

static struct recent_row *row_at(const struct recent *r, uint32_t number)
{
	return (struct recent_row *)(void *)(r->rows + number * r->row_size);
}

static uint32_t number_of(const struct recent *r, const struct recent_row *row)
{
	return (uint32_t)((size_t)((const char *)row - r->rows) / r->row_size);
}

static uint32_t *bucket_of(const struct recent *r, const struct recent_key *key)
{
	const char *at = (const char *)key;
	uint64_t hash = hash_fold(r->secret ^ hash_word(at), hash_salt[5]);

	_Static_assert(sizeof(*key) == 24, "three words");
	hash = hash_fold(hash ^ hash_word(at + 8), hash_salt[6]);
	hash = hash_fold(hash ^ hash_word(at + 16), hash_salt[7]);
	return &r->buckets[hash & (r->n_buckets - 1)];
}

static void list_take_out(struct recent *r, const struct recent_row *row)
{
	*(row->older == NONE ? &r->oldest : &row_at(r, row->older)->newer) = row->newer;
	*(row->newer == NONE ? &r->newest : &row_at(r, row->newer)->older) = row->older;
}

static void list_add(struct recent *r, struct recent_row *row)
{
	uint32_t number = number_of(r, row);

	row->older = r->newest;
	row->newer = NONE;
	*(r->newest == NONE ? &r->oldest : &row_at(r, r->newest)->newer) = number;
	r->newest = number;
}

void *recent_find(struct recent *r, const struct recent_key *key)
{
	for (uint32_t at = *bucket_of(r, key); at != NONE;) {
		struct recent_row *row = row_at(r, at);

		if (memcmp(&row->key, key, sizeof(*key)) == 0) {
			list_take_out(r, row);
			list_add(r, row);
			return row;
		}
		at = row->next;
	}
	return NULL;
}

void *recent_take(struct recent *r, const struct recent_key *key)
{
	uint32_t *bucket = bucket_of(r, key), number = r->free;
	struct recent_row *row;

	if (number == NONE && r->used == r->capacity)
		return NULL;
	if (number == NONE) {
		row = row_at(r, r->used++);
	} else {
		row = row_at(r, number);
		r->free = row->next;
		memset(row, 0, r->row_size);
	}
	row->key = *key;
	row->next = *bucket;
	*bucket = number_of(r, row);
	list_add(r, row);
	r->count++;
	return row;
}

void recent_drop(struct recent *r, void *which)
{
	struct recent_row *row = which;
	uint32_t *at = bucket_of(r, &row->key), number = number_of(r, row);

	while (*at != number)
		at = &row_at(r, *at)->next;
	*at = row->next;
	list_take_out(r, row);
	row->next = r->free;
	r->free = number;
	r->count--;
}

void *recent_oldest(const struct recent *r)
{
	return r->oldest == NONE ? NULL : row_at(r, r->oldest);
}

uint32_t recent_count(const struct recent *r)
{
	return r->count;
}

uint32_t recent_number(const struct recent *r, const void *row)
{
	return number_of(r, row);
}
