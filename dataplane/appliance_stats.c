/* Stats events: the control thread puts the line together, and worker 0 sends it with its records,
 * so that it goes the way of all events and is counted with them. */
#include "dataplane/appliance_inside.h"

#include "inspect/export/stats_event.h"

#include <string.h>
#include <time.h>

static uint64_t wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static void add_step(struct stats_step *step, enum overload_step which, const struct tally *t)
{
	step->name = overload_step_name(which);
	step->active = step->active || t->overload >= (uint64_t)which;
	step->entered += t->overload_entered[which];
	step->spent_ns += t->overload_ns[which];
	step->count += which == OVERLOAD_DPI ? t->dpi_shed : t->reasons[REASON_handoff_full];
}

static void add_worker(
	const struct appliance *appliance, uint32_t worker, struct stats_event *event)
{
	const struct settings *settings = appliance->params.settings;
	struct tally t;

	appliance_tally(appliance, worker, &t);
	event->flows.live += (uint32_t)t.flows_live;
	event->flows.made += t.flows_made;
	event->flows.ended += t.flows_ended;
	event->flows.evicted += t.flows_evicted;
	event->flows.refused += t.flows_refused;
	event->flows.acked_unseen += t.acked_unseen;
	event->dpi.packets += t.dpi_packets;
	event->dpi.refused_flows += t.dpi_refused;
	event->dpi.shed_flows += t.dpi_shed;
	event->simulated_drops += t.dropped;
	if (settings->dpi.enabled && settings->overload.shed_dpi)
		add_step(&event->steps[0], OVERLOAD_DPI, &t);
	if (appliance->handoff)
		add_step(&event->steps[1], OVERLOAD_HANDOFF, &t);
}

static void add_port(
	const struct appliance *appliance, uint32_t index, struct stats_event *event)
{
	const struct port_counters *c = &appliance->ports[index].counters;

	event->ports[event->n_ports++] = (struct summary_port){
		.name = appliance->params.settings->capture.ports.text[index],
		.packets = c->packets,
		.bytes = c->bytes,
		.missed = c->missed,
		.nombuf = c->nombuf,
		.errors = c->errors,
	};
}

static void compose(const struct appliance *appliance, uint64_t now_ns, struct poll_line *line)
{
	struct stats_event event = {
		.time_ns = wall_ns(),
		.uptime_ns = now_ns - appliance->started_ns,
	};
	struct text t = text_make(line->bytes, sizeof(line->bytes));

	appliance_ledger(appliance, &event.ledger);
	for (uint32_t i = 0; i < appliance->n_pollers; i++)
		add_worker(appliance, i, &event);
	for (uint32_t i = 0; i < appliance->n_ports && i < SUMMARY_PORTS_MAX; i++)
		add_port(appliance, i, &event);
	stats_event(&t, &event);
	line->len = t.full ? 0 : (uint32_t)(t.at - line->bytes);
}

void appliance_tell_stats(struct appliance *appliance)
{
	const struct settings *settings = appliance->params.settings;
	struct poll_line *line = &appliance->line;
	uint64_t now = monotonic_ns();

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
