#include "inspect/flow/memory.h"

#include <stdalign.h>
#include <stdlib.h>

#include "inspect/flow/pages.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif

/* The address sanitizer reports accesses to blocks that are kept unused, and beyond blocks of malloc. */
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define HIDE(at, size) ASAN_POISON_MEMORY_REGION(at, size)
#define SHOW(at, size) ASAN_UNPOISON_MEMORY_REGION(at, size)
enum { SLABS_ARE_USED = false };
#else
#define HIDE(at, size) ((void)(at))
#define SHOW(at, size) ((void)(at))
enum { SLABS_ARE_USED = true };
#endif

/* More than this goes back to its slab or to malloc: what one size of block has left over must not keep
 * the memory from the others. */
enum { IDLE_BYTES = 1024 * 1024 };

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

/* --- slabs --- */

/* Blocks of flows come and go by the thousand, which malloc serves from a heap that grows by single small
 * pages in a thread: a system call and a page fault each. They lie in slabs instead, parts of large pages,
 * each of blocks of one size; one whose blocks were all given back may be of another size next. */
enum { SLAB_SIZE = 64 * 1024, SLABS = 32 };

struct slab {
	struct slab *next, **link;   /* of those of its size with room, or of the empty ones */
	struct slab *region;         /* of the first one of a region: the next region */
	struct memory_block *unused; /* given back */
	uint32_t size;               /* of a block */
	uint32_t n_used;
	uint32_t fresh; /* where blocks begin that were never used */
	uint32_t reserved;
};

_Static_assert(sizeof(struct slab) % alignof(max_align_t) == 0,
	"the first block must be aligned as malloc aligns");

static void slab_link(struct slab **list, struct slab *slab)
{
	slab->next = *list;
	slab->link = list;
	if (slab->next)
		slab->next->link = &slab->next;
	*list = slab;
}

static void slab_unlink(struct slab *slab)
{
	*slab->link = slab->next;
	if (slab->next)
		slab->next->link = slab->link;
}

static bool slab_has_room(const struct slab *slab)
{
	return slab->unused || slab->fresh + slab->size <= SLAB_SIZE;
}

static bool make_slabs(struct memory *memory)
{
	char *region = pages_alloc(SLABS * SLAB_SIZE);

	for (uint32_t i = SLABS; region && i-- > 0;)
		slab_link(&memory->empty, (struct slab *)(void *)(region + i * SLAB_SIZE));
	if (!region)
		return false;
	memory->empty->region = memory->regions;
	memory->regions = memory->empty;
	return true;
}

/* NULL: no memory. */
static struct slab *slab_begin(struct memory *memory, uint32_t size)
{
	struct slab *slab;

	if (!memory->empty && !make_slabs(memory))
		return NULL;
	slab = memory->empty;
	slab_unlink(slab);
	slab_link(&memory->slabs[size / MEMORY_STEP], slab);
	slab->unused = NULL;
	slab->size = size;
	slab->n_used = 0;
	slab->fresh = sizeof(*slab);
	return slab;
}

static struct memory_block *slab_take(struct memory *memory, uint32_t size)
{
	struct slab *slab = memory->slabs[size / MEMORY_STEP];
	struct memory_block *block;

	if (!slab)
		slab = slab_begin(memory, size);
	if (!slab)
		return NULL;
	block = slab->unused;
	if (block) {
		slab->unused = block->next;
	} else {
		block = (struct memory_block *)(void *)((char *)slab + slab->fresh);
		slab->fresh += size;
	}
	slab->n_used++;
	if (!slab_has_room(slab))
		slab_unlink(slab);
	return block;
}

static void slab_give(struct memory *memory, struct memory_block *block)
{
	/* A region, and so each of its slabs, begins at a multiple of its size. */
	struct slab *slab =
		(struct slab *)(void *)((char *)block - (uintptr_t)block % SLAB_SIZE);

	if (!slab_has_room(slab))
		slab_link(&memory->slabs[slab->size / MEMORY_STEP], slab);
	block->next = slab->unused;
	slab->unused = block;
	if (--slab->n_used > 0)
		return;
	slab_unlink(slab);
	slab_link(&memory->empty, slab);
}

static void drop_slabs(struct memory *memory)
{
	struct slab *next;

	for (struct slab *slab = memory->regions; slab; slab = next) {
		next = slab->region;
		pages_free(slab, SLABS * SLAB_SIZE);
	}
	memory->regions = memory->empty = NULL;
	for (size_t class = 0; class < MEMORY_CLASSES; class ++)
		memory->slabs[class] = NULL;
}

/* --- blocks --- */

static bool has_class(size_t size)
{
	return size / MEMORY_STEP < MEMORY_CLASSES;
}

static struct memory_block *block_make(struct memory *memory, uint32_t size)
{
	return SLABS_ARE_USED && has_class(size) ? slab_take(memory, size) : malloc(size);
}

static void block_drop(struct memory *memory, struct memory_block *block)
{
	if (SLABS_ARE_USED && has_class(block->size))
		slab_give(memory, block);
	else
		free(block);
}

static void drop_idle(struct memory *memory)
{
	for (size_t class = 0; class < MEMORY_CLASSES; class ++) {
		struct memory_block *next;

		for (struct memory_block *block = memory->idle[class]; block; block = next) {
			next = block->next;
			SHOW(block + 1, block->size - sizeof(*block));
			block_drop(memory, block);
		}
		memory->idle[class] = NULL;
	}
	memory->idle_bytes = 0;
}

bool memory_share(struct memory *memory, size_t bytes, const struct quota_params *params)
{
	memory->peak = memory->used;
	memory->is_shared = quota_init(&memory->quota, bytes, params);
	return memory->is_shared;
}

/* The idle blocks of this size, or NULL: it is too large to be kept. */
static struct memory_block **idle_of(struct memory *memory, size_t size)
{
	return has_class(size) ? &memory->idle[size / MEMORY_STEP] : NULL;
}

static struct memory_block *block_take(struct memory *memory, uint32_t size)
{
	struct memory_block **idle = idle_of(memory, size), *block;

	if (!idle || !*idle)
		return block_make(memory, size);
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
		block_drop(memory, block);
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
	drop_idle(memory);
	drop_slabs(memory);
	quota_fini(&memory->quota);
}
