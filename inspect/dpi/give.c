/* Which packets nDPI gets, and when. */
#include "inspect/dpi/inside.h"

/* As ndpiReader counts: the packet that goes over the limit is still looked at. */
static bool too_many(const struct dpi *dpi, const struct flow *flow)
{
	uint32_t max = 0;

	if (flow->key.protocol == 6)
		max = dpi->params.max_packets_tcp;
	else if (flow->key.protocol == 17)
		max = dpi->params.max_packets_udp;
	return max && flow->dpi->packets > max;
}

/* With nDPI's caches across flows it would matter when nDPI gets a packet. */
static bool may_wait(struct dpi *dpi, struct flow *flow, const struct piece *piece)
{
	struct dpi_state *state = flow->dpi;

	return !state->engine && !state->cut && !dpi->params.correlate &&
	       !too_many(dpi, flow) &&
	       prelude_add(&state->prelude, &dpi->memory, &state->kept, piece);
}

static enum engine_status flow_feed(struct dpi *dpi, struct flow *flow,
	const struct piece *piece, struct engine_label *label)
{
	dpi->packets++;
	return engine_packet(dpi->engine, flow->dpi->engine, piece->ip, (uint16_t)piece->cap,
		piece->time_ns / 1000000, label);
}

/* Gives the prelude, and `piece` if it is not NULL. */
static enum engine_status flow_feed_all(struct dpi *dpi, struct flow *flow,
	const struct piece *piece, struct engine_label *label)
{
	enum engine_status status = ENGINE_MORE;
	struct piece *kept;

	if (!state_engine(dpi, flow->dpi))
		return ENGINE_SPENT;
	while (status == ENGINE_MORE && (kept = prelude_next(&flow->dpi->prelude))) {
		status = flow_feed(dpi, flow, kept, label);
		memory_give(kept);
	}
	if (status == ENGINE_MORE && piece)
		status = flow_feed(dpi, flow, piece, label);
	if (status == ENGINE_MORE && too_many(dpi, flow))
		status = label->app ? ENGINE_FOUND : ENGINE_SPENT;
	if (status == ENGINE_SPENT)
		engine_giveup(dpi->engine, flow->dpi->engine, label);
	return status;
}

enum engine_status flow_give(struct dpi *dpi, struct flow *flow, const struct piece *piece,
	struct engine_label *label)
{
	struct dpi_state *state = flow->dpi;
	uint64_t refused = dpi->memory.refused;
	enum engine_status status = ENGINE_MORE;

	*label = (struct engine_label){0};
	order_saw(&state->order, piece);
	state->packets++;
	if (flow->dpi_packets < UINT8_MAX)
		flow->dpi_packets++;
	if (!may_wait(dpi, flow, piece))
		status = flow_feed_all(dpi, flow, piece, label);
	if (dpi->memory.refused != refused)
		state->starved = true;
	flow_label(flow, label);
	return status;
}

/* Gives held packets to nDPI: those whose time has come, or all. */
static enum engine_status flow_give_held(
	struct dpi *dpi, struct flow *flow, bool all, struct engine_label *label)
{
	enum engine_status status = ENGINE_MORE;
	struct piece *piece;

	while (status == ENGINE_MORE && (piece = order_next(&flow->dpi->order, all))) {
		status = flow_give(dpi, flow, piece, label);
		memory_give(piece);
	}
	return status;
}

enum engine_status flow_give_in_order(struct dpi *dpi, struct flow *flow,
	const struct piece *piece, struct engine_label *label)
{
	struct dpi_state *state = flow->dpi;
	enum engine_status status = ENGINE_MORE;

	if (order_is_late(&state->order, piece))
		return ENGINE_MORE;
	if (order_is_over(&state->order, piece))
		status = flow_give_held(dpi, flow, true, label);
	if (status == ENGINE_MORE && order_is_early(&state->order, piece)) {
		if (order_hold(&state->order, &dpi->memory, &state->kept, piece))
			return ENGINE_MORE;
		status = flow_give_held(dpi, flow, true, label);
	}
	if (status == ENGINE_MORE)
		status = flow_give(dpi, flow, piece, label);
	if (status == ENGINE_MORE && state->order.first)
		status = flow_give_held(dpi, flow, false, label);
	return status;
}

enum engine_status flow_give_rest(
	struct dpi *dpi, struct flow *flow, struct engine_label *label)
{
	enum engine_status status = flow_give_held(dpi, flow, true, label);

	return status == ENGINE_MORE ? flow_feed_all(dpi, flow, NULL, label) : status;
}
