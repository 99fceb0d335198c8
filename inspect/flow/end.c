/* The end of a flow. */
#include "inspect/flow/table_inside.h"

#include <assert.h>
#include <string.h>

#include "inspect/flow/count.h"

static void slot_give(struct flow_table *table, struct flow *flow)
{
	assert(flow);
	memset(flow, 0, sizeof(*flow));
	flow->rule_number = table->free_slot;
	table->free_slot = (uint32_t)(flow - table->flows) + 1;
}

void flow_finish(struct flow_table *table, struct flow *flow, enum flow_end end)
{
	const struct flow_observer *observer = &table->observer;

	table->rows_hold = false;
	look_end(table, flow);
	flow_window_close(flow, table->params.window_s, observer);
	if (observer->ended)
		observer->ended(observer->ctx, flow, end);
	if (observer->release)
		observer->release(observer->ctx, flow);
	capture_loss_clear(&table->seen, slot_of(table, flow));
	index_remove(&table->index, key_hash(&flow->key, table->salt), slot_of(table, flow));
	quota_give(&table->quota, flow->key.point, 1);
	slot_give(table, flow);
	table->stats.ended++;
	table->stats.evicted += end == FLOW_END_EVICTED;
	table->stats.live--;
}
