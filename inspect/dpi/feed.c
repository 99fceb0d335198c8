/* Which packets nDPI gets, and when. */
#include <netinet/in.h>

#include "config/log/now.h"
#include "inspect/dpi/inside.h"

/* As ndpiReader counts: the packet that goes over the limit is still looked at. */
static bool too_many(
	const struct dpi *dpi, const struct flow *flow, const struct inspection *in)
{
	uint32_t max = 0;

	if (flow->key.protocol == IPPROTO_TCP)
		max = dpi->params.max_packets_tcp;
	else if (flow->key.protocol == IPPROTO_UDP)
		max = dpi->params.max_packets_udp;
	return max && in->packets > max;
}

/* With nDPI's caches across flows it would matter when nDPI gets a packet. */
static bool may_wait(
	struct dpi *dpi, struct flow *flow, struct inspection *in, const struct piece *piece)
{
	return !in->engine && !dpi->params.correlate && !too_many(dpi, flow, in) &&
	       backlog_add(&in->backlog, &dpi->memory, &flow->dpi->kept, piece);
}

static enum engine_status engine_feed(
	struct dpi *dpi, struct inspection *in, const struct piece *piece)
{
	dpi->stats.packets++;
	return engine_packet(dpi->engine, in->engine, piece->ip, (uint16_t)piece->cap,
		piece->time_ns / NS_PER_MS, &in->label);
}

/* Gives the backlog, and `piece` if it is not NULL. `last`: nothing will follow. */
static void feed_now(struct dpi *dpi, struct flow *flow, struct inspection *in,
	const struct piece *piece, bool last)
{
	enum engine_status status = ENGINE_MORE;
	struct piece *kept;

	if (!inspection_engine(dpi, in)) {
		in->done = flow->dpi->refused = true;
		return;
	}
	while (status == ENGINE_MORE && (kept = backlog_next(&in->backlog))) {
		status = engine_feed(dpi, in, kept);
		memory_free(kept);
	}
	if (status == ENGINE_MORE && piece)
		status = engine_feed(dpi, in, piece);
	if (status == ENGINE_MORE && too_many(dpi, flow, in))
		status = in->label.app ? ENGINE_FOUND : ENGINE_SPENT;
	if (status == ENGINE_SPENT || (status == ENGINE_MORE && last))
		engine_giveup(dpi->engine, in->engine, &in->label);
	in->found = status == ENGINE_FOUND;
	in->done = status != ENGINE_MORE || last;
}

static void flow_give_ndpi(
	struct dpi *dpi, struct flow *flow, struct inspection *in, const struct piece *piece)
{
	uint64_t refused = dpi->memory.refused;

	if (in->done)
		return;
	in->packets++;
	if (!may_wait(dpi, flow, in, piece))
		feed_now(dpi, flow, in, piece, false);
	if (dpi->memory.refused != refused)
		flow->dpi->starved = true;
	flow_relabel(flow);
}

static void give_anew(
	struct dpi *dpi, struct flow *flow, struct inspection *in, const struct piece *piece)
{
	if (in->packets <= 1 || (label_is_known(&in->label) && !engine_is_quic(&in->label)))
		return;
	inspection_give_engine(dpi, in);
	in->done = in->found = false;
	in->packets = 0;
	flow_give_ndpi(dpi, flow, in, piece);
}

/* nDPI looks for QUIC in the first packet that it gets of a flow, and in no other. Where the client's first one came
 * behind others it begins anew with that. */
static void __attribute__((noinline, cold))
flow_give_anew(struct dpi *dpi, struct flow *flow, const struct piece *piece)
{
	struct dpi_state *state = flow->dpi;

	state->opens = false;
	if (piece->whole)
		give_anew(dpi, flow, &state->whole, piece);
	if (state->cut)
		give_anew(dpi, flow, state->cut, piece);
}

