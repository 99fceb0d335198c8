/* Marks the rows of a part that a question may mean: those of flow ids and hosts are found by their order, unless the
 * filter says that there are none. */
#include "inspect/packets/index/index_find.h"

/* ---- the filter ---- */

/* Whether the key may be there; `*ok` is false when it cannot be read. */
static bool may_hold(struct index_find *f, uint64_t key, bool *ok)
{
	uint32_t number = index_line_of(key, f->place->n_lines);
	uint8_t line[INDEX_LINE];

	*ok = index_in_read(
		f->in, f->place->filter + (uint64_t)number * INDEX_LINE, line, sizeof(line));
	for (unsigned i = 0; *ok && i < INDEX_KEY_BITS; i++) {
		unsigned bit = index_bit_of(key, i);

		if (!(line[bit / 8] >> bit % 8 & 1))
			return false;
	}
	return *ok;
}

/* ---- rows ---- */

static void mark(struct index_find *f, uint32_t row)
{
	f->marks[row / 64] |= UINT64_C(1) << row % 64;
}

bool index_row_read(struct index_find *f, uint32_t row, uint8_t bytes[INDEX_ROW])
{
	return index_in_read(
		f->in, f->place->rows + (uint64_t)row * INDEX_ROW, bytes, INDEX_ROW);
}

/* The first row whose flow id is not below `id`. */
static bool row_of_id(struct index_find *f, uint64_t id, uint32_t *out)
{
	uint32_t low = 0, high = f->part->flows;
	uint8_t bytes[INDEX_ROW];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (!index_row_read(f, middle, bytes))
			return false;
		if (index_get(bytes + ROW_FLOW_ID, 8) < id)
			low = middle + 1;
		else
			high = middle;
	}
	*out = low;
	return true;
}

static bool mark_id(struct index_find *f, uint64_t id)
{
	uint8_t bytes[INDEX_ROW];
	uint32_t row;
	bool ok;

	if (!may_hold(f, index_key_of_id(id), &ok) || !row_of_id(f, id, &row))
		return ok && f->in->status == INDEX_OK;
	for (; row < f->part->flows; row++) {
		if (!index_row_read(f, row, bytes))
			return false;
		if (index_get(bytes + ROW_FLOW_ID, 8) != id)
			break;
		mark(f, row);
	}
	return true;
}

/* ---- addresses ---- */

bool index_address_read(struct index_find *f, uint32_t number, struct ip_addr *out)
{
	static const struct ip_addr v4 = {{[10] = 0xff, [11] = 0xff}};
	uint32_t v6 = number - f->place->n_v4;

	if (number >= f->place->n_v4)
		return index_in_read(
			f->in, f->place->v6 + (uint64_t)v6 * INDEX_V6, out->byte, INDEX_V6);
	*out = v4;
	return index_in_read(
		f->in, f->place->v4 + (uint64_t)number * INDEX_V4, out->byte + 12, INDEX_V4);
}

/* The first number in [low, high) whose address is not below `address`; or, `behind`, is above it. */
static bool address_find(struct index_find *f, const struct ip_addr *address, bool behind,
	uint32_t low, uint32_t high, uint32_t *out)
{
	struct ip_addr have;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order;

		if (!index_address_read(f, middle, &have))
			return false;
		order = memcmp(&have, address, sizeof(have));
		if (order < 0 || (behind && order == 0))
			low = middle + 1;
		else
			high = middle;
	}
	*out = low;
	return true;
}

/* Marks the rows of the list that begins at the cursor, or steps over it. */
static bool list_take(struct index_find *f, struct index_cursor *c, bool marks)
{
	uint32_t len, row = 0, more;
	uint64_t end;

	if (!index_cursor_varint(c, &len))
		return false;
	end = index_cursor_at(c) + len;
	if (len == 0 || end > c->end)
		return index_damaged(f);
	if (!marks) {
		index_cursor_begin(c, f->in, end, c->end);
		return true;
	}
	for (bool first = true; index_cursor_at(c) < end; first = false) {
		if (!index_cursor_varint(c, &more))
			return false;
		if ((!first && more == 0) || more >= f->part->flows - row)
			return index_damaged(f);
		row += more;
		mark(f, row);
	}
	return index_cursor_at(c) == end || index_damaged(f);
}

/* Marks the rows of the addresses from `from` to `to`, which is not one of them. */
static bool mark_addresses(struct index_find *f, uint32_t from, uint32_t to)
{
	uint32_t number = from / INDEX_SKIP_EVERY * INDEX_SKIP_EVERY;
	uint8_t skip[INDEX_SKIP];
	struct index_cursor c;
	uint64_t at;

	if (from >= to)
		return true;
	if (!index_in_read(f->in,
		    f->place->skips + (uint64_t)(number / INDEX_SKIP_EVERY) * INDEX_SKIP, skip,
		    sizeof(skip)))
		return false;
	at = f->place->lists + index_get32(skip);
	if (at > f->place->postings)
		return index_damaged(f);
	index_cursor_begin(&c, f->in, at, f->place->postings);
	for (; number < to; number++)
		if (!list_take(f, &c, number >= from))
			return false;
	return true;
}

/* The lowest and the highest address of a prefix. */
void index_prefix_ends(
	const struct index_prefix *prefix, struct ip_addr *low, struct ip_addr *high)
{
	for (unsigned i = 0; i < sizeof(low->byte); i++) {
		unsigned bits = prefix->bits > 8 * i ? prefix->bits - 8 * i : 0;
		uint8_t mask = (uint8_t)(bits >= 8 ? 0 : 0xff >> bits);

		low->byte[i] = (uint8_t)(prefix->address.byte[i] & ~mask);
		high->byte[i] = prefix->address.byte[i] | mask;
	}
}

static bool mark_prefix(struct index_find *f, const struct index_prefix *prefix)
{
	const struct index_place *p = f->place;
	uint32_t n[] = {0, p->n_v4, p->n_v4 + p->n_v6}, from, to;
	struct ip_addr low, high;
	bool ok;

	if (prefix->bits >= 128 && !may_hold(f, index_key_of_address(&prefix->address), &ok))
		return ok;
	index_prefix_ends(prefix, &low, &high);
	for (unsigned family = 0; family < 2; family++)
		if (!address_find(f, &low, false, n[family], n[family + 1], &from) ||
			!address_find(f, &high, true, n[family], n[family + 1], &to) ||
			!mark_addresses(f, from, to))
			return false;
	return true;
}

bool index_mark_rows(struct index_find *f)
{
	const struct index_query *q = f->query;
	bool ok = true;

	if (q->n_flow_ids > 0) {
		for (uint32_t i = 0; ok && i < q->n_flow_ids; i++)
			ok = mark_id(f, q->flow_ids[i]);
	} else if (q->n_hosts > 0) {
		for (uint32_t i = 0; ok && i < q->n_hosts; i++)
			ok = mark_prefix(f, &q->hosts[i]);
	} else {
		for (uint32_t row = 0; row < f->part->flows; row++)
			mark(f, row);
	}
	return ok;
}
