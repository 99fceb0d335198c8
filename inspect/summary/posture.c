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

/* What flows of one pair have sent. */
struct pair {
	uint32_t client, server; /* ends, or OTHER */
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

static int by_ends(const void *left, const void *right)
{
	const struct pair *a = left, *b = right;
	int by = (a->client > b->client) - (a->client < b->client);

	return by != 0 ? by : (a->server > b->server) - (a->server < b->server);
}

static int by_bytes(const void *left, const void *right)
{
	const struct pair *a = left, *b = right;

	if (a->bytes != b->bytes)
		return a->bytes < b->bytes ? 1 : -1;
	return by_ends(left, right);
}

/* Of `n` > 0 pairs, equal ones together; returns how many are left. */
static uint32_t fold(struct pair *pairs, uint32_t n)
{
	uint32_t kept = 0;

	qsort(pairs, n, sizeof(*pairs), by_ends);
	for (uint32_t i = 1; i < n; i++) {
		if (by_ends(&pairs[kept], &pairs[i]) != 0) {
			pairs[++kept] = pairs[i];
			continue;
		}
		pairs[kept].flows += pairs[i].flows;
		pairs[kept].bytes += pairs[i].bytes;
		counters_add(&pairs[kept].stats, &pairs[i].stats, sizeof(pairs[i].stats));
	}
	return kept + 1;
}

static struct pair *make_pairs(
	const struct ends *ends, const struct heaviest *table, uint32_t n)
{
	struct pair *pairs = calloc(n, sizeof(*pairs));

	for (uint32_t i = 0; pairs && i < n; i++) {
		const struct conversation_key *key = heaviest_key(table, i);
		const struct conversation_value *value = heaviest_value(table, i);

		find_pair(ends, key, &pairs[i]);
		pairs[i].flows = value->flows;
		pairs[i].bytes = value->bytes;
		encryption_count(
			&pairs[i].stats, (enum encryption)key->encryption, value->flows);
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

uint32_t posture_top(
	const struct summary *s, struct posture *rows, uint32_t max, struct posture *others)
{
	const struct heaviest *table = totals_conversations(s->totals);
	uint32_t n = table ? heaviest_count(table) : 0;
	struct pair *pairs = NULL;
	struct ends ends;

	*others = all_flows(s);
	if (n == 0)
		return 0;
	if (ends_make(&ends, s))
		pairs = make_pairs(&ends, table, n);
	n = pairs ? fold(pairs, n) : 0;
	if (pairs)
		qsort(pairs, n, sizeof(*pairs), by_bytes);
	for (uint32_t i = 0; i < n && i < max; i++) {
		rows[i] = (struct posture){.flows = pairs[i].flows,
			.bytes = pairs[i].bytes,
			.stats = pairs[i].stats};
		name_end(&ends, pairs[i].client, rows[i].client);
		name_end(&ends, pairs[i].server, rows[i].server);
		take_away(others, &rows[i]);
	}
	ends_free(&ends);
	free(pairs);
	return n;
}
