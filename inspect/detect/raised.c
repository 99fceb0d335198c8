#include "inspect/detect/raised.h"

#include <stdlib.h>
#include <string.h>

#include "inspect/flow/hash.h"
#include "inspect/flow/pages.h"

enum { NONE = UINT32_MAX };

/* One indicator of one flow. Rows of one bucket form a list, those of one flow in their order; so do free rows. */
struct row {
	const struct flow *flow;
	uint32_t next;
	bool open;
	struct flow_alert alert;
};

struct raised {
	uint32_t capacity;
	uint32_t taken;  /* rows in use */
	uint32_t n_rows; /* that were ever taken; the others follow */
	uint32_t free;
	uint32_t n_buckets; /* a power of two */
	uint64_t overflow;
	uint32_t *buckets;
	struct row *rows;
};

struct raised *raised_create(uint32_t capacity)
{
	struct raised *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->capacity = capacity;
	r->free = NONE;
	for (r->n_buckets = 1; r->n_buckets < capacity;)
		r->n_buckets *= 2;
	r->buckets = malloc(r->n_buckets * sizeof(*r->buckets));
	r->rows = pages_alloc(capacity * sizeof(*r->rows));
	if (r->buckets == NULL || r->rows == NULL) {
		raised_destroy(r);
		return NULL;
	}
	memset(r->buckets, 0xff, r->n_buckets * sizeof(*r->buckets));
	return r;
}

void raised_destroy(struct raised *r)
{
	if (r == NULL)
		return;
	free(r->buckets);
	pages_free(r->rows, r->capacity * sizeof(*r->rows));
	free(r);
}

static uint32_t *bucket_of(const struct raised *r, const struct flow *flow)
{
	uint64_t hash = hash_fold((uint64_t)(uintptr_t)flow, hash_salt[0]);

	return &r->buckets[hash & (r->n_buckets - 1)];
}

static uint32_t take(struct raised *r)
{
	uint32_t number = r->free;

	if (number != NONE)
		r->free = r->rows[number].next;
	else if (r->n_rows < r->capacity)
		number = r->n_rows++;
	else
		return NONE;
	r->taken++;
	return number;
}

/* Where the number of the row is; where there is none, that of the next one would be. `n`: rows of the flow before it. */
static uint32_t *place_of(
	const struct raised *r, const struct flow *flow, uint64_t id, uint32_t *n)
{
	uint32_t *at = bucket_of(r, flow);

	for (*n = 0; *at != NONE; at = &r->rows[*at].next) {
		if (r->rows[*at].flow != flow)
			continue;
		if (r->rows[*at].alert.id == id)
			break;
		++*n;
	}
	return at;
}

void raised_add(
	struct raised *r, const struct flow *flow, const struct flow_alert *alert, bool open)
{
	uint32_t n, *at = place_of(r, flow, alert->id, &n), number = NONE;

	if (*at != NONE) {
		r->rows[*at].open |= open;
		return;
	}
	if (n < FLOW_ALERTS_MAX)
		number = take(r);
	if (number == NONE) {
		r->overflow++;
		return;
	}
	r->rows[number] = (struct row){flow, NONE, open, *alert};
	*at = number;
}

bool raised_may_open(const struct raised *r, const struct flow *flow, uint64_t id)
{
	uint32_t n, number = *place_of(r, flow, id, &n);

	if (number != NONE)
		return !r->rows[number].open;
	return n < FLOW_ALERTS_MAX && r->taken < r->capacity;
}

bool raised_close(struct raised *r, const struct flow *flow, uint64_t id)
{
	uint32_t n, number = *place_of(r, flow, id, &n);
	bool was_open = number != NONE && r->rows[number].open;

	if (was_open)
		r->rows[number].open = false;
	return was_open;
}

void raised_collect(const struct raised *r, const struct flow *flow, struct flow_alerts *to)
{
	if (r->taken == 0)
		return;
	for (uint32_t i = *bucket_of(r, flow); i != NONE; i = r->rows[i].next)
		if (r->rows[i].flow == flow)
			flow_alerts_add(to, &r->rows[i].alert);
}

void raised_forget(struct raised *r, const struct flow *flow)
{
	uint32_t *at;

	if (r->taken == 0)
		return;
	at = bucket_of(r, flow);
	while (*at != NONE) {
		struct row *row = &r->rows[*at];
		uint32_t number = *at;

		if (row->flow != flow) {
			at = &row->next;
			continue;
		}
		*at = row->next;
		row->next = r->free;
		r->free = number;
		r->taken--;
	}
}

uint64_t raised_overflow(const struct raised *r)
{
	return r->overflow;
}
