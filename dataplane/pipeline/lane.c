#include "dataplane/pipeline/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"
#include "config/log/now.h"
#include "decap/session/mirror_loop.h"
#include "inspect/detect/raised.h"

enum {
	FRAGMENT_CAPACITY = 16384,
	PER_LANE_MIN = 1024, /* flows, and conversations of a window */
	FLOWS_A_HIT = 16,    /* one in so many, at most, has something of a list at a time */
};

/* Besides two windows of the flow logs: nothing that is still to be written knows the row. */
#define SESSION_AGE_NS (60 * NS_PER_S)

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

static void flow_is_over(struct lane *lane, const struct flow *flow)
{
	detector_flow_ended(&lane->detector, flow);
	detector_call(&lane->detector, flow);
}

static void flow_ended(void *ctx, struct flow *flow, enum flow_end end)
{
	struct lane *lane = ctx;
	struct flow_alerts alerts;

	/* An update is no end: the label may still come. */
	if (lane->dpi && end != FLOW_END_ACTIVE)
		dpi_conclude(lane->dpi, flow);
	if (end != FLOW_END_ACTIVE)
		flow_is_over(lane, flow);
	if (end == FLOW_END_EVICTED && lane->detector.attempts)
		attempts_evicted(lane->detector.attempts, flow);
	detector_flow_alerts(&lane->detector, flow, &alerts);
	exporter_flow(lane->exporter, flow, end, &alerts);
}

static void flow_window(void *ctx, const struct flow *flow, const struct flow_window sent[2])
{
	struct lane *lane = ctx;

	exporter_window(lane->exporter, flow, sent);
}

static void flow_release(void *ctx, struct flow *flow)
{
	struct lane *lane = ctx;

	session_table_flow_ended(lane->sessions, flow->key.point);
	detector_flow_released(&lane->detector, flow);
	if (lane->dpi)
		dpi_release(lane->dpi, flow);
}

static void flow_unseen(void *ctx, const struct flow *flow, uint64_t bytes)
{
	struct lane *lane = ctx;

	session_table_unseen(lane->sessions, flow->key.point, bytes);
}

/* Mirror traffic is what was looked for; a tunnel within it is the source's own. */
static void flow_began(void *ctx, const struct flow *flow, const struct packet *p)
{
	struct lane *lane = ctx;

	session_table_flow_began(lane->sessions, flow->key.point);
	if (mirror_loop(&lane->decap, lane->sessions, p))
		session_table_looped(lane->sessions, flow->key.point);
	detector_flow_began(&lane->detector, flow);
	if (lane->decap.mode == DECAP_AUTO && !(p->flags & PACKET_HAS_VNI))
		other_encap_look(&lane->other_encap, p);
}

static void flow_odd(void *ctx, const struct flow *flow, const struct packet *p)
{
	struct lane *lane = ctx;

	if (lane->detector.attempts)
		attempts_packet(lane->detector.attempts, flow, p);
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
	const struct flow_observer observer = {
		lane, flow_ended, flow_window, flow_release, flow_unseen, flow_began, flow_odd};
	const struct flow_params params = {
		.capacity = share_of(s->flow.capacity, n_lanes),
		.idle_timeout_ns = s->flow.idle_timeout,
		.active_timeout_ns = s->flow.active_timeout,
		.tcp_close_timeout_ns = s->flow.tcp_close_timeout,
		.guard_ns = s->flow.guard_time,
		.window_s = lane->window_s,
		.use_vlan = s->flow.use_vlan,
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
		.dpi = lane->dpi,
	};

	return exporter_create(&params);
}

/* Flows forget what they remember of earlier snapshots when its numbers are not theirs any more, but
 * for once in thousands of reloads, when the numbers begin anew. */
static void take_verdicts(struct lane *lane, const struct filter *filter)
{
	uint32_t before = lane->n_verdicts;

	lane->verdicts = filter_verdicts(filter, &lane->n_verdicts);
	if (UINT32_MAX - lane->verdict_base - before >= lane->n_verdicts) {
		lane->verdict_base += before;
		return;
	}
	flow_table_forget(lane->flows);
	lane->verdict_base = 0;
}

static void tell_transaction(void *ctx, const struct flow *flow, enum transaction kind,
	uint64_t time_ns, uint32_t before, const struct details *details)
{
	struct lane *lane = ctx;
	const struct transaction_sink *events = &lane->events;

	events->transaction(events->ctx, flow, kind, time_ns, before, details);
	detector_transaction(&lane->detector, flow, kind, time_ns, details);
}

static void tell_start(void *ctx, const struct flow *flow, uint64_t time_ns)
{
	const struct transaction_sink *events = &((const struct lane *)ctx)->events;

	events->start(events->ctx, flow, time_ns);
}

static void tell_risks(
	void *ctx, const struct flow *flow, const struct risk_set *fresh, uint64_t time_ns)
{
	struct lane *lane = ctx;

	detector_risks(&lane->detector, flow, fresh, time_ns);
}

static void tell_seen(void *ctx, const struct flow *flow, uint64_t rows, uint64_t time_ns,
	const struct details *details)
{
	struct lane *lane = ctx;

	detector_seen(&lane->detector, flow, rows, time_ns, details);
}

