/* Makes the bytes of a part: rows sorted by flow id, addresses sorted (index_part_addresses.c), and the packets of
 * each row. Everything is sorted by digits and counted, so the time grows with what there is. */
#include <stdlib.h>

#include "inspect/packets/index/index_writing.h"

static void *take(struct index_writing *w, size_t n, size_t size)
{
	w->memory += n * size;
	return calloc(n + 1, size);
}

static bool writing_init(struct index_writing *w, struct index_build *build)
{
	size_t flows = build->n_flows, packets = build->n_packets;

	*w = (struct index_writing){.build = build};
	w->sorted = take(w, 2 * flows, sizeof(*w->sorted));
	w->room = take(w, 2 * flows, sizeof(*w->room));
	w->flow_of = take(w, flows, sizeof(*w->flow_of));
	w->ends = take(w, flows, sizeof(*w->ends));
	w->skips = take(w, 2 * flows / INDEX_SKIP_EVERY + 1, sizeof(*w->skips));
	w->addresses.at = take(w, 2 * flows, INDEX_V6);
	/* Of an end: its row, and what its list's length needs at most. */
	w->lists.at = take(w, 2 * flows, 2 * INDEX_VARINT_MAX);
	w->postings.at = take(w, packets, INDEX_VARINT_MAX);
	w->filter.at = take(w, 3 * flows / INDEX_LINE_KEYS + 1, INDEX_LINE);
	w->offsets = take(w, packets, sizeof(*w->offsets));
	w->posting = take(w, flows, sizeof(*w->posting));
	if (w->memory > build->writing)
		build->writing = w->memory;
	return w->sorted && w->room && w->flow_of && w->ends && w->skips && w->addresses.at &&
	       w->lists.at && w->postings.at && w->filter.at && w->offsets && w->posting;
}

static void writing_fini(struct index_writing *w)
{
	free(w->sorted);
	free(w->room);
	free(w->flow_of);
	free(w->ends);
	free(w->skips);
	free(w->addresses.at);
	free(w->lists.at);
	free(w->postings.at);
	free(w->filter.at);
	free(w->offsets);
	free(w->posting);
}

static void number_rows(struct index_writing *w)
{
	struct index_build *b = w->build;

	for (uint32_t i = 0; i < b->n_flows; i++)
		w->sorted[i] = (struct index_sorted){b->flows[i].flow_id, i};
	index_sort(w->sorted, w->room, b->n_flows);
	for (uint32_t row = 0; row < b->n_flows; row++) {
		w->flow_of[row] = w->sorted[row].value;
		b->flows[w->sorted[row].value].row = row;
		w->ends[row][0] = w->ends[row][1] = INDEX_NO_ADDRESS;
	}
}

/* ---- packets ---- */

static void put_postings(struct index_writing *w)
{
	const struct index_build *b = w->build;
	uint32_t begin = 0, *at = w->posting; /* where each row's next offset goes */

	for (uint32_t row = 0; row < b->n_flows; row++) {
		at[row] = begin;
		begin += b->flows[w->flow_of[row]].packets;
	}
	for (uint32_t i = 0; i < b->n_packets; i++)
		w->offsets[at[b->flows[b->log[i].flow].row]++] = b->log[i].offset;
	begin = 0;
	for (uint32_t row = 0; row < b->n_flows; row++) {
		uint32_t end = at[row], before = 0;

		w->posting[row] = (uint32_t)w->postings.n;
		for (; begin < end; begin++) {
			index_bytes_varint(&w->postings, w->offsets[begin] - before);
			before = w->offsets[begin];
		}
	}
}

/* ---- rows ---- */

/* The least tick in which the part's time fits. */
static unsigned tick_of(const struct index_build *b)
{
	unsigned tick = 0;

	while ((b->last_ns - b->first_ns) >> tick >= INDEX_TICKS_MAX)
		tick++;
	return tick;
}

static void put_row(
	struct index_writing *w, struct index_blocks_out *out, uint32_t row, unsigned tick)
{
	const struct index_build *b = w->build;
	const struct index_built_flow *flow = &b->flows[w->flow_of[row]];
	uint64_t last = flow->last_ns - b->first_ns, rest = (UINT64_C(1) << tick) - 1;
	uint8_t at[INDEX_ROW];

