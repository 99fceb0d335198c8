/* The first question of a flow, and the answer to it. */
#include "inspect/dpi/dns_reader.h"

#include <ctype.h>
#include <netinet/in.h>
#include <string.h>

#include "decap/cursor.h"
#include "inspect/dpi/inside.h"

static bool is_dns_port(uint16_t port)
{
	return port == 53 || port == 5353 || port == 5355;
}

bool flow_has_dns_port(const struct flow *flow)
{
	return is_dns_port(flow->key.lo_port) || is_dns_port(flow->key.hi_port);
}

static bool has_dns_label(const struct flow *flow)
{
	struct engine_label label = {.master = flow->app_master, .app = flow->app};

	return engine_is_dns(&label);
}

bool flow_is_dns(const struct flow *flow)
{
	return flow_has_dns_port(flow) || has_dns_label(flow);
}

/* RFC 4343: names are the same in any case. `query` is what was kept of the question. */
static bool is_name(const struct flow *flow, const char *query)
{
	size_t len = 0, n = strlen(query);
	const char *name = details_string(flow->details, DETAIL_dns_query, &len);

	if (n > DETAILS_STRING_MAX)
		n = DETAILS_STRING_MAX;
	if (!name || len != n)
		return !name;
	for (size_t i = 0; i < n; i++)
		if (tolower((unsigned char)name[i]) != tolower((unsigned char)query[i]))
			return false;
	return true;
}

/* Whether the message answers the first question. Some answers do not repeat it. */
static bool is_answer(const struct flow *flow, const struct dns_reader *reader,
	const struct dns_message *m, bool from_hi)
{
	if (!m->is_response || m->id != reader->id || from_hi == reader->from_hi)
		return false;
	return !m->has_question || (m->type == reader->type && is_name(flow, m->query));
}

static bool is_open(const struct dns_reader *reader)
{
	return reader && !reader->answered && reader->packets < DNS_PACKETS_MAX &&
	       reader->messages < DNS_MESSAGES_MAX;
}

struct message_of {
	struct dpi *dpi;
	struct flow *flow;
	bool from_hi;
};

static bool take_message(void *ctx, const uint8_t *data, uint32_t cap, uint32_t wire)
{
	const struct message_of *of = ctx;
	struct dns_reader *reader = of->flow->dpi->dns;
	struct dns_message *m = &of->dpi->dns;

	if (!is_open(reader))
		return true;
	reader->messages++;
	if (!dns_parse(data, cap, wire, m))
		return false;
	if (!m->is_response && !m->has_question)
		return true;
	if (reader->asked && !is_answer(of->flow, reader, m, of->from_hi))
		return true;
	if (!reader->asked) {
		reader->asked = true;
		reader->id = m->id;
		reader->type = m->type;
		reader->from_hi = of->from_hi;
	}
	reader->answered = m->is_response;
	draft_dns(&of->dpi->draft, m);
	flow_details(of->dpi, of->flow);
	return true;
}

/* NULL: no memory, or an earlier one has read what there is to read. */
static struct dns_reader *reader_of(struct dpi *dpi, struct flow *flow)
{
	struct dpi_state *state = flow->dpi;

	if (state->dns || details_has(flow->details, DETAIL_dns_query) ||
		details_has(flow->details, DETAIL_dns_rcode))
		return state->dns;
	state->dns = memory_alloc(&dpi->memory, &state->kept, sizeof(*state->dns));
	if (state->dns)
		memset(state->dns, 0, sizeof(*state->dns));
	else
		state->starved = true;
	return state->dns;
}

void flow_read_dns(struct dpi *dpi, struct flow *flow, const struct piece *piece)
{
	struct message_of of = {dpi, flow, piece->from_hi};
	const struct dns_sink sink = {take_message, &of};
	struct cursor c = cursor_make(piece->ip, piece->cap, piece->wire);
	struct dns_reader *reader;

	if (piece->wire <= piece->payload ||
		(piece->protocol != IPPROTO_TCP && piece->protocol != IPPROTO_UDP))
		return;
	reader = reader_of(dpi, flow);
	if (!is_open(reader))
		return;
	if (piece->protocol == IPPROTO_TCP)
		dns_stream_add(&reader->stream[piece->from_hi], &dpi->memory, &flow->dpi->kept,
			piece, &sink);
	else if (cursor_take(&c, piece->payload) && c.cap)
		take_message(&of, c.at, c.cap, c.wire);
	reader->packets++;
}

bool flow_awaits_dns(const struct flow *flow)
{
	return is_open(flow->dpi->dns) && has_dns_label(flow);
}
