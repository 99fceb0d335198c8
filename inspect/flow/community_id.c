#include "inspect/flow/community_id.h"

#include <netinet/in.h>
#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <string.h>

_Static_assert(2 + BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE) < COMMUNITY_ID_TEXT, "room");

static void sha1_be16(struct sha1_ctx *sha1, uint16_t n)
{
	const uint8_t bytes[2] = {(uint8_t)(n >> 8), (uint8_t)n};

	sha1_update(sha1, sizeof(bytes), bytes);
}

static void sha1_addr(struct sha1_ctx *sha1, const struct ip_addr *a, uint8_t ip_version)
{
	if (ip_version == 4)
		sha1_update(sha1, 4, a->byte + 12);
	else
		sha1_update(sha1, sizeof(a->byte), a->byte);
}

/* The specification knows ports for these alone; UDP-Lite and DCCP go without. */
static bool has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_ICMP || protocol == IPPROTO_TCP || protocol == IPPROTO_UDP ||
	       protocol == IPPROTO_ICMPV6 || protocol == IPPROTO_SCTP;
}

/* A flow key holds its ends in the order that the specification hashes them. */
void community_id_print(const struct flow_key *key, uint16_t seed, char text[COMMUNITY_ID_TEXT])
{
	const uint8_t protocol[2] = {key->protocol, 0};
	uint8_t digest[SHA1_DIGEST_SIZE];
	struct sha1_ctx sha1;

	sha1_init(&sha1);
	sha1_be16(&sha1, seed);
	sha1_addr(&sha1, &key->lo, key->ip_version);
	sha1_addr(&sha1, &key->hi, key->ip_version);
	sha1_update(&sha1, sizeof(protocol), protocol);
	if (has_ports(key->protocol)) {
		sha1_be16(&sha1, key->lo_port);
		sha1_be16(&sha1, key->hi_port);
	}
	sha1_digest(&sha1, sizeof(digest), digest);
	memcpy(text, "1:", 2);
	base64_encode_raw(text + 2, sizeof(digest), digest);
	text[2 + BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE)] = 0;
}
