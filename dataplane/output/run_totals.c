#include "dataplane/output/run_totals.h"

#include "dataplane/output/correlator.h"

#include <stdlib.h>
#include <sys/resource.h>

static void gather_lane(struct run_totals *g, uint32_t index, const struct lane *lane)
{
	struct exporter_unheard unheard = exporter_unheard(lane->exporter);
	struct counters one;

	ledger_add(&g->ledger, &lane->ledger);
	session_table_merge(g->sessions, lane->sessions);
	totals_merge(g->totals, exporter_totals(lane->exporter));
	totals_unheard(g->totals,
		&(struct totals_unheard){unheard.flows, unheard.bytes, unheard.names});
	lane_count(lane, &one);
	counters_add(&g->counters, &one, sizeof(one));
	for (int kind = 0; kind < RECORD_KIND_COUNT; kind++)
		counters_add(&g->outputs[kind],
			exporter_ledger(lane->exporter, (enum record_kind)kind),
			sizeof(g->outputs[kind]));
	g->worker_packets[index] = lane->packets;
	other_encap_add(&g->other_encap, &lane->other_encap);
	ether_types_add(g->not_ip, lane->not_ip);
}

static bool gather_tenants(const struct settings *settings, struct run_totals *g)
{
	g->tenants = calloc(settings->n_tenants + 1, sizeof(*g->tenants));
	for (uint32_t i = 0; g->tenants && i < settings->n_tenants; i++)
		g->tenants[i] = settings->tenants[i].name;
	return g->tenants != NULL;
}

struct summary_rule run_totals_rule(const struct snapshot *snapshot, uint32_t index)
{
	const struct model_rule *rule = filter_rule(snapshot->filter, index);
	enum model_direction direction;
	const struct model_filter *filter =
		filter_rule_owner(snapshot->filter, index, &direction);

	return (struct summary_rule){
		.filter = filter->id,
		.id = rule->id,
		.direction = direction == MODEL_EGRESS ? DIRECTION_EGRESS : DIRECTION_INGRESS,
		.number = rule->number,
		.accept = rule->accept,
		.rule_hits = snapshot_rule_hits(snapshot, index),
	};
}

static bool gather_rules(const struct snapshot *snapshot, struct run_totals *g)
{
	g->n_rules = filter_rule_count(snapshot->filter);
	g->rules = calloc(g->n_rules + 1, sizeof(*g->rules));
	for (uint32_t i = 0; g->rules && i < g->n_rules; i++)
		g->rules[i] = run_totals_rule(snapshot, i);
	return g->rules != NULL;
}

static void gather_output(struct run_totals *g, const struct output *output)
{
	for (int kind = 0; kind < RECORD_KIND_COUNT; kind++) {
		const struct output_ledger *one = output_ledger(output, (enum record_kind)kind);

		g->outputs[kind].written = one->written;
		g->outputs[kind].lost_disk = one->lost_disk;
		g->outputs[kind].cut = one->cut;
		g->outputs[kind].by_policy += one->by_policy;
		/* Which ones, depends on the order in which workers made them. */
		g->left_out = g->left_out || one->by_policy > 0;
	}
}

static void gather_sinks(struct run_totals *g, const struct event_sinks *sinks)
{
	struct output_ledger made = {0};

	g->n_sinks = event_sinks_count(sinks);
	for (int kind = 0; kind < RECORD_KIND_COUNT; kind++)
		if (record_kind_is_event((enum record_kind)kind))
			counters_add(&made, &g->outputs[kind], sizeof(made));
	for (uint32_t i = 0; i < g->n_sinks; i++) {
		struct event_sink_state state = event_sinks_state(sinks, i);

		g->sinks[i].name = state.name;
		g->sinks[i].ledger = event_sink_ledger(&state, &made);
	}
}

static void gather_correlator(struct run_totals *g, struct correlator *correlator)
{
	struct alerts_stats alerts = correlator_alerts(correlator);

	totals_merge(g->totals, correlator_totals(correlator));
	g->alerts = correlator_alerts_top(correlator);
	g->outputs[RECORD_ALERT_EVENT] = correlator_alerts_ledger(correlator);
	counters_add(&g->counters.alerts_stats, &alerts, sizeof(alerts));
}

bool run_totals_gather(struct run_totals *g, const struct run_totals_params *params)
{
	const struct lane *first = params->lanes[0];
	const struct totals_tables tables = totals_tables_asked(params->settings);

	*g = (struct run_totals){.sessions = lane_sessions(params->settings)};
	g->totals = totals_create(&tables);
	g->not_ip = ether_types_create();
	if (!g->sessions || !g->totals || !g->not_ip || !gather_rules(first->snapshot, g) ||
		!gather_tenants(params->settings, g))
		return false;
	session_table_bind(g->sessions, first->snapshot->model);
	g->outputs[RECORD_EVENT] = params->stats;
	if (params->correlator)
		gather_correlator(g, params->correlator);
	for (uint32_t i = 0; i < params->n_lanes; i++)
		gather_lane(g, i, params->lanes[i]);
	/* Sinks have what the files left out. */
	gather_sinks(g, output_sinks(params->output));
	gather_output(g, params->output);
	/* All together may be more than there is room for, though each had room for its own. */
	g->counters.session_table_stats = *session_table_stats(g->sessions);
	g->counters.talkers_stats = totals_talkers_stats(g->totals);
	g->counters.tables_stats = totals_tables_stats(g->totals);
	return true;
}

static void add_output(struct summary *s, const struct run_totals *g,
	const struct settings *settings, enum record_kind kind)
{
	summary_add_output(
		s, output_name(kind), output_is_asked(settings, kind), &g->outputs[kind]);
}

struct summary run_totals_summary(const struct run_totals *g, const struct settings *settings,
	struct lane *const *lanes, uint32_t n_lanes)
{
	struct rusage usage;
	struct summary s = {
		.ledger = &g->ledger,
		.deterministic = !g->left_out,
		.sessions = g->sessions,
		.totals = g->totals,
		.dpi = lanes[0]->dpi,
		.counters = g->counters,
		.worker_packets = g->worker_packets,
		.n_workers = n_lanes,
		.tenants = g->tenants,
		.n_tenants = settings->n_tenants,
		.rules = g->rules,
		.n_rules = g->n_rules,
		.not_ip = g->not_ip,
		.model = lanes[0]->snapshot->model,
		.shows = settings->summary,
		.duplicates_share = settings->sessions.duplicates_share,
		.alerts = g->alerts,
	};

	getrusage(RUSAGE_SELF, &usage);
	s.memory_peak_bytes = (uint64_t)usage.ru_maxrss * 1024;
	add_output(&s, g, settings, RECORD_EVENT);
	add_output(&s, g, settings, RECORD_TRANSACTION_EVENT);
	add_output(&s, g, settings, RECORD_ALERT_EVENT);
	for (uint32_t i = 0; i < g->n_sinks; i++)
		summary_add_output(&s, g->sinks[i].name, true, &g->sinks[i].ledger);
	add_output(&s, g, settings, RECORD_FLOW_LOG);
	return s;
}

void run_totals_free(struct run_totals *g)
{
	session_table_destroy(g->sessions);
	totals_destroy(g->totals);
	free(g->not_ip);
	free(g->rules);
	free(g->tenants);
}
