/* What a flow has while it is inspected. */
#include <string.h>

#include "inspect/dpi/inside.h"

struct dpi_state *state_take(struct dpi *dpi)
{
	struct dpi_state *state = memory_alloc(&dpi->memory, &dpi->blocks, sizeof(*state));

	if (state)
		memset(state, 0, sizeof(*state));
	return state;
}

bool state_cut(struct dpi *dpi, struct dpi_state *state)
{
	if (state->cut)
		return true;
	state->cut = memory_alloc(&dpi->memory, &state->kept, sizeof(*state->cut));
	if (state->cut)
		memset(state->cut, 0, sizeof(*state->cut));
	return state->cut;
}

bool inspection_engine(struct dpi *dpi, struct inspection *in)
{
	if (in->engine)
		return true;
	in->engine = memory_alloc(&dpi->memory, &dpi->blocks, engine_flow_size());
	if (in->engine)
		engine_flow_init(in->engine);
	return in->engine;
}

bool inspection_is_blank(const struct inspection *in)
{
	return !in->done && !in->packets && !reorder_holds(&in->order) && !in->join.held[0] &&
	       !in->join.held[1];
}

void inspection_give_engine(struct dpi *dpi, struct inspection *in)
{
	if (in && in->engine) {
		engine_flow_fini(dpi->engine, in->engine);
		memory_free(in->engine);
		in->engine = NULL;
	}
}

void state_give(struct dpi *dpi, struct flow *flow)
{
	struct dpi_state *state = flow->dpi;

	inspection_give_engine(dpi, &state->whole);
	inspection_give_engine(dpi, state->cut);
	if (state->datagram)
		reassembly_close(state->datagram);
	memory_sweep(&state->kept);
	memory_free(state);
	flow->dpi = NULL;
}
