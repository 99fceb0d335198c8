/* The addresses of a part, the rows that have them, and the filter that says which are there. */
#include "decap/cursor.h"
#include "inspect/packets/index/index_writing.h"

/* What is sorted is twice the row, and 1 more for its `hi`. */
static const struct ip_addr *end_of(const struct index_writing *w, uint32_t value)
{
	const struct index_built_flow *flow = &w->build->flows[w->flow_of[value / 2]];

	return value % 2 ? &flow->hi : &flow->lo;
}

/* By the eight bytes from `at` on. */
static void sort_by(struct index_writing *w, size_t n, size_t at)
{
	for (size_t i = 0; i < n; i++)
		w->sorted[i].key = be64(end_of(w, w->sorted[i].value)->byte + at);
	index_sort(w->sorted, w->room, n);
}

/* Sorts the ends of one IP version by address, those of equal address by row; how many. */
static size_t sort_ends(struct index_writing *w, uint8_t version)
{
	size_t n = 0;

	for (uint32_t row = 0; row < w->build->n_flows; row++) {
		if (w->build->flows[w->flow_of[row]].version != version)
			continue;
		for (uint32_t side = 0; side < 2; side++)
			w->sorted[n++].value = 2 * row + side;
	}
	sort_by(w, n, 8);
	sort_by(w, n, 0);
	return n;
}

static unsigned varint_bytes(uint32_t n)
{
	return n < 1 << 7 ? 1 : n < 1 << 14 ? 2 : n < 1 << 21 ? 3 : n < 1 << 28 ? 4 : 5;
}

/* The rows of one address, `n` ends: how many bytes, then the first, then how much further each next one is. */
static void put_list(struct index_writing *w, const struct index_sorted *ends, size_t n)
{
	uint32_t len = varint_bytes(ends[0].value / 2), before = ends[0].value / 2;

	for (size_t i = 1; i < n; i++) {
		len += ends[i].value / 2 == before ? 0
						   : varint_bytes(ends[i].value / 2 - before);
		before = ends[i].value / 2;
	}
	index_bytes_varint(&w->lists, len);
	before = ends[0].value / 2;
	index_bytes_varint(&w->lists, before);
	for (size_t i = 1; i < n; i++) {
		uint32_t row = ends[i].value / 2;

		if (row != before) /* both ends of it are this address */
			index_bytes_varint(&w->lists, row - before);
		before = row;
	}
}

static void filter_set(struct index_writing *w, uint64_t key)
{
	uint8_t *line = w->filter.at + (size_t)index_line_of(key, w->n_lines) * INDEX_LINE;

	for (unsigned i = 0; i < INDEX_KEY_BITS; i++) {
		unsigned bit = index_bit_of(key, i);

		line[bit / 8] |= (uint8_t)(1 << bit % 8);
	}
}

uint32_t index_put_addresses(struct index_writing *w, uint8_t version, uint32_t number)
{
	size_t n = sort_ends(w, version), begin = 0;
	unsigned skipped = version == 4 ? 12 : 0;
	uint32_t first = number;

	for (size_t i = 1; i <= n; i++) {
		const struct ip_addr *address = end_of(w, w->sorted[begin].value);

		w->ends[w->sorted[i - 1].value / 2][w->sorted[i - 1].value % 2] = number;
		if (i < n &&
			memcmp(address, end_of(w, w->sorted[i].value), sizeof(*address)) == 0)
			continue;
		if (number % INDEX_SKIP_EVERY == 0)
			w->skips[number / INDEX_SKIP_EVERY] = (uint32_t)w->lists.n;
		memcpy(w->addresses.at + w->addresses.n, address->byte + skipped,
			INDEX_V6 - skipped);
		w->addresses.n += INDEX_V6 - skipped;
		put_list(w, w->sorted + begin, i - begin);
		number++;
		begin = i;
	}
	return number - first;
}

void index_fill_filter(struct index_writing *w)
{
	uint32_t keys = w->build->n_flows + w->n_v4 + w->n_v6;

	w->n_lines = keys / INDEX_LINE_KEYS + 1;
	w->filter.n = (size_t)w->n_lines * INDEX_LINE;
	for (uint32_t i = 0; i < w->build->n_flows; i++) {
		const struct index_built_flow *flow = &w->build->flows[i];

		filter_set(w, index_key_of_id(flow->flow_id));
		if (flow->version == 0)
			continue;
		filter_set(w, index_key_of_address(&flow->lo));
		filter_set(w, index_key_of_address(&flow->hi));
	}
}
