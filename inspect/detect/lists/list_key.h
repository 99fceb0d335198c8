/* The value of an indicator as it is compared: bytes of one form only, whatever way a list wrote it.
 *
 *   ip           16 bytes (IPv4 as ::ffff:a.b.c.d), those beyond the prefix 0, and its length, 0 to 128
 *   domain       lower case, A-labels (RFC 5890), no final dot; it means its subdomains, too
 *   url          host in lower case, port unless it is 80 or 443, path and query as they are; no scheme
 *   ja3, hassh   16 bytes (MD5)        certificate  20 or 32 bytes (SHA-1, SHA-256)
 *   ja4          its text
 *   asn          4 bytes, the number in network order */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/settings/settings.h"
#include "decap/addr.h"
#include "inspect/proto/details.h"

enum {
	LIST_KEY_MAX = DETAILS_STRING_MAX, /* a longer URL is not seen whole */
	LIST_ADDRESS_KEY = 17,
	LIST_MD5 = 16,
	LIST_SHA1 = 20,
	LIST_SHA256 = 32,
	LIST_JA4_KEY = 36,
	LIST_ASN_KEY = 4,
	LIST_DOMAIN_MAX = 253, /* of the text, RFC 1035, 2.3.4 */
	LIST_IPV4_BITS = 96,   /* before those of IPv4 itself */
	LIST_BITS = 128,
};

struct list_key {
	uint8_t type; /* enum list_type, never LIST_AUTO */
	uint16_t len;
	uint8_t bytes[LIST_KEY_MAX];
};

/* Each makes a key of a text that ends with NUL and has no spaces around it. NULL, or why it is none: static
 * words that go on "... is". */
const char *list_key_address(struct list_key *key, const char *text);
const char *list_key_domain(struct list_key *key, const char *text);
const char *list_key_url(struct list_key *key, const char *text);
const char *list_key_ja4(struct list_key *key, const char *text);
const char *list_key_asn(struct list_key *key, const char *text);
/* `type`: LIST_JA3, LIST_HASSH or LIST_CERTIFICATE; colons between bytes are legal. */
const char *list_key_digest(struct list_key *key, enum list_type type, const char *text);

/* By the type of the list. */
const char *list_key_make(struct list_key *key, enum list_type type, const char *text);

/* A URL in the form of its key. 0: it has no host, or is too long. */
size_t list_url_normal(const char *url, size_t len, uint8_t out[LIST_KEY_MAX]);
/* Bytes of its host; with brackets, where it is an IPv6 address. */
size_t list_url_host(const uint8_t *normal, size_t len);

/* Hexadecimal digits into bytes, colons between bytes left out; how many, 0: it is none, or longer. */
size_t list_hex(const char *text, size_t len, uint8_t *out, size_t room);

/* The key of a number of an autonomous system. */
static inline void list_asn_key(uint32_t asn, uint8_t key[LIST_ASN_KEY])
{
	for (int i = 0; i < LIST_ASN_KEY; i++)
		key[i] = (uint8_t)(asn >> (8 * (LIST_ASN_KEY - 1 - i)));
}

/* All bits after the first `bits` are 0 then. */
void list_address_mask(uint8_t byte[16], unsigned bits);

static inline uint8_t list_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}
