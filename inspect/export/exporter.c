#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

#include "inspect/export/event.h"
#include "inspect/export/exporter.h"
#include "inspect/export/flow_log.h"
#include "inspect/export/output.h"

struct exporter {
	struct exporter_params params;
	struct totals *totals;
	struct output_ledger ledger[RECORD_KIND_COUNT];
	struct label_cache labels;
	char line[EVENT_SIZE_MAX]; /* only as much as is used is ever touched */
};

struct exporter *exporter_create(const struct exporter_params *params)
{
	struct exporter *exporter = calloc(1, sizeof(*exporter));

	if (exporter == NULL)
		return NULL;
	exporter->params = *params;
	exporter->totals = totals_create();
	if (exporter->totals == NULL) {
		free(exporter);
		return NULL;
	}
	return exporter;
}

void exporter_destroy(struct exporter *exporter)
{
	if (exporter == NULL)
		return;
	totals_destroy(exporter->totals);
	free(exporter);
}

static void send(struct exporter *exporter, enum record_kind kind, uint64_t route,
	const char *bytes, size_t len)
{
	struct output_ledger *ledger = &exporter->ledger[kind];
	const struct sink *sink = &exporter->params.sink;

	ledger->offered++;
	if (!sink->put(sink->ctx, kind, route, bytes, len))
		ledger->lost_queue++;
}

static void put(struct exporter *exporter, enum record_kind kind, uint64_t route,
	const char *bytes, const struct text *t)
{
	/* The size is bounded at compile time, so this is a fault of ours. */
	assert(!t->full);
	send(exporter, kind, route, bytes, (size_t)(t->at - bytes));
}

void exporter_event(struct exporter *exporter, const char *bytes, size_t len)
{
	send(exporter, RECORD_EVENT, 0, bytes, len);
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
			flow->details == NULL ? 0 : details_risks(flow->details));
}

void exporter_flow(struct exporter *exporter, const struct flow *flow, enum flow_end end)
{
	struct event_names names = {exporter->params.dpi, &exporter->labels};
	struct text t = text_make(exporter->line, sizeof(exporter->line));
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
	event_flow(&t, flow, end, unseen, &vantage, &names);
	put(exporter, RECORD_EVENT, 0, exporter->line, &t);
	count(exporter, flow, end);
}

void exporter_window(
	struct exporter *exporter, const struct flow *flow, const struct flow_window sent[2])
{
	struct vantage vantage;
	char line[FLOW_LOG_SIZE];

	prefetch(exporter, flow);
	if (!exporter->params.flow_logs)
		return;
	vantage = vantage_of(exporter->params.sessions, flow->key.point);
	for (unsigned side = 0; side < 2; side++) {
		struct text t = text_make(line, sizeof(line));

		if (sent[side].packets == 0)
			continue;
		flow_log_record(&t, flow, side, &sent[side], &vantage);
		put(exporter, RECORD_FLOW_LOG, flow_log_route(sent[side].last, vantage.owner),
			line, &t);
	}
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
