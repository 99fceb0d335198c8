/* What lists_load.c builds and lists.c looks into. */
#pragma once

#include "decap/cursor.h"
#include "inspect/detect/lists/key_index.h"
#include "inspect/detect/lists/list_key.h"
#include "inspect/detect/lists/lists.h"
#include "inspect/flow/hash.h"

/* An address is looked for first by as many bits as these: the filter has every block by the largest of them
 * that is not longer than itself. So an address that is in no list asks the filter a few times, however many
 * lengths the lists have. */
enum { LEVELS_MAX = 8, LENGTHS_MAX = LIST_BITS + 1 };

struct address_level {
	uint8_t bits;
	uint8_t count; /* of lengths; 0: there are none */
	uint8_t lengths
		[LIST_BITS]; /* of blocks from this level up to the next; longest first */
};

struct address_family {
	uint8_t count;
	struct address_level level[LEVELS_MAX]; /* those with lengths, longest first */
};

enum { FAMILY_IPV4, FAMILY_IPV6, FAMILIES };

/* What raises alerts, or what is allowed. */
struct indicator_set {
	struct key_index index;
	uint32_t types; /* bit n: there are some of type n */
	struct address_family family[FAMILIES];
	uint32_t domain_len;    /* of the longest */
	uint32_t domain_labels; /* of that with most */
};

struct lists {
	uint64_t seed;
	struct indicator *indicators;
	uint8_t *keys;
	uint32_t count;
	size_t capacity, keys_len, keys_capacity;
	struct indicator_set set[2]; /* by enum list_action */
	struct list_about *about;
	uint32_t n_about;
};

static inline uint64_t hash_address(
	const struct lists *lists, uint64_t high, uint64_t low, unsigned bits)
{
	return hash_fold(
		high ^ hash_salt[0] ^ lists->seed, low ^ hash_turn(hash_salt[1] + bits));
}

/* The first `bits` of an address, as two words in the machine's order. */
struct address_words {
	uint64_t high, low;
};

static inline struct address_words address_words_mask(struct address_words w, unsigned bits)
{
	if (bits < 64)
		return (struct address_words){
			bits > 0 ? w.high & ~UINT64_C(0) << (64 - bits) : 0, 0};
	if (bits < 128)
		w.low = bits > 64 ? w.low & ~UINT64_C(0) << (128 - bits) : 0;
	return w;
}

static inline struct address_words address_words(const uint8_t byte[16])
{
	return (struct address_words){be64(byte), be64(byte + 8)};
}

/* Of a name's bytes in lower case, last one first: so the hash of what it ends in is on the way. */
static inline uint64_t hash_domain_begin(const struct lists *lists)
{
	return lists->seed ^ hash_salt[2];
}

static inline uint64_t hash_domain_byte(uint64_t hash, uint8_t byte)
{
	return (hash ^ byte) * UINT64_C(0x100000001b3);
}

static inline uint64_t hash_domain_end(uint64_t hash)
{
	return hash_fold(hash, hash_salt[3]);
}

uint64_t hash_key(
	const struct lists *lists, enum list_type type, const uint8_t *bytes, size_t len);

/* The entry of a set with this key, or NULL. */
const struct indicator *set_find(const struct lists *lists, const struct indicator_set *set,
	uint64_t hash, enum list_type type, const uint8_t *bytes, size_t len);
