#include "inspect/summary/posture.h"

#include <stdlib.h>
#include <string.h>

#include "config/model/model.h"
#include "inspect/flow/addr_text.h"
#include "inspect/record/tables/conversations.h"

enum { OTHER = UINT32_MAX };

/* An address, and the end that has it: of an interface of the settings its number, of a source of unknown
 * sessions n_interfaces + its number. */
struct holder {
	struct ip_addr addr;
	uint32_t end;
};

struct ends {
	const struct summary *summary;
	uint32_t n_interfaces, n_holders, n_sources;
	struct holder *holders;  /* by address, then end */
	struct ip_addr *sources; /* of unknown sessions, each once, by address */
};

/* Two ends, or OTHER. */
struct pair {
	uint32_t client, server;
	uint64_t zero; /* a key has two words (heaviest.h) */
};

/* What flows of one pair have sent. */
struct sent {
	uint64_t flows, bytes;
	struct encryption_stats stats;
};

static int by_address(const void *left, const void *right)
{
	const struct holder *a = left, *b = right;
	int by = memcmp(&a->addr, &b->addr, sizeof(a->addr));

	return by != 0 ? by : (a->end > b->end) - (a->end < b->end);
}

static const struct model_interface *interface_of(const struct ends *ends, uint32_t end)
{
	return end < ends->n_interfaces ? &ends->summary->model->interfaces[end] : NULL;
}

static void hold(struct ends *ends, const struct ip_addr *addr, uint32_t end)
{
	ends->holders[ends->n_holders++] = (struct holder){*addr, end};
}

