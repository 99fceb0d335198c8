#include "inspect/detect/lists/lists.h"

#include <endian.h>
#include <string.h>

#include "inspect/detect/lists/lists_inside.h"

uint64_t hash_key(
	const struct lists *lists, enum list_type type, const uint8_t *bytes, size_t len)
{
	return hash_bytes(
		hash_fold(lists->seed ^ hash_salt[4], hash_salt[5] + type), bytes, len);
}

const struct indicator *set_find(const struct lists *lists, const struct indicator_set *set,
	uint64_t hash, enum list_type type, const uint8_t *bytes, size_t len)
{
	uint64_t at = key_index_start(&set->index, hash);
	const struct key_slot *slot;

	while ((slot = key_index_next(&set->index, hash, &at)) != NULL) {
		const struct indicator *found = &lists->indicators[slot->entry - 1];

		if (found->type == type && found->len == len &&
			memcmp(lists->keys + found->key, bytes, len) == 0)
			return found;
	}
	return NULL;
}

static inline bool has(const struct indicator_set *set, enum list_type type)
{
	return set->types >> type & 1;
}

/* --- addresses --- */

static const struct indicator *block_find(const struct lists *lists,
	const struct indicator_set *set, struct address_words words, unsigned bits)
{
	const struct address_words block = address_words_mask(words, bits);
	const uint64_t high = htobe64(block.high), low = htobe64(block.low);
	uint8_t key[LIST_ADDRESS_KEY];

	memcpy(key, &high, sizeof(high));
	memcpy(key + 8, &low, sizeof(low));
	key[LIST_ADDRESS_KEY - 1] = (uint8_t)bits;
	return set_find(lists, set, hash_address(lists, block.high, block.low, bits), LIST_IP,
		key, sizeof(key));
}

static const struct indicator *address_find(
	const struct lists *lists, const struct indicator_set *set, const struct ip_addr *a)
{
	const struct address_family *family =
		&set->family[ip_addr_is_v4(a) ? FAMILY_IPV4 : FAMILY_IPV6];
	const struct address_words words = address_words(a->byte);

	for (unsigned i = 0; i < family->count; i++) {
		const struct address_level *level = &family->level[i];
		struct address_words masked = address_words_mask(words, level->bits);

		if (!key_index_may_have(&set->index,
			    hash_address(lists, masked.high, masked.low, level->bits)))
			continue;
		for (unsigned k = 0; k < level->count; k++) {
			const struct indicator *found =
				block_find(lists, set, words, level->lengths[k]);

			if (found)
				return found;
		}
	}
	return NULL;
}

const struct indicator *lists_find_address(
	const struct lists *lists, const struct ip_addr *address)
{
	const struct indicator *found = address_find(lists, &lists->set[LIST_ALERT], address);

	if (!found || !address_find(lists, &lists->set[LIST_ALLOW], address))
		return found;
	return NULL;
}

/* --- names --- */

static bool is_same_name(const uint8_t *key, const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (key[i] != list_lower((uint8_t)name[i]))
			return false;
	}
	return true;
}

static const struct indicator *name_find(const struct lists *lists,
	const struct indicator_set *set, uint64_t hash, const char *name, size_t len)
{
	uint64_t at = key_index_start(&set->index, hash);
	const struct key_slot *slot;

	if (!key_index_may_have(&set->index, hash))
		return NULL;
	while ((slot = key_index_next(&set->index, hash, &at)) != NULL) {
		const struct indicator *found = &lists->indicators[slot->entry - 1];

		if (found->type == LIST_DOMAIN && found->len == len &&
			is_same_name(lists->keys + found->key, name, len))
			return found;
	}
	return NULL;
}

/* Whether the byte at `i` stands behind an odd number of backslashes: it belongs to its label then. */
static bool is_escaped(const char *name, size_t i)
{
	size_t n = i;

	while (n > 0 && name[n - 1] == '\\')
		n--;
	return (i - n) % 2 == 1;
}

static inline bool is_dot(const char *name, size_t i)
{
	return name[i] == '.' && !is_escaped(name, i);
}

