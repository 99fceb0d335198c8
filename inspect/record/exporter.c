#include <stddef.h>
#include <stdlib.h>

#include "inspect/flow/count.h"
#include "inspect/proto/details.h"
#include "inspect/record/exporter.h"
#include "inspect/record/record.h"
#include "inspect/record/teller.h"

enum { RATE_BACK_S = 60 };

/* How many there were in one second of packet time, the latest. */
struct rate {
	uint64_t second;
	uint32_t n;
};

struct exporter {
	struct exporter_params params;
	struct totals *totals;
	struct aggregates *aggregates; /* NULL: no flow logs */
	struct output_ledger ledger[RECORD_KIND_COUNT];
	struct rate rate; /* of transactions */
	struct teller teller;
	struct encryption_protocols protocols;
	struct encryption_stats encryption;
};

static void offer(struct exporter *exporter, enum record_kind kind, bool taken)
{
	exporter->ledger[kind].offered++;
	exporter->ledger[kind].lost_queue += !taken;
}

static uint32_t tenant_of(const struct exporter *exporter, const struct flow *flow)
{
	return session_tenant(exporter->params.sessions, flow->key.point);
}

/* Of a flow that ends, nothing but the flow itself was touched for a while. Its last window comes
 * first: what the event needs is asked for there. */
static void prefetch(const struct flow *flow)
{
	const char *details = (const char *)flow->details;

	for (int line = 0; details && line < 4; line++)
		__builtin_prefetch(details + (ptrdiff_t)line * 64);
}

static void count(struct exporter *exporter, const struct flow_fact_of *of)
{
	encryption_count(&exporter->encryption, of->encryption, 1);
	totals_flow(exporter->totals, of->flow, details_risks(of->flow->details));
	tell_flow(&exporter->teller, of);
}

/* Another second begins; or the clock was set back by more than packets ever lie behind it. */
static bool begins_anew(const struct rate *rate, uint64_t second)
{
	return second > rate->second || rate->second - second > RATE_BACK_S;
}

static bool is_within(struct rate *rate, uint64_t time_ns, uint32_t most)
{
	uint64_t second = time_ns / NS_PER_S;

	if (most == 0)
		return true;
	if (begins_anew(rate, second))
		*rate = (struct rate){.second = second};
	if (rate->n >= most)
		return false;
	rate->n++;
	return true;
}

static void leave_out(struct exporter *exporter)
{
	exporter->ledger[RECORD_TRANSACTION_EVENT].offered++;
	exporter->ledger[RECORD_TRANSACTION_EVENT].by_policy++;
}

static void put_flow_start(void *ctx, const struct flow *flow, uint64_t time_ns)
{
	struct exporter *exporter = ctx;
	const struct exporter_params *p = &exporter->params;
	struct observation_point observation_point;

	if (!is_within(&exporter->rate, time_ns, p->transactions_per_second)) {
		leave_out(exporter);
		return;
	}
	observation_point = observation_point_of(p->sessions, flow->key.point);
	offer(exporter, RECORD_TRANSACTION_EVENT,
		record_flow_start(&p->sink, flow, time_ns, &observation_point));
}

/* Nobody has looked for a label: there is no inspection, or none of the flow's packets was for it. */
static bool is_untold(const struct flow *flow)
{
	return !(flow->flags & (FLOW_DPI_DONE | FLOW_DPI_CUT | FLOW_DPI_NONE));
}

/* NULL: nothing. */
static const struct flow_recorded *__attribute__((noinline))
recorded_of(const struct flow_table *table, const struct flow *flow)
{
	const struct flow_recorded *recorded = flow_table_recorded(table, flow);

	return recorded->packets > 0 ? recorded : NULL;
}

static void put_flow(struct exporter *exporter, const struct flow_fact_of *of,
	enum flow_end end, const struct flow_alerts *alerts)
{
	const struct exporter_params *p = &exporter->params;
	const struct flow_outcome outcome = {
		.end = end,
		.encryption = of->encryption,
		.kinds = p->transactions,
		.course = p->table ? flow_table_course(p->table, of->flow)
				   : flow_course_unknown(),
		.alerts = alerts,
		.recorded = p->recorded ? recorded_of(p->table, of->flow) : NULL,
	};

	offer(exporter, RECORD_EVENT, record_flow(&p->sink, of->flow, &outcome, of->point));
}

void exporter_flow(struct exporter *exporter, const struct flow *flow, enum flow_end end,
	const struct flow_alerts *alerts)
{
	const struct exporter_params *p = &exporter->params;
	const struct observation_point observation_point =
		observation_point_of(p->sessions, flow->key.point);
	const struct flow_fact_of of = {flow, &observation_point, tenant_of(exporter, flow),
		encryption_of(&exporter->protocols, flow)};

	if (p->flow_starts && end != FLOW_END_ACTIVE && is_untold(flow))
		put_flow_start(exporter, flow, flow->last_ns);
	if (p->flow_events)
		put_flow(exporter, &of, end, alerts);
	if (end != FLOW_END_ACTIVE)
		count(exporter, &of);
}

