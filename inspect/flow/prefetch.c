#include "inspect/flow/table_inside.h"

_Static_assert(sizeof(struct flow) == 192, "slots keep to cache lines");
_Static_assert(offsetof(struct flow, side[1].packets) == 128, "each side in a line of its own");
_Static_assert(offsetof(struct flow, rule_number) < 64, "the first line is the hot one");

/* The way of the first equal tag, which is nearly always the flow's; or -1. */
static int bucket_way(const struct index_bucket *bucket, uint16_t tag)
{
	for (int half = 0; half < 2; half++) {
		uint64_t lanes = index_half(bucket, half, tag);

		if (lanes != 0)
			return index_way(half, lanes);
	}
	return -1;
}

/* The memory that a burst is going to touch. Cache lines are prefetched first, and then read in
 * a loop that does nothing else: a CPU may drop a prefetch whose page is not in its TLB, which
 * with many flows is the usual case, but it drops no read, and short reads overlap. (gcc takes a
 * function that only prefetches for one without effect and removes the calls.) */
struct lines {
	const void *at[3 * BURST_MAX];
	int count;
};

static void lines_add(struct lines *lines, const void *at)
{
	__builtin_prefetch(at, 1);
	lines->at[lines->count++] = at;
}

static void lines_read(const struct lines *lines)
{
	for (int i = 0; i < lines->count; i++)
		(void)*(const volatile uint8_t *)lines->at[i];
}

/* The line of the flow that is probably the packet's, and that of the side which probably counts
 * it: the hint says whether the flow's first sender is `lo`. (A SYN seen later may know better;
 * that costs a cache miss, no more.) */
static void lines_add_flow(
	struct lines *lines, const struct flow_table *table, uint64_t hash, bool src_is_lo)
{
	struct index_place place = index_place(&table->index, hash);
	const struct index_bucket *bucket = &table->index.buckets[place.first];
	int way = bucket_way(bucket, place.tag);
	const struct flow *flow;

	if (way < 0) {
		bucket = &table->index.buckets[place.second];
		way = bucket_way(bucket, place.tag);
	}
	if (way < 0)
		return;
	flow = &table->flows[bucket_slot(bucket, way)];
	lines_add(lines, flow);
	lines_add(lines, &flow->side[bucket_hint(bucket, way) != src_is_lo]);
	lines_add(lines, &table->seen.flows[bucket_slot(bucket, way)]);
	if (table->params.active_timeout_ns != 0)
		__builtin_prefetch(&flow->update_ns, 1);
}

void flow_table_prefetch(struct flow_table *table, struct packet *packets, uint64_t live)
{
	struct lines buckets = {.count = 0}, flows = {.count = 0};
	uint64_t src_is_lo = 0;

	for (uint64_t rest = live; rest != 0; rest &= rest - 1) {
		int i = __builtin_ctzll(rest);
		struct flow_key key;
		uint32_t first;
		bool is_lo;

		flow_key_make(&key, &packets[i], &is_lo);
		src_is_lo |= (uint64_t)is_lo << i;
		packets[i].hash = flow_key_hash(&key);
		first = index_place(&table->index, packets[i].hash).first;
		lines_add(&buckets, &table->index.buckets[first]);
	}
	lines_read(&buckets);
	for (uint64_t rest = live; rest != 0; rest &= rest - 1) {
		int i = __builtin_ctzll(rest);

		lines_add_flow(&flows, table, packets[i].hash, src_is_lo >> i & 1);
	}
	lines_read(&flows);
}