	index_put(at + ROW_FLOW_ID, flow->flow_id, 8);
	index_put(at + ROW_FIRST, (flow->first_ns - b->first_ns) >> tick, 3);
	index_put(at + ROW_LAST, (last + rest) >> tick, 3);
	index_put(at + ROW_LO, w->ends[row][0], 3);
	index_put(at + ROW_HI, w->ends[row][1], 3);
	index_put(at + ROW_LO_PORT, flow->lo_port, 2);
	index_put(at + ROW_HI_PORT, flow->hi_port, 2);
	index_put(at + ROW_POINT, flow->point, 2);
	at[ROW_PROTOCOL] = flow->protocol;
	index_put(at + ROW_POSTINGS, w->posting[row], 3);
	index_out_add(out, at, sizeof(at));
}

static void put_points(const struct index_build *b, struct index_blocks_out *out)
{
	for (uint32_t i = 0; i < b->n_points; i++) {
		uint8_t at[INDEX_POINT];

		memcpy(at, b->points[i].outer_src.byte, 16);
		index_put(at + 16, b->points[i].vni, 4);
		index_put(at + 20, b->points[i].network, 4);
		index_out_add(out, at, sizeof(at));
	}
}

static uint32_t n_stretches(const struct index_build *b)
{
	return (uint32_t)((b->last_offset >> INDEX_STRETCH_BITS) -
			  (b->first_offset >> INDEX_STRETCH_BITS)) +
	       1;
}

static void put_stretches(const struct index_build *b, struct index_blocks_out *out)
{
	for (uint32_t i = 0; i < n_stretches(b); i++) {
		uint8_t at[INDEX_STRETCH];

		index_put(at, b->stretches[i].first_ns, 8);
		index_put(at + 8, b->stretches[i].last_ns, 8);
		index_out_add(out, at, sizeof(at));
	}
}

static void put_skips(const struct index_writing *w, struct index_blocks_out *out)
{
	uint32_t n = (w->n_v4 + w->n_v6 + INDEX_SKIP_EVERY - 1) / INDEX_SKIP_EVERY;

	for (uint32_t i = 0; i < n; i++) {
		uint8_t at[INDEX_SKIP];

		index_put(at, w->skips[i], sizeof(at));
		index_out_add(out, at, sizeof(at));
	}
}

static void put_entry(
	const struct index_writing *w, uint64_t at, unsigned tick, uint8_t entry[INDEX_ENTRY])
{
	const struct index_build *b = w->build;

	memset(entry, 0, INDEX_ENTRY);
	index_put(entry + ENTRY_AT, at, 8);
	index_put(entry + ENTRY_FIRST_OFFSET, b->first_offset, 8);
	index_put(entry + ENTRY_LAST_OFFSET, b->last_offset, 8);
	index_put(entry + ENTRY_FIRST_NS, b->first_ns, 8);
	index_put(entry + ENTRY_LAST_NS, b->last_ns, 8);
	index_put(entry + ENTRY_PACKETS, b->n_packets, 4);
	index_put(entry + ENTRY_FLOWS, b->n_flows, 4);
	index_put(entry + ENTRY_LINES, w->n_lines, 4);
	index_put(entry + ENTRY_POINTS, b->n_points, 4);
	index_put(entry + ENTRY_V4, w->n_v4, 4);
	index_put(entry + ENTRY_V6, w->n_v6, 4);
	index_put(entry + ENTRY_STRETCHES, n_stretches(b), 4);
	index_put(entry + ENTRY_LISTS, w->lists.n, 4);
	index_put(entry + ENTRY_POSTINGS, w->postings.n, 4);
	index_put(entry + ENTRY_TICK, tick, 4);
}

static void put_part(
	struct index_writing *w, struct index_blocks_out *out, uint8_t entry[INDEX_ENTRY])
{
	unsigned tick = tick_of(w->build);

	put_entry(w, out->at, tick, entry);
	index_out_add(out, w->filter.at, w->filter.n);
	for (uint32_t row = 0; row < w->build->n_flows; row++)
		put_row(w, out, row, tick);
	put_points(w->build, out);
	index_out_add(out, w->addresses.at, w->addresses.n);
	put_skips(w, out);
	put_stretches(w->build, out);
	index_out_add(out, w->lists.at, w->lists.n);
	index_out_add(out, w->postings.at, w->postings.n);
}

bool index_part_write(
	struct index_build *build, struct index_blocks_out *out, uint8_t entry[INDEX_ENTRY])
{
	struct index_writing w;
	bool ok = writing_init(&w, build);

	if (ok) {
		number_rows(&w);
		w.n_v4 = index_put_addresses(&w, 4, 0);
		w.n_v6 = index_put_addresses(&w, 6, w.n_v4);
		index_fill_filter(&w);
		put_postings(&w);
		put_part(&w, out, entry);
	}
	writing_fini(&w);
	return ok;
}
