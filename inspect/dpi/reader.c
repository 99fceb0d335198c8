#include "inspect/dpi/reader.h"

#include <netinet/in.h>
#include <string.h>

#include "inspect/dpi/inside.h"

/* A part of what one side of a flow says, on its way through a parser. */
struct reading {
	struct dpi *dpi;
	struct flow *flow;
	struct reader *reader;
	bool from_hi;
};

struct parser {
	uint8_t protocol; /* IANA number */
	/* Whether a side may begin with these bytes, some of which may not have arrived. */
	bool (*begins)(struct cursor bytes);
	/* false: the side has nothing more to say. */
	bool (*add)(struct reading *reading, const struct stream_part *part);
};

static bool is_from_server(const struct reading *reading)
{
	bool client_is_lo = reading->flow->flags & FLOW_CLIENT_IS_LO;

	return reading->from_hi == client_is_lo;
}

static bool ssh_begins(struct cursor bytes)
{
	static const char name[] = "SSH-";
	const uint8_t *at = cursor_take(&bytes, sizeof(name) - 1);

	return at && memcmp(at, name, sizeof(name) - 1) == 0;
}

static void ssh_identification(void *ctx, const uint8_t *line, uint32_t len)
{
	struct reading *reading = ctx;

	draft_reset(&reading->dpi->draft);
	draft_ssh_identification(&reading->dpi->draft, is_from_server(reading), line, len);
	flow_details(reading->dpi, reading->flow);
}

static void ssh_kexinit(void *ctx, const struct ssh_kexinit *kexinit)
{
	struct reading *reading = ctx;

	draft_reset(&reading->dpi->draft);
	draft_ssh_kexinit(&reading->dpi->draft, is_from_server(reading), kexinit);
	flow_details(reading->dpi, reading->flow);
}

static bool ssh_add(struct reading *reading, const struct stream_part *part)
{
	const struct ssh_sink sink = {ssh_identification, ssh_kexinit, reading};

	return ssh_stream_add(&reading->reader->ssh[reading->from_hi], &reading->dpi->memory,
		&reading->flow->dpi->kept, part, &sink);
}

static const struct parser parsers[] = {
	{IPPROTO_TCP, ssh_begins, ssh_add},
};

static const struct parser *parser_of(const struct piece *piece, struct cursor payload)
{
	for (size_t i = 0; i < sizeof(parsers) / sizeof(parsers[0]); i++)
		if (parsers[i].protocol == piece->protocol && parsers[i].begins(payload))
			return &parsers[i];
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

bool flow_awaits(const struct flow *flow)
{
	const struct reader *reader = flow->dpi->reader;

	return reader ? !is_over(reader) : flow_awaits_dns(flow);
}
