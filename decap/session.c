#include "decap/session.h"

#include "config/model.h"
#include "decap/salt.h"

#include <stdlib.h>

/* The smallest table; the largest keeps slot numbers, twice the capacity, in 32 bits. */
enum { CAPACITY_MIN = 16, CAPACITY_MAX = 1 << 24 };

/* No lookup looks at more slots. At half load 65,536 keys lie within some 50 slots of where they
 * belong, under all but one salt in a million within these. */
enum { PROBES_MAX = SESSION_PROBES_MAX };

/* VNIs and networks do not meet: networks are above NETWORK_NAMED. */
struct tenant_member {
	uint32_t own, index;
};

/* Open addressing with linear probing: a slot holds 1 + an index into `sessions`, 0 = free. Never
 * more than half of the slots are used, nothing is removed, and a session lies at most PROBES_MAX
 * slots from where its hash says: one that would lie farther finds the table full. */
struct session_table {
	struct session *sessions; /* in the order they were learned; never moved */
	uint32_t *slots;
	struct tenant_member *tenants;
	uint64_t salt[SALT_WORDS_MAX]; /* a secret of its own: no result depends on it */
	uint64_t overflow;
	uint32_t count, capacity, mask;
	uint32_t n_tenants;
};

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
	t->mask = t->capacity * 2 - 1;
	salt_take(t->salt, SALT_WORDS_MAX);
	t->sessions = calloc(t->capacity, sizeof(*t->sessions));
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

static inline uint32_t key_home(const struct session_table *t, const struct session_key *key)
{
	return (uint32_t)session_key_hash(key, t->salt) & t->mask;
}

/* Returns the slot that holds the key, or the free one where it belongs; `probes` of them were looked
 * at. NULL: neither lies near enough. */
static uint32_t *slot_probe(
	const struct session_table *t, const struct session_key *key, uint32_t *probes)
{
	uint32_t at = key_home(t, key);

	for (*probes = 1; *probes <= PROBES_MAX; ++*probes, at = (at + 1) & t->mask) {
		uint32_t *slot = &t->slots[at];

		if (!*slot || session_key_equal(&t->sessions[*slot - 1].key, key))
			return slot;
	}
	*probes = PROBES_MAX;
	return NULL;
}

static uint32_t *slot_find(const struct session_table *t, const struct session_key *key)
{
	uint32_t probes;

	return slot_probe(t, key, &probes);
}

uint32_t session_table_probes(const struct session_table *table, const struct session_key *key)
{
	uint32_t probes;

	slot_probe(table, key, &probes);
	return probes;
}

/* The session of the slot, or a new one where it is free; NULL: the table is full. */
static struct session *__attribute__((cold))
session_learn(struct session_table *t, uint32_t *slot, const struct session_key *key)
{
	struct session *s;

	if (slot && *slot)
		return &t->sessions[*slot - 1];
	if (!slot || t->count == t->capacity)
		return NULL;
	s = &t->sessions[t->count++];
	*slot = t->count;
	*s = (struct session){.key = *key};
	s->tenant = session_table_tenant_of(t, key);
	return s;
}

struct session *session_table_add(struct session_table *table, const struct session_key *key)
{
	struct session *s = session_learn(table, slot_find(table, key), key);

	if (s)
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
	for (uint32_t i = 0; i < model->n_sessions; i++) {
		const struct model_session *config = &model->sessions[i];
		struct session *s;

		if (!config->has_source)
			continue;
		s = session_table_add(table, &config->key);
		if (s)
			s->config = config;
		else
			room = false;
	}
	return room;
}

/* Comes before the packets are counted: without any, the times mean nothing yet. */
static void times_add(struct session *s, uint64_t first_ns, uint64_t last_ns)
{
	if (s->packets == 0 || first_ns < s->first_ns)
		s->first_ns = first_ns;
	if (last_ns > s->last_ns)
		s->last_ns = last_ns;
}

static inline void session_count(struct session *s, const struct packet *p)
{
	if (s->packets == 0 || p->time_ns < s->last_ns)
		times_add(s, p->time_ns, p->time_ns);
	else
		s->last_ns = p->time_ns;
	s->packets++;
	s->bytes += p->ip_len;
	if (p->flags & (PACKET_CUT | PACKET_VXLAN_RESERVED)) {
		s->truncated += (p->flags & PACKET_CUT) != 0;
		s->vxlan_reserved += (p->flags & PACKET_VXLAN_RESERVED) != 0;
	}
}

