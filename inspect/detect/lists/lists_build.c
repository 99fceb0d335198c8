#include "inspect/detect/lists/lists_build.h"

#include <stdlib.h>
#include <string.h>

/* The levels of each family; an address of IPv4 begins behind LIST_IPV4_BITS. */
static const uint8_t levels[FAMILIES][LEVELS_MAX] = {
	[FAMILY_IPV4] = {128, 120, 112, 104, 96},
	[FAMILY_IPV6] = {128, 64, 48, 40, 32, 24, 16, 0},
};

struct lengths {
	bool is_there[FAMILIES][LENGTHS_MAX];
};

static const uint8_t *key_of(const struct lists *lists, const struct indicator *i)
{
	return lists->keys + i->key;
}

static unsigned family_of(const uint8_t *key)
{
	const struct ip_addr address = ip_addr_v6(key);

	/* A block that is shorter than what all of IPv4 begins with does not have all of that. */
	return ip_addr_is_v4(&address) ? FAMILY_IPV4 : FAMILY_IPV6;
}

/* The largest level that is not longer. */
static unsigned level_of(unsigned family, unsigned bits)
{
	unsigned i = 0;

	while (levels[family][i] > bits)
		i++;
	return i;
}

static uint64_t hash_of(const struct lists *lists, const struct indicator *i)
{
	const uint8_t *key = key_of(lists, i);
	struct address_words words;
	uint64_t hash;

	if (i->type == LIST_IP) {
		words = address_words(key);
		return hash_address(lists, words.high, words.low, key[LIST_ADDRESS_KEY - 1]);
	}
	if (i->type != LIST_DOMAIN)
		return hash_key(lists, (enum list_type)i->type, key, i->len);
	hash = hash_domain_begin(lists);
	for (size_t at = i->len; at > 0; at--)
		hash = hash_domain_byte(hash, key[at - 1]);
	return hash_domain_end(hash);
}

static void address_added(struct lists *lists, struct indicator_set *set, const uint8_t *key,
	struct lengths *lengths)
{
	unsigned bits = key[LIST_ADDRESS_KEY - 1], family = family_of(key);
	unsigned level = levels[family][level_of(family, bits)];
	struct address_words words = address_words_mask(address_words(key), level);

	lengths->is_there[family][bits] = true;
	key_index_mark(&set->index, hash_address(lists, words.high, words.low, level));
}

static void domain_added(struct indicator_set *set, const uint8_t *key, size_t len)
{
	uint32_t labels = 1;

	for (size_t i = 0; i < len; i++)
		labels += key[i] == '.';
	if (labels > set->domain_labels)
		set->domain_labels = labels;
	if (len > set->domain_len)
		set->domain_len = (uint32_t)len;
}

static uint32_t severity(const struct lists *lists, const struct indicator *i)
{
	return lists->about[i->list].severity;
}

/* Lists and lines come in order: of equal severity the first stays. */
static void add(
	struct lists *lists, struct indicator_set *set, uint32_t entry, struct lengths *lengths)
{
	const struct indicator *i = &lists->indicators[entry], *other;
	const uint64_t hash = hash_of(lists, i);
	const uint8_t *key = key_of(lists, i);
	uint64_t at = key_index_start(&set->index, hash);
	struct key_slot *slot;

	while ((slot = key_index_next(&set->index, hash, &at)) != NULL) {
		other = &lists->indicators[slot->entry - 1];
		if (other->type != i->type || other->len != i->len ||
			memcmp(key_of(lists, other), key, i->len) != 0)
			continue;
		if (severity(lists, i) < severity(lists, other))
			slot->entry = entry + 1;
		return;
	}
	key_index_add(&set->index, hash, entry);
	set->types |= UINT32_C(1) << i->type;
	if (i->type == LIST_IP)
		address_added(lists, set, key, lengths);
	else if (i->type == LIST_DOMAIN)
		domain_added(set, key, i->len);
}

static void levels_fill(struct indicator_set *set, const struct lengths *lengths)
{
	for (unsigned f = 0; f < FAMILIES; f++) {
		struct address_family *family = &set->family[f];
		unsigned before = LEVELS_MAX;

		for (unsigned bits = LENGTHS_MAX; bits-- > 0;) {
			unsigned level;

			if (!lengths->is_there[f][bits])
				continue;
			level = level_of(f, bits);
			if (level != before)
				family->level[family->count++].bits = levels[f][level];
			before = level;
			family->level[family->count - 1]
				.lengths[family->level[family->count - 1].count++] =
				(uint8_t)bits;
		}
	}
}

static bool build_set(struct lists *lists, enum list_action action)
{
	struct indicator_set *set = &lists->set[action];
	struct lengths lengths = {0};
	uint32_t count = 0, addresses = 0;

	for (uint32_t i = 0; i < lists->count; i++) {
		bool is_own = lists->about[lists->indicators[i].list].action == action;

		count += is_own;
		addresses += is_own && lists->indicators[i].type == LIST_IP;
	}
	if (!key_index_init(&set->index, count, addresses))
		return false;
	for (uint32_t i = 0; i < lists->count; i++) {
		if (lists->about[lists->indicators[i].list].action == action)
			add(lists, set, i, &lengths);
	}
	levels_fill(set, &lengths);
	return true;
}

/* What was taken in advance goes back; a block that cannot shrink stays as it is. */
static void trim(struct lists *lists)
{
	void *indicators = realloc(
		lists->indicators, ((size_t)lists->count + 1) * sizeof(*lists->indicators));
	void *keys = realloc(lists->keys, lists->keys_len + 1);

	if (indicators)
		lists->indicators = indicators;
	if (keys)
		lists->keys = keys;
	lists->capacity = lists->count;
	lists->keys_capacity = lists->keys_len;
}

bool lists_build(struct lists *lists)
{
	trim(lists);
	return build_set(lists, LIST_ALERT) && build_set(lists, LIST_ALLOW);
}
