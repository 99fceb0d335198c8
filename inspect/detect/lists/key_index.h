/* Finds keys among many by their hash, and says fast of most that they are not there. Built once, and then
 * only read, by any number of threads. A Bloom filter of one word a key (Putze, Sanders, Singler, "Cache-,
 * Hash- and Space-Efficient Bloom Filters", 2007) stands before a table with open addressing: what is in
 * neither costs one line of the filter. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct key_slot {
	uint32_t tag, entry; /* of the hash; number of the entry and 1: 0 is an empty slot */
};

/* All zero is one without keys that has no room. */
struct key_index {
	uint64_t *filter;
	struct key_slot *slots;
	uint64_t filter_mask, slot_mask;
	uint32_t count;
};

/* Room for `keys` keys and as many more that are in the filter alone. false: no memory. */
bool key_index_init(struct key_index *index, uint32_t keys, uint32_t filter_only);
void key_index_fini(struct key_index *index);
size_t key_index_bytes(const struct key_index *index);

static inline uint64_t key_index_bits(uint64_t hash)
{
	return UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 6 & 63) |
	       UINT64_C(1) << (hash >> 12 & 63) | UINT64_C(1) << (hash >> 18 & 63);
}

static inline void key_index_mark(struct key_index *index, uint64_t hash)
{
	index->filter[hash >> 24 & index->filter_mask] |= key_index_bits(hash);
}

/* false: it is not there. true: it may be. Needs an index with room. */
static inline bool key_index_may_have(const struct key_index *index, uint64_t hash)
{
	uint64_t bits = key_index_bits(hash);

	return (index->filter[hash >> 24 & index->filter_mask] & bits) == bits;
}

/* Steps through the slots whose tag is that of the hash: `*at` begins with key_index_start(). NULL: there are
 * no more. */
static inline uint64_t key_index_start(const struct key_index *index, uint64_t hash)
{
	return hash >> 32 & index->slot_mask;
}

static inline struct key_slot *key_index_next(
	const struct key_index *index, uint64_t hash, uint64_t *at)
{
	for (;;) {
		struct key_slot *slot = &index->slots[*at];

		*at = (*at + 1) & index->slot_mask;
		if (slot->entry == 0)
			return NULL;
		if (slot->tag == (uint32_t)hash)
			return slot;
	}
}

/* Adds an entry, filter included; there is room for it, and its key is not there yet. */
void key_index_add(struct key_index *index, uint64_t hash, uint32_t entry);
