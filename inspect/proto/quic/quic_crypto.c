#include "inspect/proto/quic/quic_crypto.h"

#include <string.h>

/* A ring: the byte of offset n stands at n modulo its size. */
struct quic_ahead {
	uint32_t held; /* bytes */
	uint8_t bytes[QUIC_AHEAD_MAX];
	uint8_t have[QUIC_AHEAD_MAX / 8]; /* bit n: byte n is there */
};

static bool ahead_has(const struct quic_ahead *ahead, uint32_t at)
{
	return ahead->have[at / 8] >> at % 8 & 1;
}

static void ahead_put(
	struct quic_ahead *ahead, uint32_t offset, const uint8_t *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		uint32_t at = (offset + i) % QUIC_AHEAD_MAX;

		if (ahead_has(ahead, at))
			continue;
		ahead->bytes[at] = bytes[i];
		ahead->have[at / 8] |= (uint8_t)(1u << at % 8);
		ahead->held++;
	}
}

/* Takes out the bytes there are from `at` on, up to the ring's end. */
static uint32_t ahead_take(struct quic_ahead *ahead, uint32_t at)
{
	uint32_t n = 0;

	for (; at + n < QUIC_AHEAD_MAX && ahead_has(ahead, at + n); n++)
		ahead->have[(at + n) / 8] &= (uint8_t) ~(1u << (at + n) % 8);
	ahead->held -= n;
	return n;
}

static void stop_waiting(struct quic_crypto *crypto)
{
	memory_free(crypto->ahead);
	crypto->ahead = NULL;
}

static void tell(struct quic_crypto *crypto, const uint8_t *bytes, uint32_t len,
	const struct quic_crypto_sink *sink)
{
	uint32_t offset = crypto->next;

	crypto->next += len;
	if (!sink->bytes(sink->ctx, offset, bytes, len) || crypto->next >= QUIC_CRYPTO_MAX)
		crypto->done = true;
}

static void tell_ahead(struct quic_crypto *crypto, const struct quic_crypto_sink *sink)
{
	struct quic_ahead *ahead = crypto->ahead;
	uint32_t at, n = 1;

	while (ahead->held && n && !crypto->done) {
		at = crypto->next % QUIC_AHEAD_MAX;
		n = ahead_take(ahead, at);
		if (n)
			tell(crypto, ahead->bytes + at, n, sink);
	}
	if (!ahead->held || crypto->done)
		stop_waiting(crypto);
}

static void hold(struct quic_crypto *crypto, struct memory *memory, struct memory_list *list,
	uint32_t offset, const uint8_t *bytes, uint32_t len)
{
	if (!crypto->ahead) {
		crypto->ahead = memory_alloc(memory, list, sizeof(*crypto->ahead));
		if (!crypto->ahead)
			return;
		crypto->ahead->held = 0;
		memset(crypto->ahead->have, 0, sizeof(crypto->ahead->have));
	}
	ahead_put(crypto->ahead, offset, bytes, len);
}

void quic_crypto_add(struct quic_crypto *crypto, struct memory *memory,
	struct memory_list *list, uint64_t offset, const uint8_t *bytes, uint32_t len,
	const struct quic_crypto_sink *sink)
{
	uint32_t at, n;

	while (len && !crypto->done && offset < crypto->next + (uint64_t)QUIC_AHEAD_MAX) {
		at = (uint32_t)offset;
		if (at < crypto->next) { /* was there before */
			n = crypto->next - at < len ? crypto->next - at : len;
		} else if (at == crypto->next && !crypto->ahead) {
			n = len;
			tell(crypto, bytes, n, sink);
		} else {
			n = crypto->next + QUIC_AHEAD_MAX - at;
			n = n < len ? n : len;
			hold(crypto, memory, list, at, bytes, n);
			if (!crypto->ahead)
				return;
			tell_ahead(crypto, sink);
		}
		offset += n;
		bytes += n;
		len -= n;
	}
}

void quic_crypto_clear(struct quic_crypto *crypto)
{
	stop_waiting(crypto);
	*crypto = (struct quic_crypto){.next = 0};
}
