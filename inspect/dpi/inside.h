/* What the files of the dpi share. Private to the dpi. */
#pragma once

#include "inspect/dpi/backlog.h"
#include "inspect/dpi/dns_reader.h"
#include "inspect/dpi/dpi.h"
#include "inspect/dpi/engine.h"
#include "inspect/dpi/notes.h"
#include "inspect/dpi/reader.h"
#include "inspect/flow/memory.h"
#include "inspect/proto/details_draft.h"
#include "inspect/proto/dns/dns.h"
#include "inspect/proto/dns/dns_join.h"
#include "inspect/stream/reassembly.h"
#include "inspect/stream/reorder.h"

/* One of nDPI's states of a flow: what it was given, and its label. All zero: nothing yet. */
struct inspection {
	struct backlog backlog;
	struct reorder order;
	struct dns_join join;
	struct engine_flow *engine; /* nDPI's; NULL until nDPI gets the first packet */
	struct engine_label label;  /* so far */
	uint32_t packets;           /* for nDPI, those of the backlog included */
	bool done;                  /* the label is final, nDPI gets no more */
	bool found;                 /* the label, from packets, and no more can be learned */
	bool has_cut;               /* cut packets are among those given */
};

/* What a flow has while it is inspected. ndpiReader drops cut packets, and labels must agree
 * with it: so whole packets have a state of nDPI's to themselves until it knows the application;
 * after that cut packets are given to it, too. A cut packet before that begins a second
 * inspection, which gets all packets from then on, as far as they arrived; see flow_relabel(). */
struct dpi_state {
	struct memory_list kept; /* blocks of what follows, nDPI's states apart */
	struct inspection whole;
	struct inspection *cut;      /* NULL: no packet was cut */
	struct reassembly *datagram; /* being put together, or NULL */
	struct dns_reader *dns;      /* NULL: no DNS so far */
	struct reader *reader;       /* NULL: no parser but that of DNS so far */
	struct notes notes;
	uint8_t probes;  /* packets by which a parser was looked for */
	bool tunnel;     /* another protocol follows one that was read */
	bool again;      /* the flow's second state, made after its label was final */
	bool started;    /* the flow's label was told */
	uint32_t told;   /* transactions */
	uint32_t parsed; /* packets for our own parsers alone */
	bool opens;      /* the packet that was read last begins QUIC's hello */
	bool starved;    /* memory was refused at some point */
	bool refused;    /* there was none for nDPI's state: the flow is given up */
};

struct dpi {
	struct dpi_params params;
	struct memory memory;
	struct memory_list blocks; /* states and details */
	struct reassemblies datagrams;
	struct engine *engine;
	struct dpi_stats stats; /* but for those of memory */
	bool shed;              /* dpi_shed() */
	struct draft draft;
	struct dns_message dns;
	struct transaction_sink transactions;
	struct entropy entropy;
	_Alignas(8) uint8_t transaction[DETAILS_MAX]; /* details of one */
	uint8_t whole[UINT16_MAX]; /* a packet whose header must claim another length */
};

/* inspect_packet.c: one packet. */

/* Exchanges the packet for one that claims as many bytes as there are. */
void piece_make_whole(struct dpi *dpi, struct piece *piece);

/* Makes the state of a flow that has none. What cut packets alone showed before stays known.
 * false: the flow is not inspected, or not any more. */
bool flow_begin_dpi(struct dpi *dpi, struct flow *flow, bool whole);
/* Makes the state of one whose label is final, for our own parsers alone. false: the flow is not read any more;
 * it keeps its label. */
bool flow_begin_again(struct dpi *dpi, struct flow *flow);
/* Inspects a packet that waits for no fragment. */
void flow_look(struct dpi *dpi, struct flow *flow, const struct piece *piece);

/* conclude.c: the end, beside dpi_conclude(). */

/* Inspects what there is of the flow's datagram. */
void flow_end_datagram(struct dpi *dpi, struct flow *flow);

/* fragments.c: what waits for fragments. */

/* true: `p` is a first fragment, which waits for the others or was the last to come. */
bool flow_hold_first(
	struct dpi *dpi, struct flow *flow, const struct packet *p, const struct piece *piece);
/* A later fragment. Before its first one it begins a datagram, if that comes, and whole. */
void flow_hold_later(struct dpi *dpi, struct flow *flow, const struct packet *p);
/* Before packet `p` of the flow is looked at: where there is no room for it, datagrams of others are
 * given up, the oldest first, and the inspection of their flows with them. */
void fragments_make_room(struct dpi *dpi, const struct flow *flow, const struct packet *p);

/* feed.c: what nDPI gets, and when. */

/* Gives nDPI one packet. A packet that overtook others waits for them; a packet that others wait
 * for brings them with it; and the backlog may hold all of these. in->done: the label is final. */
void flow_feed(
	struct dpi *dpi, struct flow *flow, struct inspection *in, const struct piece *piece);
