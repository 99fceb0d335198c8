#include "dataplane/capture/packet_times.h"

static uint64_t distance(uint64_t a_ns, uint64_t b_ns)
{
	return a_ns > b_ns ? a_ns - b_ns : b_ns - a_ns;
}

/* Where time never goes far back there is nothing to do: what jumped ahead does not come back, and
 * nothing jumped back. */
static bool goes_back(const uint64_t *times, uint32_t n, uint64_t before_ns, uint64_t after_ns)
{
	uint64_t latest = before_ns;
	bool back = false;

	for (uint32_t i = 0; i < n; i++) {
		back |= latest > times[i] && latest - times[i] > PACKET_TIMES_JUMP_NS;
		latest = times[i] > latest ? times[i] : latest;
	}
	return back ||
	       (after_ns && latest > after_ns && latest - after_ns > PACKET_TIMES_JUMP_NS);
}

/* Packet `i` jumped away from `clock_ns`: true when one of the next ones is back at it, but for less than a
 * quarter of the way (traffic may have paused meanwhile). */
static bool comes_back(
	const uint64_t *times, uint32_t n, uint32_t i, uint64_t clock_ns, uint64_t after_ns)
{
	uint64_t time_ns = times[i], gone = distance(clock_ns, time_ns);

	for (uint32_t k = i + 1; k <= n && k <= i + PACKET_TIMES_AHEAD; k++) {
		uint64_t next = k < n ? times[k] : after_ns;

		if (next && distance(next, time_ns) > PACKET_TIMES_JUMP_NS &&
			distance(next, clock_ns) < gone / 4)
			return true;
	}
	return false;
}

uint32_t packet_times_settle(uint64_t *times, uint32_t n, uint64_t before_ns, uint64_t after_ns)
{
	uint64_t clock_ns = before_ns;
	uint32_t replaced = 0;

	if (!goes_back(times, n, before_ns, after_ns))
		return 0;
	for (uint32_t i = 0; i < n; i++) {
		if (clock_ns && distance(clock_ns, times[i]) > PACKET_TIMES_JUMP_NS &&
			comes_back(times, n, i, clock_ns, after_ns)) {
			times[i] = clock_ns;
			replaced++;
		}
		clock_ns = times[i];
	}
	return replaced;
}
