#include "dataplane/live/poll_inside.h"

#include <string.h>

void poll_publish(struct poller *poller)
{
	const struct lane *lane = poller->params.lane;
	const struct flow_table_stats *flows = flow_table_stats(lane->flows);
	const struct aggregates_stats *aggregates = exporter_aggregates(lane->exporter);
	struct tally *t = &poller->tally;

	memcpy(t->reasons, lane->ledger.reasons, sizeof(t->reasons));
	t->packets = lane->packets;
	t->undirected = lane->undirected;
	t->acked_unseen = flows->acked_unseen;
	t->flows_made = flows->made;
	t->flows_ended = flows->ended;
	t->flows_evicted = flows->evicted;
	t->flows_refused = flows->refused;
	t->flows_refused_unknown = flows->refused_unknown;
	t->flows_live = flows->live;
	t->flows_peak = flows->peak;
	t->flow_log_late = aggregates->late;
	t->flow_log_early = aggregates->early;
	t->sessions_overflow = session_table_overflow(lane->sessions);
	t->sessions_evicted = session_table_evicted(lane->sessions);
	t->recording = lane->recording;
	t->overload = poller->load.strain.overload.step;
	for (int step = 0; step < OVERLOAD_STEPS; step++) {
		t->overload_entered[step] = poller->load.strain.overload.entered[step];
		t->overload_ns[step] = poller->load.strain.overload.spent_ns[step];
	}
	if (lane->dpi) {
		struct dpi_stats dpi = dpi_stats(lane->dpi);

		t->dpi_packets = dpi.packets;
		t->dpi_refused = dpi.refused_flows;
		t->dpi_refused_unknown = dpi.refused_unknown;
		t->dpi_given_up = dpi.given_up;
		t->dpi_shed = dpi.shed_flows;
		t->dpi_memory = dpi.memory;
		t->dpi_memory_peak = dpi.memory_peak;
	}
	for (int kind = 0; kind < RECORD_KIND_COUNT; kind++) {
		const struct output_ledger *ledger =
			exporter_ledger(lane->exporter, (enum record_kind)kind);

		t->offered[kind] = ledger->offered;
		t->by_policy[kind] = ledger->by_policy;
		t->lost_queue[kind] = ledger->lost_queue;
	}
	tally_publish(&poller->board, t);
}
