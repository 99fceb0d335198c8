/* Deep inspection with nDPI: one module a worker, single-threaded. Packets of a flow are given
 * to nDPI as ndpiReader of the same library gives them, until nDPI is certain or the packet
 * limits are reached; then the label is final and nDPI's state of the flow goes back to its
 * pool. ndpi*.c alone know nDPI's API (4.2, also 4.4 to 4.11-dev).
 *
 * Memory: nDPI's own allocations, packets that wait and the details go through an allocator with
 * a limit, in shares of the observation points; what does not fit is refused and counted, and
 * the flow goes on without inspection. Before that, fragments that wait for others are given up. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "decap/counters/counters.h"
#include "inspect/flow/flow.h"
#include "inspect/flow/quota.h"
#include "inspect/proto/details.h"
#include "inspect/proto/transaction.h"

struct dpi_params {
	uint32_t max_packets_tcp, max_packets_udp; /* give up after these; 0 = never */
	uint32_t max_packets_parsed; /* that nDPI no longer gets; 0 = any number */
	bool correlate;              /* nDPI's cross-flow caches */
	size_t memory_limit;         /* bytes for flows, beside nDPI's own tables; 0 = none */
	uint32_t reorder_limit;      /* bytes of a flow that wait for the packet before them */
	size_t fragment_limit;     /* of these, for fragments that wait for others; 0 = none */
	struct quota_params quota; /* of both */
};

struct dpi;

/* NULL: `error` (at least 128 bytes) says why. One at a time: parts of nDPI's start are
 * process-wide. A dpi may then be used by any one thread. */
struct dpi *dpi_create(const struct dpi_params *params, struct error *error);
void dpi_destroy(struct dpi *dpi);

/* Who is told of transactions from now on; at first nobody. */
void dpi_tell(struct dpi *dpi, const struct transaction_sink *sink);

/* Which points are of configured sessions has changed: see quota_bind(). */
void dpi_bind(struct dpi *dpi, const struct session_table *sessions);

/* Looks at packet `p` of `flow` (counted into the flow already). Sets the flow's label when
 * found. Once the label is final packets cost nothing; only in a flow of DNS whose first
 * question has no answer yet a few more are read (dns_reader.h).
 *
 * Until then a TCP packet that overtook others waits for them (a few, see reorder.h), and the
 * fragments of a datagram are put together (reassembly.h): so neither changes the label. Later
 * fragments alone are not looked at. TCP packets before the first with payload wait for it, or
 * for the end of the flow (backlog.h). DNS over TCP is a stream of messages (dns_stream.h);
 * nDPI, which takes segments for messages, gets the first of each side in one piece
 * (dns_join.h).
 *
 * Cut packets are inspected as far as they arrived, beside the whole ones: ndpiReader drops
 * them, and labels must agree with it. So the label of whole packets stands, unless there is
 * none, it is a guess, or all packets together give a closer one (TLS.Google for TLS); details
 * of cut packets fill what is missing. A final label from cut packets alone sets FLOW_DPI_CUT
 * instead of FLOW_DPI_DONE: a whole one is still looked at. */
void dpi_packet(struct dpi *dpi, struct flow *flow, const struct packet *p);

/* Makes the flow's label final, guessed if need be: call before its event is written. Does not
 * end the flow: packets may follow a FLOW_END_ACTIVE update. A flow of which nDPI was given
 * nothing (later fragments only) stays Unknown. */
void dpi_conclude(struct dpi *dpi, struct flow *flow);

/* Frees what the dpi owns in `flow`. */
void dpi_release(struct dpi *dpi, struct flow *flow);

/* While `shed`, inspection of no flow is begun: a flow whose turn would come is given up for good
 * (FLOW_DPI_SHED), and stays Unknown. Flows that are being inspected go on. */
void dpi_shed(struct dpi *dpi, bool shed);

struct dpi_stats dpi_stats(const struct dpi *dpi);

/* `name` as ndpi_protocol2name prints it (`TLS.Google`); returns `text`. */
const char *dpi_app(
	const struct dpi *dpi, uint16_t master, uint16_t app, char *text, size_t size);
/* Protocols below this number have names; what is above is named like UINT16_MAX. */
uint32_t dpi_protocols(const struct dpi *dpi);
/* Static strings for the life of `dpi`. */
const char *dpi_protocol_name(const struct dpi *dpi, uint16_t protocol);
const char *dpi_category_name(const struct dpi *dpi, uint8_t category);

/* Of a risk by its index (risk.h). NULL beyond the risks this library knows. Score as nDPI counts it for this
 * risk alone. */
const char *dpi_risk_name(unsigned risk);
uint16_t dpi_risk_score(unsigned risk);
/* What one of nDPI's means, where the library does not say why it was raised. */
struct risk_meaning {
	const char *sentence; /* NULL: not one that we know */
	int shown_by;         /* enum detail, or one of: */
};
enum { RISK_SHOWN_BY_NOTHING = -1, RISK_SHOWN_BY_PORT = -2 };
struct risk_meaning dpi_risk_meaning(unsigned risk);

/* The library's version, for `periscope -V` and summary.json. */
const char *dpi_version(void);
