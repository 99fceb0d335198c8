/* The sessions of one worker: (outer source, VNI, network) -> index and counters. Those of the settings
 * always have a row; unknown ones are learned, up to a bound of their own. At the bound a row is given
 * anew that has no live flow and saw no packet for long; where there is none, packets of unknown
 * sessions share one nameless point a tenant. Tenants keep equal inner addresses apart: by default each
 * network is one, and where none is named each VNI.
 * One thread writes a table; after it has stopped, tables are merged by key. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decap/counters/counters.h"
#include "decap/ledger.h"
#include "decap/packet.h"

enum {
	SESSION_NONE = (1 << 28) - 1, /* plain mode: no encapsulation, no session */
	TENANT_NAMED = 1 << 24,       /* tenants of the settings: TENANT_NAMED + index */
	TENANT_PLAIN = 1 << 25,       /* packets without an encapsulation */
	/* NETWORK_NAMED + id is the tenant of a network: no VNI and none of these. */
	/* Indices from here on, but for SESSION_NONE, are nameless points and no rows: SESSION_NAMELESS +
	 * tenant, and the tenants of networks as they are. All fit into 29 bits. */
	SESSION_NAMELESS = 1 << 26,
};

/* The usual packet touches the first 64 bytes only. */
struct session {
	SESSION_KEY;
	uint64_t last_ns;
	const struct model_session *config; /* of the mirror model; NULL: not in the settings */
	uint32_t tenant;
	bool configured;
	bool nameless;           /* see session_look() */
	COUNTERS(session_stats); /* the first two are packets and bytes */
	uint64_t first_ns;
	uint32_t flows; /* live ones: while there are any, the row stays */
};
_Static_assert(offsetof(struct session, bytes) + sizeof(uint64_t) == 64,
	"what the usual packet touches lies together");

struct model;
struct model_session;
struct session_table;

/* The hash is salted with a secret: nobody can make up sessions that meet. */
enum { SESSION_PROBES_MAX = 128 };

/* Room for `capacity` sessions of the settings and for as many learned ones (rounded up to a power of
 * two). NULL: no memory. */
struct session_table *session_table_create(uint32_t capacity);
void session_table_destroy(struct session_table *table);

/* A VNI, or a network (NETWORK_NAMED + id), of tenant number `index` (0..) of the settings; call
 * before the first packet. false: no room. */
bool session_table_tenant(struct session_table *table, uint32_t own, uint32_t index);

/* The tenant of packets with this key, whether the session is known or not. */
uint32_t session_table_tenant_of(
	const struct session_table *table, const struct session_key *key);

/* Adds a session known from the settings. NULL: `capacity` of them are there, or rows that earlier
 * settings named are all in use. */
struct session *session_table_add(struct session_table *table, const struct session_key *key);

/* Ties every session to the mirror model: adds the model's sessions, and sets or clears the
 * `config` of those that are there. The model is borrowed until the next call. false: no room
 * for all of them. */
bool session_table_bind(struct session_table *table, const struct model *model);

/* Finds the session of a decapsulated packet, learning it when `learn`; sets p->session, p->tenant
 * and p->config and counts the packet. Without PACKET_HAS_VNI: SESSION_NONE, TENANT_PLAIN, true.
 * When there is no row for it, it gets the nameless point of its tenant, which `overflow` counts. false:
 * unknown, without `learn`; then a session that no configuration names (any more) is unknown. Its packets are counted
 * in a row all the same, as long as there is room, else by `overflow`. */
bool session_table_packet(struct session_table *table, struct packet *p, bool learn);

/* A burst of at most BURST_MAX packets after decap: the session is judged before the inner packet, so
 * each that has a session is counted whatever `why` says of it; an unknown session becomes
 * REASON_session_unknown there. Returns the mask of packets that are REASON_inspected. */
uint64_t session_table_burst(struct session_table *table, struct packet *packets, uint32_t n,
	bool learn, enum reason *why);

/* The same for a packet that another worker's table has counted: sets p->session, p->tenant and
 * p->config as this table has them, and counts nothing. */
bool session_table_lookup(struct session_table *table, struct packet *p, bool learn);

/* A hash of what makes the session, the same in every table and process; 0 for SESSION_NONE. */
uint64_t session_id(const struct session_table *table, uint32_t index);
/* The tenant of its packets; TENANT_PLAIN for SESSION_NONE. */
uint32_t session_tenant(const struct session_table *table, uint32_t index);

/* Counts a packet of the session that has PACKET_ACCEPTED_CUT. */
void session_table_accepted_cut(struct session_table *table, uint32_t index);

/* Adds to the `acked_unseen` of a session; SESSION_NONE has none. */
void session_table_unseen(struct session_table *table, uint32_t index, uint64_t bytes);

/* Counts a flow of the session that is mirror traffic again (decap/session/mirror_loop.h). */
void session_table_looped(struct session_table *table, uint32_t index);

/* A packet of the session was compared with earlier ones (decap/session/copies.h): it is a copy, or not. */
void session_table_sampled(struct session_table *table, uint32_t index, bool is_copy);

/* A flow of the session has begun; and has ended. */
void session_table_flow_began(struct session_table *table, uint32_t index);
void session_table_flow_ended(struct session_table *table, uint32_t index);

/* From now on a learned session may get the row of another one without a live flow whose last packet
 * came before that time. */
void session_table_age(struct session_table *table, uint64_t old_ns);

/* How many slots a lookup of the key looks at: 1..SESSION_PROBES_MAX. */
uint32_t session_table_probes(const struct session_table *table, const struct session_key *key);

uint32_t session_table_count(const struct session_table *table);
/* No row has this index or a higher one, ever. */
uint32_t session_table_capacity(const struct session_table *table);
/* index < count; in the order they were learned, until rows are given anew. */
const struct session *session_table_get(const struct session_table *table, uint32_t index);
/* Sums of all packets without a row, and of those that lost theirs; of its members only counters and
 * times mean anything. */
const struct session *session_table_other(const struct session_table *table);
/* Packets without a row, and rows given anew. */
const struct session_table_stats *session_table_stats(const struct session_table *table);

/* The session of any index but SESSION_NONE: a copy of its row. For a nameless point:
 * `nameless`, the tenant, its VNI if the tenant is a VNI, and its network, without an outer
 * source or counters. */
struct session session_look(const struct session_table *table, uint32_t index);

/* Whether `vni` is known: it is not for a nameless point of a named tenant or of a network. */
static inline bool session_has_vni(const struct session *session)
{
	return !session->nameless || session->tenant < TENANT_NAMED;
}

/* Adds the counters of `from` to `to`, learning what `to` does not know. */
void session_table_merge(struct session_table *to, const struct session_table *from);
