/* The parts of a status that follow the model in force: rules, sessions and flows. */
#include "cli/status/appliance_status_model.h"

#include <stdlib.h>
#include <string.h>

#include "inspect/flow/flow.h"
#include "inspect/record/observation_point.h"
#include "inspect/summary/summary_rows.h"

static const struct model_session *config_of(const struct appliance *appliance,
	const struct worker_view *view, const struct session *session)
{
	if (appliance_is_current(appliance, view))
		return session->config;
	return appliance_session(appliance, &session->key);
}

static void put_session(struct status *s, const struct appliance *appliance,
	const struct summary *tenants, const struct worker_view *view,
	const struct session *session, struct status_session *to)
{
	struct session known = *session;
	char tenant[TENANT_TEXT];
	struct observation_point observation_point;

	known.config = config_of(appliance, view, session);
	observation_point = observation_point_of_session(&known);
	*to = (struct status_session){
		.key = session->key,
		.session = status_text(s, observation_point.session),
		.interface_id = status_text(s, observation_point.interface_id),
		.tenant = status_text(s, summary_tenant(tenants, session->tenant, tenant)),
		.configured = known.config != NULL,
		.silent = known.config != NULL && appliance_is_silent(appliance, &session->key),
		.session_stats = session->session_stats,
		.first_ns = session->packets ? session->first_ns : 0,
		.last_ns = session->last_ns,
	};
}

static int by_source(const void *a, const void *b)
{
	const struct status_session *x = a, *y = b;

	return session_key_compare(&x->key, &y->key);
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
		counters_add(
			&to->session_stats, &rows[i].session_stats, sizeof(to->session_stats));
		if (rows[i].first_ns && (!to->first_ns || rows[i].first_ns < to->first_ns))
			to->first_ns = rows[i].first_ns;
		if (rows[i].last_ns > to->last_ns)
			to->last_ns = rows[i].last_ns;
	}
	return kept;
}

static void put_sessions(struct status *s, const struct appliance *appliance,
	const struct settings *settings, const struct worker_view *const *views)
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
	const struct worker_view *view, const struct worker_view_flow *from,
	struct status_flow *to)
{
	const struct flow *flow = &from->flow;
	struct flow_ends ends = flow_ends(flow);
	const struct model_session *config =
		from->has_session ? config_of(appliance, view, &from->session) : NULL;
	const struct dpi *dpi = appliance_dpi(appliance);
	char id[17], app[APP_NAME];

	flow_id_print(from->flow_id, id);
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
		.ip_version = (uint8_t)flow->key.ip_version,
		.protocol = (uint8_t)flow->key.protocol,
		.has_vni = from->has_session && session_has_vni(&from->session),
		.key = from->session.key,
		.start_ns = flow->start_ns,
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

static void put_flows(struct status *s, const struct appliance *appliance,
	const struct worker_view *const *views)
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

void appliance_status_model(
	struct appliance *appliance, const struct settings *settings, struct status *s)
{
	uint32_t n = appliance_workers(appliance);
	const struct worker_view **views = status_array(s, n, sizeof(*views));

	appliance_views_take(appliance);
	if (s->parts & (STATUS_SESSIONS | STATUS_FLOWS))
		appliance_refresh_views(appliance);
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
	appliance_views_leave(appliance);
}
