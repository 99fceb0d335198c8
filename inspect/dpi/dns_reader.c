/* The first question of a flow and the answer to it; and all of them, where they are asked for. */
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
	const struct piece *piece;
};

static bool wants_all(const struct dpi *dpi)
{
	return transaction_is_wanted(&dpi->transactions, TRANSACTION_DNS);
}

static void tell(void *ctx, const struct dns_transaction *transaction)
{
	const struct message_of *of = ctx;
	uint64_t time_ns = transaction->answer ? transaction->answer->time_ns
					       : transaction->question->time_ns;

	if (!flow_tells(of->dpi, of->flow, TRANSACTION_DNS))
		return;
	draft_dns_transaction(&of->dpi->draft, transaction);
	flow_tell_draft(of->dpi, of->flow, TRANSACTION_DNS, time_ns);
}

/* The first question and its answer are details of the flow. */
static void keep_first(const struct message_of *of, struct dns_reader *reader)
{
	const struct dns_message *m = &of->dpi->dns;

	reader->messages++;
	if (!m->is_response && !m->has_question)
		return;
	if (reader->asked && !is_answer(of->flow, reader, m, of->piece->from_hi))
		return;
	if (!reader->asked) {
		reader->asked = true;
		reader->id = m->id;
		reader->type = m->type;
		reader->from_hi = of->piece->from_hi;
		reader->asked_ns = m->is_response ? 0 : of->piece->time_ns;
	}
	reader->answered = m->is_response;
	draft_dns(&of->dpi->draft, m);
	if (m->is_response && reader->asked_ns && of->piece->time_ns >= reader->asked_ns)
		draft_number(&of->dpi->draft, DETAIL_dns_rtt_ms,
			(of->piece->time_ns - reader->asked_ns) / 1000);
	flow_details(of->dpi, of->flow);
}

static bool take_message(void *ctx, const uint8_t *data, uint32_t cap, uint32_t wire)
{
	struct message_of *of = ctx;
	struct dns_reader *reader = of->flow->dpi->dns;
	const struct dns_packet packet = {.message = &of->dpi->dns,
		.data = data,
		.cap = cap,
		.wire = wire,
		.side = of->piece->from_hi,
		.time_ns = of->piece->time_ns};
	const struct dns_pair_sink sink = {tell, of};
	bool is_first = is_open(reader);

	if (!is_first && !wants_all(of->dpi))
		return true;
	if (!(is_first ? dns_parse : dns_parse_head)(data, cap, wire, &of->dpi->dns)) {
		reader->messages += is_first;
		return false;
	}
	if (is_first)
		keep_first(of, reader);
	if (wants_all(of->dpi))
		dns_pair_add(
			&reader->pair, &of->dpi->memory, &of->flow->dpi->kept, &packet, &sink);
	return true;
}

static bool has_first(const struct flow *flow)
{
	return details_has(flow->details, DETAIL_dns_query) ||
	       details_has(flow->details, DETAIL_dns_rcode);
}

/* NULL: no memory, or an earlier one has read what there is to read. */
static struct dns_reader *reader_of(struct dpi *dpi, struct flow *flow)
{
	struct dpi_state *state = flow->dpi;

	if (state->dns || (has_first(flow) && !wants_all(dpi)))
		return state->dns;
	state->dns = memory_alloc(&dpi->memory, &state->kept, sizeof(*state->dns));
	if (!state->dns)
		return NULL;
	memset(state->dns, 0, sizeof(*state->dns));
	state->dns->asked = state->dns->answered = has_first(flow);
	return state->dns;
}

void flow_read_dns(struct dpi *dpi, struct flow *flow, const struct piece *piece)
{
	struct message_of of = {dpi, flow, piece};
	const struct dns_sink sink = {take_message, &of};
	struct cursor c = cursor_make(piece->ip, piece->cap, piece->wire);
	struct dns_reader *reader;

	if (piece->wire <= piece->payload ||
		(piece->protocol != IPPROTO_TCP && piece->protocol != IPPROTO_UDP))
		return;
	reader = reader_of(dpi, flow);
	if (!reader || (!is_open(reader) && !wants_all(dpi)))
		return;
	if (piece->protocol == IPPROTO_TCP)
		dns_stream_add(&reader->stream[piece->from_hi], &dpi->memory, &flow->dpi->kept,
			piece, &sink);
	else if (cursor_take(&c, piece->payload) && c.cap)
		take_message(&of, c.at, c.cap, c.wire);
	reader->packets += is_open(reader);
}

void flow_end_dns(struct dpi *dpi, struct flow *flow)
{
	struct message_of of = {dpi, flow, NULL};
	const struct dns_pair_sink sink = {tell, &of};

	if (flow->dpi->dns && wants_all(dpi))
		dns_pair_end(&flow->dpi->dns->pair, &sink);
}

bool flow_awaits_dns(const struct dpi *dpi, const struct flow *flow)
{
	const struct dns_reader *reader = flow->dpi->dns;

	if (!reader)
		return false;
	if (is_open(reader) && has_dns_label(flow))
		return true;
	return wants_all(dpi) && (dns_pair_waits(&reader->pair) ||
					 flow->key.protocol == IPPROTO_TCP || flow->dpi->again);
}

bool flow_is_dns_again(const struct dpi *dpi, const struct flow *flow)
{
	return flow->key.protocol == IPPROTO_UDP &&
	       (flow_has_dns_port(flow) || has_first(flow)) &&
	       (flow->flags & (FLOW_DPI_DONE | FLOW_DPI_NONE)) == FLOW_DPI_DONE &&
	       wants_all(dpi);
}
