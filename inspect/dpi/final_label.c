/* Labels, details, and nDPI's state given back. */
#include <string.h>

#include "inspect/dpi/inside.h"

bool label_is_known(const struct engine_label *label)
{
	return (label->master || label->app) && !label->guessed;
}

/* `more` says what `label` says, and which application it is. */
static bool refines(const struct engine_label *more, const struct engine_label *label)
{
	return !label->master && more->master == label->app && more->app != label->app;
}

static const struct engine_label *label_of(const struct dpi_state *state)
{
	const struct engine_label *whole = &state->whole.label, *cut;

	if (!state->cut)
		return whole;
	cut = &state->cut->label;
	if (!label_is_known(cut))
		return whole->master || whole->app ? whole : cut;
	return label_is_known(whole) && !refines(cut, whole) ? whole : cut;
}

void flow_relabel(struct flow *flow)
{
	const struct engine_label *label = label_of(flow->dpi);

	flow->app_master = label->master;
	flow->app = label->app;
	flow->category = label->category;
}

/* What whole packets said stands before what cut ones say. */
static void inspection_end(struct dpi *dpi, struct flow *flow, struct inspection *in)
{
	draft_reset(&dpi->draft);
	if (in == flow->dpi->cut)
		draft_keep(&dpi->draft, flow->details);
	engine_collect(dpi->engine, in->engine, in->has_cut,
		!details_has(flow->details, DETAIL_quic_version), &dpi->draft);
	if (dpi->draft.have || !risk_set_is_empty(&dpi->draft.risks))
		flow_details(dpi, flow);
	inspection_give_engine(dpi, in);
}

/* Nothing more is to be learned: of whole packets, or by those if there are any, else by cut ones. */
static bool is_final(const struct dpi_state *state)
{
	bool cut_done = !state->cut || state->cut->done;

	if (state->whole.done)
		return state->whole.found || cut_done;
	return state->cut && cut_done && inspection_is_blank(&state->whole);
}

bool label_is_final(const struct dpi_state *state)
{
	return state->whole.done && is_final(state);
}

/* Our own parsers go on without nDPI. */
static void end_ndpi(struct dpi *dpi, struct flow *flow)
{
	struct dpi_state *state = flow->dpi;

	if (!label_is_final(state) || !state->cut)
		return;
	if (state->cut->engine)
		inspection_end(dpi, flow, state->cut);
	state->cut->done = true;
}

static void count_refused(struct dpi *dpi, const struct flow *flow)
{
	dpi->stats.refused_flows++;
	dpi->stats.refused_unknown_flows +=
		!quota_is_configured(&dpi->memory.quota, flow->key.point);
}

void flow_tell_start(struct dpi *dpi, struct flow *flow)
{
	const struct transaction_sink *sink = &dpi->transactions;
	bool is_told = (flow->dpi && flow->dpi->started) ||
		       flow->flags & (FLOW_DPI_DONE | FLOW_DPI_CUT | FLOW_DPI_NONE);

	if (!sink->start || is_told)
		return;
	if (flow->dpi)
		flow->dpi->started = true;
	sink->start(sink->ctx, flow, flow->last_ns);
}

void flow_label_final(struct dpi *dpi, struct flow *flow, bool all)
{
	struct dpi_state *state = flow->dpi;
	const struct engine_label *label;

	if (state->refused) {
		flow_refuse(dpi, flow);
		return;
	}
	if (state->whole.engine && state->whole.done)
		inspection_end(dpi, flow, &state->whole);
	if (state->cut && state->cut->engine && state->cut->done)
		inspection_end(dpi, flow, state->cut);
	if (!all && is_final(state) && flow_awaits(dpi, flow)) {
		end_ndpi(dpi, flow);
		flow_tell_start(dpi, flow);
		return;
	}
	if (!all && !is_final(state))
		return;
	if (state->cut && state->cut->engine)
		inspection_end(dpi, flow, state->cut);
	label = label_of(state);
	flow_relabel(flow);
	flow_tell_start(dpi, flow);
	flow_read_end(dpi, flow);
	flow->flags |=
		inspection_is_blank(&state->whole) && state->cut ? FLOW_DPI_CUT : FLOW_DPI_DONE;
	if (label->guessed)
		flow->flags |= FLOW_DPI_GUESSED;
	flow_keep_notes(dpi, flow);
	if (state->starved)
		count_refused(dpi, flow);
	state_give(dpi, flow);
}

void flow_refuse(struct dpi *dpi, struct flow *flow)
{
	flow_tell_start(dpi, flow);
	flow->flags |= FLOW_DPI_NONE;
	count_refused(dpi, flow);
	if (flow->dpi) {
		flow_read_end(dpi, flow);
		flow_keep_notes(dpi, flow);
		state_give(dpi, flow);
	}
}
