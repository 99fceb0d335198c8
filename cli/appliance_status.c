#include "cli/appliance_status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#include "dataplane/handoff.h"
#include "inspect/export/summary_rows.h"
#include "inspect/export/vantage.h"
#include "inspect/flow/flow.h"

enum { XSTATS_MAX = 512 };

static void put_workers(struct status *s, const struct appliance *appliance)
{
	uint32_t n = appliance_workers(appliance);
	struct status_worker *workers = status_array(s, n, sizeof(*workers));
	double ns_a_tick = 1e9 / (double)appliance_hz();
	struct tally t;

	for (uint32_t i = 0; i < n; i++) {
		appliance_tally(appliance, i, &t);
		workers[i] = (struct status_worker){
			.packets = t.packets,
			.bursts = t.bursts,
			.empty_polls = t.empty_polls,
			.device_times = t.device_times,
			.busy_ns = (uint64_t)((double)t.busy_ticks * ns_a_tick),
			.since_poll_ns = appliance_since_poll_ns(appliance, i),
		};
	}
	s->workers = workers;
	s->n_workers = n;
}

static void put_sums(struct status *s, const struct tally *sum)
{
	s->direction_unknown = sum->undirected;
	s->simulated_drops = sum->dropped;
	s->flows = tally_flows(sum);
	s->dpi = tally_dpi(sum);
	s->sessions_overflow = sum->sessions_overflow;
}

static struct status_shed shed_of(const struct tally *sum, enum overload_step step)
{
	return (struct status_shed){
		.name = overload_step_name(step),
		.active = sum->overload >= (uint64_t)step,
		.entered = sum->overload_entered[step],
		.spent_ns = sum->overload_ns[step],
		.count = tally_shed(sum, step),
	};
}

static void put_sheds(
	struct status *s, const struct appliance *appliance, const struct tally *sum)
{
	struct status_shed *sheds = status_array(s, OVERLOAD_STEPS, sizeof(*sheds));
	enum overload_step steps[OVERLOAD_STEPS];

	s->n_sheds = appliance_steps(appliance, steps);
	for (uint32_t i = 0; i < s->n_sheds; i++)
		sheds[i] = shed_of(sum, steps[i]);
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
				from, to, HANDOFF_RING, pair.fill, pair.passed, pair.full};
		}
	s->rings = rings;
}

static void put_xstats(struct status *s, const struct appliance *appliance, uint32_t index,
	struct status_port *port)
{
	struct port_xstat *all = status_array(s, XSTATS_MAX, sizeof(*all));
	uint32_t n = appliance_xstats(appliance, index, all, XSTATS_MAX);
	struct status_xstat *xstats = status_array(s, n, sizeof(*xstats));

	for (uint32_t i = 0; i < n; i++)
		xstats[i] = (struct status_xstat){all[i].name, all[i].value};
	port->xstats = xstats;
	port->n_xstats = n;
}

static enum status_link link_of(enum port_link link)
{
	switch (link) {
	case PORT_LINK_UP:
		return STATUS_LINK_UP;
	case PORT_LINK_DOWN:
	case PORT_LINK_GONE:
		return STATUS_LINK_DOWN;
	case PORT_LINK_UNKNOWN:
		break;
	}
	return STATUS_LINK_UNKNOWN;
}

static void put_queues(
	struct status *s, const struct appliance_port *p, struct status_port *port)
{
	struct status_queue *queues = status_array(s, p->n_queues, sizeof(*queues));

	for (uint32_t i = 0; i < p->n_queues; i++)
		queues[i] = (struct status_queue){
			.packets = p->queues[i].packets,
			.bytes = p->queues[i].bytes,
			.errors = p->queues[i].errors,
			.has_missed = p->queues[i].has_missed,
			.missed = p->queues[i].missed,
		};
	port->queues = queues;
	port->n_queues = p->n_queues;
}

static void put_ports(struct status *s, const struct appliance *appliance)
{
	uint32_t n = appliance_ports(appliance);
	struct status_port *ports = status_array(s, n, sizeof(*ports));
	const char **wrong = status_array(s, 2ull * n, sizeof(*wrong));

	for (uint32_t i = 0; i < n; i++) {
		struct appliance_port p = appliance_port(appliance, i);

		ports[i] = (struct status_port){
			.name = status_text(s, p.name),
			.link = link_of(p.link),
			.packets = p.counters.packets,
			.bytes = p.counters.bytes,
			.missed = p.counters.missed,
			.nombuf = p.counters.nombuf,
			.errors = p.counters.errors,
			.interface = status_text(s, p.interface),
			.exception = p.exception,
		};
		put_queues(s, &p, &ports[i]);
		if (p.interface_gone)
			wrong[s->n_wrong++] = status_print(
				s, "interface %s of port %s was removed", p.interface, p.name);
		if (p.link == PORT_LINK_GONE)
			wrong[s->n_wrong++] = status_print(s, "port %s was removed", p.name);
		if (s->parts & STATUS_XSTATS)
			put_xstats(s, appliance, i, &ports[i]);
	}
	s->ports = ports;
	s->n_ports = n;
	s->wrong = wrong;
}

