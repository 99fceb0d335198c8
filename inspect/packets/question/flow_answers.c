#include "inspect/packets/question/flow_answers.h"

#include <stdlib.h>

#include "inspect/flow/hash.h"

enum { SLOTS_FIRST = 64 };

struct row {
	uint64_t flow_id; /* 0: free */
	uint64_t bits;
};

struct flow_answers {
	struct row *rows;
	uint32_t n, slots; /* a power of two, at least twice `n` */
};

struct flow_answers *flow_answers_create(void)
{
	struct flow_answers *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->slots = SLOTS_FIRST;
	a->rows = calloc(a->slots, sizeof(*a->rows));
	if (a->rows)
		return a;
	free(a);
	return NULL;
}

void flow_answers_destroy(struct flow_answers *a)
{
	if (a)
		free(a->rows);
	free(a);
}

/* Its row, or the free one where it would stand. */
static struct row *row_of(struct row *rows, uint32_t slots, uint64_t flow_id)
{
	uint32_t at = (uint32_t)hash_fold(flow_id ^ hash_salt[0], hash_salt[1]) & (slots - 1);

	while (rows[at].flow_id != 0 && rows[at].flow_id != flow_id)
		at = (at + 1) & (slots - 1);
	return &rows[at];
}

static bool grow(struct flow_answers *a)
{
	uint32_t slots = 2 * a->slots;
	struct row *rows = a->n < FLOW_ANSWERS_MAX ? calloc(slots, sizeof(*rows)) : NULL;

	if (!rows)
		return false;
	for (uint32_t i = 0; i < a->slots; i++)
		if (a->rows[i].flow_id != 0)
			*row_of(rows, slots, a->rows[i].flow_id) = a->rows[i];
	free(a->rows);
	a->rows = rows;
	a->slots = slots;
	return true;
}

bool flow_answers_add(struct flow_answers *a, uint64_t flow_id, uint64_t bits)
{
	struct row *row;

	if (flow_id == 0)
		return true;
	row = row_of(a->rows, a->slots, flow_id);
	if (row->flow_id == 0) {
		if (2 * (a->n + 1) > a->slots) {
			if (!grow(a))
				return false;
			row = row_of(a->rows, a->slots, flow_id);
		}
		row->flow_id = flow_id;
		a->n++;
	}
	row->bits |= bits;
	return true;
}

uint64_t flow_answers_get(const struct flow_answers *a, uint64_t flow_id)
{
	return flow_id != 0 ? row_of(a->rows, a->slots, flow_id)->bits : 0;
}

uint32_t flow_answers_count(const struct flow_answers *a)
{
	return a->n;
}

bool flow_answers_next(
	const struct flow_answers *a, uint32_t *cursor, uint64_t *flow_id, uint64_t *bits)
{
	for (; *cursor < a->slots; ++*cursor) {
		const struct row *row = &a->rows[*cursor];

		if (row->flow_id == 0)
			continue;
		*flow_id = row->flow_id;
		*bits = row->bits;
		++*cursor;
		return true;
	}
	return false;
}
