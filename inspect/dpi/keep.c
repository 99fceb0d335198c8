/* What was found out goes into the flow's details. */
#include "inspect/dpi/inside.h"

/* What the flow has now, and did not have `before`. */
static void tell_risks(struct dpi *dpi, struct flow *flow, const struct risk_set *before)
{
	const struct transaction_sink *sink = &dpi->transactions;
	struct risk_set fresh = details_risks(flow->details);

	fresh.ndpi &= ~before->ndpi;
	fresh.own &= ~before->own;
	if (sink->risks && !risk_set_is_empty(&fresh))
		sink->risks(sink->ctx, flow, &fresh, flow->last_ns);
}

static void tell_seen(struct dpi *dpi, struct flow *flow, uint64_t before)
{
	const struct transaction_sink *sink = &dpi->transactions;
	uint64_t fresh = details_rows(flow->details) & ~before;

	if (sink->seen && fresh != 0)
		sink->seen(sink->ctx, flow, fresh, flow->last_ns, flow->details);
}

void flow_details(struct dpi *dpi, struct flow *flow)
{
	const struct risk_set before = details_risks(flow->details);
	uint64_t rows = details_rows(flow->details);
	uint64_t refused = dpi->memory.refused;
	struct details *details;

	if (flow->dpi && flow->dpi->notes.fresh)
		flow_draft_notes(flow->dpi, &dpi->draft);
	draft_keep(&dpi->draft, flow->details);
	details = draft_finish(&dpi->draft, &dpi->memory, &dpi->blocks);
	if (dpi->memory.refused != refused) {
		if (flow->dpi)
			flow->dpi->starved = true;
		return;
	}
	if (flow->dpi)
		flow->dpi->notes.fresh = false;
	memory_free(flow->details);
	flow->details = details;
	tell_risks(dpi, flow, &before);
	tell_seen(dpi, flow, rows);
}

void flow_keep_notes(struct dpi *dpi, struct flow *flow)
{
	if (!flow->dpi->notes.fresh)
		return;
	draft_reset(&dpi->draft);
	flow_details(dpi, flow);
}

void flow_keep_risks(struct dpi *dpi, struct flow *flow)
{
	struct engine_flow *engine = flow->dpi->whole.engine;
	struct risk_set shown = {engine ? engine_risks(engine) : 0, flow->dpi->notes.risks};
	struct risk_set known;

	if (risk_set_is_empty(&shown) || !dpi->transactions.risks)
		return;
	known = details_risks(flow->details);
	if (!(shown.ndpi & ~known.ndpi) && !(shown.own & ~known.own))
		return;
	draft_reset(&dpi->draft);
	if (engine)
		engine_collect_risks(dpi->engine, engine, &dpi->draft);
	flow_details(dpi, flow);
}
