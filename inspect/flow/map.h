/* Large zeroed arrays that are read at random: memory comes as it is touched, in large pages where
 * the system has them, because random places in small ones cost a walk of the page table each. */
#pragma once

#include <stddef.h>

/* NULL: no memory. */
void *map_create(size_t size);
/* `map` may be NULL; `size` as it was asked for. */
void map_destroy(void *map, size_t size);
