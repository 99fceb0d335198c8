/* Inner fragments: which are kept, and which are given up. Anybody can send datagrams that never
 * become whole, so their fragments are given up first. */
#include "inspect/dpi/inside.h"

enum {
	LOOKED_AT = 8, /* of the oldest datagrams, for one to give up */
	GIVEN_UP = 4,  /* for one packet at most */
	ROOM = 16384,  /* bytes that the packet of a flow hardly exceeds */
};

/* To the flow's datagram, which ends where it is whole or can never be. */
static enum reassembly_status flow_add_fragment(
	struct dpi *dpi, struct flow *flow, const struct packet *p, const struct piece *piece)
{
	enum reassembly_status status = reassembly_add(flow->dpi->datagram, p, piece);

	if (status == REASSEMBLY_OVERLAPS)
		flow_note_risk(flow, OWN_RISK_ip_fragment_overlap, fragment_offset(p));
	if (status != REASSEMBLY_OPEN)
		flow_end_datagram(dpi, flow);
	return status;
}

bool flow_hold_first(
	struct dpi *dpi, struct flow *flow, const struct packet *p, const struct piece *piece)
{
	struct dpi_state *state = flow->dpi;
	enum reassembly_status status;
	bool was_awaited;

	if (!(p->flags & PACKET_FRAGMENT))
		return false;
	flow_note_fragment(flow, p);
	if (!piece->whole)
		return false;
	if (state->datagram && reassembly_has(state->datagram, p)) {
		was_awaited = reassembly_awaits(state->datagram, p);
		status = flow_add_fragment(dpi, flow, p, piece);
		return !was_awaited || status == REASSEMBLY_OPEN || status == REASSEMBLY_WHOLE;
	}
	if (state->datagram)
		flow_end_datagram(dpi, flow);
	if (!flow->dpi)
		return true;
	state->datagram = reassembly_open(&dpi->datagrams, flow, &state->kept, p, piece);
	dpi->stats.datagrams_unjoined += !state->datagram;
	return state->datagram;
}

void flow_hold_later(struct dpi *dpi, struct flow *flow, const struct packet *p)
{
	if (flow->dpi && flow->dpi->datagram) {
		flow_note_fragment(flow, p);
		flow_add_fragment(dpi, flow, p, NULL);
		return;
	}
	if (!(p->flags & PACKET_FIRST_AHEAD) ||
		(!flow->dpi && !flow_begin_dpi(dpi, flow, true))) {
		if (flow->dpi)
			flow_note_fragment(flow, p);
		return;
	}
	flow_note_fragment(flow, p);
	flow->dpi->datagram = reassembly_open(&dpi->datagrams, flow, &flow->dpi->kept, p, NULL);
}

/* The oldest datagram, near enough, whose room of `quota` the flow may have; NULL: none. */
static struct reassembly *find_for(
	const struct dpi *dpi, const struct quota *quota, const struct flow *flow, size_t bytes)
{
	struct reassembly *d = dpi->datagrams.oldest;

	for (unsigned n = 0; d && n < LOOKED_AT; n++, d = reassembly_newer(d)) {
		const struct flow *of = reassembly_flow(d);

		if (of != flow &&
			quota_may_replace(quota, flow->key.point, bytes, of->key.point))
			return d;
	}
	return NULL;
}

/* With its datagram a flow gives up its inspection: or each flow of a flood would go on to hold a
 * state of nDPI's. */
static void give_up_for(
	struct dpi *dpi, const struct quota *quota, const struct flow *flow, size_t bytes)
{
	struct reassembly *d;

	for (unsigned n = 0; n < GIVEN_UP; n++) {
		if (quota_fit(quota, flow->key.point, bytes))
			return;
		d = find_for(dpi, quota, flow, bytes);
		if (!d)
			return;
		dpi->stats.fragments_given_up++;
		dpi_conclude(dpi, reassembly_flow(d));
	}
}

void fragments_make_room(struct dpi *dpi, const struct flow *flow, const struct packet *p)
{
	if (p->flags & PACKET_FRAGMENT)
		give_up_for(dpi, &dpi->datagrams.quota, flow, reassembly_room(p));
	give_up_for(dpi, &dpi->memory.quota, flow, ROOM);
}
