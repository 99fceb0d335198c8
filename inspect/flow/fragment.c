#include "inspect/flow/fragment.h"

#include <stdlib.h>
#include <string.h>

#include "decap/ip.h"
#include "inspect/flow/hash.h"

enum { WAYS = 4 }; /* a datagram may stand in any way of its set */

struct fragment_entry {
	struct ip_addr src, dst;
	uint32_t tenant, fragment_id;
	uint64_t time_ns; /* of the first fragment */
	uint16_t src_port, dst_port, icmp_id;
	uint8_t protocol, ip_version; /* version 0 = empty */
	uint8_t icmp_type, icmp_code;
};

struct fragment_table {
	struct fragment_entry *entries; /* sets of WAYS */
	uint64_t set_mask;
	uint64_t timeout_ns;
	uint64_t overwritten;
};

struct fragment_table *fragment_table_create(uint32_t capacity, uint64_t timeout_ns)
{
	struct fragment_table *table = calloc(1, sizeof(*table));
	size_t sets = 1;

	if (!table)
		return NULL;
	while (sets * WAYS < capacity)
		sets *= 2;
	table->entries = calloc(sets, WAYS * sizeof(struct fragment_entry));
	if (!table->entries) {
		free(table);
		return NULL;
	}
	table->set_mask = sets - 1;
	table->timeout_ns = timeout_ns;
	return table;
}

void fragment_table_destroy(struct fragment_table *table)
{
	if (!table)
		return;
	free(table->entries);
	free(table);
}

uint64_t fragment_table_overwritten(const struct fragment_table *table)
{
	return table->overwritten;
}

/* Not symmetric: each sender numbers its own datagrams. */
static struct fragment_entry *entry_set(
	const struct fragment_table *table, const struct packet *p, uint32_t fragment_id)
{
	uint64_t src = hash_fold(hash_word(p->src.byte) ^ hash_salt[0],
		hash_word(p->src.byte + 8) ^ hash_salt[1]);
	uint64_t dst = hash_fold(hash_word(p->dst.byte) ^ hash_salt[2],
		hash_word(p->dst.byte + 8) ^ hash_salt[3]);
	uint64_t id = (uint64_t)p->tenant << 32 | fragment_id;
	uint64_t other = hash_fold(id ^ hash_salt[4], p->protocol ^ hash_salt[5]);
	uint64_t hash = hash_fold(hash_fold(src ^ hash_salt[6], dst) + other, hash_salt[7]);

	return &table->entries[(hash & table->set_mask) * WAYS];
}

static bool entry_is_young(
	const struct fragment_table *table, const struct fragment_entry *entry, uint64_t now)
{
	if (entry->ip_version == 0)
		return false;
	return now <= entry->time_ns || now - entry->time_ns <= table->timeout_ns;
}

static bool entry_equal(
	const struct fragment_entry *entry, const struct packet *p, uint32_t fragment_id)
{
	return entry->fragment_id == fragment_id && entry->tenant == p->tenant &&
	       entry->protocol == p->protocol && entry->ip_version == p->ip_version &&
	       ip_addr_equal(&entry->src, &p->src) && ip_addr_equal(&entry->dst, &p->dst);
}

static struct fragment_entry *entry_find(
	struct fragment_entry *set, const struct packet *p, uint32_t fragment_id)
{
	for (int way = 0; way < WAYS; way++)
		if (entry_equal(&set[way], p, fragment_id))
			return &set[way];
	return NULL;
}

/* An entry that is empty or forgotten, else the oldest. */
static struct fragment_entry *entry_choose(
	struct fragment_table *table, struct fragment_entry *set, uint64_t now)
{
	struct fragment_entry *oldest = set;

	for (int way = 0; way < WAYS; way++) {
		if (!entry_is_young(table, &set[way], now))
			return &set[way];
		if (set[way].time_ns < oldest->time_ns)
			oldest = &set[way];
	}
	table->overwritten++;
	return oldest;
}

static void fragment_learn(struct fragment_table *table, struct fragment_entry *set,
	const struct packet *p, uint32_t fragment_id)
{
	struct fragment_entry *entry = entry_find(set, p, fragment_id);

	if (!entry)
		entry = entry_choose(table, set, p->time_ns);
	*entry = (struct fragment_entry){
		.src = p->src,
		.dst = p->dst,
		.tenant = p->tenant,
		.fragment_id = fragment_id,
		.time_ns = p->time_ns,
		.src_port = p->src_port,
		.dst_port = p->dst_port,
		.icmp_id = p->icmp_id,
		.protocol = p->protocol,
		.ip_version = p->ip_version,
		.icmp_type = p->icmp_type,
		.icmp_code = p->icmp_code,
	};
}

bool fragment_table_packet(struct fragment_table *table, struct packet *p)
{
	uint32_t fragment_id = ip_fragment_id(p);
	struct fragment_entry *set = entry_set(table, p, fragment_id), *entry;

	if (!(p->flags & PACKET_LATER_FRAGMENT)) {
		if (!(p->flags & PACKET_PORTS_CUT))
			fragment_learn(table, set, p, fragment_id);
		return true;
	}
	entry = entry_find(set, p, fragment_id);
	if (!entry || !entry_is_young(table, entry, p->time_ns))
		return false;
	p->src_port = entry->src_port;
	p->dst_port = entry->dst_port;
	p->icmp_id = entry->icmp_id;
	p->icmp_type = entry->icmp_type;
	p->icmp_code = entry->icmp_code;
	p->flags |= PACKET_PORTS_LEARNED;
	return true;
}
