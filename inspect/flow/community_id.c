#include "inspect/flow/community_id.h"

#include <netinet/in.h>
#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <string.h>

_Static_assert((int)COMMUNITY_ID_DIGEST == (int)SHA1_DIGEST_SIZE, "a digest is SHA-1's");
_Static_assert(2 + BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE) < COMMUNITY_ID_TEXT, "room");

/* What is hashed: fewer bytes than a block of SHA-1 has. */
struct hashed {
	uint8_t bytes[2 + 2 * sizeof(struct ip_addr) + 2 + 4];
	size_t n;
};

static void add_bytes(struct hashed *hashed, const void *bytes, size_t n)
{
	memcpy(hashed->bytes + hashed->n, bytes, n);
	hashed->n += n;
}

static void add_be16(struct hashed *hashed, uint16_t n)
{
	const uint8_t bytes[2] = {(uint8_t)(n >> 8), (uint8_t)n};

	add_bytes(hashed, bytes, sizeof(bytes));
}

static void add_addr(struct hashed *hashed, const struct ip_addr *a, uint8_t ip_version)
{
	if (ip_version == 4)
		add_bytes(hashed, a->byte + 12, 4);
	else
		add_bytes(hashed, a->byte, sizeof(a->byte));
}

/* The specification knows ports for these alone; UDP-Lite and DCCP go without. */
static bool has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_ICMP || protocol == IPPROTO_TCP || protocol == IPPROTO_UDP ||
	       protocol == IPPROTO_ICMPV6 || protocol == IPPROTO_SCTP;
}

/* A flow key holds its ends in the order that the specification hashes them. */
void community_id_digest(
	const struct flow_key *key, uint16_t seed, uint8_t digest[COMMUNITY_ID_DIGEST])
{
	const uint8_t protocol[2] = {key->protocol, 0};
	struct hashed hashed = {.n = 0};
	struct sha1_ctx sha1;

	add_be16(&hashed, seed);
	add_addr(&hashed, &key->lo, key->ip_version);
	add_addr(&hashed, &key->hi, key->ip_version);
	add_bytes(&hashed, protocol, sizeof(protocol));
	if (has_ports(key->protocol)) {
		add_be16(&hashed, key->lo_port);
		add_be16(&hashed, key->hi_port);
	}
	sha1_init(&sha1);
	sha1_update(&sha1, hashed.n, hashed.bytes);
	sha1_digest(&sha1, COMMUNITY_ID_DIGEST, digest);
}

void community_id_print(const struct flow_key *key, uint16_t seed, char text[COMMUNITY_ID_TEXT])
{
	uint8_t digest[COMMUNITY_ID_DIGEST];

	community_id_digest(key, seed, digest);
	memcpy(text, "1:", 2);
	base64_encode_raw(text + 2, sizeof(digest), digest);
	text[2 + BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE)] = 0;
}

bool community_id_parse(const char *text, uint8_t digest[COMMUNITY_ID_DIGEST])
{
	uint8_t bytes[BASE64_DECODE_LENGTH(COMMUNITY_ID_TEXT)];
	struct base64_decode_ctx base64;
	size_t len = strlen(text), n = sizeof(bytes);

	if (len >= COMMUNITY_ID_TEXT || strncmp(text, "1:", 2) != 0)
		return false;
	base64_decode_init(&base64);
	if (!base64_decode_update(&base64, &n, bytes, len - 2, text + 2) ||
		!base64_decode_final(&base64) || n != COMMUNITY_ID_DIGEST)
		return false;
	memcpy(digest, bytes, COMMUNITY_ID_DIGEST);
	return true;
}
