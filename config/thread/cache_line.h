/* Memory in whole lines of the cache, which no two threads should write to at once. */
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_LINE = 64 };

/* `size` zero bytes that begin with a line and share none with others. NULL: no memory. For free(). */
static inline void *cache_line_alloc(size_t size)
{
	size_t whole = (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
	void *memory = aligned_alloc(CACHE_LINE, whole);

	return memory ? memset(memory, 0, whole) : NULL;
}
