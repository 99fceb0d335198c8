/* One packet looked at: by which of nDPI's states. */
#include <string.h>

#include "inspect/dpi/inside.h"

/* nDPI refuses a packet whose IP header claims more than there is; ndpiReader drops it, too. This
 * makes it one of as many bytes as there are. */
void piece_make_whole(struct dpi *dpi, struct piece *piece)
{
	bool is_v4 = piece->ip[0] >> 4 == 4;
	uint32_t claim = is_v4 ? piece->cap : piece->cap - 40;
	uint8_t *at = dpi->whole + (is_v4 ? 2 : 4);

	memcpy(dpi->whole, piece->ip, piece->cap);
	at[0] = (uint8_t)(claim >> 8);
	at[1] = (uint8_t)claim;
	piece->ip = dpi->whole;
}

/* Gives the flow up for good, if that is what the worker's load asks for. */
static bool flow_is_shed(struct dpi *dpi, struct flow *flow)
{
	if (!dpi->shed)
		return false;
	flow_tell_start(dpi, flow);
	flow->flags |= FLOW_DPI_NONE | FLOW_DPI_SHED;
	dpi->stats.shed_flows++;
	return true;
}

bool flow_begin_dpi(struct dpi *dpi, struct flow *flow, bool whole)
{
	bool was_cut = flow->flags & FLOW_DPI_CUT;

	if (was_cut && !whole)
		return false;
	if (!was_cut && flow_is_shed(dpi, flow))
		return false;
	flow->dpi = state_take(dpi);
	if (!flow->dpi || (was_cut && !state_cut(dpi, flow->dpi))) {
		flow_refuse(dpi, flow);
		return false;
	}
	if (was_cut) {
		flow->dpi->started = true;
		flow->dpi->cut->done = true;
		flow->dpi->cut->label = (struct engine_label){flow->app_master, flow->app,
			flow->category, flow->flags & FLOW_DPI_GUESSED};
		flow->flags &= (uint16_t) ~(FLOW_DPI_CUT | FLOW_DPI_GUESSED);
	}
	return true;
}

bool flow_begin_again(struct dpi *dpi, struct flow *flow)
{
	struct dpi_state *state;

	if (flow_is_shed(dpi, flow))
		return false;
	state = state_take(dpi);
	if (!state) {
		flow_refuse(dpi, flow);
		return false;
	}
	state->again = state->started = true;
	state->whole.done = state->whole.found = true;
	state->whole.label = (struct engine_label){
		flow->app_master, flow->app, flow->category, flow->flags & FLOW_DPI_GUESSED};
	state->told = details_transactions(flow->details, TRANSACTION_DNS);
	flow->dpi = state;
	flow->flags &= (uint16_t) ~(FLOW_DPI_DONE | FLOW_DPI_GUESSED);
	return true;
}

/* Where a cut packet goes; see inside.h. NULL: no memory. From the second inspection's begin on our own parsers get what
 * that gets: so what the first one holds, they must have had. */
static struct inspection *inspection_for_cut(struct dpi *dpi, struct flow *flow)
{
	struct dpi_state *state = flow->dpi;
	struct inspection *in = &state->whole;

	if (!state->cut)
		flow_give_all(dpi, flow, in);
	if (state->cut || in->done || !label_is_known(&in->label)) {
		if (!state_cut(dpi, state))
			state->starved = true;
		in = state->cut;
	}
	return in;
}

static void __attribute__((noinline))
flow_look_cut(struct dpi *dpi, struct flow *flow, const struct piece *piece)
{
	struct inspection *in = inspection_for_cut(dpi, flow);
	struct piece cut = *piece;

	if (!in)
		return;
	piece_make_whole(dpi, &cut);
	in->has_cut = true;
	flow_feed(dpi, flow, in, &cut);
}

/* Of a flow that is DNS again, transactions have a bound, which would begin anew with its next state. */
static bool is_enough(struct dpi *dpi, const struct flow *flow)
{
	struct dpi_state *state = flow->dpi;

	if (!dpi->params.max_packets_parsed || state->again ||
		++state->parsed < dpi->params.max_packets_parsed)
		return false;
	dpi->stats.parsed_out_flows++;
	return true;
}

/* A packet for our own parsers alone. */
static void flow_look_read(struct dpi *dpi, struct flow *flow, const struct piece *piece)
{
	struct dpi_state *state = flow->dpi;

	flow_feed(dpi, flow, state->cut ? state->cut : &state->whole, piece);
	flow_label_final(dpi, flow, is_enough(dpi, flow));
}

void flow_look(struct dpi *dpi, struct flow *flow, const struct piece *piece)
{
	if (label_is_final(flow->dpi)) {
		flow_look_read(dpi, flow, piece);
		return;
	}
	if (flow->dpi_packets < UINT8_MAX && !flow->dpi->whole.done)
		flow->dpi_packets++;
	if (!piece->whole)
		flow_look_cut(dpi, flow, piece);
	else
		flow_feed(dpi, flow, &flow->dpi->whole, piece);
	if (piece->whole && flow->dpi->cut)
		flow_feed(dpi, flow, flow->dpi->cut, piece);
	if (flow->dpi->whole.done || flow->dpi->cut)
		flow_label_final(dpi, flow, false);
}
