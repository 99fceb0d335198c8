#include "dataplane/capture/block.h"

#include <stdlib.h>
#include <string.h>

struct block *block_create(uint32_t n_workers, bool with_marks, bool with_index)
{
	struct block *block = malloc(sizeof(*block));

	if (!block)
		return NULL;
	block->owned = malloc(sizeof(*block->owned) * BLOCK_SLOTS * n_workers);
	block->marks = with_marks ? malloc(sizeof(*block->marks) * BLOCK_SLOTS) : NULL;
	block->index = with_index ? malloc(sizeof(*block->index)) : NULL;
	block->data = malloc(BLOCK_ROOM);
	if (!block->owned || !block->data || (with_marks && !block->marks) ||
		(with_index && !block->index)) {
		block_destroy(block);
		return NULL;
	}
	block_reset(block);
	return block;
}

void block_destroy(struct block *block)
{
	if (!block)
		return;
	free(block->owned);
	free(block->marks);
	free(block->index);
	free(block->data);
	free(block);
}

void block_reset(struct block *block)
{
	block->n_slots = block->n_bytes = 0;
	block->rewind_ns = 0;
	block->last = false;
	block->ahead_end = 0;
	block->next = NULL;
	if (block->index)
		block->index->n_comments = 0;
	memset(block->n_owned, 0, sizeof(block->n_owned));
}
