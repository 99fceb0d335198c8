#include "inspect/record/totals.h"

#include <stdlib.h>
#include <string.h>

#include "config/settings/settings.h"
#include "inspect/flow/addr_text.h"
#include "inspect/record/fact.h"

enum { APPS_FIRST = 256 }; /* slots; doubled at half full */

struct app_slot {
	struct app_total app;
	bool used;
};

struct totals {
	uint64_t flows;
	uint64_t risks[RISKS];
	struct app_slot *apps;
	uint32_t app_slots, n_apps;
	/* NULL: not asked for. */
	struct heaviest *talkers, *conversations, *names, *failures;
};

static uint32_t mix(uint64_t n)
{
	return (uint32_t)((n ^ n >> 29) * 0x9e3779b97f4a7c15u >> 32);
}

static struct app_slot *app_probe(
	struct app_slot *apps, uint32_t slots, uint16_t master, uint16_t app)
{
	uint32_t at = mix((uint64_t)master << 16 | app) & (slots - 1);

	while (apps[at].used && (apps[at].app.master != master || apps[at].app.app != app))
		at = (at + 1) & (slots - 1);
	return &apps[at];
}

static void apps_grow(struct totals *totals)
{
	uint32_t slots = 2 * totals->app_slots;
	struct app_slot *apps = calloc(slots, sizeof(*apps));

	if (apps == NULL)
		return; /* slower, not wrong, while slots are free */
	for (uint32_t i = 0; i < totals->app_slots; i++)
		if (totals->apps[i].used)
			*app_probe(apps, slots, totals->apps[i].app.master,
				totals->apps[i].app.app) = totals->apps[i];
	free(totals->apps);
	totals->apps = apps;
	totals->app_slots = slots;
}

/* Never fails: when the table cannot grow and is full, what comes is counted as Unknown. */
static struct total *app_total(struct totals *totals, uint16_t master, uint16_t app)
{
	struct app_slot *slot = app_probe(totals->apps, totals->app_slots, master, app);

	if (slot->used)
		return &slot->app.total;
	if (2 * totals->n_apps >= totals->app_slots) {
		apps_grow(totals);
		if (totals->n_apps + 1 == totals->app_slots) /* a probe needs one free slot */
			master = app = 0;
		slot = app_probe(totals->apps, totals->app_slots, master, app);
	}
	if (slot->used)
		return &slot->app.total;
	slot->used = true;
	slot->app.master = master;
	slot->app.app = app;
	totals->n_apps++;
	return &slot->app.total;
}

struct totals_tables totals_tables_asked(const struct settings *s)
{
	return (struct totals_tables){
		.talkers = true,
		.conversations =
			s->summary.conversations || (s->summary.encryption && s->dpi.enabled),
		.names = s->summary.names && s->dpi.enabled,
		.failures = s->summary.failures,
	};
}

static bool make_tables(struct totals *totals, const struct totals_tables *tables)
{
	totals->talkers = tables->talkers ? talkers_create() : NULL;
	totals->conversations = tables->conversations ? conversations_create() : NULL;
	totals->names = tables->names ? named_create() : NULL;
	totals->failures = tables->failures ? named_create() : NULL;
	return (totals->talkers || !tables->talkers) &&
	       (totals->conversations || !tables->conversations) &&
	       (totals->names || !tables->names) && (totals->failures || !tables->failures);
}

struct totals *totals_create(const struct totals_tables *tables)
{
	struct totals *totals = calloc(1, sizeof(*totals));

	if (totals == NULL)
		return NULL;
	totals->app_slots = APPS_FIRST;
	totals->apps = calloc(APPS_FIRST, sizeof(*totals->apps));
	if (totals->apps == NULL || (tables != NULL && !make_tables(totals, tables))) {
		totals_destroy(totals);
		return NULL;
	}
	app_total(
		totals, 0, 0); /* Unknown has its slot from the start; 0 flows are not listed */
	return totals;
}

void totals_destroy(struct totals *totals)
{
	if (totals == NULL)
		return;
	free(totals->apps);
	heaviest_destroy(totals->talkers);
	heaviest_destroy(totals->conversations);
	heaviest_destroy(totals->names);
	heaviest_destroy(totals->failures);
	free(totals);
}

void totals_flow(struct totals *totals, const struct flow *flow, struct risk_set risks)
{
	struct total *app = app_total(totals, flow->app_master, flow->app);

	totals->flows++;
	app->flows++;
	app->packets += flow->side[0].packets + flow->side[1].packets;
	app->bytes += flow->side[0].bytes + flow->side[1].bytes;
	while (!risk_set_is_empty(&risks))
		totals->risks[risk_set_take(&risks)]++;
}

static void add_talkers(struct totals *totals, const struct flow_fact *fact)
{
	const struct conversation_key *key = &fact->key;
	struct total client = {1, fact->packets[0], fact->bytes[0]},
		     server = {1, fact->packets[1], fact->bytes[1]};
	struct talker src = {key->client, key->tenant, client, server};
	struct talker dst = {key->server, key->tenant, server, client};

	/* Flows count where they began, and where they were served. */
	src.received.flows = dst.sent.flows = 0;
	talkers_prefetch(totals->talkers, &key->client, key->tenant);
	talkers_prefetch(totals->talkers, &key->server, key->tenant);
	talkers_add(totals->talkers, &src);
	talkers_add(totals->talkers, &dst);
}

static void add_conversation(struct totals *totals, const struct flow_fact *fact)
{
	const struct conversation conversation = {
		.key = fact->key,
		.value = {1, fact->packets[0] + fact->packets[1],
			fact->bytes[0] + fact->bytes[1], fact->first_ns, fact->last_ns},
	};

	conversations_add(totals->conversations, &conversation);
}

