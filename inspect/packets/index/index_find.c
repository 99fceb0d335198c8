/* Questions to one part of an index. Rows that may be meant are marked in a bitmap (index_mark.c); each is judged by
 * the whole question (index_judge.c), and gives its packets. */
#include "inspect/packets/index/index_find.h"

#include <stdlib.h>

#include "inspect/packets/index/index_sort.h"

static bool out_grow(struct index_find *f)
{
	struct index_offsets *out = f->out;
	size_t room = out->room ? 2 * out->room : 1024;
	uint64_t *at = realloc(out->at, room * sizeof(*at));

	if (!at) {
		f->no_memory = true;
		return false;
	}
	out->at = at;
	out->room = room;
	return true;
}

static bool postings_take(struct index_find *f, uint32_t begin, uint32_t end)
{
	uint64_t most = f->part->last_offset - f->part->first_offset, offset = 0;
	struct index_cursor c;
	uint32_t more;

	if (begin >= end || f->place->postings + end > f->place->end)
		return index_damaged(f);
	index_cursor_begin(&c, f->in, f->place->postings + begin, f->place->postings + end);
	for (bool first = true; index_cursor_has_more(&c); first = false) {
		if (!index_cursor_varint(&c, &more))
			return false;
		offset += more;
		if ((more == 0 && !first) || offset > most || f->out->n == f->part->packets)
			return index_damaged(f);
		if (f->out->n == f->out->room && !out_grow(f))
			return false;
		f->out->at[f->out->n++] = f->part->first_offset + offset;
	}
	return true;
}

/* Where the row's postings end: where those of the next one begin. */
static bool postings_end(struct index_find *f, uint32_t row, uint32_t *end)
{
	uint8_t bytes[INDEX_ROW];

	*end = (uint32_t)(f->place->end - f->place->postings);
	if (row + 1 == f->part->flows)
		return true;
	if (!index_row_read(f, row + 1, bytes))
		return false;
	*end = (uint32_t)index_get(bytes + ROW_POSTINGS, 3);
	return true;
}

static bool row_take(struct index_find *f, uint32_t row)
{
	uint8_t bytes[INDEX_ROW];
	struct index_found found;
	uint32_t end;
	bool wanted;

	if (!index_row_read(f, row, bytes) || !index_row_decode(f, bytes, &found) ||
		!index_row_judge(f, &found, &wanted))
		return false;
	return !wanted || (postings_end(f, row, &end) && postings_take(f, found.posting, end));
}

static bool rows_take(struct index_find *f)
{
	for (uint32_t row = 0; row < f->part->flows; row += 64) {
		uint64_t marks = f->marks[row / 64];

		for (; marks; marks &= marks - 1)
			if (!row_take(f, row + (uint32_t)__builtin_ctzll(marks)))
				return false;
	}
	return true;
}

static bool sort(struct index_find *f)
{
	struct index_offsets *out = f->out;
	struct index_sorted *sorted = calloc(2 * out->n + 1, sizeof(*sorted));

	f->no_memory = !sorted;
	for (size_t i = 0; sorted && i < out->n; i++)
		sorted[i].key = out->at[i];
	if (sorted)
		index_sort(sorted, sorted + out->n, out->n);
	for (size_t i = 0; sorted && i < out->n; i++)
		out->at[i] = sorted[i].key;
	free(sorted);
	for (size_t i = 1; !f->no_memory && i < out->n; i++)
		if (out->at[i] == out->at[i - 1])
			return index_damaged(f);
	return !f->no_memory;
}

/* Whether the stretch of the packet file in which `offset` lies has packets of the time asked for. */
static bool stretch_read(struct index_find *f, uint64_t offset)
{
	uint64_t at =
		(offset >> INDEX_STRETCH_BITS) - (f->part->first_offset >> INDEX_STRETCH_BITS);
	uint8_t bytes[INDEX_STRETCH];

	if (f->stretch == at + 1)
		return true;
	if (!index_in_read(
		    f->in, f->place->stretches + at * INDEX_STRETCH, bytes, sizeof(bytes)))
		return false;
	f->stretch = at + 1;
	f->stretch_fits =
		index_times_meet(f->query, index_get(bytes, 8), index_get(bytes + 8, 8));
	return true;
}

static bool keep_in_time(struct index_find *f)
{
	struct index_offsets *out = f->out;
	size_t kept = 0;

	for (size_t i = 0; i < out->n; i++) {
		if (!stretch_read(f, out->at[i]))
			return false;
		out->at[kept] = out->at[i];
		kept += f->stretch_fits;
	}
	out->n = kept;
	return true;
}

static bool is_part_in_time(const struct index_find *f)
{
	return f->part->first_ns >= f->query->from_ns && f->part->last_ns <= f->query->to_ns;
}

/* Of all rows all packets must have come. */
static bool is_whole(struct index_find *f)
{
	const struct index_query *q = f->query;

	if (q->n_flow_ids || q->n_hosts || q->n_communities || q->n_ports || q->n_protocols ||
		q->wants || index_asks_time(q) || f->out->n == f->part->packets)
		return true;
	return index_damaged(f);
}

static bool find(struct index_find *f)
{
	if (!index_mark_rows(f) || !rows_take(f) || !is_whole(f) || !sort(f))
		return false;
	return !index_asks_time(f->query) || is_part_in_time(f) || keep_in_time(f);
}

enum index_status index_find(struct index_reader *reader, uint32_t part,
	const struct index_query *query, struct index_offsets *out, struct error *error)
{
	struct index_find f = {
		.reader = reader,
		.in = &reader->in,
		.part = &reader->parts[part],
		.place = &reader->places[part],
		.query = query,
		.out = out,
	};
	bool ok;

	out->n = 0;
	reader->in.status = INDEX_OK;
	if (!index_times_meet(query, f.part->first_ns, f.part->last_ns))
		return INDEX_OK;
	f.marks = calloc(f.part->flows / 64 + 1, sizeof(*f.marks));
	f.no_memory = !f.marks;
	ok = f.marks && find(&f);
	free(f.marks);
	if (ok)
		return INDEX_OK;
	if (!f.no_memory)
		return index_refuse(reader, error);
	error_set(error, "%s: not enough memory to read it", reader->path);
	return INDEX_FAILED;
}
