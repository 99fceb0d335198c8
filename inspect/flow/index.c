#include "inspect/flow/index.h"

#include <assert.h>

_Static_assert(sizeof(struct index_bucket) == 64, "a bucket is a cache line");

enum { FLOWS = 5, BUCKETS = 2 }; /* so many flows in so many buckets when the table is full */

uint32_t index_buckets(uint32_t capacity)
{
	uint32_t n = (uint32_t)((uint64_t)capacity * BUCKETS / FLOWS);

	return n < 2 ? 2 : n;
}

static uint32_t bucket_count(const struct index_bucket *bucket)
{
	return INDEX_WAYS - (uint32_t)__builtin_popcount(index_match(bucket, 0));
}

/* The first bucket is read first at lookup, so it is preferred while it has places to spare;
 * after that the emptier of the two, which keeps both from filling up. */
static struct index_bucket *bucket_choose(const struct flow_index *index, uint64_t hash)
{
	struct index_place place = index_place(index, hash);
	struct index_bucket *first = &index->buckets[place.first];
	struct index_bucket *second = &index->buckets[place.second];
	uint32_t count = bucket_count(first);

	if (count <= INDEX_WAYS - INDEX_SPARE || count <= bucket_count(second))
		return first;
	return second;
}

bool index_has_room(const struct flow_index *index, uint64_t hash)
{
	return bucket_count(bucket_choose(index, hash)) < INDEX_WAYS;
}

bool index_add(const struct flow_index *index, uint64_t hash, uint32_t slot)
{
	struct index_bucket *bucket = bucket_choose(index, hash);
	uint32_t free_ways = index_match(bucket, 0);
	int way;

	if (free_ways == 0)
		return false;
	way = __builtin_ctz(free_ways);
	bucket->tags[way] = index_place(index, hash).tag;
	bucket->slots[way] = slot;
	return true;
}

static bool bucket_remove(struct index_bucket *bucket, uint16_t tag, uint32_t slot)
{
	for (uint32_t ways = index_match(bucket, tag); ways != 0; ways &= ways - 1) {
		int way = __builtin_ctz(ways);

		if (bucket->slots[way] == slot) {
			bucket->tags[way] = 0;
			return true;
		}
	}
	return false;
}

void index_remove(const struct flow_index *index, uint64_t hash, uint32_t slot)
{
	struct index_place place = index_place(index, hash);
	bool found = bucket_remove(&index->buckets[place.first], place.tag, slot) ||
		     bucket_remove(&index->buckets[place.second], place.tag, slot);

	assert(found);
	(void)found;
}
