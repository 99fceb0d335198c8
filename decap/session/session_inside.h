/* A session table from within: session.c looks packets up, session_rows.c gives and takes rows. */
#pragma once

#include "decap/salt.h"
#include "decap/session/session.h"

/* The smallest table; the largest keeps slot numbers, four times the capacity, in 32 bits. */
enum { CAPACITY_MIN = 16, CAPACITY_MAX = 1 << 24 };

/* No lookup looks at more slots. At half load 65,536 keys lie within some 50 slots of where they
 * belong, under all but one salt in a million within these. */
enum { PROBES_MAX = SESSION_PROBES_MAX };

/* VNIs and networks do not meet: networks are above NETWORK_NAMED. */
struct tenant_member {
	uint32_t own, index;
};

/* Open addressing with linear probing: a slot holds 1 + an index into `sessions`, 0 = free. Never
 * more than half of the slots are used, and a session lies at most PROBES_MAX slots from where its
 * hash says: one that would lie farther finds the table full. */
struct session_table {
	/* Twice the capacity: as many rows for the settings' sessions as for learned ones. Never
	 * moved. */
	struct session *sessions;
	uint32_t *slots;
	struct tenant_member *tenants;
	uint64_t salt[SALT_WORDS_MAX]; /* a secret of its own: no result depends on it */
	struct session other; /* sum of the packets without a row, and of rows given anew */
	struct session_table_stats stats;
	uint64_t old_ns; /* rows whose last packet is older may be given anew */
	uint32_t count, capacity, mask;
	uint32_t configured; /* rows of sessions of the settings */
	uint32_t hand;       /* the next row to be asked whether it is in use */
	uint32_t n_tenants;
};

static inline uint32_t session_home(
	const struct session_table *t, const struct session_key *key)
{
	return (uint32_t)session_key_hash(key, t->salt) & t->mask;
}

/* The slot that holds the key, or the free one where it belongs; `probes` of them were looked at.
 * NULL: neither lies near enough. */
uint32_t *session_slot(
	const struct session_table *t, const struct session_key *key, uint32_t *probes);

/* A row for a key that has none, at a slot of session_slot(); NULL: there is no room. */
struct session *session_learn(struct session_table *t, uint32_t *slot,
	const struct session_key *key, bool configured);

/* Comes before the packets are counted: without any, the times mean nothing yet. */
static inline void session_times(struct session *s, uint64_t first_ns, uint64_t last_ns)
{
	if (s->packets == 0 || first_ns < s->first_ns)
		s->first_ns = first_ns;
	if (last_ns > s->last_ns)
		s->last_ns = last_ns;
}
