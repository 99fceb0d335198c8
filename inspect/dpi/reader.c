#include "inspect/dpi/reader.h"

#include <netinet/in.h>
#include <string.h>

#include "inspect/dpi/inside.h"

static const struct parser *const parsers[] = {
	&tls_parser, &http_parser, &ssh_parser, &quic_parser, &dtls_parser};

static const struct parser *parser_of(const struct piece *piece, struct cursor payload)
{
	for (size_t i = 0; i < sizeof(parsers) / sizeof(parsers[0]); i++)
		if (parsers[i]->protocol == piece->protocol && parsers[i]->begins(payload))
			return parsers[i];
	return NULL;
}

/* NULL: none reads the flow so far, or no memory. */
static struct reader *reader_choose(struct dpi *dpi, struct dpi_state *state,
	const struct piece *piece, struct cursor payload)
{
	const struct parser *parser;

	if (state->probes == READER_PROBES_MAX)
		return NULL;
	state->probes++;
	parser = parser_of(piece, payload);
	if (!parser) {
		state->opens |= piece->protocol == IPPROTO_UDP && quic_is_google_hello(payload);
		return NULL;
	}
	state->reader = memory_alloc(&dpi->memory, &state->kept, sizeof(*state->reader));
	if (!state->reader)
		return NULL;
	memset(state->reader, 0, sizeof(*state->reader));
	state->reader->parser = parser;
	return state->reader;
}

/* DNS on another port than its own: from now on, dns_reader.c has the flow. */
static bool begins_dns(
	const struct dpi_state *state, const struct piece *piece, struct cursor payload)
{
	return piece->protocol == IPPROTO_UDP && state->probes < READER_PROBES_MAX &&
	       dns_begins(payload);
}

static bool is_over(const struct reader *reader)
{
	return (reader->over[0] && reader->over[1]) || reader->idle == READER_IDLE_MAX;
}

/* A packet that says nothing to the parser. */
static void count_idle(struct reader *reader)
{
	if ((reader->over[0] || reader->over[1]) && reader->idle < READER_IDLE_MAX)
		reader->idle++;
}

static void read_part(struct reading *reading, const struct piece *piece, struct cursor payload)
{
	struct reader *reader = reading->reader;
	struct stream_part part = {0, payload};

	if (reader->over[piece->from_hi]) {
		count_idle(reader);
		return;
	}
	reader->idle = 0;
	if (piece->protocol == IPPROTO_TCP &&
		!byte_stream_add(&reader->bytes[piece->from_hi], piece, &part))
		return;
	reader->over[piece->from_hi] = !reader->parser->add(reading, &part);
}

/* The flow's details, and certificates, which are the transaction's alone. */
static void tell_tls(struct dpi *dpi, struct flow *flow)
{
	draft_reset(&dpi->draft);
	draft_keep(&dpi->draft, flow->details);
	draft_keep(&dpi->draft, flow->dpi->reader->vouching);
	flow_tell_draft(dpi, flow, TRANSACTION_TLS, flow->last_ns);
}

/* HTTP tells each of its own; of the others a flow has one, whose details are the flow's. */
static void tell_whole(struct dpi *dpi, struct flow *flow)
{
	struct reader *reader = flow->dpi->reader;

	if (!reader->is_told && reader->parser != &http_parser &&
		flow_tells(dpi, flow, reader->parser->kind)) {
		if (reader->vouching)
			tell_tls(dpi, flow);
		else
			flow_tell(
				dpi, flow, reader->parser->kind, flow->last_ns, flow->details);
	}
	reader->is_told = true;
}

/* Another protocol is looked for in what follows. */
static void leave(struct dpi_state *state)
{
	memory_free(state->reader);
	state->reader = NULL;
	state->probes = 0;
	state->tunnel = true;
}

static void flow_read_payload(struct dpi *dpi, struct flow *flow, const struct piece *piece)
{
	struct dpi_state *state = flow->dpi;
	struct cursor payload = cursor_make(piece->ip, piece->cap, piece->wire);
	struct reading reading = {dpi, flow, state->reader, piece->from_hi, piece->time_ns};

	cursor_skip(&payload, piece->payload);
	if (!payload.wire) {
		if (reading.reader)
			count_idle(reading.reader);
		return;
	}
	if (!state->reader) {
		if (begins_dns(state, piece, payload)) {
			flow_read_dns(dpi, flow, piece);
			return;
		}
		reading.reader = reader_choose(dpi, state, piece, payload);
		if (reading.reader && reading.reader->parser->begin)
			reading.reader->parser->begin(&reading);
	}
	if (!reading.reader || is_over(reading.reader))
		return;
	read_part(&reading, piece, payload);
	if (is_over(reading.reader))
		flow_read_end(dpi, flow);
	if (reading.reader->is_tunnel)
		leave(state);
}

void flow_read(struct dpi *dpi, struct flow *flow, const struct piece *piece)
{
	struct dpi_state *state = flow->dpi;
	uint64_t refused = dpi->memory.refused;

	if (!state->reader && (state->dns || state->again || flow_is_dns(flow)))
		flow_read_dns(dpi, flow, piece);
	else
		flow_read_payload(dpi, flow, piece);
	if (dpi->memory.refused != refused)
		state->starved = true;
}

void flow_read_end(struct dpi *dpi, struct flow *flow)
{
	struct reader *reader = flow->dpi->reader;
	struct reading reading = {dpi, flow, reader, false, flow->last_ns};

	flow_end_dns(dpi, flow);
	if (!reader || reader->is_told)
		return;
	if (reader->parser->end && !(reader->over[0] && reader->over[1]))
		reader->parser->end(&reading);
	reader->over[0] = reader->over[1] = true;
	tell_whole(dpi, flow);
}

/* Whether another protocol may follow: in a tunnel, or TLS. */
static bool may_change(const struct flow *flow)
{
	struct engine_label label = {.master = flow->app_master, .app = flow->app};

	return flow->dpi->tunnel || engine_starts_tls(&label);
}

bool flow_awaits(const struct dpi *dpi, const struct flow *flow)
{
	const struct reader *reader = flow->dpi->reader;

	if (reader)
		return !is_over(reader);
	if (may_change(flow) && flow->dpi->probes < READER_PROBES_MAX)
		return true;
	return flow_awaits_dns(dpi, flow);
}
