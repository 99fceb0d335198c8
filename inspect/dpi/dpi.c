/* What of a packet is for nDPI, and for the reader of DNS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decap/cursor.h"
#include "inspect/dpi/inside.h"

struct dpi *dpi_create(const struct dpi_params *params, char *error, size_t error_size)
{
	struct dpi *dpi = calloc(1, sizeof(*dpi));

	if (!dpi) {
		snprintf(error, error_size, "dpi: no memory");
		return NULL;
	}
	dpi->params = *params;
	dpi->engine = engine_create(&dpi->memory, params->correlate, error, error_size);
	if (!dpi->engine) {
		memory_trim(&dpi->memory);
		free(dpi);
		return NULL;
	}
	memory_set_limit(&dpi->memory, params->memory_limit);
	return dpi;
}

void dpi_destroy(struct dpi *dpi)
{
	if (!dpi)
		return;
	memory_sweep(&dpi->blocks);
	engine_destroy(dpi->engine);
	memory_trim(&dpi->memory);
	free(dpi);
}

/* The packets that ndpiReader gives to nDPI: whole ones, first fragments included. A total
 * length of 0 (segmentation offload) is one that nDPI does not believe. */
static bool is_whole(const struct packet *p)
{
	return p->ip_cap >= p->ip_len;
}

/* Segmentation offload leaves a length of 0, and IPv6 carries more than nDPI has a number for: then
 * nDPI gets a copy that says how long it is. */
static bool wants_length(const struct packet *p)
{
	return be16(p->ip + (p->ip_version == 4 ? 2 : 4)) == 0 || p->ip_len > UINT16_MAX;
}

/* nDPI refuses a packet whose IP header claims more than there is; ndpiReader drops it, too. This
 * makes it one of as many bytes as there are. */
static void make_whole(struct dpi *dpi, struct piece *piece)
{
	bool is_v4 = piece->ip[0] >> 4 == 4;
	uint32_t claim = is_v4 ? piece->cap : piece->cap - 40;
	uint8_t *at = dpi->whole + (is_v4 ? 2 : 4);

	memcpy(dpi->whole, piece->ip, piece->cap);
	at[0] = (uint8_t)(claim >> 8);
	at[1] = (uint8_t)claim;
	piece->ip = dpi->whole;
}

static struct piece piece_make(const struct flow *flow, const struct packet *p)
{
	uint32_t cap = p->ip_cap < p->ip_len ? p->ip_cap : p->ip_len;
	struct piece piece = {
		.ip = p->ip,
		.time_ns = p->time_ns,
		.cap = cap < UINT16_MAX ? cap : UINT16_MAX,
		.wire = p->ip_len,
		.payload = p->payload,
		.protocol = p->protocol,
		.tcp_flags = p->tcp_flags,
		.from_hi = p->src_port != flow->key.lo_port ||
			   !ip_addr_equal(&p->src, &flow->key.lo),
		.seq = p->tcp_seq,
		.ack = p->tcp_ack,
	};

	return piece;
}

static bool is_dns_port(uint16_t port)
{
	return port == 53 || port == 5353 || port == 5355;
}

static bool is_dns(const struct flow *flow)
{
	struct engine_label label = {.master = flow->app_master, .app = flow->app};

	return is_dns_port(flow->key.lo_port) || is_dns_port(flow->key.hi_port) ||
	       engine_is_dns(&label);
}

/* Keeps the first question and the first answer of a DNS flow. */
static void dns_look(struct dpi *dpi, struct flow *flow, const struct piece *piece)
{
	uint32_t skip = piece->protocol == 6 ? 2 : 0;
	struct cursor c = cursor_make(piece->ip, piece->cap, piece->wire);

	if ((piece->protocol != 6 && piece->protocol != 17) ||
		!cursor_take(&c, piece->payload + skip) || !c.cap)
		return;
	if (!dns_parse(c.at, c.cap, c.wire, &dpi->dns))
		return;
	if (!dpi->dns.is_response && details_has(flow->details, DETAIL_dns_query))
		return;
	draft_reset(&dpi->draft);
	draft_dns(&dpi->draft, &dpi->dns);
	flow_details(dpi, flow);
}

/* A cut packet is looked at as far as it goes, but only in a flow that has no whole one: labels
 * agree with ndpiReader, which does not see cut packets. The first whole packet starts afresh;
 * what was read of cut ones stays in the details. false: this packet is not for nDPI. */
