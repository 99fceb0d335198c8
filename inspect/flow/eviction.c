/* Room in the table for one flow more: what ends for it, and what does not. */
#include "inspect/flow/table_inside.h"

enum { NEIGHBOURHOOD = 8 }; /* buckets looked at for a flow to end */

/* A search for room, for a flow of `point`. */
struct search {
	uint32_t point;
	uint64_t now_ns, horizon_ns;
	struct flow *victim; /* the flow idle longest that may give way; NULL: none so far */
};

/* Equal times go by slot, so that the choice depends on nothing else. */
static bool is_better(const struct flow *a, const struct flow *than)
{
	return !than || a->last_ns < than->last_ns || (a->last_ns == than->last_ns && a < than);
}

/* Ends what the horizon has left behind in one bucket, and looks there for a victim. */
static void bucket_sweep(struct flow_table *table, uint32_t number, struct search *search)
{
	const struct index_bucket *bucket = &table->index.buckets[number];

	for (int way = 0; way < INDEX_WAYS; way++) {
		struct flow *flow = &table->flows[bucket->slots[way]];
		enum flow_end end;

		if (bucket->tags[way] == 0)
			continue;
		if (flow_timed_out(&table->params, flow, search->horizon_ns, &end))
			flow_finish(table, flow, end);
		else if (is_better(flow, search->victim) &&
			 quota_may_replace(&table->quota, search->point, 1, flow->key.point))
			search->victim = flow;
	}
}

bool eviction_has_room(const struct flow_table *table, uint32_t point, uint64_t hash)
{
	return table->stats.live < table->params.capacity &&
	       quota_fit(&table->quota, point, 1) && index_has_room(&table->index, hash);
}

/* Whether the victim has not been idle for long enough. */
static bool is_guarded(const struct flow_table *table, const struct search *search)
{
	uint64_t last_ns = search->victim->last_ns;

	if (quota_is_within(&table->quota, search->point, 1))
		return false;
	return search->now_ns < last_ns || search->now_ns - last_ns < table->params.guard_ns;
}

/* A full bucket can only be helped in its own two buckets; a full table in any. */
bool eviction_make_room(struct flow_table *table, uint32_t point, uint64_t hash,
	uint64_t now_ns, uint64_t horizon_ns)
{
	struct search search = {point, now_ns, horizon_ns, NULL};
	struct index_place place = index_place(&table->index, hash);
	uint32_t number = place.first;

	bucket_sweep(table, place.first, &search);
	bucket_sweep(table, place.second, &search);
	for (int n = 1; n < NEIGHBOURHOOD && index_has_room(&table->index, hash); n++) {
		if (eviction_has_room(table, point, hash))
			return true;
		number = number + 1 < table->index.n_buckets ? number + 1 : 0;
		if (number != place.second)
			bucket_sweep(table, number, &search);
	}
	if (eviction_has_room(table, point, hash))
		return true;
	if (!search.victim || is_guarded(table, &search))
		return false;
	flow_finish(table, search.victim, FLOW_END_EVICTED);
	return eviction_has_room(table, point, hash);
}