/* What inspection tells goes to the exporter and to the detector. With indicator lists every transaction is
 * looked at, whichever become events. */
static void listen(struct lane *lane)
{
	struct transaction_sink sink = lane->events;

	sink.ctx = lane;
	sink.transaction = tell_transaction;
	sink.start = lane->events.start ? tell_start : NULL;
	sink.risks = lane->detector.facts.take ? tell_risks : NULL;
	if (lane->detector.facts.take && detector_has_tunnels(lane->detector.settings))
		sink.kinds |= 1 << TRANSACTION_DNS;
	if (detector_has_lists(&lane->detector)) {
		sink.kinds = (1 << TRANSACTIONS) - 1;
		sink.per_flow = UINT32_MAX;
		sink.seen = lane->is_live ? tell_seen : NULL;
	}
	dpi_tell(lane->dpi, &sink);
}

void lane_refresh(struct lane *lane)
{
	const struct snapshot *current =
		atomic_load_explicit(&lane->slot->current, memory_order_acquire);

	if (current == lane->snapshot)
		return;
	lane->snapshot = current;
	lane->hits = snapshot_hits(current, lane->index);
	take_verdicts(lane, current->filter);
	lane->detector.lists = lane->detector.facts.take ? current->lists : NULL;
	lane->detector.suppress = current->suppress;
	lane->detector.geo = current->geo;
	session_table_bind(lane->sessions, current->model);
	flow_table_bind(lane->flows, lane->sessions);
	if (lane->dpi) {
		dpi_bind(lane->dpi, lane->sessions);
		listen(lane);
	}
	atomic_store_explicit(
		&lane->reader.generation, current->generation, memory_order_release);
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
	return lane->detector.raised != NULL &&
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
	lane->flows = make_flows(lane, settings, params->n_lanes, params->seed);
	if (settings->dpi.enabled)
		lane->dpi = make_dpi(lane, settings, params->n_lanes, error);
	lane->exporter = make_exporter(lane, settings, params);
	if (lane->fragments && lane->not_ip && lane->flows && lane->exporter &&
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
	fragment_table_destroy(lane->fragments);
	session_table_destroy(lane->sessions);
	free(lane->not_ip);
	free(lane);
}

void lane_number(struct lane *lane, uint64_t number)
{
	exporter_number(lane->exporter, number);
	lane->detector.number = number;
}

void lane_tick(struct lane *lane, uint64_t now_ns)
{
	struct detector *d = &lane->detector;

	if (d->attempts)
		d->told += attempts_tick(d->attempts, now_ns, d->number);
}

void lane_age_sessions(struct lane *lane, uint64_t horizon_ns)
{
	uint64_t age_ns = SESSION_AGE_NS + lane->window_s * UINT64_C(2000000000);

	session_table_age(lane->sessions, horizon_ns > age_ns ? horizon_ns - age_ns : 0);
}

void lane_close_windows(struct lane *lane, uint64_t horizon_ns)
{
	uint64_t window_ns = lane->window_s * NS_PER_S;
	uint64_t window = window_ns ? horizon_ns / window_ns : 0;

	lane_age_sessions(lane, horizon_ns);
	if (window == lane->window)
		return;
	lane->window = window;
	flow_table_close_windows(
		lane->flows, horizon_ns - (window ? window_ns : horizon_ns), UINT32_MAX);
	exporter_close_windows(lane->exporter, horizon_ns, UINT32_MAX);
}

void lane_end(struct lane *lane, uint64_t horizon_ns, enum flow_end end)
{
	if (lane->detector.attempts)
		attempts_end(lane->detector.attempts, horizon_ns, lane->detector.number);
	flow_table_end_all(lane->flows, horizon_ns, end);
	exporter_finish(lane->exporter);
}

void lane_count(const struct lane *lane, struct counters *c)
{
	const struct exporter_unheard unheard = exporter_unheard(lane->exporter);

	*c = (struct counters){
		.lane_stats = lane->lane_stats,
		.flow_table_stats = *flow_table_stats(lane->flows),
		.aggregates_stats = *exporter_aggregates(lane->exporter),
		.talkers_stats = {unheard.flows, unheard.bytes},
		.tables_stats = {unheard.flows, unheard.names, unheard.flows + unheard.names},
		.alerts_stats = {.unheard = lane->detector.unheard,
			.suppressed = lane->detector.suppressed,
			.left_out = lane->detector.left_out},
		.encryption_stats = *exporter_encryption(lane->exporter),
		.session_table_stats = *session_table_stats(lane->sessions),
		.fragments_stats = {.fragments_overflow =
					    fragment_table_overwritten(lane->fragments)},
		.recorder_counts = lane->recording,
	};
	if (lane->detector.raised)
		c->alerts_stats.unlisted = raised_overflow(lane->detector.raised);
	if (lane->dpi)
		c->dpi_stats = dpi_stats(lane->dpi);
	if (lane->detector.attempts) {
		const struct attempts_stats attempts = attempts_stats(lane->detector.attempts);

		c->alerts_stats.scan_overflow = attempts.overflow;
		c->alerts_stats.unheard += attempts.unheard;
	}
}
