#include "inspect/flow/fragment.h"

#include <stdlib.h>
#include <string.h>

#include "decap/cursor.h"
#include "decap/ip.h"
#include "decap/link.h"
#include "inspect/flow/hash.h"

enum { WAYS = 4 }; /* a datagram may stand in any way of its set */

struct fragment_table {
	struct fragment_params params;
	struct fragment_first *entries; /* sets of WAYS */
	uint64_t set_mask;
	uint64_t overwritten;
	uint64_t salt[8]; /* of the hash */
};

_Static_assert(sizeof(struct fragment_key) == 32 + 24 + 4 + 4 + 4, "compared as bytes");

struct fragment_table *fragment_table_create(const struct fragment_params *params)
{
	struct fragment_table *table = calloc(1, sizeof(*table));
	size_t sets = 1;

	if (!table)
		return NULL;
	while (sets * WAYS < params->capacity)
		sets *= 2;
	table->entries = calloc(sets, WAYS * sizeof(struct fragment_first));
	if (!table->entries) {
		free(table);
		return NULL;
	}
	for (int i = 0; i < 8; i++)
		table->salt[i] = hash_fold(params->seed ^ hash_salt[i], hash_salt[7 - i]);
	table->set_mask = sets - 1;
	table->params = *params;
	return table;
}

void fragment_table_destroy(struct fragment_table *table)
{
	if (!table)
		return;
	free(table->entries);
	free(table);
}

const struct fragment_params *fragment_table_params(const struct fragment_table *table)
{
	return &table->params;
}

uint64_t fragment_table_overwritten(const struct fragment_table *table)
{
	return table->overwritten;
}

void fragment_key_make(
	struct fragment_key *key, const struct fragment_params *params, const struct packet *p)
{
	*key = (struct fragment_key){.src = p->src,
		.dst = p->dst,
		.id = ip_fragment_id(p),
		.protocol = p->protocol,
		.ip_version = p->ip_version};
	if (p->flags & PACKET_HAS_VNI) {
		key->point = p->key;
		key->has_point = 1;
	}
	if (params->use_vlan)
		link_vlans(cursor_make(p->frame, p->frame_cap, p->frame_wire), p->frame_link,
			key->vlan);
}

void fragment_first_make(
	struct fragment_first *first, const struct fragment_key *key, const struct packet *p)
{
	*first = (struct fragment_first){
		.key = *key,
		.time_ns = p->time_ns,
		.number = p->number,
		.src_port = p->src_port,
		.dst_port = p->dst_port,
		.icmp_id = p->icmp_id,
		.icmp_type = p->icmp_type,
		.icmp_code = p->icmp_code,
		.cut = p->flags & PACKET_CUT,
	};
}

static bool key_equal(const struct fragment_key *a, const struct fragment_key *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool fragment_first_fits(const struct fragment_first *first,
	const struct fragment_params *params, const struct fragment_key *key, uint64_t time_ns)
{
	uint64_t apart =
		time_ns > first->time_ns ? time_ns - first->time_ns : first->time_ns - time_ns;

	return key_equal(&first->key, key) && apart <= params->timeout_ns;
}

void fragment_first_teach(const struct fragment_first *first, struct packet *p)
{
	p->src_port = first->src_port;
	p->dst_port = first->dst_port;
	p->icmp_id = first->icmp_id;
	p->icmp_type = first->icmp_type;
	p->icmp_code = first->icmp_code;
	p->flags |= PACKET_PORTS_LEARNED;
}

/* Not symmetric: each sender numbers its own datagrams. */
static struct fragment_first *entry_set(
	const struct fragment_table *table, const struct fragment_key *key)
{
	const struct session_key *point = &key->point;
	const uint64_t *salt = table->salt;
	uint64_t src = hash_fold(
		hash_word(key->src.byte) ^ salt[0], hash_word(key->src.byte + 8) ^ salt[1]);
	uint64_t dst = hash_fold(
		hash_word(key->dst.byte) ^ salt[2], hash_word(key->dst.byte + 8) ^ salt[3]);
	uint64_t whose = hash_fold(session_key_word(point, 0) ^ salt[4],
				 session_key_word(point, 1) ^ salt[5]) +
			 session_key_word(point, 2);
	uint64_t id = (uint64_t)key->vlan[0] << 48 | (uint64_t)key->vlan[1] << 32 | key->id;
	uint64_t other = hash_fold(id ^ salt[4], whose ^ key->protocol ^ salt[5]);
	uint64_t hash = hash_fold(hash_fold(src ^ salt[6], dst) + other, salt[7]);

	return &table->entries[(hash & table->set_mask) * WAYS];
}

uint64_t fragment_table_set(const struct fragment_table *table, const struct packet *p)
{
	struct fragment_key key;

	fragment_key_make(&key, &table->params, p);
	return (uint64_t)(entry_set(table, &key) - table->entries) / WAYS;
}

static bool entry_is_young(
	const struct fragment_table *table, const struct fragment_first *entry, uint64_t now)
{
	if (entry->key.ip_version == 0)
		return false;
	return now <= entry->time_ns || now - entry->time_ns <= table->params.timeout_ns;
}

static struct fragment_first *entry_find(
	struct fragment_first *set, const struct fragment_key *key)
{
	for (int way = 0; way < WAYS; way++)
		if (key_equal(&set[way].key, key))
			return &set[way];
	return NULL;
}

/* An entry that is empty or forgotten, else the oldest. */
static struct fragment_first *entry_choose(
	struct fragment_table *table, struct fragment_first *set, uint64_t now)
{
	struct fragment_first *oldest = set;

	for (int way = 0; way < WAYS; way++) {
		if (!entry_is_young(table, &set[way], now))
			return &set[way];
		if (set[way].time_ns < oldest->time_ns)
			oldest = &set[way];
	}
	table->overwritten++;
	return oldest;
}

bool fragment_table_packet(struct fragment_table *table, struct packet *p)
{
	struct fragment_first *set, *entry;
	struct fragment_key key;

	if (!(p->flags & PACKET_LATER_FRAGMENT) && p->flags & PACKET_PORTS_CUT)
		return true;
	fragment_key_make(&key, &table->params, p);
	set = entry_set(table, &key);
	entry = entry_find(set, &key);
	if (!(p->flags & PACKET_LATER_FRAGMENT)) {
		fragment_first_make(
			entry ? entry : entry_choose(table, set, p->time_ns), &key, p);
		return true;
	}
	if (!entry || !entry_is_young(table, entry, p->time_ns))
		return false;
	fragment_first_teach(entry, p);
	return true;
}
