/* What is noticed of a flow beside its label. */
#include <netinet/in.h>
#include <stdio.h>

#include "inspect/dpi/inside.h"
#include "inspect/stream/reassembly.h"

static const char *const sentences[OWN_RISKS] = {
#define RISK(name, severity, why) [OWN_RISK_##name] = why,
#include "inspect/proto/own_risks.def"
};

enum { SENTENCE_MAX = 128 };

void flow_note_risk(struct flow *flow, enum own_risk risk, uint32_t number)
{
	struct notes *notes = &flow->dpi->notes;

	if (notes->risks >> risk & 1)
		return;
	notes->risks |= 1u << risk;
	notes->number[risk] = number;
	notes->fresh = true;
}

static void measure(struct dpi *dpi, struct notes *notes, const struct piece *piece)
{
	unsigned side = piece->from_hi;

	notes->entropy[side] = entropy_of(
		&dpi->entropy, piece->ip + piece->payload, piece->cap - piece->payload);
	notes->is_measured[side] = notes->fresh = true;
}

/* NULL: no memory, now; the flow is inspected without. */
static struct overlap *take_overlap(struct dpi *dpi, struct dpi_state *state)
{
	struct overlap *overlap = memory_alloc(&dpi->memory, &state->kept, sizeof(*overlap));

	if (overlap)
		overlap_init(overlap);
	else
		state->starved = true;
	return overlap;
}

void flow_note(struct dpi *dpi, struct flow *flow, const struct piece *piece)
{
	struct notes *notes = &flow->dpi->notes;

	if (piece->cap <= piece->payload)
		return;
	if (!notes->is_measured[piece->from_hi])
		measure(dpi, notes, piece);
	if (piece->protocol != IPPROTO_TCP)
		return;
	if (!notes->overlap)
		notes->overlap = take_overlap(dpi, flow->dpi);
	if (notes->overlap && overlap_add(notes->overlap, piece, dpi->params.reorder_limit))
		flow_note_risk(flow, OWN_RISK_tcp_overlap, piece->seq);
}

void flow_note_held(struct flow *flow, const struct inspection *in, const struct piece *piece)
{
	if (reorder_differs(&in->order, piece))
		flow_note_risk(flow, OWN_RISK_tcp_overlap, piece->seq);
}

void flow_note_fragment(struct flow *flow, const struct packet *p)
{
	uint32_t bytes;

	if (fragment_is_tiny(p, &bytes))
		flow_note_risk(flow, OWN_RISK_ip_fragment_tiny, bytes);
}

void flow_draft_notes(const struct dpi_state *state, struct draft *draft)
{
	const struct notes *notes = &state->notes;
	char text[SENTENCE_MAX];

	draft->risks.own |= notes->risks;
	for (unsigned risk = 0; risk < OWN_RISKS; risk++) {
		if (!(notes->risks >> risk & 1))
			continue;
		snprintf(text, sizeof(text), sentences[risk], notes->number[risk]);
		draft_why(draft, NDPI_RISKS + risk, text);
	}
	if (notes->is_measured[0])
		draft_number(draft, DETAIL_flow_entropy_lo, notes->entropy[0]);
	if (notes->is_measured[1])
		draft_number(draft, DETAIL_flow_entropy_hi, notes->entropy[1]);
}