/* Gives all packets that were held, whatever they waited for. */
void flow_give_all(struct dpi *dpi, struct flow *flow, struct inspection *in)
	__attribute__((noinline, cold));
/* Gives nDPI all packets that wait. Then in->done: the label is final, guessed if need be. */
void flow_feed_rest(struct dpi *dpi, struct flow *flow, struct inspection *in);

/* notes.c: what is noticed beside the label. */

/* Of a packet, in order. */
void flow_note(struct dpi *dpi, struct flow *flow, const struct piece *piece);
/* Of a packet that is held, or while others are. */
void flow_note_held(struct flow *flow, const struct inspection *in, const struct piece *piece);
/* Of a fragment. */
void flow_note_fragment(struct flow *flow, const struct packet *p);
/* A risk of our own, and the number of its sentence; the first one stays. */
void flow_note_risk(struct flow *flow, enum own_risk risk, uint32_t number);
/* Puts what the flow's details do not have into the draft. */
void flow_draft_notes(const struct dpi_state *state, struct draft *draft);

/* keep.c: what was found out goes into the flow's details. */

/* Puts the draft, what was noticed and what the flow has already into one new block. */
void flow_details(struct dpi *dpi, struct flow *flow);
/* Puts what was noticed since into the flow's details; before its state is given back. */
void flow_keep_notes(struct dpi *dpi, struct flow *flow);
/* Puts risks that show before the label is final into the flow's details, which tells of them. */
void flow_keep_risks(struct dpi *dpi, struct flow *flow);

/* dns_reader.c: the messages of a flow of DNS. */

/* Whether one of its ports is DNS's, mDNS's or LLMNR's. */
bool flow_has_dns_port(const struct flow *flow);
/* Whether the flow is DNS, by its ports or its label so far. */
bool flow_is_dns(const struct flow *flow);
/* Looks at a packet, in order, of such a flow. */
void flow_read_dns(struct dpi *dpi, struct flow *flow, const struct piece *piece);
/* The flow says nothing more: tells what is still open. */
void flow_end_dns(struct dpi *dpi, struct flow *flow);
/* Whether the answer to the flow's first question may still come, or that to another one that is to be told. */
bool flow_awaits_dns(const struct dpi *dpi, const struct flow *flow);
/* Most flows over UDP are a question and its answer: their inspection ends there. Whether what comes after it
 * is read nevertheless, in a new state; that one is kept until the flow ends. */
bool flow_is_dns_again(const struct dpi *dpi, const struct flow *flow);

/* reader.c: what our own parsers get. */

/* Looks at a packet, in order. */
void flow_read(struct dpi *dpi, struct flow *flow, const struct piece *piece);
/* The flow says nothing more, or nobody listens: what waits for more bytes is told as it is. */
void flow_read_end(struct dpi *dpi, struct flow *flow);
/* Whether a parser has more to say. */
bool flow_awaits(const struct dpi *dpi, const struct flow *flow);

/* reading.c: what parsers do with what they found, beside reader.h. */

/* Whether somebody wants to hear of the flow's next transaction. One too many is counted. */
bool flow_tells(struct dpi *dpi, struct flow *flow, enum transaction kind);
void flow_tell(struct dpi *dpi, struct flow *flow, enum transaction kind, uint64_t time_ns,
	const struct details *details);
/* With what the draft has. */
void flow_tell_draft(
	struct dpi *dpi, struct flow *flow, enum transaction kind, uint64_t time_ns);

/* state.c: what a flow has while it is inspected. */

/* NULL: no memory. */
struct dpi_state *state_take(struct dpi *dpi);
void state_give(struct dpi *dpi, struct flow *flow);
/* Makes the second inspection, unless it is there. false: no memory. */
bool state_cut(struct dpi *dpi, struct dpi_state *state);
/* Makes nDPI's part, unless it is there. false: no memory. */
bool inspection_engine(struct dpi *dpi, struct inspection *in);
/* Nothing was given yet. */
bool inspection_is_blank(const struct inspection *in);
/* Gives nDPI's part back, if it is there; `in` may be NULL. */
void inspection_give_engine(struct dpi *dpi, struct inspection *in);

/* final_label.c: the flow's label, and the end of its inspection. */

/* Tells that the label is known, or will not be, unless that was told. Before flags and state say so. */
void flow_tell_start(struct dpi *dpi, struct flow *flow);
/* True when nDPI found the label in packets, and did not guess it. */
bool label_is_known(const struct engine_label *label);
/* Sets the flow's label from both inspections: that of whole packets, unless it is a guess, or
 * cut packets showed more of the same protocol. */
void flow_relabel(struct flow *flow);
/* nDPI gets no more packets, whatever comes. */
bool label_is_final(const struct dpi_state *state);
/* Ends the inspection if no more is to be learned; `all`: in any case. */
void flow_label_final(struct dpi *dpi, struct flow *flow, bool all);
/* There is no memory to inspect the flow; ends the inspection. */
void flow_refuse(struct dpi *dpi, struct flow *flow);
