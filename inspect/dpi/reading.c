/* What parsers do with what they found. */
#include "inspect/dpi/inside.h"

bool reading_is_from_server(const struct reading *reading)
{
	bool client_is_lo = reading->flow->flags & FLOW_CLIENT_IS_LO;

	return reading->from_hi == client_is_lo;
}

struct draft *reading_draft(const struct reading *reading)
{
	draft_reset(&reading->dpi->draft);
	return &reading->dpi->draft;
}

void reading_keep(struct reading *reading)
{
	if (reading->dpi->draft.have)
		flow_details(reading->dpi, reading->flow);
}

bool flow_tells(struct dpi *dpi, struct flow *flow, enum transaction kind)
{
	const struct transaction_sink *sink = &dpi->transactions;

	if (!transaction_is_wanted(sink, kind))
		return false;
	if (flow->dpi->told < sink->per_flow)
		return true;
	flow_tell(dpi, flow, kind, flow->last_ns, NULL);
	return false;
}

/* With the flow's details, which outlive its states; a flow without any gets some. */
static void count(struct dpi *dpi, struct flow *flow, enum transaction kind)
{
	if (flow->details) {
		details_count(flow->details, kind);
		return;
	}
	draft_reset(&dpi->draft);
	dpi->draft.transactions[kind] = 1;
	flow_details(dpi, flow);
}

void flow_tell(struct dpi *dpi, struct flow *flow, enum transaction kind, uint64_t time_ns,
	const struct details *details)
{
	struct dpi_state *state = flow->dpi;

	dpi->transactions.transaction(
		dpi->transactions.ctx, flow, kind, time_ns, state->told, details);
	state->told += state->told < UINT32_MAX;
	count(dpi, flow, kind);
}

void flow_tell_draft(
	struct dpi *dpi, struct flow *flow, enum transaction kind, uint64_t time_ns)
{
	flow_tell(dpi, flow, kind, time_ns, draft_copy(&dpi->draft, dpi->transaction));
}
