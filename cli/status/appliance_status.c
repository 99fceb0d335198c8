#include "cli/status/appliance_status.h"

#include <string.h>
#include <sys/statvfs.h>

#include "cli/status/appliance_status_model.h"
#include "config/log/now.h"
#include "dataplane/live/handoff.h"
#include "inspect/output/output.h"

enum { XSTATS_MAX = 512 };

static void put_workers(struct status *s, const struct appliance *appliance,
	const struct appliance_counts *counts)
{
	uint32_t n = counts->n_workers;
	struct worker_stats *workers = status_array(s, n, sizeof(*workers));
	double ns_a_tick = 1e9 / (double)appliance_hz();

	for (uint32_t i = 0; i < n; i++) {
		const struct tally *t = &counts->workers[i];

		workers[i] = t->worker_stats;
		workers[i].busy_ns = (uint64_t)((double)t->busy_ticks * ns_a_tick);
		workers[i].since_poll_ns = appliance_since_poll_ns(appliance, i);
	}
	s->workers = workers;
	s->n_workers = n;
}

static void put_sheds(
	struct status *s, const struct appliance *appliance, const struct tally *sum)
{
	struct status_shed *sheds = status_array(s, OVERLOAD_STEPS, sizeof(*sheds));
	enum overload_step steps[OVERLOAD_STEPS];

	s->n_sheds = appliance_steps(appliance, steps);
	for (uint32_t i = 0; i < s->n_sheds; i++)
		sheds[i] = (struct status_shed){
			overload_step_name(steps[i]), {sum->sheds[steps[i]]}};
	s->sheds = sheds;
}

static void put_rings(struct status *s, const struct appliance *appliance)
{
	const struct handoff *handoff = appliance_handoff(appliance);
	uint32_t n = appliance_workers(appliance);
	struct status_ring *rings;

	if (!handoff)
		return;
	rings = status_array(s, (size_t)n * n, sizeof(*rings));
	for (uint32_t from = 0; from < n; from++)
		for (uint32_t to = 0; to < n; to++) {
			struct handoff_pair pair;

			if (from == to)
				continue;
			pair = handoff_pair(handoff, from, to);
			rings[s->n_rings++] = (struct status_ring){
				from, to, {{HANDOFF_RING, pair.fill, pair.passed, pair.full}}};
		}
	s->rings = rings;
}

static void put_xstats(
	struct status *s, const struct port_xstat *all, uint32_t n, struct status_port *port)
{
	struct status_xstat *xstats = status_array(s, n, sizeof(*xstats));

	for (uint32_t i = 0; i < n; i++)
		xstats[i] = (struct status_xstat){all[i].name, {{all[i].value}}};
	port->xstats = xstats;
	port->n_xstats = n;
}

static enum status_link link_of(enum port_link link)
{
	switch (link) {
	case PORT_LINK_UP:
		return STATUS_LINK_UP;
	case PORT_LINK_DOWN:
		return STATUS_LINK_DOWN;
	case PORT_LINK_GONE:
		return STATUS_LINK_GONE;
	case PORT_LINK_UNKNOWN:
		break;
	}
	return STATUS_LINK_UNKNOWN;
}

static void put_queues(struct status *s, const struct port_reading *p, struct status_port *port)
{
	struct port_queue_counters *queues = status_array(s, p->n_queues, sizeof(*queues));

	memcpy(queues, p->queues, p->n_queues * sizeof(*queues));
	port->queues = queues;
	port->n_queues = p->n_queues;
}

static void put_ports(struct status *s, struct appliance *appliance)
{
	bool wants_xstats = s->parts & STATUS_XSTATS;
	uint32_t n = appliance_ports(appliance);
	struct status_port *ports = status_array(s, n, sizeof(*ports));
	const char **wrong = status_array(s, n, sizeof(*wrong));

	for (uint32_t i = 0; i < n; i++) {
		struct port_xstat *xstats =
			wants_xstats ? status_array(s, XSTATS_MAX, sizeof(*xstats)) : NULL;
		struct appliance_port p =
			appliance_port(appliance, i, xstats, wants_xstats ? XSTATS_MAX : 0);

		ports[i] = (struct status_port){
			.name = status_text(s, p.name),
			.beneath = status_text(s, p.beneath),
			.link = link_of(p.link),
			.port_counters = p.reading.counters,
			.interface = status_text(s, p.interface),
			.exception = p.exception,
		};
		put_queues(s, &p.reading, &ports[i]);
		if (p.interface_gone)
			wrong[s->n_wrong++] = status_print(
				s, "interface %s of port %s was removed", p.interface, p.name);
		if (wants_xstats)
			put_xstats(s, xstats, p.reading.n_xstats, &ports[i]);
	}
	s->ports = ports;
	s->n_ports = n;
	s->wrong = wrong;
}

static void put_output(struct status_output *to, const struct appliance *appliance,
	const struct appliance_counts *counts, const struct settings *settings,
	enum record_kind kind)
{
	uint32_t size, fill = appliance_queue(appliance, &size);

