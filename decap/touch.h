/* Memory that is about to be used, read early. In a loop that does nothing else a CPU has many such
 * reads under way at once, so a burst waits about once. Not prefetched: a CPU may drop a prefetch
 * whose page is not in its TLB, which in a large table is the usual case, but it drops no read. */
#pragma once

#include <stdint.h>

static inline void touch(const void *at)
{
	(void)*(const volatile uint8_t *)at;
}
