#include "inspect/dpi/memory.h"

#include <stdalign.h>
#include <stdlib.h>

struct memory_block {
	struct memory_block *next, **link; /* `link` points at what points here */
	struct memory *memory;
	size_t size; /* with this header */
};

_Static_assert(sizeof(struct memory_block) % alignof(max_align_t) == 0,
	"what follows a block header must be aligned as malloc aligns");

void memory_set_limit(struct memory *memory, size_t bytes)
{
	memory->limit = bytes ? memory->used + bytes : 0;
	memory->peak = memory->used;
}

void *memory_take(struct memory *memory, struct memory_list *list, size_t size)
{
	size_t room = memory->limit ? memory->limit - memory->used : SIZE_MAX;
	struct memory_block *block = NULL;

	if (size <= SIZE_MAX - sizeof(*block) && size + sizeof(*block) <= room)
		block = malloc(size + sizeof(*block));
	if (!block) {
		memory->refused++;
		return NULL;
	}
	block->memory = memory;
	block->size = size + sizeof(*block);
	block->next = list->first;
	block->link = &list->first;
	if (block->next)
		block->next->link = &block->next;
	list->first = block;
	memory->used += block->size;
	if (memory->used > memory->peak)
		memory->peak = memory->used;
	return block + 1;
}

static void block_free(struct memory_block *block)
{
	*block->link = block->next;
	if (block->next)
		block->next->link = block->link;
	block->memory->used -= block->size;
	free(block);
}

void memory_give(void *data)
{
	if (data)
		block_free((struct memory_block *)data - 1);
}

void memory_sweep(struct memory_list *list)
{
	struct memory_block *next;

	for (struct memory_block *block = list->first; block; block = next) {
		next = block->next;
		block->memory->used -= block->size;
		free(block);
	}
	list->first = NULL;
}
