#include "inspect/dpi/memory.h"

#include <stdalign.h>
#include <stdlib.h>

/* Idle blocks are nobody's: the address sanitizer is told so. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define HIDE(at, size) ASAN_POISON_MEMORY_REGION(at, size)
#define SHOW(at, size) ASAN_UNPOISON_MEMORY_REGION(at, size)
#else
#define HIDE(at, size) ((void)(at))
#define SHOW(at, size) ((void)(at))
#endif

/* More than this goes back to malloc: what one size of block has left over must not keep the
 * memory from the others. */
enum { IDLE_BYTES = 1024 * 1024 };

struct memory_block {
	struct memory_block *next, **link; /* `link` points at what points here */
	struct memory *memory;
	size_t size; /* with this header, a multiple of MEMORY_STEP */
};

_Static_assert(sizeof(struct memory_block) % alignof(max_align_t) == 0,
	"what follows a block header must be aligned as malloc aligns");

void memory_set_limit(struct memory *memory, size_t bytes)
{
	memory->limit = bytes ? memory->used + bytes : 0;
	memory->peak = memory->used;
}

/* The idle blocks of this size, or NULL: it is too large to be kept. */
static struct memory_block **idle_of(struct memory *memory, size_t size)
{
	size_t class = size / MEMORY_STEP;

	return class < MEMORY_CLASSES ? &memory->idle[class] : NULL;
}

static struct memory_block *block_take(struct memory *memory, size_t size)
{
	struct memory_block **idle = idle_of(memory, size), *block;

	if (!idle || !*idle)
		return malloc(size);
	block = *idle;
	*idle = block->next;
	memory->idle_bytes -= size;
	SHOW(block + 1, size - sizeof(*block));
	return block;
}

void *memory_take(struct memory *memory, struct memory_list *list, size_t size)
{
	size_t room = memory->limit ? memory->limit - memory->used : SIZE_MAX;
	struct memory_block *block = NULL;
	size_t whole;

	if (size <= SIZE_MAX - sizeof(*block) - MEMORY_STEP) {
		whole = (size + sizeof(*block) + MEMORY_STEP - 1) & ~(size_t)(MEMORY_STEP - 1);
		block = whole <= room ? block_take(memory, whole) : NULL;
	}
	if (!block) {
		memory->refused++;
		return NULL;
	}
	block->memory = memory;
	block->size = whole;
	block->next = list->first;
	block->link = &list->first;
	if (block->next)
		block->next->link = &block->next;
	list->first = block;
	memory->used += whole;
	if (memory->used > memory->peak)
		memory->peak = memory->used;
	return block + 1;
}

static void block_free(struct memory_block *block)
{
	struct memory *memory = block->memory;
	struct memory_block **idle = idle_of(memory, block->size);

	memory->used -= block->size;
	if (!idle || memory->idle_bytes + block->size > IDLE_BYTES) {
		free(block);
		return;
	}
	block->next = *idle;
	*idle = block;
	memory->idle_bytes += block->size;
	HIDE(block + 1, block->size - sizeof(*block));
}

void memory_give(void *data)
{
	struct memory_block *block;

	if (!data)
		return;
	block = (struct memory_block *)data - 1;
	*block->link = block->next;
	if (block->next)
		block->next->link = block->link;
	block_free(block);
}

void memory_sweep(struct memory_list *list)
{
	struct memory_block *next;

	for (struct memory_block *block = list->first; block; block = next) {
		next = block->next;
		block_free(block);
	}
	list->first = NULL;
}

void memory_trim(struct memory *memory)
{
	for (size_t class = 0; class < MEMORY_CLASSES; class ++) {
		struct memory_block *next;

		for (struct memory_block *block = memory->idle[class]; block; block = next) {
			next = block->next;
			SHOW(block + 1, block->size - sizeof(*block));
			free(block);
		}
		memory->idle[class] = NULL;
	}
	memory->idle_bytes = 0;
}
