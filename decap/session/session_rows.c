#include "decap/session/session_inside.h"

#include "config/model/model.h"

#include <stdlib.h>

/* Rows that are asked for one that nobody uses, when a learned session wants one. */
enum { REUSE_LOOKS = 8 };

static uint32_t capacity_round(uint32_t wanted)
{
	uint32_t capacity = CAPACITY_MIN;

	while (capacity < wanted && capacity < CAPACITY_MAX)
		capacity *= 2;
	return capacity;
}

struct session_table *session_table_create(uint32_t capacity)
{
	struct session_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->capacity = capacity_round(capacity);
	t->mask = t->capacity * 4 - 1;
	salt_take(t->salt, SALT_WORDS_MAX);
	t->sessions = calloc(2 * (size_t)t->capacity, sizeof(*t->sessions));
	t->slots = calloc((size_t)t->mask + 1, sizeof(*t->slots));
	if (t->sessions && t->slots)
		return t;
	session_table_destroy(t);
	return NULL;
}

void session_table_destroy(struct session_table *table)
{
	if (!table)
		return;
	free(table->sessions);
	free(table->slots);
	free(table->tenants);
	free(table);
}

/* Where it is or belongs in the sorted list of tenants. */
static uint32_t tenant_find(const struct session_table *t, uint32_t own)
{
	uint32_t low = 0, high = t->n_tenants;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (t->tenants[middle].own < own)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t session_table_tenant_of(const struct session_table *t, const struct session_key *key)
{
	uint32_t own = key->network == NETWORK_NONE ? key->vni : key->network;
	uint32_t i = tenant_find(t, own);

	if (i < t->n_tenants && t->tenants[i].own == own)
		return TENANT_NAMED + t->tenants[i].index;
	return own;
}

bool session_table_tenant(struct session_table *table, uint32_t own, uint32_t index)
{
	uint32_t at = tenant_find(table, own), n = table->n_tenants;
	struct tenant_member *list = realloc(table->tenants, (n + (size_t)1) * sizeof(*list));

	if (!list)
		return false;
	table->tenants = list;
	if (at == n || list[at].own != own) {
		memmove(list + at + 1, list + at, (n - at) * sizeof(*list));
		table->n_tenants++;
	}
	list[at] = (struct tenant_member){own, index};
	for (uint32_t i = 0; i < table->count; i++)
		table->sessions[i].tenant =
			session_table_tenant_of(table, &table->sessions[i].key);
	return true;
}

uint32_t *session_slot(
	const struct session_table *t, const struct session_key *key, uint32_t *probes)
{
	uint32_t at = session_home(t, key);

	for (*probes = 1; *probes <= PROBES_MAX; ++*probes, at = (at + 1) & t->mask) {
		uint32_t *slot = &t->slots[at];

		if (!*slot || session_key_equal(&t->sessions[*slot - 1].key, key))
			return slot;
	}
	*probes = PROBES_MAX;
	return NULL;
}

uint32_t session_table_probes(const struct session_table *table, const struct session_key *key)
{
	uint32_t probes;

	session_slot(table, key, &probes);
	return probes;
}

/* Those behind a slot that becomes free move up, where that brings them nearer to their home. */
static void slot_free(struct session_table *t, uint32_t hole)
{
	uint32_t at = hole;

	for (;;) {
		uint32_t home;

		at = (at + 1) & t->mask;
		if (!t->slots[at])
			break;
		home = session_home(t, &t->sessions[t->slots[at] - 1].key);
		if (((at - home) & t->mask) < ((at - hole) & t->mask))
			continue;
		t->slots[hole] = t->slots[at];
		hole = at;
	}
	t->slots[hole] = 0;
}

static void counts_add(struct session *to, const struct session *from)
{
	if (from->packets)
		session_times(to, from->first_ns, from->last_ns);
	counters_add(&to->session_stats, &from->session_stats, sizeof(to->session_stats));
}

/* Takes a row from its session, whose counts join those of the others. */
static void row_take(struct session_table *t, struct session *s)
{
	uint32_t probes, *slot = session_slot(t, &s->key, &probes);

	slot_free(t, (uint32_t)(slot - t->slots));
	counts_add(&t->other, s);
	t->stats.evicted++;
}

/* One of the next `looks` rows that no configuration names, without a live flow, and whose last packet
 * is long ago; NULL: none of them. */
static struct session *row_reuse(struct session_table *t, uint32_t looks, bool at_any_age)
{
	while (looks-- > 0) {
		struct session *s = &t->sessions[t->hand];

		t->hand = t->hand + 1 < t->count ? t->hand + 1 : 0;
		if (s->configured || s->flows > 0 || (!at_any_age && s->last_ns >= t->old_ns))
			continue;
		row_take(t, s);
		return s;
	}
	return NULL;
}

struct session *session_learn(
	struct session_table *t, uint32_t *slot, const struct session_key *key, bool configured)
{
	bool room = t->count < 2 * t->capacity &&
		    (configured || t->count - t->configured < t->capacity);
	struct session *s = NULL;
	uint32_t probes;

	if (!slot)
		return NULL;
	if (room)
		s = &t->sessions[t->count++];
	else
		s = row_reuse(t, configured ? t->count : REUSE_LOOKS, configured);
	if (!s)
		return NULL;
	if (!room) /* taking a row has moved others */
		slot = session_slot(t, key, &probes);
	*s = (struct session){.key = *key, .configured = configured};
	t->configured += configured;
	s->tenant = session_table_tenant_of(t, key);
	*slot = (uint32_t)(s - t->sessions) + 1;
	return s;
}

struct session *session_table_add(struct session_table *table, const struct session_key *key)
{
	uint32_t probes, *slot = session_slot(table, key, &probes);
	struct session *s;

	if (!slot || !*slot)
		return session_learn(table, slot, key, true);
	s = &table->sessions[*slot - 1];
	table->configured += !s->configured;
	s->configured = true;
	return s;
}

bool session_table_bind(struct session_table *table, const struct model *model)
{
	bool room = true;

	for (uint32_t i = 0; i < table->count; i++) {
		table->sessions[i].configured = false;
		table->sessions[i].config = NULL;
	}
	table->configured = 0;
	/* Those that are known first: nobody takes the row of one that is yet to come. */
	for (uint32_t known = 2; known-- > 0;)
		for (uint32_t i = 0; i < model->n_sessions; i++) {
			const struct model_session *config = &model->sessions[i];
			uint32_t probes, *slot;
			struct session *s;

			if (!config->has_source)
				continue;
			slot = session_slot(table, &config->key, &probes);
			if (known && !(slot && *slot))
				continue;
			s = session_table_add(table, &config->key);
			if (s)
				s->config = config;
			room = room && s;
		}
	return room;
}

void session_table_age(struct session_table *table, uint64_t old_ns)
{
	table->old_ns = old_ns;
}

static void session_merge(struct session_table *to, const struct session *from)
{
	uint32_t probes, *slot = session_slot(to, &from->key, &probes);
	struct session *s;

	if (slot && *slot)
		s = &to->sessions[*slot - 1];
	else
		s = session_learn(to, slot, &from->key, from->configured);
	if (!s) {
		to->stats.overflow += from->packets;
		s = &to->other;
	}
	counts_add(s, from);
	if (from->configured && s != &to->other) {
		to->configured += !s->configured;
		s->configured = true;
		if (!s->config)
			s->config = from->config;
	}
}

void session_table_merge(struct session_table *to, const struct session_table *from)
{
	counters_add(&to->stats, &from->stats, sizeof(to->stats));
	counts_add(&to->other, &from->other);
	for (uint32_t i = 0; i < from->count; i++)
		session_merge(to, &from->sessions[i]);
}
