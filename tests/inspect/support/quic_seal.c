#include "quic_seal.h"

#include <nettle/gcm.h>
#include <string.h>

/* A variable-length integer of four bytes. */
static uint8_t *put_varint(uint8_t *at, uint32_t value)
{
	*at++ = (uint8_t)(0x80 | value >> 24);
	*at++ = (uint8_t)(value >> 16);
	*at++ = (uint8_t)(value >> 8);
	*at++ = (uint8_t)value;
	return at;
}

static uint8_t *put_cid(uint8_t *at, const struct quic_cid *cid)
{
	*at++ = cid->len;
	if (cid->len)
		memcpy(at, cid->at, cid->len);
	return at + cid->len;
}

void quic_secrets_derive(
	uint32_t version, const struct quic_cid *destination, struct quic_secrets *secrets)
{
	quic_keys_derive(version, destination, false, &secrets->client);
	quic_keys_derive(version, destination, true, &secrets->server);
}

uint32_t quic_seal(const struct quic_seal *seal, const struct quic_keys *keys,
	const void *frames, uint32_t len, uint8_t *out)
{
	uint32_t padded = len < 4 ? 4 : len, header;
	uint8_t nonce[12], mask[16], *at = out, *number;
	struct gcm_aes128_ctx gcm;
	struct aes128_ctx aes;

	*at++ = (uint8_t)((seal->version == QUIC_V2 ? 0xd0 : 0xc0) | (seal->number_len - 1));
	for (int shift = 24; shift >= 0; shift -= 8)
		*at++ = (uint8_t)(seal->version >> shift);
	at = put_cid(at, &seal->destination);
	at = put_cid(at, &seal->source);
	at = put_varint(at, seal->token_len);
	memset(at, 0, seal->token_len);
	at += seal->token_len;
	at = put_varint(at, seal->number_len + padded + GCM_DIGEST_SIZE);
	number = at;
	for (uint32_t i = seal->number_len; i-- > 0;)
		*at++ = (uint8_t)(seal->number >> 8 * i);
	header = (uint32_t)(at - out);
	memset(at, 0, padded);
	memcpy(at, frames, len);
	memcpy(nonce, keys->iv, sizeof(nonce));
	for (unsigned i = 0; i < 8; i++)
		nonce[11 - i] ^= (uint8_t)(seal->number >> 8 * i);
	gcm_aes128_set_key(&gcm, keys->key);
	gcm_aes128_set_iv(&gcm, sizeof(nonce), nonce);
	gcm_aes128_update(&gcm, header, out);
	gcm_aes128_encrypt(&gcm, padded, at, at);
	gcm_aes128_digest(&gcm, GCM_DIGEST_SIZE, at + padded);
	aes128_set_encrypt_key(&aes, keys->hp);
	aes128_encrypt(&aes, sizeof(mask), mask, number + 4);
	out[0] ^= mask[0] & 0x0f;
	for (uint32_t i = 0; i < seal->number_len; i++)
		number[i] ^= mask[1 + i];
	return header + padded + GCM_DIGEST_SIZE;
}

uint32_t quic_crypto_frame(uint32_t offset, const void *bytes, uint32_t len, uint8_t *out)
{
	uint8_t *at = out;

	*at++ = 6;
	at = put_varint(at, offset);
	at = put_varint(at, len);
	memcpy(at, bytes, len);
	return 9 + len;
}
