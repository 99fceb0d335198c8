/* Waiting for another thread, which may have no core of its own: first spins, then yields, then sleeps
 * for longer and longer (at most two milliseconds).
 *
 *	struct backoff wait = {0};
 *
 *	while (!atomic_load(&ready))
 *		backoff_wait(&wait);
 */
#pragma once

/* All zero is a fresh one. */
struct backoff {
	unsigned rounds;
};

void backoff_wait(struct backoff *backoff);
/* After success, where the same object is used for the next wait. */
static inline void backoff_reset(struct backoff *backoff)
{
	backoff->rounds = 0;
}
/* The same where the next wait will be about as long: it begins with naps near those that this
 * one ended with, instead of spinning and many short ones first. */
static inline void backoff_ease(struct backoff *backoff)
{
	backoff->rounds -= backoff->rounds < 2 ? backoff->rounds : 2;
}
