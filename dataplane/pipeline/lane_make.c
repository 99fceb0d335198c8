/* What a lane is made of, by the settings, and its end. */
#include "dataplane/pipeline/lane_inside.h"

#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"
#include "config/log/now.h"
#include "inspect/detect/listeners/listener_fact.h"
#include "inspect/detect/raised.h"

enum {
	FRAGMENT_CAPACITY = 16384,
	PER_LANE_MIN = 1024, /* flows, and conversations of a window */
	FLOWS_A_HIT = 16,    /* one in so many, at most, has something of a list at a time */
};

#define FRAGMENT_TIMEOUT_NS (30 * NS_PER_S) /* as Linux's ipfrag_time */

struct decap_params lane_decap_params(const struct settings *settings)
{
	const struct settings_ports *vxlan = &settings->capture.vxlan_ports;
	const struct settings_ports *geneve = &settings->capture.geneve_ports;
	struct decap_params params = {
		.n_vxlan_ports = (uint8_t)vxlan->count,
		.n_geneve_ports = (uint8_t)geneve->count,
		.max_depth = (uint8_t)settings->capture.max_depth,
		.outer_may_be_cut = settings->capture.outer_length == OUTER_LENGTH_CUT,
	};

	_Static_assert((int)SETTINGS_LIST_MAX <= (int)DECAP_PORTS_MAX,
		"every port of the settings fits");
	memcpy(params.vxlan_ports, vxlan->port, vxlan->count * sizeof(vxlan->port[0]));
	memcpy(params.geneve_ports, geneve->port, geneve->count * sizeof(geneve->port[0]));
	return params;
}

struct session_table *lane_sessions(const struct settings *settings)
{
	struct session_table *table = session_table_create(settings->sessions.capacity);

	for (uint32_t t = 0; table && t < settings->n_tenants; t++) {
		const struct settings_tenant *tenant = &settings->tenants[t];

		for (uint32_t v = 0; v < tenant->n_own; v++) {
			if (session_table_tenant(table, tenant->own[v], t))
				continue;
			session_table_destroy(table);
			return NULL;
		}
	}
	return table;
}

struct fragment_table *lane_fragments(const struct settings *settings, uint64_t seed)
{
	const struct fragment_params params = {.capacity = FRAGMENT_CAPACITY,
		.timeout_ns = FRAGMENT_TIMEOUT_NS,
		.use_vlan = settings->flow.use_vlan,
		.seed = seed};

	return fragment_table_create(&params);
}

static uint32_t share_of(uint32_t capacity, uint32_t n_lanes)
{
	uint32_t share = capacity / n_lanes;

	return share > PER_LANE_MIN ? share : PER_LANE_MIN;
}

static struct quota_params make_quota(const struct lane *lane, const struct settings *s)
{
	return (struct quota_params){
		s->shares.sessions, s->shares.unknown, session_table_capacity(lane->sessions)};
}

static struct flow_table *make_flows(
	struct lane *lane, const struct settings *s, uint32_t n_lanes, uint64_t seed)
{
	const struct flow_observer observer = lane_observer(lane);
	const struct flow_params params = {
		.capacity = share_of(s->flow.capacity, n_lanes),
		.idle_timeout_ns = s->flow.idle_timeout,
		.active_timeout_ns = s->flow.active_timeout,
		.tcp_close_timeout_ns = s->flow.tcp_close_timeout,
		.guard_ns = s->flow.guard_time,
		.window_s = lane->window_s,
		.use_vlan = s->flow.use_vlan,
		.recorded = s->packets.record != RECORD_NONE,
		.seed = seed,
		.quota = make_quota(lane, s),
	};

	return flow_table_create(&params, &observer);
}

/* Rounded up: a part of nothing would be no limit. */
static uint64_t part_of(uint64_t limit, uint32_t n_lanes)
{
	return (limit + n_lanes - 1) / n_lanes;
}

uint64_t lane_dpi_limit(const struct settings *settings, uint32_t n_lanes)
{
	return part_of(settings->dpi.memory_limit, n_lanes);
}

