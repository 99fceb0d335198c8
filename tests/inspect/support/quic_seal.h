/* Makes Initial packets as an endpoint does, for tests of what opens them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "inspect/proto/quic/quic_keys.h"

/* Of both sides. */
struct quic_secrets {
	struct quic_keys client, server;
};

void quic_secrets_derive(
	uint32_t version, const struct quic_cid *destination, struct quic_secrets *secrets);

struct quic_seal {
	uint32_t version;
	struct quic_cid destination, source;
	uint32_t token_len; /* bytes of zero */
	uint64_t number;
	uint32_t number_len; /* 1 to 4 bytes of it are sent */
};

/* Writes one packet around `frames`, which are padded to four bytes; returns its length. */
uint32_t quic_seal(const struct quic_seal *seal, const struct quic_keys *keys,
	const void *frames, uint32_t len, uint8_t *out);

/* Writes a CRYPTO frame; returns its length. */
uint32_t quic_crypto_frame(uint32_t offset, const void *bytes, uint32_t len, uint8_t *out);
