#include "inspect/export/totals.h"

#include <stdlib.h>
#include <string.h>

enum {
	RISKS = 64,
	TALKERS_MAX = 65536,
	TALKER_SLOTS = 2 * TALKERS_MAX, /* open addressing, at most half full */
	APPS_FIRST = 256,               /* slots; doubled at half full */
};

struct app_slot {
	struct app_total app;
	bool used;
};

/* With the hash beside it: others' talkers are not touched on the way to one's own. */
struct talker_slot {
	uint32_t hash, number; /* `number` is the index + 1, 0 = free */
};

struct totals {
	uint64_t flows, talkers_overflow;
	uint64_t risks[RISKS];
	struct app_slot *apps;
	uint32_t app_slots, n_apps;
	uint32_t n_talkers;
	struct talker *talkers; /* in the order they came */
	struct talker_slot talker_slots[TALKER_SLOTS];
};

static void total_add(struct total *to, const struct total *from)
{
	to->flows += from->flows;
	to->packets += from->packets;
	to->bytes += from->bytes;
}

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

struct totals *totals_create(void)
{
	struct totals *totals = calloc(1, sizeof(*totals));

	if (totals == NULL)
		return NULL;
	totals->app_slots = APPS_FIRST;
	totals->apps = calloc(APPS_FIRST, sizeof(*totals->apps));
	totals->talkers = calloc(TALKERS_MAX, sizeof(*totals->talkers));
	if (totals->apps == NULL || totals->talkers == NULL) {
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
	free(totals->talkers);
	free(totals);
}

static uint32_t talker_hash(const struct ip_addr *addr, uint32_t tenant)
{
	uint64_t half[2];

	memcpy(half, addr->byte, sizeof(half));
	return mix(half[0] * 0xff51afd7ed558ccdu ^ half[1]) ^ mix(tenant + 1ull);
}

/* NULL: the table is full. */
static struct talker *talker_find(
	struct totals *totals, const struct ip_addr *addr, uint32_t tenant)
{
	uint32_t hash = talker_hash(addr, tenant), at = hash % TALKER_SLOTS;
	struct talker_slot *slot = &totals->talker_slots[at];
	struct talker *talker;

	for (; slot->number != 0; slot = &totals->talker_slots[at]) {
		talker = &totals->talkers[slot->number - 1];
		if (slot->hash == hash && talker->tenant == tenant &&
			ip_addr_equal(&talker->addr, addr))
			return talker;
		at = (at + 1) % TALKER_SLOTS;
	}
	if (totals->n_talkers == TALKERS_MAX)
		return NULL;
	talker = &totals->talkers[totals->n_talkers++];
	*slot = (struct talker_slot){hash, totals->n_talkers};
	talker->addr = *addr;
	talker->tenant = tenant;
	return talker;
}

static void talker_add(struct totals *totals, const struct talker *add)
{
	struct talker *talker = talker_find(totals, &add->addr, add->tenant);

	if (talker == NULL) {
		totals->talkers_overflow += add->sent.flows + add->received.flows;
		return;
	}
	total_add(&talker->sent, &add->sent);
	total_add(&talker->received, &add->received);
}

/* What `side` of the flow sent, as one flow where `counts`. */
static struct total side_total(const struct flow *flow, unsigned side, bool counts)
{
	return (struct total){counts, flow->side[side].packets, flow->side[side].bytes};
}

void totals_flow(
	struct totals *totals, const struct flow *flow, uint32_t tenant, uint64_t risks)
{
	struct flow_ends ends = flow_ends(flow);
	struct total *app = app_total(totals, flow->app_master, flow->app);
	struct talker client = {
		*ends.src, tenant, side_total(flow, 0, true), side_total(flow, 1, false)};
	struct talker server = {
		*ends.dst, tenant, side_total(flow, 1, false), side_total(flow, 0, true)};

	totals->flows++;
	app->flows++;
	app->packets += flow->side[0].packets + flow->side[1].packets;
	app->bytes += flow->side[0].bytes + flow->side[1].bytes;
	talker_add(totals, &client);
	talker_add(totals, &server);
	for (; risks != 0; risks &= risks - 1)
		totals->risks[__builtin_ctzll(risks)]++;
}

static const struct talker_slot *talker_home(
	const struct totals *totals, const struct ip_addr *addr, uint32_t tenant)
{
	return &totals->talker_slots[talker_hash(addr, tenant) % TALKER_SLOTS];
}

void totals_prefetch(const struct totals *totals, const struct flow *flow, uint32_t tenant)
{
	struct flow_ends ends = flow_ends(flow);

	__builtin_prefetch(talker_home(totals, ends.src, tenant));
	__builtin_prefetch(talker_home(totals, ends.dst, tenant));
}

/* Where no probing is needed, which is most of the time. */
static void talker_prefetch(
	const struct totals *totals, const struct ip_addr *addr, uint32_t tenant)
{
	const struct talker_slot *slot = talker_home(totals, addr, tenant);
	const struct talker *talker;

	if (slot->number == 0)
		return;
	talker = &totals->talkers[slot->number - 1];
	__builtin_prefetch(talker, 1);
	__builtin_prefetch((const char *)(talker + 1) - 1, 1);
}

void totals_prefetch_talkers(
	const struct totals *totals, const struct flow *flow, uint32_t tenant)
{
	struct flow_ends ends = flow_ends(flow);

	talker_prefetch(totals, ends.src, tenant);
	talker_prefetch(totals, ends.dst, tenant);
}

void totals_merge(struct totals *to, const struct totals *from)
{
	to->flows += from->flows;
	to->talkers_overflow += from->talkers_overflow;
	for (int i = 0; i < RISKS; i++)
		to->risks[i] += from->risks[i];
	for (uint32_t i = 0; i < from->app_slots; i++) {
		const struct app_total *app = &from->apps[i].app;

		if (from->apps[i].used)
			total_add(app_total(to, app->master, app->app), &app->total);
	}
	for (uint32_t i = 0; i < from->n_talkers; i++)
		talker_add(to, &from->talkers[i]);
}

uint64_t totals_flows(const struct totals *totals)
{
	return totals->flows;
}

uint64_t totals_talkers_overflow(const struct totals *totals)
{
	return totals->talkers_overflow;
}

uint32_t totals_talkers_count(const struct totals *totals)
{
	return totals->n_talkers;
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

static int talker_order(const void *left, const void *right)
{
	const struct talker *a = left, *b = right;
	int by = order(b->sent.bytes + b->received.bytes, a->sent.bytes + a->received.bytes);

	if (by == 0)
		by = order(a->tenant, b->tenant);
	return by != 0 ? by : memcmp(a->addr.byte, b->addr.byte, sizeof(a->addr.byte));
}

/* Puts the talker into its place among the `n` first ones, or leaves it out; returns how many
 * there are now. There are many talkers, and few of them are wanted. */
static uint32_t talker_place(
	struct talker *out, uint32_t n, uint32_t max, const struct talker *talker)
{
	uint32_t at = n < max ? n : max - 1;

	if (n == max && talker_order(&out[at], talker) < 0)
		return n;
	for (; at > 0 && talker_order(talker, &out[at - 1]) < 0; at--)
		out[at] = out[at - 1];
	out[at] = *talker;
	return n < max ? n + 1 : n;
}

uint32_t totals_talkers(const struct totals *totals, struct talker *out, uint32_t max)
{
	uint32_t n = 0;

	for (uint32_t i = 0; max > 0 && i < totals->n_talkers; i++)
		n = talker_place(out, n, max, &totals->talkers[i]);
	return totals->n_talkers;
}
