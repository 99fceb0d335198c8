/* What names a session: the source of the outermost encapsulation, its VNI, and the network id that
 * a cloud puts beside it (GENEVE option of Google Cloud: 28 bits). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "config/parse/addr.h"

/* `network` is NETWORK_NAMED + id, so that a network numbered 0 differs from none. */
enum { NETWORK_NONE = 0, NETWORK_NAMED = 1 << 28, NETWORK_ID_MAX = NETWORK_NAMED - 1 };

struct session_key {
	struct ip_addr outer_src;
	uint32_t vni;     /* 0..16777215 */
	uint32_t network; /* NETWORK_NONE, or NETWORK_NAMED + id */
};

/* A member `key` whose own members are the outer struct's, too. */
#define SESSION_KEY \
	union { \
		struct session_key key; \
		struct { \
			struct ip_addr outer_src; \
			uint32_t vni, network; \
		}; \
	}

_Static_assert(sizeof(struct session_key) == 24, "three words, without padding");

static inline uint32_t network_id(uint32_t network)
{
	return network & NETWORK_ID_MAX;
}

/* A third of the key: the address in 0 and 1, the numbers in 2. */
static inline uint64_t session_key_word(const struct session_key *key, unsigned i)
{
	uint64_t word;

	memcpy(&word, (const uint8_t *)key + (size_t)8 * i, sizeof(word));
	return word;
}

/* In one store, since it is read in one: narrow stores before a wide load cost a stall. */
static inline void session_key_name(struct session_key *key, uint32_t vni, uint32_t network)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	const uint64_t word = (uint64_t)network << 32 | vni;
#else
	const uint64_t word = (uint64_t)vni << 32 | network;
#endif

	memcpy((uint8_t *)key + 16, &word, sizeof(word));
}

static inline uint64_t session_key_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

/* For tables: under a secret salt nobody can make up keys that meet. The second product scatters
 * what one alone leaves in a row, sources or VNIs that are numbered. Word 0 of an IPv4 source is 0. */
static inline uint64_t session_key_hash(const struct session_key *key, const uint64_t salt[4])
{
	uint64_t word = session_key_word(key, 0), low = session_key_word(key, 1) ^ salt[0];

	if (__builtin_expect(word != 0, 0))
		low ^= session_key_fold(word ^ salt[2], low ^ salt[3]);
	return session_key_fold(
		session_key_fold(low, session_key_word(key, 2) ^ salt[1]), salt[2]);
}

static inline bool session_key_equal(const struct session_key *a, const struct session_key *b)
{
	return session_key_word(a, 2) == session_key_word(b, 2) &&
	       session_key_word(a, 0) == session_key_word(b, 0) &&
	       session_key_word(a, 1) == session_key_word(b, 1);
}

/* By address, VNI and network, for sorting: less than, equal to or greater than 0. */
static inline int session_key_compare(const struct session_key *a, const struct session_key *b)
{
	int order = memcmp(&a->outer_src, &b->outer_src, sizeof(a->outer_src));

	if (order == 0)
		order = (a->vni > b->vni) - (a->vni < b->vni);
	return order ? order : (a->network > b->network) - (a->network < b->network);
}
