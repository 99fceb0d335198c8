#include "inspect/dpi/reader.h"

#include <netinet/in.h>
#include <string.h>

#include "inspect/dpi/inside.h"

static const struct parser *const parsers[] = {&tls_parser, &ssh_parser};

bool reading_is_from_server(const struct reading *reading)
{
	bool client_is_lo = reading->flow->flags & FLOW_CLIENT_IS_LO;

	return reading->from_hi == client_is_lo;
}

struct draft *reading_draft(const struct reading *reading)
{
	draft_reset(&reading->dpi->draft);
	return &reading->dpi->draft;
}

void reading_keep(struct reading *reading)
{
	if (reading->dpi->draft.have)
		flow_details(reading->dpi, reading->flow);
}

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
	if (!parser)
		return NULL;
	state->reader = memory_alloc(&dpi->memory, &state->kept, sizeof(*state->reader));
	if (!state->reader) {
		state->starved = true;
		return NULL;
	}
	memset(state->reader, 0, sizeof(*state->reader));
	state->reader->parser = parser;
	return state->reader;
}

static bool is_over(const struct reader *reader)
{
	return (reader->over[0] && reader->over[1]) || reader->idle == READER_IDLE_MAX;
}

static void read_part(struct reading *reading, const struct piece *piece, struct cursor payload)
{
	struct reader *reader = reading->reader;
	struct stream_part part = {0, payload};

	if (reader->over[piece->from_hi]) {
		reader->idle++;
		return;
	}
	reader->idle = 0;
	if (piece->protocol == IPPROTO_TCP &&
		!byte_stream_add(&reader->bytes[piece->from_hi], piece, &part))
		return;
	reader->over[piece->from_hi] = !reader->parser->add(reading, &part);
}

static void flow_read_payload(struct dpi *dpi, struct flow *flow, const struct piece *piece)
{
	struct cursor payload = cursor_make(piece->ip, piece->cap, piece->wire);
	struct reading reading = {dpi, flow, flow->dpi->reader, piece->from_hi};

	cursor_skip(&payload, piece->payload);
	if (!payload.wire)
		return;
	if (!reading.reader)
		reading.reader = reader_choose(dpi, flow->dpi, piece, payload);
	if (reading.reader && !is_over(reading.reader))
		read_part(&reading, piece, payload);
}

void flow_read(struct dpi *dpi, struct flow *flow, const struct piece *piece)
{
	if (!flow->dpi->reader && flow_is_dns(flow))
		flow_read_dns(dpi, flow, piece);
	else
		flow_read_payload(dpi, flow, piece);
}

void flow_read_end(struct dpi *dpi, struct flow *flow)
{
	struct reader *reader = flow->dpi->reader;

	if (!reader || !reader->parser->end)
		return;
	for (unsigned side = 0; side < 2; side++) {
		struct reading reading = {dpi, flow, reader, side};

		if (!reader->over[side])
			reader->parser->end(&reading);
		reader->over[side] = true;
	}
}

bool flow_awaits(const struct flow *flow)
{
	const struct reader *reader = flow->dpi->reader;

	return reader ? !is_over(reader) : flow_awaits_dns(flow);
}
