#include <stddef.h>
#include <stdlib.h>

#include "inspect/flow/count.h"
#include "inspect/proto/details.h"
#include "inspect/record/exporter.h"
#include "inspect/record/record.h"

struct exporter {
	struct exporter_params params;
	struct totals *totals;
	struct aggregates *aggregates; /* NULL: no flow logs */
	struct output_ledger ledger[RECORD_KIND_COUNT];
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
 * first: what the event and the totals need is asked for there. */
static void prefetch(const struct exporter *exporter, const struct flow *flow)
{
	const char *details = (const char *)flow->details;

	totals_prefetch(exporter->totals, flow, tenant_of(exporter, flow));
	for (int line = 0; details && line < 4; line++)
		__builtin_prefetch(details + (ptrdiff_t)line * 64);
}

static void count(struct exporter *exporter, const struct flow *flow, enum flow_end end)
{
	if (end != FLOW_END_ACTIVE)
		totals_flow(exporter->totals, flow, tenant_of(exporter, flow),
			details_risks(flow->details));
}

void exporter_flow(struct exporter *exporter, const struct flow *flow, enum flow_end end)
{
	struct vantage vantage;
	int64_t unseen = -1;

	totals_prefetch_talkers(exporter->totals, flow, tenant_of(exporter, flow));
	if (!exporter->params.flow_events) {
		count(exporter, flow, end);
		return;
	}
	vantage = vantage_of(exporter->params.sessions, flow->key.point);
	if (exporter->params.table)
		unseen = flow_table_unseen(exporter->params.table, flow);
	offer(exporter, RECORD_EVENT,
		record_flow(&exporter->params.sink, flow, end, unseen, &vantage));
	count(exporter, flow, end);
}

static void put_records(void *ctx, const struct aggregate *aggregate)
{
	struct exporter *exporter = ctx;
	const struct exporter_params *p = &exporter->params;
	struct vantage vantage = vantage_of(p->sessions, aggregate->key.session);

	for (unsigned side = 0; side < 2; side++)
		if (aggregate->side[side].packets != 0)
			offer(exporter, RECORD_FLOW_LOG,
				record_window(
					&p->sink, aggregate, side, p->window_s, &vantage));
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
	exporter->totals = totals_create();
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
	prefetch(exporter, flow);
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

const struct aggregates_stats *exporter_aggregates(const struct exporter *exporter)
{
	static const struct aggregates_stats none;

	return exporter->aggregates ? aggregates_stats(exporter->aggregates) : &none;
}

const struct totals *exporter_totals(const struct exporter *exporter)
{
	return exporter->totals;
}

const struct output_ledger *exporter_ledger(
	const struct exporter *exporter, enum record_kind kind)
{
	return &exporter->ledger[kind];
}
