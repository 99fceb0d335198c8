/* What is said of lists and of their indicators. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "inspect/detect/lists/lists_inside.h"

uint32_t lists_count(const struct lists *lists)
{
	return lists->n_about;
}

const struct list_about *lists_about(const struct lists *lists, uint32_t list)
{
	return &lists->about[list];
}

size_t lists_memory(const struct lists *lists)
{
	return sizeof(*lists) + lists->capacity * sizeof(*lists->indicators) +
	       lists->keys_capacity + key_index_bytes(&lists->set[LIST_ALERT].index) +
	       key_index_bytes(&lists->set[LIST_ALLOW].index);
}

uint32_t lists_types(const struct lists *lists)
{
	return lists->set[LIST_ALERT].types;
}

static void address_text(const uint8_t *key, char text[INDICATOR_TEXT])
{
	unsigned bits = key[LIST_ADDRESS_KEY - 1];
	struct ip_addr address = ip_addr_v6(key);
	size_t len = ip_addr_print(&address, text);

	if (bits < LIST_BITS)
		snprintf(text + len, INDICATOR_TEXT - len, "/%u",
			ip_addr_is_v4(&address) && bits >= LIST_IPV4_BITS
				? bits - LIST_IPV4_BITS
				: bits);
}

static void digest_text(const uint8_t *key, size_t len, char text[INDICATOR_TEXT])
{
	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", key[i]);
}

size_t lists_indicator_text(
	const struct lists *lists, const struct indicator *indicator, char text[INDICATOR_TEXT])
{
	const uint8_t *key = lists->keys + indicator->key;

	text[0] = '\0';
	switch ((enum list_type)indicator->type) {
	case LIST_IP:
		address_text(key, text);
		break;
	case LIST_JA3:
	case LIST_HASSH:
	case LIST_CERTIFICATE:
		digest_text(key, indicator->len, text);
		break;
	case LIST_DOMAIN:
	case LIST_URL:
	case LIST_JA4:
		memcpy(text, key, indicator->len);
		text[indicator->len] = '\0';
		break;
	case LIST_ASN:
		snprintf(text, INDICATOR_TEXT, "AS%" PRIu32, be32(key));
		break;
	case LIST_AUTO:
	case LIST_TYPES:
		break;
	}
	return strlen(text);
}
