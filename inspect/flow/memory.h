/* Bounded, counted memory of one dpi: a limit, and lists of blocks so that all that was taken
 * for one flow can be given back at once, even what the library forgot. Not thread-safe: one
 * worker owns it.
 *
 * The limit holds for what is taken after memory_share(): the library's own tables are always had.
 * From then on every block is taken on the account of an observation point, the one that was named
 * last.
 *
 * Small blocks lie in slabs of large pages, which serve all sizes and are kept until the end. A few blocks
 * that were given back are kept, up to a bound, for the next that needs one of their size. What is kept
 * does not count as used. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "inspect/flow/quota.h"

enum {
	MEMORY_STEP = 32,     /* sizes are multiples of it */
	MEMORY_CLASSES = 128, /* larger blocks than these steps are not kept */
};

struct memory_block;
struct slab;

/* All zero is a fresh one. */
struct memory {
	size_t used, peak; /* bytes, block headers included */
	uint64_t refused;  /* calls refused for lack of room */
	size_t idle_bytes;
	struct quota quota; /* of the limit */
	uint32_t point;     /* on whose account blocks are taken; see memory_charge() */
	bool is_shared;     /* memory_share() was called */
	struct memory_block *idle[MEMORY_CLASSES];
	struct slab *slabs[MEMORY_CLASSES]; /* of each size, those with room */
	struct slab *empty, *regions;       /* of any size next; and all there are */
};

/* Blocks taken together. All zero is an empty list; it must not move while it has blocks. */
struct memory_list {
	struct memory_block *first;
};

/* From now on at most `bytes` more than what is in use, in shares; 0 = no limit. `peak` starts again.
 * false: no memory. */
bool memory_share(struct memory *memory, size_t bytes, const struct quota_params *params);

/* From now on blocks are taken on this point's account. */
static inline void memory_charge(struct memory *memory, uint32_t point)
{
	memory->point = point;
}

/* NULL: does not fit. Aligned as malloc aligns. */
void *memory_alloc(struct memory *memory, struct memory_list *list, size_t size);

/* Gives one block back, whichever list it is on; NULL is legal. */
void memory_free(void *data);

/* Gives back whatever is still on the list. */
void memory_sweep(struct memory_list *list);

/* Returns what is kept to the system, and the shares; to be called last. */
void memory_trim(struct memory *memory);
