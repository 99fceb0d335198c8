/* Blocks in the replay reader's hands, oldest first. */
#pragma once

#include "dataplane/capture/block.h"

enum {
	BLOCKS_BASE = 10,
	BLOCKS_PER_WORKER = 2,
	BLOCKS_MAX = BLOCKS_BASE + BLOCKS_PER_WORKER * WORKERS_MAX,
};

/* All zero is empty. There is room for every block there is. */
struct block_queue {
	struct block *at[BLOCKS_MAX];
	uint32_t head, count;
};

static inline void block_queue_push(struct block_queue *q, struct block *block)
{
	q->at[(q->head + q->count++) % BLOCKS_MAX] = block;
}

/* NULL: none. */
static inline struct block *block_queue_oldest(const struct block_queue *q)
{
	return q->count ? q->at[q->head] : NULL;
}

static inline struct block *block_queue_newest(const struct block_queue *q)
{
	return q->count ? q->at[(q->head + q->count - 1) % BLOCKS_MAX] : NULL;
}

static inline struct block *block_queue_pop(struct block_queue *q)
{
	struct block *block = block_queue_oldest(q);

	if (!block)
		return NULL;
	q->head = (q->head + 1) % BLOCKS_MAX;
	q->count--;
	return block;
}
