/* Which packets nDPI gets, when a flow's label is final, and what becomes of its state. */
#include "inspect/dpi/dpi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decap/cursor.h"
#include "inspect/dpi/dns.h"
#include "inspect/dpi/draft.h"
#include "inspect/dpi/engine.h"
#include "inspect/dpi/memory.h"

/* Of a flow without verdict. `engine` is nDPI's and as large as it says. */
struct dpi_state {
	struct dpi_state *next; /* free ones */
	uint32_t packets;       /* given to nDPI */
	bool cut;               /* they were cut packets, see flow_ready */
	bool starved;           /* memory was refused at some point */
	_Alignas(16) uint8_t engine[];
};

struct dpi {
	struct dpi_params params;
	struct memory memory;
	struct memory_list blocks; /* states and details */
	struct engine *engine;
	struct dpi_state *idle; /* states to use again */
	uint64_t packets, refused_flows;
	struct draft draft;
	struct dns_message dns;
	uint8_t whole[UINT16_MAX]; /* a cut packet, made whole */
};

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
	free(dpi);
}

static struct engine_flow *state_engine(struct dpi_state *state)
{
	return (struct engine_flow *)(void *)state->engine;
}

static struct dpi_state *state_take(struct dpi *dpi)
{
	struct dpi_state *state = dpi->idle;

	if (state)
		dpi->idle = state->next;
	else
		state = memory_take(
			&dpi->memory, &dpi->blocks, sizeof(*state) + engine_flow_size());
	if (!state)
		return NULL;
	memset(state, 0, sizeof(*state));
	engine_flow_init(state_engine(state));
	return state;
}

static void state_give(struct dpi *dpi, struct flow *flow)
{
	struct dpi_state *state = flow->dpi;

	engine_flow_fini(dpi->engine, state_engine(state));
	state->next = dpi->idle;
	dpi->idle = state;
	flow->dpi = NULL;
}

static void flow_label(struct flow *flow, const struct engine_label *label)
{
	flow->app_master = label->master;
	flow->app = label->app;
	flow->category = label->category;
}

/* Puts the draft and what the flow has already into one new block. */
static void flow_details(struct dpi *dpi, struct flow *flow)
{
	uint64_t refused = dpi->memory.refused;
	struct details *details;

	draft_keep(&dpi->draft, flow->details);
	details = draft_finish(&dpi->draft, &dpi->memory, &dpi->blocks);
	if (dpi->memory.refused != refused) {
		if (flow->dpi)
			flow->dpi->starved = true;
		return;
	}
	memory_give(flow->details);
	flow->details = details;
}

/* Takes from nDPI's state what it knows, and gives it up. */
static void flow_collect(struct dpi *dpi, struct flow *flow)
{
	draft_reset(&dpi->draft);
	engine_collect(dpi->engine, state_engine(flow->dpi), flow->dpi->cut, &dpi->draft);
	if (dpi->draft.have || dpi->draft.risks)
		flow_details(dpi, flow);
	dpi->refused_flows += flow->dpi->starved;
	state_give(dpi, flow);
}

static void flow_verdict(struct dpi *dpi, struct flow *flow, const struct engine_label *label)
{
	flow_label(flow, label);
	flow->flags |= flow->dpi->cut ? FLOW_DPI_CUT : FLOW_DPI_DONE;
	if (label->guessed)
		flow->flags |= FLOW_DPI_GUESSED;
	flow_collect(dpi, flow);
}

/* As ndpiReader counts: the packet that goes over the limit is still looked at. */
static bool too_many(const struct dpi *dpi, const struct flow *flow)
{
	uint32_t max = 0;

	if (flow->key.protocol == 6)
		max = dpi->params.max_packets_tcp;
	else if (flow->key.protocol == 17)
		max = dpi->params.max_packets_udp;
	return max && flow->dpi->packets > max;
}

/* Gives one packet to nDPI; `*label` is final unless ENGINE_MORE. */
static enum engine_status flow_give(struct dpi *dpi, struct flow *flow, const uint8_t *ip,
	uint32_t len, uint64_t time_ns, struct engine_label *label)
{
	struct dpi_state *state = flow->dpi;
	struct engine_flow *engine_flow = state_engine(state);
	uint64_t refused = dpi->memory.refused;
	enum engine_status status;

	status = engine_packet(
		dpi->engine, engine_flow, ip, (uint16_t)len, time_ns / 1000000, label);
	dpi->packets++;
	state->packets++;
	if (flow->dpi_packets < UINT8_MAX)
		flow->dpi_packets++;
	if (status == ENGINE_MORE && too_many(dpi, flow))
		status = label->app ? ENGINE_FOUND : ENGINE_SPENT;
	if (status == ENGINE_SPENT)
		engine_giveup(dpi->engine, engine_flow, label);
	if (dpi->memory.refused != refused)
		state->starved = true;
	return status;
}