/* The first holder of the address, or the one after all. */
static uint32_t first_holder(const struct ends *ends, const struct ip_addr *addr)
{
	uint32_t first = 0, end = ends->n_holders;

	while (first < end) {
		uint32_t middle = first + (end - first) / 2;

		if (memcmp(&ends->holders[middle].addr, addr, sizeof(*addr)) < 0)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

static bool is_held(const struct ends *ends, const struct ip_addr *addr)
{
	uint32_t i = first_holder(ends, addr);

	return i < ends->n_holders && ip_addr_equal(&ends->holders[i].addr, addr);
}

static void sort_holders(struct ends *ends)
{
	qsort(ends->holders, ends->n_holders, sizeof(*ends->holders), by_address);
}

static void add_interfaces(struct ends *ends)
{
	for (uint32_t i = 0; i < ends->n_interfaces; i++) {
		const struct model_interface *interface = interface_of(ends, i);

		for (uint32_t a = 0; a < interface->n_addresses; a++)
			hold(ends, &interface->addresses[a].addr, i);
	}
	sort_holders(ends);
}

static int by_source(const void *left, const void *right)
{
	return memcmp(left, right, sizeof(struct ip_addr));
}

/* Those that no interface has. */
static void add_sources(struct ends *ends, const struct session_table *sessions, uint32_t n)
{
	uint32_t all = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct session *session = session_table_get(sessions, i);

		if (session->config == NULL && !is_held(ends, &session->outer_src))
			ends->sources[all++] = session->outer_src;
	}
	qsort(ends->sources, all, sizeof(*ends->sources), by_source);
	for (uint32_t i = 0; i < all; i++)
		if (i == 0 || !ip_addr_equal(&ends->sources[i], &ends->sources[i - 1]))
			ends->sources[ends->n_sources++] = ends->sources[i];
	for (uint32_t i = 0; i < ends->n_sources; i++)
		hold(ends, &ends->sources[i], ends->n_interfaces + i);
	sort_holders(ends);
}

static void ends_free(struct ends *ends)
{
	free(ends->holders);
	free(ends->sources);
}

/* false: no memory; ends_free() is due all the same. */
static bool ends_make(struct ends *ends, const struct summary *s)
{
	uint32_t sessions = s->sessions ? session_table_count(s->sessions) : 0;
	size_t n = sessions;

	*ends = (struct ends){
		.summary = s, .n_interfaces = s->model ? s->model->n_interfaces : 0};
	for (uint32_t i = 0; i < ends->n_interfaces; i++)
		n += interface_of(ends, i)->n_addresses;
	ends->holders = calloc(n + 1, sizeof(*ends->holders));
	ends->sources = calloc(sessions + 1ull, sizeof(*ends->sources));
	if (ends->holders == NULL || ends->sources == NULL)
		return false;
	add_interfaces(ends);
	add_sources(ends, s->sessions, sessions);
	return true;
}

static bool is_same_vpc(const struct ends *ends, uint32_t a, uint32_t b)
{
	const struct model_interface *left = interface_of(ends, a);
	const struct model_interface *right = interface_of(ends, b);

	return left && right && left->vpc && left->vpc == right->vpc;
}

/* `beside`: the end that was mirrored, or OTHER. */
static uint32_t end_of(const struct ends *ends, const struct ip_addr *addr, uint32_t beside)
{
	uint32_t first = first_holder(ends, addr), i = first;

	for (; i < ends->n_holders && ip_addr_equal(&ends->holders[i].addr, addr); i++)
		if (is_same_vpc(ends, ends->holders[i].end, beside))
			return ends->holders[i].end;
	return i == first + 1 ? ends->holders[first].end : (uint32_t)OTHER;
}

/* The interface that mirrored, or OTHER. */
static uint32_t own_end(const struct ends *ends, const struct conversation_key *key)
{
	const struct model *model = ends->summary->model;
	const struct model_session *session =
		key->has_point && model ? model_session_of(model, &key->point) : NULL;

	if (session)
		return (uint32_t)(session->interface - model->interfaces);
	return key->has_point ? end_of(ends, &key->point.outer_src, OTHER) : (uint32_t)OTHER;
}

static void find_pair(
	const struct ends *ends, const struct conversation_key *key, struct pair *pair)
{
	uint32_t own = own_end(ends, key);

	pair->client = pair->server = OTHER;
	if (key->direction == DIRECTION_EGRESS)
		pair->client = own;
	else if (key->direction == DIRECTION_INGRESS)
		pair->server = own;
	if (pair->client == (uint32_t)OTHER)
		pair->client = end_of(ends, &key->client, own);
	if (pair->server == (uint32_t)OTHER)
		pair->server = end_of(ends, &key->server, own);
}

static int by_ends(const struct pair *a, const struct pair *b)
{
	int by = (a->client > b->client) - (a->client < b->client);

	return by != 0 ? by : (a->server > b->server) - (a->server < b->server);
}

static int by_bytes(const struct heaviest *pairs, uint32_t a, uint32_t b)
{
	const struct sent *left = heaviest_value(pairs, a), *right = heaviest_value(pairs, b);

	if (left->bytes != right->bytes)
		return left->bytes < right->bytes ? 1 : -1;
	return by_ends(heaviest_key(pairs, a), heaviest_key(pairs, b));
}

static void add_sent(void *value, const void *more)
{
	const struct sent *from = more;
	struct sent *to = value;

	to->flows += from->flows;
	to->bytes += from->bytes;
	counters_add(&to->stats, &from->stats, sizeof(to->stats));
}

/* A row for each pair, however many there are. */
static struct heaviest *make_pairs(
	const struct ends *ends, const struct heaviest *table, uint32_t n)
{
	const struct heaviest_form form = {
		n, sizeof(struct pair), sizeof(struct sent), add_sent};
	struct heaviest *pairs = heaviest_create(&form);

	for (uint32_t i = 0; pairs && i < n; i++) {
		const struct conversation_key *key = heaviest_key(table, i);
		const struct conversation_value *value = heaviest_value(table, i);
		struct sent sent = {.flows = value->flows, .bytes = value->bytes};
		struct pair pair = {.zero = 0};

		find_pair(ends, key, &pair);
		encryption_count(&sent.stats, (enum encryption)key->encryption, value->flows);
		heaviest_add(pairs, &pair, sizeof(pair), &sent, sent.bytes);
	}
	return pairs;
}

static void name_end(const struct ends *ends, uint32_t end, char name[POSTURE_END])
{
	const struct model_interface *interface = interface_of(ends, end);
	struct text t = text_make(name, POSTURE_END - 1);
	const struct ip_addr *source;

	if (interface) {
		text_bytes(&t, interface->id, strnlen(interface->id, POSTURE_END - 1));
	} else if (end == (uint32_t)OTHER) {
		text_cstr(&t, "other");
	} else {
		source = &ends->sources[end - ends->n_interfaces];
		text_addr(&t, source, ip_addr_is_v4(source) ? 4 : 6);
	}
	*t.at = '\0';
}

/* What is left of `all` without the part. */
static void take_away(struct posture *all, const struct posture *part)
{
	uint64_t *left = (uint64_t *)&all->stats;
	const uint64_t *less = (const uint64_t *)&part->stats;

	all->flows -= part->flows;
	all->bytes -= part->bytes;
	for (size_t i = 0; i < sizeof(all->stats) / sizeof(*left); i++)
		left[i] -= less[i];
}

/* The totals are exact, whatever the conversations have lost. */
static struct posture all_flows(const struct summary *s)
{
	struct posture all = {
		.client = "others",
		.flows = totals_flows(s->totals),
		.bytes = totals_bytes(s->totals),
		.stats = s->counters.encryption_stats,
	};

	return all;
}

static void fill(const struct ends *ends, const struct heaviest *pairs, uint32_t number,
	struct posture *row)
{
	const struct pair *pair = heaviest_key(pairs, number);
	const struct sent *sent = heaviest_value(pairs, number);

	*row = (struct posture){
		.flows = sent->flows, .bytes = sent->bytes, .stats = sent->stats};
	name_end(ends, pair->client, row->client);
	name_end(ends, pair->server, row->server);
}

uint32_t posture_top(
	const struct summary *s, struct posture *rows, uint32_t max, struct posture *others)
{
	const struct heaviest *table = totals_conversations(s->totals);
	uint32_t n = table ? heaviest_count(table) : 0, *numbers = NULL;
	struct heaviest *pairs = NULL;
	struct ends ends;

	*others = all_flows(s);
	if (n == 0)
		return 0;
	if (ends_make(&ends, s))
		pairs = make_pairs(&ends, table, n);
	if (pairs)
		numbers = heaviest_sort(pairs, by_bytes, max);
	n = numbers ? heaviest_count(pairs) : 0;
	for (uint32_t i = 0; i < n && i < max; i++) {
		fill(&ends, pairs, numbers[i], &rows[i]);
		take_away(others, &rows[i]);
	}
	free(numbers);
	heaviest_destroy(pairs);
	ends_free(&ends);
	return n;
}
