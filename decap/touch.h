/* Reads memory early that is about to be used. In a loop that does nothing else a CPU has many
 * such reads under way at once, so a burst waits about once. It is not a prefetch: a CPU may
 * drop a prefetch whose page is not in its TLB, which is the usual case in a large table, but it
 * drops no read. */
#pragma once

#include <stdint.h>

static inline void touch(const void *at)
{
	(void)*(const volatile uint8_t *)at;
}
