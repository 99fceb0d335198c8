/* What can be done about a whole burst before its packets are counted one by one: keys, hashes, and
 * reading the memory that will be needed, all packets' at once, so that the waits overlap. First
 * the index's buckets, then the flows that stand there. */
#include <netinet/in.h>

#include "decap/link.h"
#include "decap/touch.h"
#include "inspect/flow/count.h"
#include "inspect/flow/table_inside.h"

static void __attribute__((noinline)) row_make_any(
	struct flow_row *row, const struct packet *p, bool use_vlan, const uint64_t salt[4])
{
	flow_key_make(&row->key, p, use_vlan, &row->src_is_lo);
	row->hash = key_hash(&row->key, salt);
}

/* A frame with a VLAN tag has a longer link header. */
static inline void row_make(
	struct flow_row *row, const struct packet *p, bool use_vlan, const uint64_t salt[4])
{
	const bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;

	if (little && p->ip_version == 4 &&
		(p->protocol == IPPROTO_TCP || p->protocol == IPPROTO_UDP) &&
		p->ip - p->frame <= LINK_ETHERNET_SIZE)
		row_make_fast(row, p, salt);
	else
		row_make_any(row, p, use_vlan, salt);
}

/* The flow that is probably the row's, by the tag alone. */
static inline void row_guess(struct flow_row *row, const struct flow_table *table)
{
	struct index_place place = index_place(&table->index, row->hash);
	const struct index_bucket *bucket = &table->index.buckets[place.first];
	uint32_t ways = index_match(bucket, place.tag);

	if (ways == 0) {
		bucket = &table->index.buckets[place.second];
		ways = index_match(bucket, place.tag);
	}
	row->slot = bucket->slots[ways ? __builtin_ctz(ways) : 0];
	__builtin_prefetch(&table->flows[row->slot], 1);
	__builtin_prefetch(table->flows[row->slot].side, 1);
}

/* Whether the guess was right; returns what the flow remembers of the sender. */
static inline uint32_t row_know(struct flow_row *row, const struct flow_table *table)
{
	const struct flow *flow = &table->flows[row->slot];
	uint32_t verdict = flow->side[flow_sender(flow, row->src_is_lo)].verdict;

	row->known = key_equal(&flow->key, &row->key);
	row->verdict = 0;
	return row->known ? verdict : 0;
}

void flow_table_prefetch(struct flow_table *table, struct packet *packets, uint64_t live)
{
	const struct flow_index index = table->index;
	struct flow_row *rows = table->rows;
	uint64_t salt[4];
	uint32_t n = 0;

	memcpy(salt, table->salt, sizeof(salt));

	for (uint64_t rest = live; rest != 0; rest &= rest - 1, n++) {
		struct packet *p = &packets[__builtin_ctzll(rest)];

		row_make(&rows[n], p, table->params.use_vlan, salt);
		p->row = &rows[n];
		__builtin_prefetch(index_first(&index, rows[n].hash));
	}
	for (uint32_t i = 0; i < n; i++)
		touch(index_first(&index, rows[i].hash));
	for (uint32_t i = 0; i < n; i++)
		row_guess(&rows[i], table);
	for (uint32_t i = 0; i < n; i++) {
		touch(&table->flows[rows[i].slot]);
		touch(table->flows[rows[i].slot].side);
	}
	n = 0;
	for (uint64_t rest = live; rest != 0; rest &= rest - 1, n++)
		packets[__builtin_ctzll(rest)].remembered = row_know(&rows[n], table);
	table->rows_hold = true;
}
