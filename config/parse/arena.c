#include "config/parse/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/log.h"

enum { BLOCK = 1 << 16 };

struct arena_block {
	struct arena_block *next;
	max_align_t data[];
};

static void block_add(struct arena *arena, size_t size)
{
	size_t room = size > BLOCK ? size : BLOCK;
	struct arena_block *block = calloc(1, sizeof(*block) + room);

	if (!block)
		log_abort("no memory for the settings (%zu bytes)", room);
	block->next = arena->blocks;
	arena->blocks = block;
	arena->used = 0;
	arena->room = room;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t need = (size + _Alignof(max_align_t) - 1) / _Alignof(max_align_t) *
		      _Alignof(max_align_t);
	void *p;

	if (!arena->blocks || need > arena->room - arena->used)
		block_add(arena, need);
	p = (uint8_t *)arena->blocks->data + arena->used;
	arena->used += need;
	return p;
}

char *arena_text(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	memcpy(copy, text, len);
	return copy;
}

void arena_free(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *next = arena->blocks->next;

		free(arena->blocks);
		arena->blocks = next;
	}
	arena->used = arena->room = 0;
}