static void add_begin(struct totals *totals, const struct flow_fact *fact)
{
	static const char *const what[] = {
		[FLOW_BEGIN_UNANSWERED] = "no answer", [FLOW_BEGIN_REFUSED] = "refused"};
	const struct conversation_key *key = &fact->key;
	char room[ENDPOINT_TEXT];
	struct text name = text_make(room, sizeof(room));

	text_endpoint(
		&name, &key->server, ip_addr_is_v4(&key->server) ? 4 : 6, key->server_port);
	named_add(totals->failures, &(const struct named){.by = NAMING_TCP,
					    .what = what[fact->begin],
					    .what_len = strlen(what[fact->begin]),
					    .name = room,
					    .name_len = (size_t)(name.at - room),
					    .count = 1,
					    .client = key->client});
}

void totals_talk(struct totals *totals, const struct flow_fact *fact)
{
	if (totals->conversations != NULL)
		conversations_prefetch(totals->conversations, &fact->key);
	if (totals->talkers != NULL)
		add_talkers(totals, fact);
	if (totals->conversations != NULL)
		add_conversation(totals, fact);
	if (totals->failures != NULL && fact->begin != FLOW_BEGIN_OTHER)
		add_begin(totals, fact);
}

void totals_name(struct totals *totals, const struct name_fact *fact)
{
	struct named named = {.by = (enum naming)fact->by,
		.name = fact->text + fact->what_len,
		.name_len = fact->name_len,
		.count = 1,
		.client = fact->client};

	if (totals->names != NULL && !fact->is_address)
		named_add(totals->names, &named);
	named.what = fact->text;
	named.what_len = fact->what_len;
	if (totals->failures != NULL && fact->what_len > 0)
		named_add(totals->failures, &named);
}

static void miss(struct heaviest *table, uint64_t values, uint64_t weight)
{
	if (table != NULL && values > 0)
		heaviest_miss(table, values, weight);
}

void totals_unheard(struct totals *totals, const struct totals_unheard *unheard)
{
	miss(totals->talkers, unheard->flows, unheard->bytes);
	miss(totals->conversations, unheard->flows, unheard->bytes);
	miss(totals->names, unheard->names, unheard->names);
	miss(totals->failures, unheard->names + unheard->flows,
		unheard->names + unheard->flows);
}

/* What only one of them has is left out. */
static void merge(struct heaviest *to, struct heaviest *from)
{
	if (to != NULL && from != NULL)
		heaviest_merge(to, from);
}

void totals_merge(struct totals *to, struct totals *from)
{
	to->flows += from->flows;
	for (int i = 0; i < RISKS; i++)
		to->risks[i] += from->risks[i];
	for (uint32_t i = 0; i < from->app_slots; i++) {
		const struct app_total *app = &from->apps[i].app;

		if (from->apps[i].used)
			total_add(app_total(to, app->master, app->app), &app->total);
	}
	merge(to->talkers, from->talkers);
	merge(to->conversations, from->conversations);
	merge(to->names, from->names);
	merge(to->failures, from->failures);
}

uint64_t totals_flows(const struct totals *totals)
{
	return totals->flows;
}

uint64_t totals_bytes(const struct totals *totals)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < totals->app_slots; i++)
		bytes += totals->apps[i].app.total.bytes;
	return bytes;
}

uint64_t totals_talkers_overflow(const struct totals *totals)
{
	return heaviest_overflow(totals->talkers);
}

uint64_t totals_talkers_error(const struct totals *totals)
{
	return heaviest_error(totals->talkers);
}

struct talkers_stats totals_talkers_stats(const struct totals *totals)
{
	return (struct talkers_stats){
		heaviest_overflow(totals->talkers), heaviest_error(totals->talkers)};
}

static uint64_t overflow(const struct heaviest *table)
{
	return table ? heaviest_overflow(table) : 0;
}

struct tables_stats totals_tables_stats(const struct totals *totals)
{
	return (struct tables_stats){
		.conversations_overflow = overflow(totals->conversations),
		.names_overflow = overflow(totals->names),
		.failures_overflow = overflow(totals->failures),
	};
}

const struct heaviest *totals_conversations(const struct totals *totals)
{
	return totals->conversations;
}

const struct heaviest *totals_names(const struct totals *totals)
{
	return totals->names;
}

const struct heaviest *totals_failures(const struct totals *totals)
{
	return totals->failures;
}

uint32_t totals_talkers_count(const struct totals *totals)
{
	return heaviest_count(totals->talkers);
}

uint32_t totals_talkers(const struct totals *totals, struct talker *out, uint32_t max)
{
	return talkers_top(totals->talkers, out, max);
}

uint64_t totals_risk(const struct totals *totals, unsigned risk)
{
	return risk < RISKS ? totals->risks[risk] : 0;
}

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int app_order(const void *left, const void *right)
{
	const struct app_total *a = left, *b = right;
	int by = order(b->total.bytes, a->total.bytes);

	if (by == 0)
		by = order(a->master, b->master);
	return by != 0 ? by : order(a->app, b->app);
}

uint32_t totals_apps(const struct totals *totals, struct app_total *out, uint32_t max)
{
	struct app_total *all = calloc(totals->n_apps + 1, sizeof(*all));
	uint32_t n = 0;

	if (all == NULL)
		return 0;
	for (uint32_t i = 0; i < totals->app_slots; i++)
		if (totals->apps[i].app.total.flows > 0)
			all[n++] = totals->apps[i].app;
	qsort(all, n, sizeof(*all), app_order);
	if (max > 0)
		memcpy(out, all, (n < max ? n : max) * sizeof(*all));
	free(all);
	return n;
}
