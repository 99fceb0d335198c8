#include "config/thread/backoff.h"

#include <sched.h>
#include <time.h>

enum { SPINS = 64, YIELDS = 16, SLEEP_MIN_NS = 4000, DOUBLINGS = 9 };

/* Tells the processor that this is a loop which waits. */
static void spin(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

void backoff_wait(struct backoff *backoff)
{
	unsigned round = backoff->rounds;

	if (round < SPINS + YIELDS + DOUBLINGS)
		backoff->rounds++;
	if (round < SPINS) {
		spin();
	} else if (round < SPINS + YIELDS) {
		sched_yield();
	} else {
		unsigned doublings = round - SPINS - YIELDS;
		struct timespec nap = {0, SLEEP_MIN_NS << doublings};

		nanosleep(&nap, NULL);
	}
}