/* The packets that ndpiReader gives to nDPI: whole ones, first fragments included. A total
 * length of 0 (segmentation offload) is one that nDPI does not believe. */
static bool is_whole(const struct packet *p)
{
	return p->ip_cap >= p->ip_len && !(p->ip_version == 4 && be16(p->ip + 2) == 0);
}

/* nDPI refuses a packet whose IP header claims more than there is; ndpiReader drops it, too. This
 * makes a cut packet one of ip_cap bytes. */
static const uint8_t *make_whole(struct dpi *dpi, const struct packet *p)
{
	uint32_t claim = p->ip_version == 4 ? p->ip_cap : p->ip_cap - 40;
	uint8_t *at = dpi->whole + (p->ip_version == 4 ? 2 : 4);

	memcpy(dpi->whole, p->ip, p->ip_cap);
	at[0] = (uint8_t)(claim >> 8);
	at[1] = (uint8_t)claim;
	return dpi->whole;
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

/* A number without a name prints as `prefix` and the number. */
static void draft_name(struct draft *draft, enum detail detail, const char *name,
	const char *prefix, unsigned number)
{
	char text[16];

	if (!name) {
		snprintf(text, sizeof(text), "%s%u", prefix, number);
		name = text;
	}
	draft_text(draft, detail, name);
}

static void draft_dns(struct draft *draft, const struct dns_message *dns)
{
	draft_reset(draft);
	if (dns->has_question) {
		draft_text(draft, DETAIL_dns_query, dns->query);
		draft_name(draft, DETAIL_dns_type, dns_type_name(dns->type), "TYPE", dns->type);
	}
	if (!dns->is_response)
		return;
	draft_name(draft, DETAIL_dns_rcode, dns_rcode_name(dns->rcode), "RCODE", dns->rcode);
	draft_list(draft, DETAIL_dns_answers, dns->answers[0], sizeof(dns->answers[0]),
		dns->n_answers);
}

/* Keeps the first question and the first answer of a DNS flow. */
static void dns_look(struct dpi *dpi, struct flow *flow, const struct packet *p)
{
	uint32_t skip = p->protocol == 6 ? 2 : 0;
	struct cursor c = cursor_make(p->ip, p->ip_cap, p->ip_len);
	uint32_t wanted = p->payload + skip;

	if ((p->protocol != 6 && p->protocol != 17) || !cursor_take(&c, wanted) || !c.cap)
		return;
	if (!dns_parse(c.at, c.cap, c.wire, &dpi->dns))
		return;
	if (!dpi->dns.is_response && details_has(flow->details, DETAIL_dns_query))
		return;
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
	flow->dpi = state_take(dpi);
	if (!flow->dpi) {
		flow->flags |= FLOW_DPI_NONE;
		dpi->refused_flows++;
		return false;
	}
	flow->dpi->cut = !whole;
	return true;
}

static void dpi_look(struct dpi *dpi, struct flow *flow, const struct packet *p)
{
	bool whole = is_whole(p);
	enum engine_status status = ENGINE_MORE;
	struct engine_label label;

	if (p->ip_len <= UINT16_MAX && flow_ready(dpi, flow, whole)) {
		const uint8_t *ip = whole ? p->ip : make_whole(dpi, p);

		status = flow_give(
			dpi, flow, ip, whole ? p->ip_len : p->ip_cap, p->time_ns, &label);
		flow_label(flow, &label);
	}
	if (flow->dpi && is_dns(flow) && !details_has(flow->details, DETAIL_dns_rcode))
		dns_look(dpi, flow, p);
	if (status != ENGINE_MORE)
		flow_verdict(dpi, flow, &label);
}

void dpi_packet(struct dpi *dpi, struct flow *flow, const struct packet *p)
{
	if (!(flow->flags & (FLOW_DPI_DONE | FLOW_DPI_NONE)) &&
		!(p->flags & PACKET_LATER_FRAGMENT))
		dpi_look(dpi, flow, p);
}

void dpi_conclude(struct dpi *dpi, struct flow *flow)
{
	struct engine_label label;

	if (!flow->dpi)
		return;
	engine_giveup(dpi->engine, state_engine(flow->dpi), &label);
	flow_verdict(dpi, flow, &label);
}

void dpi_release(struct dpi *dpi, struct flow *flow)
{
	if (flow->dpi)
		state_give(dpi, flow);
	memory_give(flow->details);
	flow->details = NULL;
}

struct dpi_stats dpi_stats(const struct dpi *dpi)
{
	struct dpi_stats stats = {
		.packets = dpi->packets,
		.refused_flows = dpi->refused_flows,
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

const char *dpi_category_name(const struct dpi *dpi, uint16_t category)
{
	return engine_category_name(dpi->engine, category);
}
