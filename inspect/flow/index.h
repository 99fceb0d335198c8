/* The index of the flow table: hash -> slot. Buckets of one cache line hold 8 slots with 16 bits
 * of their hash each; a slot lies in one of the two buckets that its hash names, and never moves.
 * No chains: when both buckets are full, the table must make room. Three times as many places as
 * flows, so with honest traffic both being full does not happen. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { INDEX_WAYS = 8, INDEX_SPARE = 4 };
enum { INDEX_CAPACITY_MAX = INT32_MAX };

struct index_bucket {
	uint16_t tags[INDEX_WAYS];  /* 0 = empty */
	uint32_t slots[INDEX_WAYS]; /* meaningful where the tag is not 0 */
	uint32_t reserved[4];
};

struct flow_index {
	struct index_bucket *buckets; /* zeroed memory, owned by the flow table */
	uint32_t n_buckets;           /* at least 2 */
};

/* Where a hash may lie. */
struct index_place {
	uint32_t first, second; /* two different buckets */
	uint16_t tag;
};

static inline const struct index_bucket *index_first(
	const struct flow_index *index, uint64_t hash)
{
	return &index->buckets[(hash >> 32) * index->n_buckets >> 32];
}

static inline struct index_place index_place(const struct flow_index *index, uint64_t hash)
{
	uint64_t n = index->n_buckets;
	struct index_place place;
	uint32_t low = (uint32_t)(hash >> 8);

	place.first = (uint32_t)((hash >> 32) * n >> 32);
	place.second = (uint32_t)(low * n >> 32);
	if (place.second == place.first)
		place.second = place.first + 1 < n ? place.first + 1 : 0;
	place.tag = (uint16_t)(hash >> 6);
	if (place.tag == 0)
		place.tag = 1;
	return place;
}

/* One bit for each way of the bucket whose tag is `tag`. */
#ifdef __SSE2__
static inline uint32_t index_match(const struct index_bucket *bucket, uint16_t tag)
{
	__m128i tags = _mm_loadu_si128((const void *)bucket->tags);
	__m128i equal = _mm_cmpeq_epi16(tags, _mm_set1_epi16((short)tag));

	return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128()));
}
#else
static inline uint32_t index_match(const struct index_bucket *bucket, uint16_t tag)
{
	uint32_t ways = 0;

	for (int way = 0; way < INDEX_WAYS; way++)
		ways |= (uint32_t)(bucket->tags[way] == tag) << way;
	return ways;
}
#endif

/* How many buckets a table of `capacity` flows needs. */
uint32_t index_buckets(uint32_t capacity);

/* Adds a slot. false: both buckets are full. */
bool index_add(const struct flow_index *index, uint64_t hash, uint32_t slot);
/* True when index_add() would succeed. */
bool index_has_room(const struct flow_index *index, uint64_t hash);
/* Removes a slot that is there. */
void index_remove(const struct flow_index *index, uint64_t hash, uint32_t slot);
