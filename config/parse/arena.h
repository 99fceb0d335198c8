/* Memory that is freed all at once: what a file was read into, or a model that is immutable once
 * built. Allocation never returns NULL: a control plane without memory for its settings ends the
 * program with a sentence. */
#pragma once

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t used, room;
};

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size);
/* A copy of `len` bytes, with a NUL after it. */
char *arena_text(struct arena *arena, const char *text, size_t len);
/* Frees everything; the arena is empty and legal to use again. */
void arena_free(struct arena *arena);
