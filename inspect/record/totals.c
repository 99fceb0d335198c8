#include "inspect/record/totals.h"

#include <stdlib.h>
#include <string.h>

#include "inspect/record/fact.h"

enum {
	RISKS = 64,
	APPS_FIRST = 256, /* slots; doubled at half full */
};

struct app_slot {
	struct app_total app;
	bool used;
};

struct totals {
	uint64_t flows;
	uint64_t risks[RISKS];
	struct app_slot *apps;
	uint32_t app_slots, n_apps;
	struct talkers *talkers;
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

struct totals *totals_create(bool talkers)
{
	struct totals *totals = calloc(1, sizeof(*totals));

	if (totals == NULL)
		return NULL;
	totals->app_slots = APPS_FIRST;
	totals->apps = calloc(APPS_FIRST, sizeof(*totals->apps));
	totals->talkers = talkers ? talkers_create() : NULL;
	if (totals->apps == NULL || (talkers && totals->talkers == NULL)) {
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
	talkers_destroy(totals->talkers);
	free(totals);
}

void totals_flow(struct totals *totals, const struct flow *flow, uint64_t risks)
{
	struct total *app = app_total(totals, flow->app_master, flow->app);

	totals->flows++;
	app->flows++;
	app->packets += flow->side[0].packets + flow->side[1].packets;
	app->bytes += flow->side[0].bytes + flow->side[1].bytes;
	for (; risks != 0; risks &= risks - 1)
		totals->risks[__builtin_ctzll(risks)]++;
}

void totals_talk(struct totals *totals, const struct flow_fact *fact)
{
	struct total client = {1, fact->packets[0], fact->bytes[0]},
		     server = {1, fact->packets[1], fact->bytes[1]};
	struct talker src = {fact->src, fact->tenant, client, server};
	struct talker dst = {fact->dst, fact->tenant, server, client};

	/* Flows count where they began, and where they were served. */
	src.received.flows = dst.sent.flows = 0;
	talkers_prefetch(totals->talkers, &fact->src, fact->tenant);
	talkers_prefetch(totals->talkers, &fact->dst, fact->tenant);
	talkers_add(totals->talkers, &src);
	talkers_add(totals->talkers, &dst);
}

void totals_unheard(struct totals *totals, uint64_t flows, uint64_t bytes)
{
	talkers_miss(totals->talkers, flows, bytes);
}

void totals_merge(struct totals *to, const struct totals *from)
{
	to->flows += from->flows;
	for (int i = 0; i < RISKS; i++)
		to->risks[i] += from->risks[i];
	for (uint32_t i = 0; i < from->app_slots; i++) {
		const struct app_total *app = &from->apps[i].app;

		if (from->apps[i].used)
			total_add(app_total(to, app->master, app->app), &app->total);
	}
	if (from->talkers != NULL)
		talkers_merge(to->talkers, from->talkers);
}

uint64_t totals_flows(const struct totals *totals)
{
	return totals->flows;
}

uint64_t totals_talkers_overflow(const struct totals *totals)
{
	return talkers_overflow(totals->talkers);
}

uint64_t totals_talkers_error(const struct totals *totals)
{
	return talkers_error(totals->talkers);
}

uint32_t totals_talkers_count(const struct totals *totals)
{
	return talkers_count(totals->talkers);
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
