#include "dataplane/port/clock.h"

#include "config/log/now.h"

#define SECOND_NS ((int64_t)NS_PER_S)

enum { SLEW = 10 }; /* at most a tenth of a second a second */

static uint64_t nominal_rate(uint64_t hz)
{
	return (uint64_t)(((unsigned __int128)SECOND_NS << 32) / hz);
}

void clock_start(struct clock *clock, uint64_t hz, uint64_t ticks, uint64_t now_ns)
{
	*clock = (struct clock){hz, ticks, now_ns, nominal_rate(hz)};
}

void clock_correct(struct clock *clock, uint64_t ticks, uint64_t now_ns)
{
	uint64_t here = clock_ns(clock, ticks);
	int64_t behind = (int64_t)(now_ns - here);
	int64_t rate = (int64_t)nominal_rate(clock->hz), most = SECOND_NS / SLEW;

	if (ticks <= clock->base)
		return;
	if (behind > SECOND_NS) {
		here = now_ns;
		behind = 0;
	}
	if (behind > most)
		behind = most;
	if (behind < -most)
		behind = -most;
	/* Made up for within the second to come. */
	rate += (int64_t)((__int128)rate * behind / SECOND_NS);
	*clock = (struct clock){clock->hz, ticks, here, (uint64_t)rate};
}