static bool flow_ready(struct dpi *dpi, struct flow *flow, bool whole)
{
	bool was_cut = flow->flags & FLOW_DPI_CUT || (flow->dpi && flow->dpi->cut);

	if (was_cut && whole) {
		if (flow->dpi)
			flow_collect(dpi, flow);
		flow->flags &= (uint16_t) ~(FLOW_DPI_CUT | FLOW_DPI_GUESSED);
	}
	if (flow->dpi)
		return flow->dpi->cut == !whole;
	if (flow->flags & FLOW_DPI_CUT)
		return false;
	if (dpi->shed) {
		flow->flags |= FLOW_DPI_NONE | FLOW_DPI_SHED;
		dpi->shed_flows++;
		return false;
	}
	flow->dpi = state_take(dpi);
	if (!flow->dpi) {
		flow_refuse(dpi, flow);
		return false;
	}
	flow->dpi->cut = !whole;
	return true;
}

static void flow_look(struct dpi *dpi, struct flow *flow, const struct piece *piece)
{
	struct engine_label label;
	struct piece cut = *piece;
	enum engine_status status;

	if (flow->dpi->cut) {
		make_whole(dpi, &cut);
		status = flow_give(dpi, flow, &cut, &label);
	} else {
		status = flow_give_in_order(dpi, flow, piece, &label);
	}
	if (is_dns(flow) && !details_has(flow->details, DETAIL_dns_rcode))
		dns_look(dpi, flow, piece);
	if (status != ENGINE_MORE)
		flow_verdict(dpi, flow, &label);
}

/* Inspects what came of the datagram. */
static void datagram_end(struct dpi *dpi, struct flow *flow)
{
	struct datagram *datagram = flow->dpi->datagram;

	flow->dpi->datagram = NULL;
	flow_look(dpi, flow, datagram_piece(datagram));
	if (flow->dpi)
		datagram_close(datagram);
}

/* true: `p` is a first fragment, which waits for the others. */
static bool datagram_begin(
	struct dpi *dpi, struct flow *flow, const struct packet *p, const struct piece *piece)
{
	struct dpi_state *state = flow->dpi;

	if (state->cut || !(p->flags & PACKET_FRAGMENT))
		return false;
	if (state->datagram)
		datagram_end(dpi, flow);
	if (!flow->dpi)
		return true;
	state->datagram = datagram_open(&dpi->memory, &state->kept, p, piece);
	return state->datagram;
}

static void dpi_look(struct dpi *dpi, struct flow *flow, const struct packet *p)
{
	struct piece piece = piece_make(flow, p);

	if (p->flags & PACKET_LATER_FRAGMENT) {
		if (flow->dpi && flow->dpi->datagram &&
			datagram_add(flow->dpi->datagram, p) != DATAGRAM_OPEN)
			datagram_end(dpi, flow);
		return;
	}
	if (is_whole(p) && wants_length(p))
		make_whole(dpi, &piece);
	if (!flow_ready(dpi, flow, is_whole(p))) {
		/* Not for nDPI, but what follows it is not early, and it may be DNS. */
		if (flow->dpi)
			order_saw(&flow->dpi->order, &piece);
		if (flow->dpi && is_dns(flow) && !details_has(flow->details, DETAIL_dns_rcode))
			dns_look(dpi, flow, &piece);
		return;
	}
	if (!datagram_begin(dpi, flow, p, &piece))
		flow_look(dpi, flow, &piece);
}

void dpi_packet(struct dpi *dpi, struct flow *flow, const struct packet *p)
{
	if (!(flow->flags & (FLOW_DPI_DONE | FLOW_DPI_NONE)))
		dpi_look(dpi, flow, p);
}

void dpi_conclude(struct dpi *dpi, struct flow *flow)
{
	struct engine_label label = {0};
	enum engine_status status;

	if (flow->dpi && flow->dpi->datagram)
		datagram_end(dpi, flow);
	if (!flow->dpi)
		return;
	status = flow_give_rest(dpi, flow, &label);
	if (status == ENGINE_MORE)
		engine_giveup(dpi->engine, flow->dpi->engine, &label);
	flow_verdict(dpi, flow, &label);
}

void dpi_release(struct dpi *dpi, struct flow *flow)
{
	if (flow->dpi)
		state_give(dpi, flow);
	memory_give(flow->details);
	flow->details = NULL;
}

void dpi_shed(struct dpi *dpi, bool shed)
{
	dpi->shed = shed;
}

struct dpi_stats dpi_stats(const struct dpi *dpi)
{
	struct dpi_stats stats = {
		.packets = dpi->packets,
		.refused_flows = dpi->refused_flows,
		.shed_flows = dpi->shed_flows,
		.memory = dpi->memory.used,
		.memory_peak = dpi->memory.peak,
	};

	return stats;
}

const char *dpi_app(
	const struct dpi *dpi, uint16_t master, uint16_t app, char *text, size_t size)
{
	return engine_app(dpi->engine, master, app, text, size);
}

const char *dpi_protocol_name(const struct dpi *dpi, uint16_t protocol)
{
	return engine_protocol_name(dpi->engine, protocol);
}

const char *dpi_category_name(const struct dpi *dpi, uint8_t category)
{
	return engine_category_name(dpi->engine, category);
}