static void put_transaction(void *ctx, const struct flow *flow, enum transaction kind,
	uint64_t time_ns, uint32_t before, const struct details *details)
{
	struct exporter *exporter = ctx;
	const struct exporter_params *p = &exporter->params;
	struct observation_point observation_point;

	if (!(p->transactions >> kind & 1))
		return;
	tell_transaction(&exporter->teller, flow, kind, details);
	if ((p->transactions_per_flow != 0 && before >= p->transactions_per_flow) ||
		!is_within(&exporter->rate, time_ns, p->transactions_per_second)) {
		leave_out(exporter);
		return;
	}
	observation_point = observation_point_of(p->sessions, flow->key.point);
	offer(exporter, RECORD_TRANSACTION_EVENT,
		record_transaction(&p->sink, flow, kind, time_ns, details, &observation_point));
}

struct transaction_sink exporter_transactions(struct exporter *exporter)
{
	const struct exporter_params *p = &exporter->params;

	return (struct transaction_sink){
		.ctx = exporter,
		.transaction = put_transaction,
		.start = p->flow_starts ? put_flow_start : NULL,
		.kinds = p->transactions,
		.per_flow =
			p->transactions_per_flow != 0 ? p->transactions_per_flow : UINT32_MAX,
	};
}

static void put_records(void *ctx, const struct aggregate *aggregate)
{
	struct exporter *exporter = ctx;
	const struct exporter_params *p = &exporter->params;
	struct observation_point observation_point =
		observation_point_of(p->sessions, aggregate->key.session);

	for (unsigned side = 0; side < 2; side++)
		if (aggregate->side[side].packets != 0)
			offer(exporter, RECORD_FLOW_LOG,
				record_window(&p->sink, aggregate, side, p->window_s,
					&observation_point));
}

static bool make_aggregates(struct exporter *exporter)
{
	const struct aggregates_params params = {
		.capacity = exporter->params.aggregates,
		.window_s = exporter->params.window_s,
		.ctx = exporter,
		.write = put_records,
	};

	if (params.window_s == 0)
		return true;
	exporter->aggregates = aggregates_create(&params);
	return exporter->aggregates != NULL;
}

struct exporter *exporter_create(const struct exporter_params *params)
{
	struct exporter *exporter = calloc(1, sizeof(*exporter));

	if (exporter == NULL)
		return NULL;
	exporter->params = *params;
	exporter->teller = (struct teller){.sink = params->facts,
		.kinds = params->transactions,
		.names = params->names,
		.failures = params->failures};
	encryption_protocols_name(&exporter->protocols, params->dpi);
	exporter->totals = totals_create(NULL);
	if (exporter->totals != NULL && make_aggregates(exporter))
		return exporter;
	exporter_destroy(exporter);
	return NULL;
}

void exporter_destroy(struct exporter *exporter)
{
	if (exporter == NULL)
		return;
	aggregates_destroy(exporter->aggregates);
	totals_destroy(exporter->totals);
	free(exporter);
}

void exporter_window(
	struct exporter *exporter, const struct flow *flow, const struct flow_window sent[2])
{
	prefetch(flow);
	if (exporter->aggregates)
		aggregates_add(exporter->aggregates, flow, sent);
}

void exporter_close_windows(struct exporter *exporter, uint64_t now_ns, uint32_t n)
{
	if (exporter->aggregates)
		aggregates_close(exporter->aggregates, now_ns / NS_PER_S, n);
}

void exporter_finish(struct exporter *exporter)
{
	if (exporter->aggregates)
		aggregates_finish(exporter->aggregates);
}

void exporter_number(struct exporter *exporter, uint64_t number)
{
	exporter->teller.number = number;
}

struct exporter_unheard exporter_unheard(const struct exporter *exporter)
{
	const struct teller *teller = &exporter->teller;

	return (struct exporter_unheard){
		teller->unheard_flows, teller->unheard_bytes, teller->unheard_names};
}

const struct aggregates_stats *exporter_aggregates(const struct exporter *exporter)
{
	static const struct aggregates_stats none;

	return exporter->aggregates ? aggregates_stats(exporter->aggregates) : &none;
}

const struct encryption_stats *exporter_encryption(const struct exporter *exporter)
{
	return &exporter->encryption;
}

struct totals *exporter_totals(struct exporter *exporter)
{
	return exporter->totals;
}

const struct output_ledger *exporter_ledger(
	const struct exporter *exporter, enum record_kind kind)
{
	return &exporter->ledger[kind];
}
