#include "dataplane/live/poll_inside.h"

#include <string.h>

static void count_sheds(const struct overload *overload, struct tally *t)
{
	const uint64_t cost[OVERLOAD_STEPS] = {
		[OVERLOAD_DPI] = t->counters.dpi_stats.shed_flows,
		[OVERLOAD_RECORDING] = t->counters.recorder_counts.shed,
		[OVERLOAD_HANDOFF] = t->reasons[REASON_handoff_full],
	};

	for (int step = OVERLOAD_NONE + 1; step < OVERLOAD_STEPS; step++)
		t->sheds[step] = (struct shed_stats){
			.active = (int)overload->step >= step,
			.entered = overload->entered[step],
			.spent_ns = overload->spent_ns[step],
			.count = cost[step],
		};
}

void poll_publish(struct poller *poller)
{
	const struct lane *lane = poller->params.lane;
	struct tally *t = &poller->tally;

	memcpy(t->reasons, lane->ledger.reasons, sizeof(t->reasons));
	t->packets = lane->packets;
	lane_count(lane, &t->counters);
	for (int kind = 0; kind < RECORD_KIND_COUNT; kind++)
		t->outputs[kind] = *exporter_ledger(lane->exporter, (enum record_kind)kind);
	count_sheds(&poller->load.worker_load.overload, t);
	tally_publish(&poller->board, t);
}