static void put_output(struct status_output *to, const struct appliance *appliance,
	enum record_kind kind, const char *name, bool enabled)
{
	uint32_t size, fill = appliance_queue(appliance, &size);

	*to = (struct status_output){.name = name, .enabled = enabled};
	if (!enabled)
		return;
	to->ledger = appliance_output(appliance, kind);
	to->queue_size = size;
	to->queue_fill = fill;
	to->removed_files = appliance_removed(appliance, kind, &to->removed_bytes);
}

static void put_recording(struct status_output *to, const struct appliance *appliance)
{
	*to = (struct status_output){.name = "recording"};
	to->enabled = appliance_recording(appliance, &to->ledger);
	if (!to->enabled)
		return;
	to->queue_fill = appliance_recording_queue(appliance, &to->queue_size);
	to->removed_files = appliance_recording_removed(appliance, &to->removed_bytes);
}

static void put_outputs(
	struct status *s, const struct appliance *appliance, const struct settings *settings)
{
	const struct event_sinks *sinks = appliance_sinks(appliance);
	struct status_output *outputs = status_array(s, 3 + EVENT_SINKS_MAX, sizeof(*outputs));
	struct output_ledger made = appliance_output(appliance, RECORD_EVENT);

	put_output(&outputs[0], appliance, RECORD_EVENT, "events",
		settings->events.flow && settings->events.file);
	put_output(&outputs[1], appliance, RECORD_FLOW_LOG, "flow_logs",
		settings->flow_logs.enabled);
	put_recording(&outputs[2], appliance);
	s->n_outputs = 3;
	for (uint32_t i = 0; i < event_sinks_count(sinks); i++) {
		struct event_sink_state state = event_sinks_state(sinks, i);

		outputs[s->n_outputs++] = (struct status_output){
			.name = state.name,
			.enabled = true,
			.ledger = event_sink_ledger(&state, &made),
			.queue_size = (uint32_t)state.size,
			.queue_fill = (uint32_t)state.fill,
		};
	}
	s->outputs = outputs;
}

static void put_disk(struct status *s, const struct appliance *appliance)
{
	struct statvfs disk;

	s->disk_path = status_text(s, appliance_dir(appliance));
	if (statvfs(appliance_dir(appliance), &disk) != 0)
		return;
	s->has_disk = true;
	s->disk_free = (uint64_t)disk.f_bavail * disk.f_frsize;
	s->disk_size = (uint64_t)disk.f_blocks * disk.f_frsize;
}

static const struct model_session *config_of(const struct appliance *appliance,
	const struct view *view, const struct session *session)
{
	if (appliance_is_current(appliance, view))
		return session->config;
	return appliance_session(appliance, &session->outer_src, session->vni);
}

static void put_session(struct status *s, const struct appliance *appliance,
	const struct summary *tenants, const struct view *view, const struct session *session,
	struct status_session *to)
{
	struct session known = *session;
	char tenant[TENANT_TEXT];
	struct vantage vantage;

	known.config = config_of(appliance, view, session);
	vantage = vantage_of_session(&known);
	*to = (struct status_session){
		.outer_src = session->outer_src,
		.vni = session->vni,
		.session = status_text(s, vantage.session),
		.interface_id = status_text(s, vantage.interface_id),
		.tenant = status_text(s, summary_tenant(tenants, session->tenant, tenant)),
		.configured = known.config != NULL,
		.packets = session->packets,
		.bytes = session->bytes,
		.truncated = session->truncated,
		.first_ns = session->packets ? session->first_ns : 0,
		.last_ns = session->last_ns,
		.has_acked_unseen = true,
		.acked_unseen = session->acked_unseen,
	};
}

static int by_source(const void *a, const void *b)
{
	const struct status_session *x = a, *y = b;
	int order = memcmp(x->outer_src.byte, y->outer_src.byte, sizeof(x->outer_src.byte));

	return order ? order : (x->vni > y->vni) - (x->vni < y->vni);
}

/* Joins the rows that several workers have of one session; sorted before and after. */
static uint32_t join_sessions(struct status_session *rows, uint32_t n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct status_session *to = kept ? &rows[kept - 1] : NULL;

		if (!to || by_source(to, &rows[i]) != 0) {
			rows[kept++] = rows[i];
			continue;
		}
		to->packets += rows[i].packets;
		to->bytes += rows[i].bytes;
		to->truncated += rows[i].truncated;
		to->acked_unseen += rows[i].acked_unseen;
		if (rows[i].first_ns && (!to->first_ns || rows[i].first_ns < to->first_ns))
			to->first_ns = rows[i].first_ns;
		if (rows[i].last_ns > to->last_ns)
			to->last_ns = rows[i].last_ns;
	}
	return kept;
}

