/* The blocks of flows that miss something. There is one for every flow, but memory is touched only for
 * those that ever were in use at once. */
#include <stddef.h>
#include <string.h>

#include "inspect/flow/capture_loss.h"
#include "inspect/flow/pages.h"

bool capture_loss_init(struct capture_loss *seen, struct flow *flows, uint32_t n)
{
	*seen = (struct capture_loss){.flows = flows};
	seen->numbers = pages_alloc(n * sizeof(*seen->numbers));
	seen->blocks = pages_alloc(n * sizeof(*seen->blocks));
	if (seen->numbers && seen->blocks)
		return true;
	capture_loss_fini(seen, n);
	return false;
}

void capture_loss_fini(struct capture_loss *seen, uint32_t n)
{
	pages_free(seen->numbers, n * sizeof(*seen->numbers));
	pages_free(seen->blocks, n * sizeof(*seen->blocks));
	*seen = (struct capture_loss){0};
}

/* Where the number of the flow's block stands. */
static uint32_t *number_of(const struct capture_loss *seen, const struct flow_seen *at)
{
	const void *flow = (const uint8_t *)at - offsetof(struct flow, seen);

	return &seen->numbers[(const struct flow *)flow - seen->flows];
}

struct capture_loss_block *capture_loss_block_of(
	const struct capture_loss *seen, const struct flow_seen *flow)
{
	return &seen->blocks[*number_of(seen, flow)];
}

struct capture_loss_block *capture_loss_block_have(
	struct capture_loss *seen, struct flow_seen *flow)
{
	uint32_t *number = number_of(seen, flow);

	if (flow->state & LOSS_BLOCK)
		return &seen->blocks[*number];
	if (seen->free) {
		*number = seen->free - 1;
		seen->free = seen->blocks[*number].next_free;
	} else {
		*number = seen->used++;
	}
	flow->state |= LOSS_BLOCK;
	return memset(&seen->blocks[*number], 0, sizeof(struct capture_loss_block));
}

void capture_loss_block_give(struct capture_loss *seen, struct flow_seen *flow)
{
	uint32_t number = *number_of(seen, flow);

	seen->blocks[number].next_free = seen->free;
	seen->free = number + 1;
	flow->state &= ~(uint32_t)LOSS_BLOCK;
}

const struct disorder *capture_loss_disorder(const struct capture_loss *seen, uint32_t slot)
{
	static const struct disorder none;
	const struct flow_seen *flow = &seen->flows[slot].seen;

	return flow->state & LOSS_BLOCK ? &capture_loss_block_of(seen, flow)->disorder : &none;
}

uint32_t capture_loss_gaps(const struct capture_loss *seen, uint32_t slot, unsigned side)
{
	const struct flow_seen *flow = &seen->flows[slot].seen;

	return flow->state & LOSS_BLOCK ? capture_loss_block_of(seen, flow)->gaps[side] : 0;
}
