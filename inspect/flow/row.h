/* A row: key and hash of one packet of a burst, made once, before its flow is touched, and the
 * slot where the flow probably is. Private to the flow table. */
#pragma once

#include <stddef.h>

#include "decap/cursor.h"
#include "inspect/flow/flow.h"
#include "inspect/flow/hash.h"

struct flow_row {
	struct flow_key key;
	bool src_is_lo;
	bool known;    /* the flow in `slot` has the key */
	uint64_t hash; /* of the key, salted */
	/* Of the flow, if the bucket's tag was right; else any other slot. */
	uint32_t slot;
	uint32_t verdict; /* for a flow that this packet begins */
};

_Static_assert(sizeof(struct flow_row) == 64, "a row is a cache line");
enum { KEY_PORTS = 32, KEY_REST = 40 }; /* where the key's last two words begin */

_Static_assert(offsetof(struct flow_key, lo_port) == 36 && sizeof(struct flow_key) == 46,
	"the key's words, without padding");

static inline uint64_t key_word(const struct flow_key *key, size_t at)
{
	return hash_word((const uint8_t *)key + at);
}

/* The upper halves of IPv4 addresses are all alike. */
static inline bool key_equal(const struct flow_key *a, const struct flow_key *b)
{
	uint64_t change = key_word(a, 8) ^ key_word(b, 8);

	change |= key_word(a, 24) ^ key_word(b, 24);
	change |= key_word(a, 32) ^ key_word(b, 32);
	change |= key_word(a, 38) ^ key_word(b, 38);
	if (change != 0 || a->ip_version == 4)
		return change == 0;
	change |= key_word(a, 0) ^ key_word(b, 0);
	return (change | (key_word(a, 16) ^ key_word(b, 16))) == 0;
}

/* What a hash mixes besides the addresses: point, version and ports; the rest. */
static inline uint64_t key_ports(const struct flow_key *key)
{
	return key_word(key, KEY_PORTS);
}

static inline uint64_t key_rest(const struct flow_key *key)
{
	uint64_t rest = 0;

	memcpy(&rest, (const uint8_t *)key + KEY_REST, sizeof(*key) - KEY_REST);
	return rest;
}

static inline void key_salt(uint64_t salt[4], uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		salt[i] = hash_fold(seed ^ hash_salt[i], hash_salt[4 + i]);
}

/* Where the key lies in the index. Nobody who does not know the salt can choose keys that meet:
 * every word is mixed with a part of it before it is multiplied. Ports go through both products, so
 * that a scan of ports is spread as by chance, too. */
static inline uint64_t key_hash(const struct flow_key *key, const uint64_t salt[4])
{
	uint64_t ends = hash_fold(key_word(key, 8) ^ hash_turn(key_ports(key)) ^ salt[0],
		key_word(key, 24) ^ salt[1]);

	if (key->ip_version != 4)
		ends ^= hash_fold(
			key_word(key, 0) ^ salt[2] ^ ends, key_word(key, 16) ^ salt[0]);
	return hash_fold(ends ^ key_ports(key) ^ salt[2], key_rest(key) ^ salt[3]);
}

/* On a little-endian machine: the key of untagged TCP or UDP over IPv4, as flow_key_make() makes it, and
 * its hash, without a look at what was just written. Which of two ends is lower is a coin toss to the
 * CPU: so no branch here. */
static inline void row_make_fast(
	struct flow_row *row, const struct packet *p, const uint64_t salt[4])
{
	struct flow_key *key = &row->key;
	uint64_t src = hash_word(p->src.byte + 8), dst = hash_word(p->dst.byte + 8);
	uint64_t src_end = (uint64_t)be32(p->src.byte + 12) << 16 | p->src_port;
	uint64_t dst_end = (uint64_t)be32(p->dst.byte + 12) << 16 | p->dst_port;
	uint64_t reversed = -(uint64_t)(src_end > dst_end);
	uint64_t change = (src ^ dst) & reversed;
	uint64_t change_end = (src_end ^ dst_end) & reversed;
	uint64_t rest = (uint64_t)p->protocol << 24, ports;

	src ^= change;
	dst ^= change;
	src_end ^= change_end;
	dst_end ^= change_end;
	memset(key->lo.byte, 0, 8);
	memcpy(key->lo.byte + 8, &src, sizeof(src));
	memset(key->hi.byte, 0, 8);
	memcpy(key->hi.byte + 8, &dst, sizeof(dst));
	ports = (p->session | UINT32_C(4) << 29) | (src_end & UINT16_MAX) << 32 | dst_end << 48;
	memcpy((uint8_t *)key + KEY_PORTS, &ports, sizeof(ports));
	memcpy((uint8_t *)key + KEY_REST, &rest, sizeof(*key) - KEY_REST);
	row->src_is_lo = !reversed;
	row->hash = hash_fold(
		hash_fold(src ^ hash_turn(ports) ^ salt[0], dst ^ salt[1]) ^ ports ^ salt[2],
		rest ^ salt[3]);
}
