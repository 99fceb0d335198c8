#include "inspect/stream/overlap.h"

#include <string.h>

enum {
	LANES = 4, /* multiplications that do not wait for each other */
	WORD = sizeof(uint64_t),
	BEHIND = 1u << 31, /* from here on a difference of sequence numbers is negative */
};

static const uint64_t odd = 0x9e3779b97f4a7c15u;

static uint64_t word_at(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static uint64_t hash(const uint8_t *bytes, uint32_t len)
{
	uint64_t lane[LANES] = {len}, last = 0;

	for (; len >= LANES * WORD; bytes += LANES * WORD, len -= LANES * WORD)
		for (unsigned i = 0; i < LANES; i++)
			lane[i] = (lane[i] + word_at(bytes + i * WORD)) * odd;
	for (; len >= WORD; bytes += WORD, len -= WORD)
		lane[0] = (lane[0] + word_at(bytes)) * odd;
	memcpy(&last, bytes, len);
	lane[0] = (lane[0] + last) * odd;
	for (unsigned i = 1; i < LANES; i++)
		lane[0] = (lane[0] ^ lane[0] >> 32 ^ lane[i]) * odd;
	return lane[0];
}

void overlap_init(struct overlap *overlap)
{
	overlap->side[0] = overlap->side[1] = (struct overlap_side){.known = false};
}

static void keep(
	struct overlap *overlap, bool of, uint32_t seq, const uint8_t *bytes, uint32_t len)
{
	struct overlap_side *side = &overlap->side[of];

	overlap->segment[of][side->at] =
		(struct overlap_segment){.hash = hash(bytes, len), .seq = seq, .len = len};
	side->at = (uint8_t)((side->at + 1) % OVERLAP_SEGMENTS);
	if (side->n < OVERLAP_SEGMENTS)
		side->n++;
	side->bytes += len;
}

/* Of `n` bytes from `seq` on. */
static bool __attribute__((noinline, cold))
differs(const struct overlap *overlap, bool of, uint32_t seq, const uint8_t *bytes, uint32_t n)
{
	for (unsigned i = 0; i < overlap->side[of].n; i++) {
		const struct overlap_segment *s = &overlap->segment[of][i];
		uint32_t skip = s->seq - seq;

		if (skip < n && s->len <= n - skip && hash(bytes + skip, s->len) != s->hash)
			return true;
	}
	return false;
}

bool overlap_add(struct overlap *overlap, const struct piece *piece, uint32_t most)
{
	struct overlap_side *side = &overlap->side[piece->from_hi];
	uint32_t n = piece->cap > piece->payload ? piece->cap - piece->payload : 0;
	uint32_t seq = piece_data_seq(piece), again;
	const uint8_t *bytes = piece->ip + piece->payload;
	bool other = false;

	if (!n)
		return false;
	again = side->known ? side->end - seq : 0;
	if (again && again < BEHIND) {
		/* A keep-alive: one byte of no meaning before the next one (RFC 9293, 3.8.4). */
		if (n > 1 || again > 1)
			other = differs(overlap, piece->from_hi, seq, bytes, n);
		if (again >= n)
			return other;
	} else {
		again = 0;
	}
	if (side->bytes < most)
		keep(overlap, piece->from_hi, seq + again, bytes + again, n - again);
	side->end = seq + n;
	side->known = true;
	return other;
}
