#include "inspect/flow/pages.h"

#include <stdint.h>
#include <sys/mman.h>

#define LARGE_PAGE ((size_t)2 << 20) /* of x86-64, and of arm64 with pages of 4 KB */

static size_t whole_pages(size_t size)
{
	return (size + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
}

void *pages_alloc(size_t size)
{
	size_t whole = whole_pages(size), before;
	uint8_t *map = mmap(NULL, whole + LARGE_PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (map == MAP_FAILED)
		return NULL;
	/* A large page must begin at a multiple of its size; what is too much on either side goes. */
	before = -(uintptr_t)map % LARGE_PAGE;
	if (before > 0)
		munmap(map, before);
	munmap(map + before + whole, LARGE_PAGE - before);
	(void)madvise(map + before, whole, MADV_HUGEPAGE);
	return map + before;
}

void pages_free(void *map, size_t size)
{
	if (map)
		munmap(map, whole_pages(size));
}
