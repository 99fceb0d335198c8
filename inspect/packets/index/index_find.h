/* A question on its way through a part: what index_mark.c marks, index_judge.c judges, and index_find.c makes
 * offsets of. */
#pragma once

#include "inspect/packets/index/index_inside.h"

struct index_found {
	struct index_row row;
	uint32_t lo, hi; /* numbers of its addresses */
	uint32_t posting;
	uint16_t point;
};

struct index_find {
	struct index_reader *reader;
	struct index_blocks_in *in;
	const struct index_part *part;
	const struct index_place *place;
	const struct index_query *query;
	struct index_offsets *out;
	uint64_t *marks; /* a bit a row */
	bool no_memory;
	uint64_t stretch; /* 1 + the one that `stretch_fits` is of */
	bool stretch_fits;
};

/* What was read cannot be so. */
static inline bool index_damaged(struct index_find *f)
{
	if (f->in->status == INDEX_OK)
		f->in->status = INDEX_DAMAGED;
	return false;
}

static inline bool index_asks_time(const struct index_query *q)
{
	return q->from_ns != 0 || q->to_ns != 0;
}

static inline bool index_times_meet(
	const struct index_query *q, uint64_t first_ns, uint64_t last_ns)
{
	return !index_asks_time(q) || (first_ns <= q->to_ns && last_ns >= q->from_ns);
}

/* index_mark.c: marks the rows that may be meant. These all: false, `in.status` or `no_memory` says why. */
bool index_mark_rows(struct index_find *f);
bool index_row_read(struct index_find *f, uint32_t row, uint8_t bytes[INDEX_ROW]);
/* The address of a number that the part has. */
bool index_address_read(struct index_find *f, uint32_t number, struct ip_addr *out);
/* The lowest and the highest address of a prefix. */
void index_prefix_ends(
	const struct index_prefix *prefix, struct ip_addr *low, struct ip_addr *high);

/* index_judge.c: a row, of which addresses and point are still missing; and what the question says of it. */
bool index_row_decode(struct index_find *f, const uint8_t *bytes, struct index_found *r);
bool index_row_judge(struct index_find *f, struct index_found *r, bool *wanted);