	*to = (struct status_output){
		.name = output_name(kind), .enabled = output_is_asked(settings, kind)};
	if (!to->enabled)
		return;
	to->ledger = appliance_output(appliance, counts, kind);
	to->queue = (struct output_queue_stats){size, fill};
	to->removed.files = appliance_removed(appliance, kind, &to->removed.bytes);
}

static void put_recording(struct status_output *to, const struct appliance *appliance,
	const struct appliance_counts *counts)
{
	uint32_t size;

	*to = (struct status_output){.name = "recording"};
	to->enabled = appliance_recording(appliance, counts, &to->ledger);
	if (!to->enabled)
		return;
	to->queue.fill = appliance_recording_queue(appliance, &size);
	to->queue.size = size;
	to->removed.files = appliance_recording_removed(appliance, &to->removed.bytes);
}

/* What sinks are offered: events of all kinds. */
static struct output_ledger made_events(
	const struct appliance *appliance, const struct appliance_counts *counts)
{
	struct output_ledger made = {0};

	for (int kind = 0; kind < RECORD_KIND_COUNT; kind++) {
		struct output_ledger one =
			appliance_output(appliance, counts, (enum record_kind)kind);

		if (record_kind_is_event((enum record_kind)kind))
			counters_add(&made, &one, sizeof(made));
	}
	return made;
}

static void put_feed(struct status_output *to, const struct feed_state *feed)
{
	*to = (struct status_output){
		.name = feed->name,
		.enabled = true,
		.ledger = feed->ledger,
		.queue = {feed->queue_size, feed->queue},
		.is_feed = true,
		.feed_stats = feed->stats,
	};
}

static void put_outputs(struct status *s, const struct appliance *appliance,
	const struct appliance_counts *counts, const struct settings *settings)
{
	const struct event_sinks *sinks = appliance_sinks(appliance);
	struct status_output *outputs = status_array(s, SUMMARY_OUTPUTS_MAX, sizeof(*outputs));
	struct output_ledger made = made_events(appliance, counts);

	for (int kind = 0; kind < RECORD_KIND_COUNT; kind++)
		put_output(&outputs[s->n_outputs++], appliance, counts, settings,
			(enum record_kind)kind);
	put_recording(&outputs[s->n_outputs++], appliance, counts);
	for (uint32_t i = 0; i < event_sinks_count(sinks); i++) {
		struct event_sink_state state = event_sinks_state(sinks, i);

		outputs[s->n_outputs++] = (struct status_output){
			.name = state.name,
			.enabled = true,
			.ledger = event_sink_ledger(&state, &made),
			.queue = {state.size, state.fill},
		};
	}
	for (uint32_t i = 0; i < appliance_feeds(appliance); i++) {
		struct feed_state feed = appliance_feed(appliance, i);

		put_feed(&outputs[s->n_outputs++], &feed);
	}
	s->outputs = outputs;
}

static void put_alerts(struct status *s, struct appliance *appliance)
{
	struct alert_brief *rows = status_array(s, STATUS_ALERTS_MAX, sizeof(*rows));

	s->growing = appliance_alerts(appliance, rows, STATUS_ALERTS_MAX);
	s->n_alerts = s->growing < STATUS_ALERTS_MAX ? s->growing : STATUS_ALERTS_MAX;
	s->alerts = rows;
}

static void put_disk(struct status *s, const struct appliance *appliance)
{
	struct statvfs disk;

	s->disk_path = status_text(s, appliance_dir(appliance));
	if (statvfs(appliance_dir(appliance), &disk) != 0)
		return;
	s->has_disk = true;
	s->disk.free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	s->disk.size_bytes = (uint64_t)disk.f_blocks * disk.f_frsize;
}

bool appliance_status(struct appliance *appliance, const struct settings *settings,
	const char *version, struct status *s)
{
	struct appliance_counts counts;

	/* Once for all parts; before the ports, so that none has less than its workers. */
	appliance_count(appliance, &counts);
	s->version = version;
	s->uptime_ns = now_monotonic() - appliance_started_ns(appliance);
	s->generation = appliance_generation(appliance);
	appliance_ledger(&counts, &s->ledger);
	put_workers(s, appliance, &counts);
	s->sum = counts.sum.counters;
	s->sum.flow_table_stats.capacity = settings->flow.capacity;
	put_rings(s, appliance);
	put_sheds(s, appliance, &counts.sum);
	put_ports(s, appliance);
	put_outputs(s, appliance, &counts, settings);
	put_disk(s, appliance);
	appliance_findings(appliance, &s->mirror);
	if (s->parts & STATUS_ALERTS)
		put_alerts(s, appliance);
	if (s->parts & (STATUS_RULES | STATUS_SESSIONS | STATUS_FLOWS))
		appliance_status_model(appliance, settings, s);
	return true;
}
