/* Stats events: the control thread puts the line together, and worker 0 sends it with its records,
 * so that it goes the way of all events and is counted with them. */
#include "dataplane/live/appliance_inside.h"

#include "config/log/now.h"
#include "inspect/summary/stats_event.h"

#include <string.h>

static struct stats_step step_of(enum overload_step which, const struct tally *t)
{
	return (struct stats_step){
		.name = overload_step_name(which),
		.active = t->overload >= (uint64_t)which,
		.entered = t->overload_entered[which],
		.spent_ns = t->overload_ns[which],
		.count = tally_shed(t, which),
	};
}

static void add_workers(
	const struct appliance *appliance, const struct tally *sum, struct stats_event *event)
{
	enum overload_step steps[OVERLOAD_STEPS];
	uint32_t n;

	event->flows = tally_flows(sum);
	event->dpi = tally_dpi(sum);
	n = appliance_steps(appliance, steps);
	for (uint32_t i = 0; i < n; i++)
		event->steps[i] = step_of(steps[i], sum);
}

static void add_port(struct appliance *appliance, uint32_t index, struct stats_event *event)
{
	const struct port_counters c = appliance_ask_port(appliance, index, NULL, 0).counters;

	event->ports[event->n_ports++] = (struct summary_port){
		.name = appliance->params.settings->capture.ports.text[index],
		.packets = c.packets,
		.bytes = c.bytes,
		.missed = c.missed,
		.nombuf = c.nombuf,
		.errors = c.errors,
	};
}

static void compose(struct appliance *appliance, uint64_t now_ns, struct poll_line *line)
{
	struct stats_event event = {
		.time_ns = now_wall(),
		.uptime_ns = now_ns - appliance->started_ns,
	};
	struct text t = text_make(line->bytes, sizeof(line->bytes));
	struct appliance_counts counts;

	appliance_count(appliance, &counts);
	appliance_ledger(&counts, &event.ledger);
	add_workers(appliance, &counts.sum, &event);
	for (uint32_t i = 0; i < appliance->n_ports && i < SUMMARY_PORTS_MAX; i++)
		add_port(appliance, i, &event);
	stats_event(&t, &event);
	line->len = t.full ? 0 : (uint32_t)(t.at - line->bytes);
}

void appliance_tell_stats(struct appliance *appliance)
{
	const struct settings *settings = appliance->params.settings;
	struct poll_line *line = &appliance->line;
	uint64_t now = now_monotonic();

	if (settings->events.stats_interval == 0 || !settings->events.flow ||
		now - appliance->stats_ns < settings->events.stats_interval)
		return;
	/* A worker that stands still has not taken the last one yet. */
	if (atomic_load_explicit(&line->is_full, memory_order_acquire))
		return;
	appliance->stats_ns = now;
	compose(appliance, now, line);
	if (line->len > 0)
		atomic_store_explicit(&line->is_full, true, memory_order_release);
}
