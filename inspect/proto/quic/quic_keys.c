#include "inspect/proto/quic/quic_keys.h"

#include <nettle/gcm.h>
#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <string.h>

enum { SALT = 20, NUMBER_MAX = 4, TAG = GCM_DIGEST_SIZE, RESERVED = 0x0c };

/* RFC 9001, 5.2; RFC 9369, 3.3.1; the same section of the drafts from the one that is named on. */
static const uint8_t salt_v1[SALT] = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d,
	0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
static const uint8_t salt_v2[SALT] = {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81,
	0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};
static const uint8_t salt_29[SALT] = {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e,
	0x97, 0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99};
static const uint8_t salt_23[SALT] = {0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11,
	0xa7, 0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02};
static const uint8_t salt_21[SALT] = {0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19,
	0x3a, 0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a};
/* Google's on the way from its own handshake to TLS. */
static const uint8_t salt_t050[SALT] = {0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55,
	0x80, 0x30, 0x4c, 0x43, 0xa2, 0x36, 0x7c, 0x60, 0x48, 0x83, 0x10};
static const uint8_t salt_t051[SALT] = {0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4,
	0x50, 0x6c, 0x19, 0x12, 0x4f, 0xc8, 0xcc, 0xda, 0x6e, 0x03, 0x3d};

static const uint8_t *salt_of(uint32_t version)
{
	switch (version) {
	case QUIC_V1:
		return salt_v1;
	case QUIC_V2:
		return salt_v2;
	case 0x54303530:
		return salt_t050;
	case 0x54303531:
		return salt_t051;
	case 0xfaceb001:
	case QUIC_DRAFT + 22:
		return salt_21;
	default:
		if (version >= QUIC_DRAFT + 33 && version <= QUIC_DRAFT + 34)
			return salt_v1;
		if (version >= QUIC_DRAFT + 29 && version <= QUIC_DRAFT + 32)
			return salt_29;
		return salt_23;
	}
}

static void key_set(struct hmac_sha256_ctx *hmac, const uint8_t secret[SHA256_DIGEST_SIZE])
{
	hmac_sha256_set_key(hmac, SHA256_DIGEST_SIZE, secret);
}

/* HKDF-Expand-Label without a context (RFC 8446, 7.1); `hmac` has the secret as its key, before and after. */
static void expand(struct hmac_sha256_ctx *hmac, const char *label, uint8_t *out, uint8_t len)
{
	static const char prefix[] = "tls13 ";
	uint8_t info[32] = {0, len, (uint8_t)(sizeof(prefix) - 1 + strlen(label))};

	memcpy(info + 3, prefix, sizeof(prefix) - 1);
	memcpy(info + 2 + sizeof(prefix), label, strlen(label));
	hkdf_expand(hmac, (nettle_hash_update_func *)hmac_sha256_update,
		(nettle_hash_digest_func *)hmac_sha256_digest, SHA256_DIGEST_SIZE,
		4 + (size_t)info[2], info, len, out);
}

void quic_keys_derive(uint32_t version, const struct quic_cid *destination, bool of_server,
	struct quic_keys *keys)
{
	bool is_2 = version == QUIC_V2;
	uint8_t secret[SHA256_DIGEST_SIZE];
	struct hmac_sha256_ctx hmac;

	hmac_sha256_set_key(&hmac, SALT, salt_of(version));
	hkdf_extract(&hmac, (nettle_hash_update_func *)hmac_sha256_update,
		(nettle_hash_digest_func *)hmac_sha256_digest, SHA256_DIGEST_SIZE,
		destination->len, destination->at, secret);
	key_set(&hmac, secret);
	expand(&hmac, of_server ? "server in" : "client in", secret, sizeof(secret));
	key_set(&hmac, secret);
	expand(&hmac, is_2 ? "quicv2 key" : "quic key", keys->key, sizeof(keys->key));
	expand(&hmac, is_2 ? "quicv2 iv" : "quic iv", keys->iv, sizeof(keys->iv));
	expand(&hmac, is_2 ? "quicv2 hp" : "quic hp", keys->hp, sizeof(keys->hp));
}

/* Takes the mask off the first byte and the packet number (RFC 9001, 5.4). Returns the header's length. */
static uint32_t open_header(
	const struct quic_keys *keys, uint8_t *header, uint32_t number_at, uint64_t *number)
{
	uint8_t mask[AES_BLOCK_SIZE];
	struct aes128_ctx aes;
	uint32_t len;

	aes128_set_encrypt_key(&aes, keys->hp);
	aes128_encrypt(&aes, sizeof(mask), mask, header + number_at + NUMBER_MAX);
	header[0] ^= mask[0] & 0x0f;
	len = 1 + (header[0] & 3);
	*number = 0;
	for (uint32_t i = 0; i < len; i++) {
		header[number_at + i] ^= mask[1 + i];
		*number = *number << 8 | header[number_at + i];
	}
	return number_at + len;
}

/* The number whose last `len` bytes are `number` and which is nearest to `expected` (RFC 9000, A.3). */
static uint64_t whole_number(uint64_t number, uint32_t len, uint64_t expected)
{
	uint64_t window = UINT64_C(1) << 8 * len;
	uint64_t candidate = (expected & ~(window - 1)) | number;

	if (candidate + window / 2 <= expected)
		return candidate + window;
	if (candidate > expected + window / 2 && candidate >= window)
		return candidate - window;
	return candidate;
}

static void start_gcm(const struct quic_keys *keys, uint64_t number, struct gcm_aes128_ctx *gcm)
{
	uint8_t nonce[sizeof(keys->iv)];

	memcpy(nonce, keys->iv, sizeof(nonce));
	for (size_t i = 0; i < 8; i++)
		nonce[sizeof(nonce) - 1 - i] ^= (uint8_t)(number >> 8 * i);
	gcm_aes128_set_key(gcm, keys->key);
	gcm_aes128_set_iv(gcm, sizeof(nonce), nonce);
}

/* PADDING, PING, ACK or CRYPTO begin what is no error and has something to say. */
static bool is_plausible(uint8_t flags, uint8_t frame)
{
	return !(flags & RESERVED) && (frame <= 3 || frame == 6 || frame == 8 /* Google's */);
}

bool quic_keys_open(const struct quic_keys *keys, const struct quic_packet *packet,
	uint64_t expected, struct quic_plain *plain)
{
	struct cursor c = packet->bytes;
	uint32_t cap = c.cap < QUIC_PLAIN_MAX ? c.cap : QUIC_PLAIN_MAX, wire = c.wire, header,
		 n;
	const uint8_t *bytes = cursor_take(&c, cap);
	uint8_t tag[TAG], *payload;
	struct gcm_aes128_ctx gcm;

	if (!bytes || cap < packet->number_at + NUMBER_MAX + AES_BLOCK_SIZE)
		return false;
	memcpy(plain->bytes, bytes, cap);
	header = open_header(keys, plain->bytes, packet->number_at, &plain->number);
	plain->number = whole_number(plain->number, header - packet->number_at, expected);
	if (wire <= header + TAG)
		return false;
	payload = plain->bytes + header;
	wire -= header + TAG;
	cap -= header;
	n = cap < wire ? cap : wire;
	plain->frames = cursor_make(payload, n, wire);
	start_gcm(keys, plain->number, &gcm);
	gcm_aes128_update(&gcm, header, plain->bytes);
	gcm_aes128_decrypt(&gcm, n, payload, payload);
	if (cap < wire + TAG)
		return is_plausible(plain->bytes[0], payload[0]);
	gcm_aes128_digest(&gcm, TAG, tag);
	return memeql_sec(tag, payload + wire, TAG);
}