/* What begins a DNS message over TCP without ending it goes to nDPI with the rest of it. */
static void flow_give_joined(
	struct dpi *dpi, struct flow *flow, struct inspection *in, const struct piece *piece)
{
	struct dns_joined joined = {NULL, NULL, false};

	if (!in->done && dns_join_wants(&in->join, piece))
		joined = dns_join_add(&in->join, &dpi->memory, &flow->dpi->kept, piece);
	if (joined.before)
		flow_give_ndpi(dpi, flow, in, joined.before);
	if (!joined.waits)
		flow_give_ndpi(dpi, flow, in, joined.whole ? joined.whole : piece);
	memory_free(joined.before);
	memory_free(joined.whole);
}

static void flow_give_one(
	struct dpi *dpi, struct flow *flow, struct inspection *in, const struct piece *piece)
{
	struct dpi_state *state = flow->dpi;

	reorder_saw(&in->order, piece);
	if (piece->protocol == IPPROTO_TCP && flow_has_dns_port(flow))
		flow_give_joined(dpi, flow, in, piece);
	else
		flow_give_ndpi(dpi, flow, in, piece);
	/* The second inspection, if there is one, sees all packets. */
	if (in == (state->cut ? state->cut : &state->whole)) {
		flow_note(dpi, flow, piece);
		flow_read(dpi, flow, piece);
		if (state->opens)
			flow_give_anew(dpi, flow, piece);
	}
}

/* Gives held packets whose time has come. */
static void flow_give_held(struct dpi *dpi, struct flow *flow, struct inspection *in)
{
	struct piece *piece;

	while ((piece = reorder_next(&in->order))) {
		flow_give_one(dpi, flow, in, piece);
		memory_free(piece);
	}
}

/* Gives the first held packet, and those that only waited for it. false: none is held. */
static bool flow_give_up(struct dpi *dpi, struct flow *flow, struct inspection *in)
{
	bool gap;
	struct piece *piece = reorder_give_up(&in->order, &gap);

	if (!piece)
		return false;
	dpi->stats.gaps_given_up += gap;
	flow_give_one(dpi, flow, in, piece);
	memory_free(piece);
	flow_give_held(dpi, flow, in);
	return true;
}

void flow_give_all(struct dpi *dpi, struct flow *flow, struct inspection *in)
{
	flow_give_held(dpi, flow, in);
	while (flow_give_up(dpi, flow, in))
		;
}

/* Holds a packet that is early. false: it is not any more, or there is no room. */
static bool __attribute__((noinline, cold))
flow_hold(struct dpi *dpi, struct flow *flow, struct inspection *in, const struct piece *piece)
{
	flow_note_held(flow, in, piece);
	while (reorder_is_early(&in->order, piece)) {
		if (reorder_hold(&in->order, &dpi->memory, &flow->dpi->kept, piece,
			    dpi->params.reorder_limit))
			return true;
		if (!flow_give_up(dpi, flow, in))
			return false;
	}
	return false;
}

void flow_feed(
	struct dpi *dpi, struct flow *flow, struct inspection *in, const struct piece *piece)
{
	if (reorder_is_late(&in->order, piece))
		return;
	if (reorder_shows(&in->order, piece))
		flow_give_all(dpi, flow, in);
	else if (reorder_is_early(&in->order, piece) && flow_hold(dpi, flow, in, piece))
		return;
	flow_give_one(dpi, flow, in, piece);
	if (reorder_holds(&in->order)) {
		flow_note_held(flow, in, piece);
		flow_give_held(dpi, flow, in);
	}
}

void flow_feed_rest(struct dpi *dpi, struct flow *flow, struct inspection *in)
{
	flow_give_all(dpi, flow, in);
	for (unsigned side = 0; side < 2; side++) {
		struct piece *held = dns_join_take(&in->join, side);

		if (held)
			flow_give_ndpi(dpi, flow, in, held);
		memory_free(held);
	}
	if (!in->done)
		feed_now(dpi, flow, in, NULL, true);
	flow_relabel(flow);
}
