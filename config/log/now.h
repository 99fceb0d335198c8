/* The time now, in ns, and what others count in. */
#pragma once

#include <stdint.h>
#include <time.h>

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)

static inline uint64_t now_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* Since some moment, and never back: for waits and ages. */
static inline uint64_t now_monotonic(void)
{
	return now_of(CLOCK_MONOTONIC);
}

/* Since 1970, as the system's clock has it. */
static inline uint64_t now_wall(void)
{
	return now_of(CLOCK_REALTIME);
}
