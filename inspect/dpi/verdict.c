/* Labels, details, and nDPI's state given back. */
#include <string.h>

#include "inspect/dpi/inside.h"

struct dpi_state *state_take(struct dpi *dpi)
{
	struct dpi_state *state = memory_take(&dpi->memory, &dpi->blocks, sizeof(*state));

	if (state)
		memset(state, 0, sizeof(*state));
	return state;
}

bool state_engine(struct dpi *dpi, struct dpi_state *state)
{
	if (state->engine)
		return true;
	state->engine = memory_take(&dpi->memory, &dpi->blocks, engine_flow_size());
	if (state->engine)
		engine_flow_init(state->engine);
	return state->engine;
}

void state_give(struct dpi *dpi, struct flow *flow)
{
	struct dpi_state *state = flow->dpi;

	if (state->engine)
		engine_flow_fini(dpi->engine, state->engine);
	memory_give(state->engine);
	memory_sweep(&state->kept);
	memory_give(state);
	flow->dpi = NULL;
}

void flow_label(struct flow *flow, const struct engine_label *label)
{
	flow->app_master = label->master;
	flow->app = label->app;
	flow->category = label->category;
}

void flow_details(struct dpi *dpi, struct flow *flow)
{
	uint64_t refused = dpi->memory.refused;
	struct details *details;

	draft_keep(&dpi->draft, flow->details);
	details = draft_finish(&dpi->draft, &dpi->memory, &dpi->blocks);
	if (dpi->memory.refused != refused) {
		if (flow->dpi)
			flow->dpi->starved = true;
		return;
	}
	memory_give(flow->details);
	flow->details = details;
}

void flow_collect(struct dpi *dpi, struct flow *flow)
{
	draft_reset(&dpi->draft);
	engine_collect(dpi->engine, flow->dpi->engine, flow->dpi->cut, &dpi->draft);
	if (dpi->draft.have || dpi->draft.risks)
		flow_details(dpi, flow);
	dpi->refused_flows += flow->dpi->starved;
	state_give(dpi, flow);
}

void flow_verdict(struct dpi *dpi, struct flow *flow, const struct engine_label *label)
{
	if (!flow->dpi->engine) {
		flow_refuse(dpi, flow);
		return;
	}
	flow_label(flow, label);
	flow->flags |= flow->dpi->cut ? FLOW_DPI_CUT : FLOW_DPI_DONE;
	if (label->guessed)
		flow->flags |= FLOW_DPI_GUESSED;
	flow_collect(dpi, flow);
}

void flow_refuse(struct dpi *dpi, struct flow *flow)
{
	flow->flags |= FLOW_DPI_NONE;
	dpi->refused_flows++;
	if (flow->dpi)
		state_give(dpi, flow);
}
