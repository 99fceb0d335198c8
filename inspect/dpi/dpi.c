/* What of a packet is for nDPI, and for the reader of DNS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"
#include "decap/cursor.h"
#include "inspect/dpi/inside.h"

struct dpi *dpi_create(const struct dpi_params *params, struct error *error)
{
	struct dpi *dpi = calloc(1, sizeof(*dpi));

	if (!dpi) {
		error_set(error, "dpi: no memory");
		return NULL;
	}
	dpi->params = *params;
	entropy_init(&dpi->entropy);
	dpi->engine = engine_create(&dpi->memory, params->correlate, error);
	if (!dpi->engine) {
		memory_trim(&dpi->memory);
		free(dpi);
		return NULL;
	}
	dpi->datagrams.memory = &dpi->memory;
	if (memory_share(&dpi->memory, params->memory_limit, &params->quota) &&
		quota_init(&dpi->datagrams.quota, params->fragment_limit, &params->quota))
		return dpi;
	error_set(error, "dpi: no memory");
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

void dpi_tell(struct dpi *dpi, const struct transaction_sink *sink)
{
	dpi->transactions = *sink;
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
		piece_make_whole(dpi, &piece);
	if (!flow->dpi && !flow_begin_dpi(dpi, flow, piece.whole))
		return;
	if (!flow_hold_first(dpi, flow, p, &piece))
		flow_look(dpi, flow, &piece);
}

static void dpi_look_again(struct dpi *dpi, struct flow *flow, const struct packet *p)
{
	memory_charge(&dpi->memory, flow->key.point);
	if (flow_begin_again(dpi, flow))
		dpi_look(dpi, flow, p);
}

void dpi_packet(struct dpi *dpi, struct flow *flow, const struct packet *p)
{
	if (!(flow->flags & (FLOW_DPI_DONE | FLOW_DPI_NONE))) {
		dpi_look(dpi, flow, p);
		if (flow->dpi)
			flow_keep_risks(dpi, flow);
	} else if (flow_is_dns_again(dpi, flow)) {
		dpi_look_again(dpi, flow, p);
	}
}

void dpi_release(struct dpi *dpi, struct flow *flow)
{
	if (flow->dpi)
		state_give(dpi, flow);
	memory_free(flow->details);
	flow->details = NULL;
}

void dpi_shed(struct dpi *dpi, bool shed)
{
	dpi->shed = shed;
}

struct dpi_stats dpi_stats(const struct dpi *dpi)
{
	struct dpi_stats stats = dpi->stats;

	stats.memory_bytes = dpi->memory.used;
	stats.memory_peak_bytes = dpi->memory.peak;
	return stats;
}

const char *dpi_app(
	const struct dpi *dpi, uint16_t master, uint16_t app, char *text, size_t size)
{
	return engine_app(dpi->engine, master, app, text, size);
}

uint32_t dpi_protocols(const struct dpi *dpi)
{
	return engine_protocols(dpi->engine);
}

const char *dpi_protocol_name(const struct dpi *dpi, uint16_t protocol)
{
	return engine_protocol_name(dpi->engine, protocol);
}

const char *dpi_category_name(const struct dpi *dpi, uint8_t category)
{
	return engine_category_name(dpi->engine, category);
}
