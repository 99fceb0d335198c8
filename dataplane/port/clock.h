/* Wall time in ns from the CPU's counter (TSC): cheap enough for every burst, and it never goes back.
 * The system clock, asked about once a second, corrects it slowly: the clock runs up to a tenth
 * faster or slower until it agrees. Only when it is more than a second behind (the system clock
 * was set forward) does it leap. One thread owns a clock. */
#pragma once

#include <stdint.h>

struct clock {
	uint64_t hz;      /* of the counter */
	uint64_t base;    /* counter at the last correction */
	uint64_t base_ns; /* and the time then */
	uint64_t rate;    /* ns a tick, times 2^32 */
};

/* `now_ns` is the system clock's time at `ticks`. */
void clock_start(struct clock *clock, uint64_t hz, uint64_t ticks, uint64_t now_ns);

/* Time at `ticks`, ns since the epoch; not less than at any smaller `ticks`. */
static inline uint64_t clock_ns(const struct clock *clock, uint64_t ticks)
{
	/* The counters of two CPUs may differ a little. */
	uint64_t passed = ticks > clock->base ? ticks - clock->base : 0;

	return clock->base_ns + (uint64_t)((unsigned __int128)passed * clock->rate >> 32);
}

/* True when a second has passed since the last correction. */
static inline int clock_is_due(const struct clock *clock, uint64_t ticks)
{
	return ticks > clock->base && ticks - clock->base >= clock->hz;
}

void clock_correct(struct clock *clock, uint64_t ticks, uint64_t now_ns);
