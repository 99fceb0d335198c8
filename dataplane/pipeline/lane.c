#include "dataplane/pipeline/lane_inside.h"

#include "config/log/now.h"
#include "decap/session/mirror_loop.h"
#include "inspect/detect/raised.h"

/* Besides two windows of the flow logs: nothing that is still to be written knows the row. */
#define SESSION_AGE_NS (60 * NS_PER_S)

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
	detector_odd(&lane->detector, flow, p);
}

struct flow_observer lane_observer(struct lane *lane)
{
	return (struct flow_observer){
		lane, flow_ended, flow_window, flow_release, flow_unseen, flow_began, flow_odd};
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
