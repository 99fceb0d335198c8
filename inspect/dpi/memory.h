/* Bounded, counted memory of one dpi: a limit, and lists of blocks so that all that was taken
 * for one flow can be given back at once, even what the library forgot. Not thread-safe: one
 * worker owns it.
 *
 * The limit holds for what is taken after memory_set_limit(): the library's own tables are
 * always had. A few blocks that were given back are kept, up to a bound, for the next that needs
 * one of their size; they do not count as used. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
	MEMORY_STEP = 32,     /* sizes are multiples of it */
	MEMORY_CLASSES = 128, /* larger blocks than these steps are not kept */
};

struct memory_block;

/* All zero is a fresh one. */
struct memory {
	size_t used, peak; /* bytes, block headers included */
	size_t limit;      /* 0 = none; `used` stays at or below it */
	uint64_t refused;  /* calls that did not fit */
	size_t idle_bytes;
	struct memory_block *idle[MEMORY_CLASSES];
};

/* Blocks taken together. All zero is an empty list; it must not move while it has blocks. */
struct memory_list {
	struct memory_block *first;
};

/* From now on at most `bytes` more than what is in use; 0 = no limit. `peak` starts again. */
void memory_set_limit(struct memory *memory, size_t bytes);

/* NULL: does not fit. Aligned as malloc aligns. */
void *memory_take(struct memory *memory, struct memory_list *list, size_t size);

/* Gives one block back, whichever list it is on; NULL is legal. */
void memory_give(void *data);

/* Gives back whatever is still on the list. */
void memory_sweep(struct memory_list *list);

/* Returns what is kept to the system; to be called last. */
void memory_trim(struct memory *memory);
