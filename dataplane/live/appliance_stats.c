/* Stats events: the control thread has an outbox of its own at the writer, and its events are counted with
 * those of the workers. */
#include "dataplane/live/appliance_inside.h"

#include "config/log/now.h"
#include "inspect/record/encoder/stats_event.h"

#include <stdio.h>
#include <string.h>

static void add_workers(
	const struct appliance *appliance, const struct tally *sum, struct stats_record *event)
{
	enum overload_step steps[OVERLOAD_STEPS];
	uint32_t n;

	event->counters = sum->counters;
	n = appliance_steps(appliance, steps);
	for (uint32_t i = 0; i < n; i++)
		event->steps[i] = (struct stats_step){
			overload_step_name(steps[i]), {sum->sheds[steps[i]]}};
}

static void add_port(struct appliance *appliance, uint32_t index, struct stats_record *event)
{
	const char *name = appliance->params.settings->capture.ports.text[index];
	struct stats_port *port = &event->ports[event->n_ports++];

	event->record.cut |= strlen(name) > STATS_PORT_NAME;
	snprintf(port->name, sizeof(port->name), "%s", name);
	port->port_counters = appliance_ask_port(appliance, index, NULL, 0).counters;
}

static void add_feed(
	const struct appliance *appliance, uint32_t index, struct stats_record *event)
{
	struct feed_state state = appliance_feed(appliance, index);
	struct stats_feed *feed = &event->feeds[event->n_feeds++];

	snprintf(feed->name, sizeof(feed->name), "%s", state.name);
	feed->ledger = state.ledger;
}

static void compose(struct appliance *appliance, uint64_t now_ns, struct stats_record *event)
{
	struct appliance_counts counts;

	appliance_count(appliance, &counts);
	*event = (struct stats_record){
		.record = event->record,
		.time_ns = now_wall(),
		.uptime_ns = now_ns - appliance->started_ns,
	};
	appliance_ledger(&counts, &event->ledger);
	add_workers(appliance, &counts.sum, event);
	for (uint32_t i = 0; i < appliance->n_ports && i < STATS_PORTS; i++)
		add_port(appliance, i, event);
	for (uint32_t i = 0; i < appliance_feeds(appliance); i++)
		add_feed(appliance, i, event);
}

void appliance_tell_stats(struct appliance *appliance)
{
	const struct settings *settings = appliance->params.settings;
	struct sink sink = writer_sink(appliance->writer, appliance->n_workers);
	uint64_t now = now_monotonic();
	struct stats_record *event;

	if (settings->events.stats_interval == 0 || !settings->events.flow ||
		now - appliance->stats_ns < settings->events.stats_interval)
		return;
	appliance->stats_ns = now;
	atomic_fetch_add_explicit(&appliance->stats_offered, 1, memory_order_relaxed);
	event = (struct stats_record *)sink.take(sink.ctx, RECORD_STATS, sizeof(*event));
	if (!event) {
		atomic_fetch_add_explicit(&appliance->stats_lost, 1, memory_order_relaxed);
		return;
	}
	compose(appliance, now, event);
	writer_flush(appliance->writer, appliance->n_workers);
}
