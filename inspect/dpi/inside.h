/* What the files of the dpi share. Private to the dpi. */
#pragma once

#include "inspect/dpi/datagram.h"
#include "inspect/dpi/dns.h"
#include "inspect/dpi/dpi.h"
#include "inspect/dpi/draft.h"
#include "inspect/dpi/engine.h"
#include "inspect/dpi/memory.h"
#include "inspect/dpi/order.h"
#include "inspect/dpi/prelude.h"

/* Of a flow without verdict. */
struct dpi_state {
	struct memory_list kept; /* blocks of `prelude`, `order` and `datagram` */
	struct prelude prelude;
	struct order order;
	struct datagram *datagram;  /* being put together, or NULL */
	struct engine_flow *engine; /* nDPI's; NULL until nDPI gets the first packet */
	uint32_t packets;           /* for nDPI, those of the prelude included */
	bool cut;                   /* they were cut packets, see flow_ready */
	bool starved;               /* memory was refused at some point */
};

struct dpi {
	struct dpi_params params;
	struct memory memory;
	struct memory_list blocks; /* states and details */
	struct engine *engine;
	uint64_t packets, refused_flows, shed_flows;
	bool shed; /* dpi_shed() */
	struct draft draft;
	struct dns_message dns;
	uint8_t whole[UINT16_MAX]; /* a packet whose header must claim another length */
};

/* give.c: what nDPI gets, and when. */

/* Gives one packet to nDPI, after all that was given before, or keeps it for the prelude; `*label`
 * is final unless ENGINE_MORE. ENGINE_SPENT and no engine: no memory. */
enum engine_status flow_give(struct dpi *dpi, struct flow *flow, const struct piece *piece,
	struct engine_label *label);
/* The same, but a packet that overtook others waits for them, and brings those whose time has
 * come with it. */
enum engine_status flow_give_in_order(struct dpi *dpi, struct flow *flow,
	const struct piece *piece, struct engine_label *label);
/* All that waits, whatever for; then nDPI's state is there, or ENGINE_SPENT. */
enum engine_status flow_give_rest(
	struct dpi *dpi, struct flow *flow, struct engine_label *label);

/* verdict.c: what becomes of nDPI's state and of what it knows. */

/* NULL: no memory. */
struct dpi_state *state_take(struct dpi *dpi);
/* Makes nDPI's part of the state, unless it is there. false: no memory. */
bool state_engine(struct dpi *dpi, struct dpi_state *state);
void state_give(struct dpi *dpi, struct flow *flow);

void flow_label(struct flow *flow, const struct engine_label *label);
/* Puts the draft and what the flow has already into one new block. */
void flow_details(struct dpi *dpi, struct flow *flow);
/* Takes from nDPI's state what it knows, and gives it up. */
void flow_collect(struct dpi *dpi, struct flow *flow);
/* The label is final, or nDPI's state could not be had; ends the inspection. */
void flow_verdict(struct dpi *dpi, struct flow *flow, const struct engine_label *label);
/* There is no memory to inspect the flow; the same. */
void flow_refuse(struct dpi *dpi, struct flow *flow);
