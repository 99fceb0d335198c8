/* The index of the flow table: hash -> slot. Buckets of one cache line hold 8 slots with 16 bits
 * of their hash each; a slot lies in one of the two buckets that its hash names, and never moves.
 * No chains: when both buckets are full, the table must make room. Four times as many places as
 * flows, so with honest traffic both being full does not happen. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { INDEX_WAYS = 8, INDEX_SPARE = 4 };
enum { INDEX_CAPACITY_MAX = INT32_MAX };

struct index_bucket {
	uint16_t tags[INDEX_WAYS];  /* 0 = empty */
	uint32_t slots[INDEX_WAYS]; /* meaningful where the tag is not 0; top bit: the hint */
	uint32_t reserved[4];
};

struct flow_index {
	struct index_bucket *buckets; /* zeroed memory, owned by the flow table */
	uint32_t n_buckets;           /* at least 2 */
};

/* Where a hash may lie. Bits below 6 decide nothing here: they choose the owner. */
struct index_place {
	uint32_t first, second; /* two different buckets */
	uint16_t tag;
};

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

/* Bits 15, 31, 47, 63 of the result: which of four 16-bit lanes of `word` are equal to `tag`. */
static inline uint64_t index_lanes(uint64_t word, uint16_t tag)
{
	const uint64_t low15 = 0x7fff7fff7fff7fff;
	uint64_t x = word ^ tag * UINT64_C(0x0001000100010001);

	return ~(((x & low15) + low15) | x | low15);
}

/* The same for one half of a bucket's tags: bit 16 w + 15 stands for way 4 half + w. */
static inline uint64_t index_half(const struct index_bucket *bucket, int half, uint16_t tag)
{
	const size_t first = (size_t)half * 4;
	uint64_t word;

	memcpy(&word, bucket->tags + first, sizeof(word));
	return index_lanes(word, tag);
}

static inline int index_way(int half, uint64_t lanes)
{
	return 4 * half + __builtin_ctzll(lanes) / 16;
}

/* One bit for each way of the bucket whose tag is `tag`. */
static inline uint32_t index_match(const struct index_bucket *bucket, uint16_t tag)
{
	/* Gathers the four lane bits into the top four bits. */
	const uint64_t gather = 0x0000200040008001;
	uint64_t low = (index_half(bucket, 0, tag) >> 15) * gather >> 45 & 15;
	uint64_t high = (index_half(bucket, 1, tag) >> 15) * gather >> 45 & 15;

	return (uint32_t)(low | high << 4);
}

static inline uint32_t bucket_slot(const struct index_bucket *bucket, int way)
{
	return bucket->slots[way] & INDEX_CAPACITY_MAX;
}

static inline bool bucket_hint(const struct index_bucket *bucket, int way)
{
	return bucket->slots[way] > INDEX_CAPACITY_MAX;
}

/* How many buckets a table of `capacity` flows needs. */
uint32_t index_buckets(uint32_t capacity);

/* Adds a slot, with one bit that the caller likes to know before it reads the slot. false: both
 * buckets are full. */
bool index_add(const struct flow_index *index, uint64_t hash, uint32_t slot, bool hint);
/* True when index_add() would succeed. */
bool index_has_room(const struct flow_index *index, uint64_t hash);
/* Removes a slot that is there. */
void index_remove(const struct flow_index *index, uint64_t hash, uint32_t slot);
