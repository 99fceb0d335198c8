/* A ring between exactly one producer thread and exactly one consumer thread, without locks: how far each
 * of them is. What goes round (pointers, packets, bytes) lies in an array of the owner's, of `size`
 * places: position p is in place p % size.
 *
 *	producer                                 consumer
 *
 *	if (ring_room(&ring, SIZE, 1) > 0) {     if (ring_available(&ring, 1) > 0) {
 *		array[ring.put++ % SIZE] = x;            use(array[ring.got++ % SIZE]);
 *		ring_send(&ring);                        ring_done(&ring);
 *	}                                        }
 *
 * What the producer wrote before ring_send() can be read by the consumer; what that one has read before
 * ring_done() can be written over. Positions count from 0 and never wrap:
 *
 *	seen_taken <= taken <= got <= seen_sent <= sent <= put <= seen_taken + size
 *
 * Each end looks where the other one is only when what it saw last is not enough: a look costs a trip to
 * another processor. So both do well to say only once a burst how far they are. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "config/thread/cache_line.h"

/* All zero is empty. A line each for what one end writes and the other one reads. */
struct ring {
	_Alignas(CACHE_LINE) uint64_t put, seen_taken; /* the producer's */
	_Alignas(CACHE_LINE) _Atomic uint64_t sent;    /* the producer's, read by any thread */
	_Alignas(CACHE_LINE) uint64_t got, seen_sent;  /* the consumer's */
	_Alignas(CACHE_LINE) _Atomic uint64_t taken;   /* the consumer's, read by any thread */
};

/* --- the producer --- */

static inline void ring_see_taken(struct ring *ring)
{
	ring->seen_taken = atomic_load_explicit(&ring->taken, memory_order_acquire);
}

/* Places to put into: how many are known to be free, after a look when those are less than `wanted`. */
static inline uint64_t ring_room(struct ring *ring, uint64_t size, uint64_t wanted)
{
	if (ring->put - ring->seen_taken + wanted > size)
		ring_see_taken(ring);
	return size - (ring->put - ring->seen_taken);
}

static inline void ring_send(struct ring *ring)
{
	if (ring->put != atomic_load_explicit(&ring->sent, memory_order_relaxed))
		atomic_store_explicit(&ring->sent, ring->put, memory_order_release);
}

/* --- the consumer --- */

/* Places to get from: how many are known to be filled, after a look when those are less than `wanted`. */
static inline uint64_t ring_available(struct ring *ring, uint64_t wanted)
{
	if (ring->seen_sent - ring->got < wanted)
		ring->seen_sent = atomic_load_explicit(&ring->sent, memory_order_acquire);
	return ring->seen_sent - ring->got;
}

static inline void ring_done(struct ring *ring)
{
	if (ring->got != atomic_load_explicit(&ring->taken, memory_order_relaxed))
		atomic_store_explicit(&ring->taken, ring->got, memory_order_release);
}

/* --- any thread --- */

/* Sent and not done with; already history. */
static inline uint64_t ring_fill(const struct ring *ring, uint64_t size)
{
	uint64_t taken = atomic_load_explicit(&ring->taken, memory_order_acquire);
	uint64_t fill = atomic_load_explicit(&ring->sent, memory_order_acquire) - taken;

	/* The two were not read at one time: the consumer may have gone on meanwhile. */
	return fill < size ? fill : size;
}
