#include "inspect/detect/lists/key_index.h"

#include <assert.h>

#include "inspect/flow/pages.h"

enum { FILTER_KEYS = 4 /* keys a word of 64 bits */, FILTER_MIN = 8, SLOTS_MIN = 4 };

static uint64_t power_of_two(uint64_t least)
{
	uint64_t n = 1;

	while (n < least)
		n *= 2;
	return n;
}

bool key_index_init(struct key_index *index, uint32_t keys, uint32_t filter_only)
{
	uint64_t marks = (uint64_t)keys + filter_only;
	uint64_t words = power_of_two(FILTER_MIN + marks / FILTER_KEYS);
	/* At most three of four slots are taken. */
	uint64_t slots = power_of_two(SLOTS_MIN + (uint64_t)keys + keys / 3);

	*index = (struct key_index){
		.filter = pages_alloc(words * sizeof(*index->filter)),
		.slots = pages_alloc(slots * sizeof(*index->slots)),
		.filter_mask = words - 1,
		.slot_mask = slots - 1,
	};
	if (index->filter && index->slots)
		return true;
	key_index_fini(index);
	return false;
}

void key_index_fini(struct key_index *index)
{
	pages_free(index->filter, (index->filter_mask + 1) * sizeof(*index->filter));
	pages_free(index->slots, (index->slot_mask + 1) * sizeof(*index->slots));
	*index = (struct key_index){0};
}

size_t key_index_bytes(const struct key_index *index)
{
	if (!index->filter)
		return 0;
	return (index->filter_mask + 1) * sizeof(*index->filter) +
	       (index->slot_mask + 1) * sizeof(*index->slots);
}

void key_index_add(struct key_index *index, uint64_t hash, uint32_t entry)
{
	uint64_t at = key_index_start(index, hash);

	assert(index->count < index->slot_mask);
	while (index->slots[at].entry != 0)
		at = (at + 1) & index->slot_mask;
	index->slots[at] = (struct key_slot){(uint32_t)hash, entry + 1};
	index->count++;
	key_index_mark(index, hash);
}
