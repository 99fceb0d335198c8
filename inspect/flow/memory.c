#include "inspect/flow/memory.h"

#include <stdalign.h>
#include <stdlib.h>

/* The address sanitizer reports accesses to blocks that are kept unused. */
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

/* Less than what malloc maps, or trims, by itself (M_MMAP_THRESHOLD, M_TRIM_THRESHOLD). */
enum { GROW_BYTES = 96 * 1024 };

struct memory_block {
	struct memory_block *next, **link; /* `link` points at what points here */
	struct memory *memory;
	uint32_t size;  /* with this header, a multiple of MEMORY_STEP */
	uint32_t point; /* on whose account, or NOBODY: before there were shares */
};

/* No point has this number. */
#define NOBODY UINT32_MAX

_Static_assert(sizeof(struct memory_block) % alignof(max_align_t) == 0,
	"what follows a block header must be aligned as malloc aligns");

bool memory_share(struct memory *memory, size_t bytes, const struct quota_params *params)
{
	memory->peak = memory->used;
	memory->is_shared = quota_init(&memory->quota, bytes, params);
	return memory->is_shared;
}

/* The idle blocks of this size, or NULL: it is too large to be kept. */
static struct memory_block **idle_of(struct memory *memory, size_t size)
{
	size_t class = size / MEMORY_STEP;

	return class < MEMORY_CLASSES ? &memory->idle[class] : NULL;
}

/* The heap of a thread that is not the first one grows by single pages, with a system call for each
 * (M_TOP_PAD is for the first one's alone). What was taken at once and given back stays in it. */
static void __attribute__((noinline, cold)) grow(struct memory *memory, size_t size)
{
	void *volatile room = malloc(GROW_BYTES); /* volatile: not optimised away */

	free(room);
	memory->grown = memory->used + (size < GROW_BYTES ? GROW_BYTES : size);
}

static struct memory_block *block_take(struct memory *memory, size_t size)
{
	struct memory_block **idle = idle_of(memory, size), *block;

	if (!idle || !*idle) {
		if (memory->used + size > memory->grown)
			grow(memory, size);
		return malloc(size);
	}
	block = *idle;
	*idle = block->next;
	memory->idle_bytes -= size;
	SHOW(block + 1, size - sizeof(*block));
	return block;
}

/* NULL: it does not fit the point's share, or there is none. */
static struct memory_block *charged_take(struct memory *memory, uint32_t size)
{
	struct memory_block *block;

	if (!memory->is_shared)
		return block_take(memory, size);
	if (!quota_take(&memory->quota, memory->point, size))
		return NULL;
	block = block_take(memory, size);
	if (!block)
		quota_give(&memory->quota, memory->point, size);
	return block;
}

void *memory_alloc(struct memory *memory, struct memory_list *list, size_t size)
{
	struct memory_block *block = NULL;
	uint32_t whole = 0;

	if (size <= UINT32_MAX - sizeof(*block) - MEMORY_STEP) {
		whole = (uint32_t)(size + sizeof(*block) + MEMORY_STEP - 1) &
			~(uint32_t)(MEMORY_STEP - 1);
		block = charged_take(memory, whole);
	}
	if (!block) {
		memory->refused++;
		return NULL;
	}
	block->memory = memory;
	block->size = whole;
	block->point = memory->is_shared ? memory->point : NOBODY;
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
	if (block->point != NOBODY)
		quota_give(&memory->quota, block->point, block->size);
	if (!idle || memory->idle_bytes + block->size > IDLE_BYTES) {
		free(block);
		return;
	}
	block->next = *idle;
	*idle = block;
	memory->idle_bytes += block->size;
	HIDE(block + 1, block->size - sizeof(*block));
}

void memory_free(void *data)
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
	quota_fini(&memory->quota);
}
