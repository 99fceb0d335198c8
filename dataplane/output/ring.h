/* A ring of pointers between exactly one producer thread and one consumer thread, without locks
 * (DPDK's rte_ring), and a way for either of them to wait.
 *
 * What the producer wrote before a push can be read by the consumer after the pop. The ring owns
 * nothing but itself: what is left in it at the end is the caller's to pop. */
#pragma once

#include <stdbool.h>

struct ring;

/* `size` is a power of two from 2 to 2^24; the ring holds size - 1 pointers. NULL: no memory, or a
 * wrong size. Needs no EAL. */
struct ring *ring_create(unsigned size);
/* NULL is legal. Neither end may be in use. */
void ring_destroy(struct ring *ring);

/* Producer only. False: full. `pointer` may not be NULL. */
bool ring_push(struct ring *ring, void *pointer);
/* Producer only. Pushes the first k <= n of `pointers`, as many as there is room for; returns k. */
unsigned ring_push_burst(struct ring *ring, void *const *pointers, unsigned n);

/* Consumer only. NULL: empty. */
void *ring_pop(struct ring *ring);
/* Consumer only. Pops at most `n`, in the order they were pushed; returns how many. */
unsigned ring_pop_burst(struct ring *ring, void **pointers, unsigned n);

/* Any thread. Pointers inside; already history when another thread uses the ring. */
unsigned ring_count(const struct ring *ring);

/* Waiting for another thread, which may have no core of its own: first spins, then yields, then
 * sleeps for longer and longer (at most two milliseconds). All zero is a fresh one.
 *
 *	struct backoff wait = {0};
 *
 *	while (!ring_push(ring, packet))
 *		backoff_wait(&wait);
 */
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