/* Looks for what the name ends in, label by label from the right, no further than the lists go. */
static const struct indicator *domain_find(const struct lists *lists,
	const struct indicator_set *set, const char *name, size_t len)
{
	const struct indicator *best = NULL, *found;
	const size_t stop = len > set->domain_len ? len - set->domain_len : 0;
	uint64_t hash = hash_domain_begin(lists);
	uint32_t labels = 0;

	for (size_t i = len; i > stop; i--) {
		if (is_dot(name, i - 1)) {
			found = name_find(lists, set, hash_domain_end(hash), name + i, len - i);
			best = found ? found : best;
			if (++labels == set->domain_labels)
				return best;
		}
		hash = hash_domain_byte(hash, list_lower((uint8_t)name[i - 1]));
	}
	if (stop > 0 && !is_dot(name, stop - 1))
		return best;
	found = name_find(lists, set, hash_domain_end(hash), name + stop, len - stop);
	return found ? found : best;
}

const struct indicator *lists_find_domain(
	const struct lists *lists, const char *name, size_t len)
{
	const struct indicator_set *allow = &lists->set[LIST_ALLOW];
	const struct indicator *found;

	if (!has(&lists->set[LIST_ALERT], LIST_DOMAIN))
		return NULL;
	if (len > 0 && is_dot(name, len - 1))
		len--;
	found = domain_find(lists, &lists->set[LIST_ALERT], name, len);
	if (found && has(allow, LIST_DOMAIN) && domain_find(lists, allow, name, len))
		return NULL;
	return found;
}

/* false: it is no address. */
static bool host_address(const char *host, size_t len, struct ip_addr *address)
{
	char text[IP_ADDR_TEXT];

	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	}
	if (len == 0 || len >= sizeof(text) ||
		!strchr("0123456789abcdefABCDEF:", host[len - 1]))
		return false;
	memcpy(text, host, len);
	text[len] = '\0';
	return ip_addr_parse(text, address);
}

const struct indicator *lists_find_host(const struct lists *lists, const char *host, size_t len)
{
	struct ip_addr address;

	if (has(&lists->set[LIST_ALERT], LIST_IP) && host_address(host, len, &address))
		return lists_find_address(lists, &address);
	return lists_find_domain(lists, host, len);
}

/* --- what is equal or not --- */

static const struct indicator *equal_find(const struct lists *lists,
	const struct indicator_set *set, enum list_type type, const uint8_t *bytes, size_t len)
{
	uint64_t hash;

	if (!has(set, type))
		return NULL;
	hash = hash_key(lists, type, bytes, len);
	if (!key_index_may_have(&set->index, hash))
		return NULL;
	return set_find(lists, set, hash, type, bytes, len);
}

static const struct indicator *equal_find_both(
	const struct lists *lists, enum list_type type, const uint8_t *bytes, size_t len)
{
	const struct indicator *found =
		equal_find(lists, &lists->set[LIST_ALERT], type, bytes, len);

	if (!found || !equal_find(lists, &lists->set[LIST_ALLOW], type, bytes, len))
		return found;
	return NULL;
}

static bool is_host_allowed(const struct lists *lists, const uint8_t *url, size_t len)
{
	const struct indicator_set *allow = &lists->set[LIST_ALLOW];
	const char *host = (const char *)url;
	size_t n = list_url_host(url, len);
	struct ip_addr address;

	if (host_address(host, n, &address))
		return address_find(lists, allow, &address) != NULL;
	return has(allow, LIST_DOMAIN) && domain_find(lists, allow, host, n) != NULL;
}

const struct indicator *lists_find_url(const struct lists *lists, const char *url, size_t len)
{
	uint8_t normal[LIST_KEY_MAX];
	const struct indicator *found;

	if (!has(&lists->set[LIST_ALERT], LIST_URL))
		return NULL;
	len = list_url_normal(url, len, normal);
	if (len == 0)
		return NULL;
	found = equal_find_both(lists, LIST_URL, normal, len);
	return found && is_host_allowed(lists, normal, len) ? NULL : found;
}

const struct indicator *lists_find_fingerprint(
	const struct lists *lists, enum list_type type, const char *text, size_t len)
{
	uint8_t bytes[LIST_SHA256];

	if (!has(&lists->set[LIST_ALERT], type))
		return NULL;
	if (type == LIST_JA4)
		return equal_find_both(lists, type, (const uint8_t *)text, len);
	len = list_hex(text, len, bytes, sizeof(bytes));
	return len > 0 ? equal_find_both(lists, type, bytes, len) : NULL;
}

const struct indicator *lists_find_asn(const struct lists *lists, uint32_t asn)
{
	uint8_t key[LIST_ASN_KEY];

	list_asn_key(asn, key);
	return equal_find_both(lists, LIST_ASN, key, sizeof(key));
}