static struct dpi *make_dpi(
	struct lane *lane, const struct settings *s, uint32_t n_lanes, struct error *error)
{
	const struct dpi_params params = {
		.max_packets_tcp = s->flow.max_ndpi_packets_tcp,
		.max_packets_udp = s->flow.max_ndpi_packets_udp,
		.max_packets_parsed = s->flow.max_parsed_packets,
		.correlate = s->dpi.correlate,
		.memory_limit = lane_dpi_limit(s, n_lanes),
		.reorder_limit = (uint32_t)s->dpi.reorder_limit,
		.fragment_limit = part_of(s->dpi.fragment_limit, n_lanes),
		.quota = make_quota(lane, s),
	};

	return dpi_create(&params, error);
}

static struct exporter *make_exporter(
	struct lane *lane, const struct settings *s, const struct lane_params *from)
{
	const struct totals_tables tables = totals_tables_asked(s);
	const struct exporter_params params = {
		.flow_events = s->events.flow,
		.flow_starts = s->events.flow_start,
		.transactions = transactions_asked(s),
		.transactions_per_flow = s->events.transactions_per_flow,
		.transactions_per_second =
			from->is_live ? (uint32_t)part_of(s->events.transactions_per_second,
						from->n_lanes)
				      : 0,
		.window_s = lane->window_s,
		.aggregates = share_of(s->flow_logs.capacity, from->n_lanes),
		.sessions = lane->sessions,
		.table = lane->flows,
		.sink = from->sink,
		.facts = from->facts,
		.names = tables.names,
		.failures = tables.failures,
		.recorded = s->packets.record != RECORD_NONE,
		.dpi = lane->dpi,
	};

	return exporter_create(&params);
}

/* false: no memory. */
static bool make_detector(struct lane *lane, const struct lane_params *params)
{
	const struct settings *s = params->settings;
	const struct attempts_params attempts = {.flows = lane->flows,
		.sessions = lane->sessions,
		.settings = s,
		.facts = params->facts,
		.seed = params->seed};

	lane->detector = (struct detector){.sessions = lane->sessions, .settings = s};
	lane->events = exporter_transactions(lane->exporter);
	if (!s->detect.alerts || !params->facts.take)
		return true;
	lane->detector.facts = params->facts;
	lane->detector.raised =
		raised_create(share_of(s->flow.capacity / FLOWS_A_HIT, params->n_lanes));
	if (detector_has_scans(s))
		lane->detector.attempts = attempts_create(&attempts);
	if (s->detect.listener_learning > 0)
		lane->detector.listeners = listener_watch_known();
	return lane->detector.raised != NULL &&
	       (lane->detector.listeners != NULL || s->detect.listener_learning == 0) &&
	       (lane->detector.attempts != NULL || !detector_has_scans(s));
}

struct lane *lane_create(const struct lane_params *params, struct error *error)
{
	const struct settings *settings = params->settings;
	struct lane *lane = calloc(1, sizeof(*lane));

	error_set(error, "not enough memory for a worker");
	if (!lane)
		return NULL;
	lane->decap = lane_decap_params(settings);
	lane->decap.mode = params->mode;
	lane->record = record_bounds_of(settings);
	if (settings->flow_logs.enabled)
		lane->window_s = settings->flow_logs.max_aggregation_interval;
	lane->index = params->index;
	lane->is_live = params->is_live;
	lane->slot = params->slot;
	lane->sessions = lane_sessions(settings);
	if (!lane->sessions) {
		lane_destroy(lane);
		return NULL;
	}
	lane->fragments = lane_fragments(settings, params->seed);
	lane->not_ip = ether_types_create();
	lane->copies = copies_create();
	lane->flows = make_flows(lane, settings, params->n_lanes, params->seed);
	if (settings->dpi.enabled)
		lane->dpi = make_dpi(lane, settings, params->n_lanes, error);
	lane->exporter = make_exporter(lane, settings, params);
	if (lane->fragments && lane->not_ip && lane->copies && lane->flows && lane->exporter &&
		make_detector(lane, params) && (lane->dpi || !settings->dpi.enabled)) {
		lane_refresh(lane);
		return lane;
	}
	lane_destroy(lane);
	return NULL;
}

void lane_destroy(struct lane *lane)
{
	if (!lane)
		return;
	attempts_destroy(lane->detector.attempts);
	exporter_destroy(lane->exporter);
	dpi_destroy(lane->dpi);
	flow_table_destroy(lane->flows);
	raised_destroy(lane->detector.raised);
	recent_destroy(lane->detector.listeners);
	fragment_table_destroy(lane->fragments);
	session_table_destroy(lane->sessions);
	copies_destroy(lane->copies);
	free(lane->not_ip);
	free(lane);
}
