/* rte_ring with acquire loads and release stores: on x86 the same instructions as its default with
 * compiler barriers, and ThreadSanitizer can follow it. */
#define RTE_USE_C11_MEM_MODEL 1
#include "dataplane/output/ring.h"

#include <rte_pause.h>
#include <rte_ring.h>

#include <assert.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

enum { RING_MAX = 1 << 24 };
enum { SPINS = 64, YIELDS = 16, SLEEP_MIN_NS = 4000, DOUBLINGS = 9 };

/* Made by rte_ring_init in memory of our own, so that it needs no name and no EAL. */
static struct rte_ring *rte_of(struct ring *ring)
{
	return (struct rte_ring *)ring;
}

struct ring *ring_create(unsigned size)
{
	bool good = size >= 2 && size <= RING_MAX && (size & (size - 1)) == 0;
	ssize_t bytes = good ? rte_ring_get_memsize(size) : -1;
	size_t rounded;
	void *memory;

	if (bytes < 0)
		return NULL;
	rounded = RTE_ALIGN_CEIL((size_t)bytes, (size_t)RTE_CACHE_LINE_SIZE);
	memory = aligned_alloc(RTE_CACHE_LINE_SIZE, rounded);
	if (memory == NULL)
		return NULL;
	if (rte_ring_init(memory, "ring", size, RING_F_SP_ENQ | RING_F_SC_DEQ) == 0)
		return memory;
	free(memory);
	return NULL;
}

void ring_destroy(struct ring *ring)
{
	free(ring);
}

bool ring_push(struct ring *ring, void *pointer)
{
	assert(pointer != NULL);
	return rte_ring_sp_enqueue(rte_of(ring), pointer) == 0;
}

unsigned ring_push_burst(struct ring *ring, void *const *pointers, unsigned n)
{
	return rte_ring_sp_enqueue_burst(rte_of(ring), pointers, n, NULL);
}

void *ring_pop(struct ring *ring)
{
	void *pointer;

	return rte_ring_sc_dequeue(rte_of(ring), &pointer) == 0 ? pointer : NULL;
}

unsigned ring_pop_burst(struct ring *ring, void **pointers, unsigned n)
{
	return rte_ring_sc_dequeue_burst(rte_of(ring), pointers, n, NULL);
}

unsigned ring_count(const struct ring *ring)
{
	const struct rte_ring *r = (const struct rte_ring *)ring;
	uint32_t tail = __atomic_load_n(&r->cons.tail, __ATOMIC_ACQUIRE);
	uint32_t count = __atomic_load_n(&r->prod.tail, __ATOMIC_ACQUIRE) - tail;

	/* The two were not read at one time: the consumer may have gone on meanwhile. */
	return count < r->capacity ? count : r->capacity;
}

void backoff_wait(struct backoff *backoff)
{
	unsigned round = backoff->rounds;

	if (round < SPINS + YIELDS + DOUBLINGS)
		backoff->rounds++;
	if (round < SPINS) {
		rte_pause();
	} else if (round < SPINS + YIELDS) {
		sched_yield();
	} else {
		unsigned doublings = round - SPINS - YIELDS;
		struct timespec nap = {0, SLEEP_MIN_NS << doublings};

		nanosleep(&nap, NULL);
	}
}