static void put_sessions(struct status *s, const struct appliance *appliance,
	const struct settings *settings, const struct view *const *views)
{
	uint32_t n = 0, workers = appliance_workers(appliance);
	const char **names = status_array(s, settings->n_tenants, sizeof(*names));
	const struct summary tenants = {.tenants = names, .n_tenants = settings->n_tenants};
	struct status_session *rows;

	for (uint32_t i = 0; i < settings->n_tenants; i++)
		names[i] = settings->tenants[i].name;
	for (uint32_t i = 0; i < workers; i++)
		n += views[i] ? views[i]->n_sessions : 0;
	rows = status_array(s, n, sizeof(*rows));
	n = 0;
	for (uint32_t i = 0; i < workers; i++)
		for (uint32_t k = 0; views[i] && k < views[i]->n_sessions; k++)
			put_session(s, appliance, &tenants, views[i], &views[i]->sessions[k],
				&rows[n++]);
	qsort(rows, n, sizeof(*rows), by_source);
	s->sessions = rows;
	s->n_sessions = join_sessions(rows, n);
}

static void put_flow(struct status *s, const struct appliance *appliance,
	const struct view *view, const struct view_flow *from, struct status_flow *to)
{
	const struct flow *flow = &from->flow;
	struct flow_ends ends = flow_ends(flow);
	const struct model_session *config =
		from->has_session ? config_of(appliance, view, &from->session) : NULL;
	const struct dpi *dpi = appliance_dpi(appliance);
	char id[17], app[APP_NAME];

	flow_id_print(flow, id);
	*to = (struct status_flow){
		.flow_id = status_text(s, id),
		.app = dpi ? status_text(s, dpi_app(dpi, flow->app_master, flow->app, app,
						    sizeof(app)))
			   : "Unknown",
		.session = config && config->id[0] ? status_text(s, config->id) : NULL,
		.src = *ends.src,
		.dst = *ends.dst,
		.src_port = ends.src_port,
		.dst_port = ends.dst_port,
		.ip_version = flow->key.ip_version,
		.protocol = flow->key.protocol,
		.has_vni = from->has_session,
		.vni = from->session.vni,
		.start_ns = flow->first_ns,
		.last_ns = flow->last_ns,
		.packets = {flow->side[0].packets, flow->side[1].packets},
		.bytes = {flow->side[0].bytes, flow->side[1].bytes},
	};
}

static int by_bytes(const void *a, const void *b)
{
	const struct status_flow *x = a, *y = b;
	uint64_t one = x->bytes[0] + x->bytes[1], other = y->bytes[0] + y->bytes[1];

	return (one < other) - (one > other);
}

static void put_flows(
	struct status *s, const struct appliance *appliance, const struct view *const *views)
{
	uint32_t n = 0, workers = appliance_workers(appliance);
	struct status_flow *rows = status_array(s, (size_t)workers * VIEW_FLOWS, sizeof(*rows));

	for (uint32_t i = 0; i < workers; i++)
		for (uint32_t k = 0; views[i] && k < views[i]->n_flows; k++)
			put_flow(s, appliance, views[i], &views[i]->flows[k], &rows[n++]);
	qsort(rows, n, sizeof(*rows), by_bytes);
	s->live = rows;
	s->n_live = n < STATUS_FLOWS_MAX ? n : STATUS_FLOWS_MAX;
}

static void put_rules(struct status *s, const struct appliance *appliance)
{
	uint32_t n = appliance_rules(appliance, NULL, 0);
	struct summary_rule *rules = status_array(s, n, sizeof(*rules));

	appliance_rules(appliance, rules, n);
	for (uint32_t i = 0; i < n; i++) {
		rules[i].filter = status_text(s, rules[i].filter);
		rules[i].id = status_text(s, rules[i].id);
	}
	s->rules = rules;
	s->n_rules = n;
}

static void put_model(
	struct status *s, struct appliance *appliance, const struct settings *settings)
{
	uint32_t n = appliance_workers(appliance);
	const struct view **views = status_array(s, n, sizeof(*views));

	for (uint32_t i = 0; i < n; i++)
		views[i] = appliance_view(appliance, i);
	appliance_hold(appliance);
	if (s->parts & STATUS_RULES)
		put_rules(s, appliance);
	if (s->parts & STATUS_SESSIONS)
		put_sessions(s, appliance, settings, views);
	if (s->parts & STATUS_FLOWS)
		put_flows(s, appliance, views);
	appliance_release(appliance);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

bool appliance_status(struct appliance *appliance, const struct settings *settings,
	const char *version, struct status *s)
{
	struct tally sum = appliance_sum(appliance);

	s->version = version;
	s->uptime_ns = now_ns() - appliance_started_ns(appliance);
	s->generation = appliance_generation(appliance);
	s->flow_capacity = settings->flow.capacity;
	appliance_ledger(appliance, &s->ledger);
	put_workers(s, appliance);
	put_sums(s, &sum);
	put_rings(s, appliance);
	put_sheds(s, appliance, &sum);
	put_ports(s, appliance);
	put_outputs(s, appliance, settings);
	put_disk(s, appliance);
	if (s->parts & (STATUS_RULES | STATUS_SESSIONS | STATUS_FLOWS))
		put_model(s, appliance, settings);
	return true;
}
