#include "inspect/detect/scans/syn_watch.h"

#include <stdlib.h>

#include "inspect/flow/pages.h"

struct syn_watch {
	uint64_t put, taken;
	struct syn_waiting *ring;
};

enum { RING_SIZE = SYN_WATCH_MAX * (int)sizeof(struct syn_waiting) };

void syn_watch_destroy(struct syn_watch *watch)
{
	if (watch == NULL)
		return;
	pages_free(watch->ring, RING_SIZE);
	free(watch);
}

struct syn_watch *syn_watch_create(void)
{
	struct syn_watch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL)
		return NULL;
	watch->ring = pages_alloc(RING_SIZE);
	if (watch->ring != NULL)
		return watch;
	free(watch);
	return NULL;
}

bool syn_watch_add(struct syn_watch *watch, const struct syn_waiting *waiting)
{
	if (watch->put - watch->taken == SYN_WATCH_MAX)
		return false;
	if (watch->put == watch->taken)
		watch->put = watch->taken = 0; /* the pages that were touched before */
	watch->ring[watch->put++ % SYN_WATCH_MAX] = *waiting;
	return true;
}

bool syn_watch_take_any(struct syn_watch *watch, struct syn_waiting *waiting)
{
	if (watch->put == watch->taken)
		return false;
	*waiting = watch->ring[watch->taken++ % SYN_WATCH_MAX];
	return true;
}

bool syn_watch_take(struct syn_watch *watch, uint32_t tick, struct syn_waiting *waiting)
{
	if (watch->put == watch->taken ||
		tick - watch->ring[watch->taken % SYN_WATCH_MAX].tick <= SYN_WATCH_TICKS)
		return false;
	return syn_watch_take_any(watch, waiting);
}
