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
	dpi->datagrams.memory = &dpi->memory;
	if (memory_share(&dpi->memory, params->memory_limit, &params->quota) &&
		quota_init(&dpi->datagrams.quota, params->fragment_limit, &params->quota))
		return dpi;
	snprintf(error, error_size, "dpi: no memory");
	dpi_destroy(dpi);
	return NULL;
}

void dpi_destroy(struct dpi *dpi)
{
	if (!dpi)
		return;
	memory_sweep(&dpi->blocks);
	engine_destroy(dpi->engine);
	quota_fini(&dpi->datagrams.quota);
	memory_trim(&dpi->memory);
	free(dpi);
}

void dpi_bind(struct dpi *dpi, const struct session_table *sessions)
{
	quota_bind(&dpi->memory.quota, sessions);
	quota_bind(&dpi->datagrams.quota, sessions);
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
		.whole = is_whole(p),
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

bool flow_begin_dpi(struct dpi *dpi, struct flow *flow, bool whole)
{
	bool was_cut = flow->flags & FLOW_DPI_CUT;

	if (was_cut && !whole)
		return false;
	if (dpi->shed && !was_cut) {
		flow->flags |= FLOW_DPI_NONE | FLOW_DPI_SHED;
		dpi->shed_flows++;
		return false;
	}
	flow->dpi = state_take(dpi);
	if (!flow->dpi || (was_cut && !state_cut(dpi, flow->dpi))) {
		flow_refuse(dpi, flow);
		return false;
	}
	if (was_cut) {
		flow->dpi->cut->done = true;
		flow->dpi->cut->label = (struct engine_label){flow->app_master, flow->app,
			flow->category, flow->flags & FLOW_DPI_GUESSED};
		flow->flags &= (uint16_t) ~(FLOW_DPI_CUT | FLOW_DPI_GUESSED);
	}
	return true;
}

/* Where a cut packet goes; see inside.h. NULL: no memory. */
static struct inspection *inspection_for_cut(struct dpi *dpi, struct dpi_state *state)
{
	struct inspection *in = &state->whole;

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
	struct inspection *in = inspection_for_cut(dpi, flow->dpi);
	struct piece cut = *piece;

	if (!in)
		return;
	make_whole(dpi, &cut);
	in->has_cut = true;
	flow_give(dpi, flow, in, &cut);
}

void flow_look(struct dpi *dpi, struct flow *flow, const struct piece *piece)
{
	if (flow->dpi_packets < UINT8_MAX && !flow->dpi->whole.done)
		flow->dpi_packets++;
	if (!piece->whole)
		flow_look_cut(dpi, flow, piece);
	else
		flow_give(dpi, flow, &flow->dpi->whole, piece);
	if (piece->whole && flow->dpi->cut)
		flow_give(dpi, flow, flow->dpi->cut, piece);
	if (flow->dpi->whole.done || flow->dpi->cut)
		flow_verdict(dpi, flow, false);
}

static void dpi_look(struct dpi *dpi, struct flow *flow, const struct packet *p)
{
	struct piece piece = piece_make(flow, p);

	if (dpi->datagrams.oldest)
		fragments_make_room(dpi, flow, p);
	memory_charge(&dpi->memory, flow->key.point);
	if (p->flags & PACKET_LATER_FRAGMENT) {
		flow_hold_later(dpi, flow, p);
		return;
	}
	if (piece.whole && wants_length(p))
		make_whole(dpi, &piece);
	if (!flow->dpi && !flow_begin_dpi(dpi, flow, piece.whole))
		return;
	if (!flow_hold_first(dpi, flow, p, &piece))
		flow_look(dpi, flow, &piece);
}

void dpi_packet(struct dpi *dpi, struct flow *flow, const struct packet *p)
{
	if (!(flow->flags & (FLOW_DPI_DONE | FLOW_DPI_NONE)))
		dpi_look(dpi, flow, p);
}

/* Of one inspection: all that waits, and nDPI's last word. */
static void conclude(struct dpi *dpi, struct flow *flow, struct inspection *in)
{
	if (in && !inspection_is_blank(in))
		flow_give_rest(dpi, flow, in);
}

void dpi_conclude(struct dpi *dpi, struct flow *flow)
{
	memory_charge(&dpi->memory, flow->key.point);
	if (flow->dpi && flow->dpi->datagram)
		flow_end_datagram(dpi, flow);
	if (!flow->dpi)
		return;
	conclude(dpi, flow, &flow->dpi->whole);
	conclude(dpi, flow, flow->dpi->cut);
	flow_verdict(dpi, flow, true);
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
		.refused_unknown = dpi->refused_unknown,
		.given_up = dpi->given_up,
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