/* Where the session is not at home, or not known yet. */
static struct session *__attribute__((noinline))
session_seek(struct session_table *t, const struct session_key *key, bool learn)
{
	uint32_t *slot = slot_find(t, key);
	struct session *s;

	if (slot && *slot)
		return &t->sessions[*slot - 1];
	s = learn ? session_learn(t, slot, key) : NULL;
	t->overflow += learn && !s;
	return s;
}

/* Returns the packet's session, or NULL. */
static inline struct session *session_find(
	struct session_table *t, const struct packet *p, bool learn)
{
	uint32_t slot = t->slots[key_home(t, &p->key)];
	struct session *s;

	if (slot && session_key_equal(&t->sessions[slot - 1].key, &p->key))
		s = &t->sessions[slot - 1];
	else
		s = session_seek(t, &p->key, learn);
	/* What was learned or configured before a reload may be unknown after it. */
	return s && (learn || s->configured) ? s : NULL;
}

static inline bool session_adopt(
	struct session_table *t, struct packet *p, bool learn, bool count)
{
	struct session *s;

	if (!(p->flags & PACKET_HAS_VNI)) {
		p->session = SESSION_NONE;
		p->tenant = TENANT_PLAIN;
		p->config = NULL;
		return true;
	}
	s = session_find(t, p, learn);
	if (!s)
		return false;
	p->session = (uint32_t)(s - t->sessions);
	p->tenant = s->tenant;
	p->config = s->config;
	if (count)
		session_count(s, p);
	return true;
}

bool session_table_adopt(struct session_table *table, struct packet *p, bool learn)
{
	return session_adopt(table, p, learn, false);
}

bool session_table_packet(struct session_table *table, struct packet *p, bool learn)
{
	return session_adopt(table, p, learn, true);
}

uint64_t session_table_burst(struct session_table *table, struct packet *packets, uint32_t n,
	bool learn, enum reason *why)
{
	uint64_t live = 0;

	for (uint32_t i = 0; i < n; i++) {
		bool named = packets[i].flags & PACKET_HAS_VNI;

		if ((named || why[i] == REASON_inspected) &&
			!session_adopt(table, &packets[i], learn, true))
			why[i] = REASON_session_unknown;
		live |= (uint64_t)(why[i] == REASON_inspected) << i;
	}
	return live;
}

/* A product of two words that keeps both; the constants are digits of pi. */
static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product =
		(unsigned __int128)(a ^ 0xa4093822299f31d0) * (b ^ 0x082efa98ec4e6c89);

	return (uint64_t)(product >> 64) ^ (uint64_t)product ^ a ^ b;
}

uint64_t session_id(const struct session_table *table, uint32_t index)
{
	const struct session_key *key;

	if (index == SESSION_NONE)
		return 0;
	key = &table->sessions[index].key;
	return fold(fold(session_key_word(key, 0), session_key_word(key, 1)),
		(uint64_t)key->network << 32 | key->vni);
}

uint32_t session_tenant(const struct session_table *table, uint32_t index)
{
	return index == SESSION_NONE ? (uint32_t)TENANT_PLAIN : table->sessions[index].tenant;
}

void session_table_accepted_cut(struct session_table *table, uint32_t index)
{
	table->sessions[index].accepted_cut++;
}

void session_table_unseen(struct session_table *table, uint32_t index, uint64_t bytes)
{
	if (index < table->count)
		table->sessions[index].acked_unseen += bytes;
}

uint32_t session_table_count(const struct session_table *table)
{
	return table->count;
}

const struct session *session_table_get(const struct session_table *table, uint32_t index)
{
	return &table->sessions[index];
}

uint64_t session_table_overflow(const struct session_table *table)
{
	return table->overflow;
}

static void session_merge(struct session_table *to, const struct session *from)
{
	struct session *s = session_learn(to, slot_find(to, &from->key), &from->key);

	if (!s) {
		to->overflow += from->packets;
		return;
	}
	if (from->packets)
		times_add(s, from->first_ns, from->last_ns);
	s->packets += from->packets;
	s->bytes += from->bytes;
	s->truncated += from->truncated;
	s->vxlan_reserved += from->vxlan_reserved;
	s->accepted_cut += from->accepted_cut;
	s->acked_unseen += from->acked_unseen;
	if (from->configured && !s->configured) {
		s->configured = true;
		s->config = from->config;
	}
}

void session_table_merge(struct session_table *to, const struct session_table *from)
{
	to->overflow += from->overflow;
	for (uint32_t i = 0; i < from->count; i++)
		session_merge(to, &from->sessions[i]);
}
