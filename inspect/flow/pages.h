/* Large zeroed arrays that are read at random, in large pages where the system has them: random
 * reads in small pages cost a page table walk each. Memory is taken when it is first touched. */
#pragma once

#include <stddef.h>

/* NULL: no memory. */
void *pages_alloc(size_t size);
/* `map` may be NULL; `size` as it was asked for. */
void pages_free(void *map, size_t size);
