#include "decap/session/session_inside.h"

_Static_assert((uint32_t)NETWORK_NAMED > (uint32_t)SESSION_NONE &&
		       2 * (uint32_t)CAPACITY_MAX <= (uint32_t)SESSION_NAMELESS &&
		       (uint32_t)TENANT_PLAIN <= (uint32_t)SESSION_NAMELESS &&
		       2 * (uint32_t)SESSION_NAMELESS <= (uint32_t)SESSION_NONE,
	"rows, tenants of VNIs and of the settings, and networks do not meet");

/* The point that a tenant's packets without a row share. */
static uint32_t nameless_index(uint32_t tenant)
{
	return tenant & NETWORK_NAMED ? tenant : SESSION_NAMELESS + tenant;
}

static uint32_t nameless_tenant(uint32_t index)
{
	return index & NETWORK_NAMED ? index : index - SESSION_NAMELESS;
}

/* The row of an index that a packet was given, or the sum of those that have none. */
static struct session *session_row(struct session_table *t, uint32_t index)
{
	return index < SESSION_NAMELESS ? &t->sessions[index] : &t->other;
}

static inline void session_count(struct session *s, const struct packet *p)
{
	if (s->packets == 0 || p->time_ns < s->last_ns)
		session_times(s, p->time_ns, p->time_ns);
	else
		s->last_ns = p->time_ns;
	s->packets++;
	s->bytes += p->ip_len;
	if (p->flags & (PACKET_CUT | PACKET_VXLAN_RESERVED)) {
		s->truncated += (p->flags & PACKET_CUT) != 0;
		s->vxlan_reserved += (p->flags & PACKET_VXLAN_RESERVED) != 0;
	}
}

/* Where the session is not at home, or not known yet; NULL: it has no row. */
static struct session *__attribute__((noinline))
session_seek(struct session_table *t, const struct session_key *key, bool learn)
{
	uint32_t probes, *slot = session_slot(t, key, &probes);

	if (slot && *slot)
		return &t->sessions[*slot - 1];
	return learn ? session_learn(t, slot, key, false) : NULL;
}

/* Returns the packet's session, or NULL. */
static inline struct session *session_find(
	struct session_table *t, const struct packet *p, bool learn)
{
	uint32_t slot = t->slots[session_home(t, &p->key)];
	struct session *s;

	if (slot && session_key_equal(&t->sessions[slot - 1].key, &p->key))
		s = &t->sessions[slot - 1];
	else
		s = session_seek(t, &p->key, learn);
	/* What was learned or configured before a reload may be unknown after it. */
	return s && (learn || s->configured) ? s : NULL;
}

/* Whoever sends what is refused has a row, too, as long as there is room: so it is known who does. */
static void refused_count(struct session_table *t, const struct packet *p)
{
	struct session *s = session_seek(t, &p->key, true);

	session_count(s ? s : &t->other, p);
	t->stats.overflow += s == NULL;
}

/* Its session is not known, or there is no row for it. false: it is refused. */
static bool __attribute__((cold, noinline))
nameless_lookup(struct session_table *t, struct packet *p, bool learn, bool count)
{
	if (!learn) {
		if (count)
			refused_count(t, p);
		return false;
	}
	p->tenant = session_table_tenant_of(t, &p->key);
	p->session = nameless_index(p->tenant);
	p->config = NULL;
	if (count) {
		session_count(&t->other, p);
		t->stats.overflow++;
	}
	return true;
}

static inline bool session_lookup(
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
	if (__builtin_expect(!s, 0))
		return nameless_lookup(t, p, learn, count);
	p->session = (uint32_t)(s - t->sessions);
	p->tenant = s->tenant;
	p->config = s->config;
	if (count)
		session_count(s, p);
	return true;
}

bool session_table_lookup(struct session_table *table, struct packet *p, bool learn)
{
	return session_lookup(table, p, learn, false);
}

bool session_table_packet(struct session_table *table, struct packet *p, bool learn)
{
	return session_lookup(table, p, learn, true);
}

uint64_t session_table_burst(struct session_table *table, struct packet *packets, uint32_t n,
	bool learn, enum reason *why)
{
	uint64_t live = 0;

	for (uint32_t i = 0; i < n; i++) {
		bool named = packets[i].flags & PACKET_HAS_VNI;

		if ((named || why[i] == REASON_inspected) &&
			!session_lookup(table, &packets[i], learn, true))
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
	if (index >= SESSION_NAMELESS)
		return fold(index, SESSION_NAMELESS);
	key = &table->sessions[index].key;
	return fold(fold(session_key_word(key, 0), session_key_word(key, 1)),
		(uint64_t)key->network << 32 | key->vni);
}

uint32_t session_tenant(const struct session_table *table, uint32_t index)
{
	if (index == SESSION_NONE)
		return TENANT_PLAIN;
	return index < SESSION_NAMELESS ? table->sessions[index].tenant
					: nameless_tenant(index);
}

struct session session_look(const struct session_table *table, uint32_t index)
{
	struct session s = {.nameless = true};

	if (index < SESSION_NAMELESS)
		return table->sessions[index];
	s.tenant = nameless_tenant(index);
	if (s.tenant & NETWORK_NAMED)
		s.network = s.tenant;
	else if (s.tenant < TENANT_NAMED)
		s.vni = s.tenant;
	return s;
}

void session_table_accepted_cut(struct session_table *table, uint32_t index)
{
	session_row(table, index)->accepted_cut++;
}

void session_table_unseen(struct session_table *table, uint32_t index, uint64_t bytes)
{
	if (index != SESSION_NONE)
		session_row(table, index)->acked_unseen += bytes;
}

void session_table_looped(struct session_table *table, uint32_t index)
{
	session_row(table, index)->looped_flows++;
}

void session_table_sampled(struct session_table *table, uint32_t index, bool is_copy)
{
	struct session *s = session_row(table, index);

	s->sampled++;
	s->sampled_copies += is_copy;
}

void session_table_flow_began(struct session_table *table, uint32_t index)
{
	if (index < SESSION_NAMELESS)
		table->sessions[index].flows++;
}

void session_table_flow_ended(struct session_table *table, uint32_t index)
{
	if (index < SESSION_NAMELESS)
		table->sessions[index].flows--;
}

uint32_t session_table_count(const struct session_table *table)
{
	return table->count;
}

uint32_t session_table_capacity(const struct session_table *table)
{
	return 2 * table->capacity;
}

const struct session *session_table_get(const struct session_table *table, uint32_t index)
{
	return &table->sessions[index];
}

const struct session *session_table_other(const struct session_table *table)
{
	return &table->other;
}

const struct session_table_stats *session_table_stats(const struct session_table *table)
{
	return &table->stats;
}
