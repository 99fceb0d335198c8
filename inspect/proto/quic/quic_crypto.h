/* The bytes of one side's CRYPTO frames in their order (RFC 9000, 19.6), however these come: what follows
 * what was there goes straight on, what is ahead of it waits in a window. Of bytes that come twice the first
 * stay. Bounded: QUIC_AHEAD_MAX bytes wait, and QUIC_CRYPTO_MAX are told; what is beyond is left out. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/flow/memory.h"

enum { QUIC_AHEAD_MAX = 4096, QUIC_CRYPTO_MAX = 16 * 1024 };

/* All zero is one of which nothing was seen. */
struct quic_crypto {
	struct quic_ahead *ahead; /* NULL: nothing waits */
	uint32_t next;            /* offset of the byte that is to be told next */
	bool done;                /* nothing more is wanted */
};

/* Where they go: those from `offset` on, borrowed until the call returns. false: no more are wanted. */
struct quic_crypto_sink {
	bool (*bytes)(void *ctx, uint32_t offset, const uint8_t *bytes, uint32_t len);
	void *ctx;
};

void quic_crypto_add(struct quic_crypto *crypto, struct memory *memory,
	struct memory_list *list, uint64_t offset, const uint8_t *bytes, uint32_t len,
	const struct quic_crypto_sink *sink);
/* As new; gives the memory back. */
void quic_crypto_clear(struct quic_crypto *crypto);
