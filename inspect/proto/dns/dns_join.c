#include "inspect/proto/dns/dns_join.h"

#include <string.h>

#include "decap/cursor.h"

enum { LENGTH = 2, MESSAGE_MIN = 12, IP6_HEADER = 40 };

/* A piece is the first member: who is given a piece gives back the whole. */
struct joined {
	struct piece piece;
	uint8_t bytes[];
};

static struct cursor payload(const struct piece *piece)
{
	struct cursor c = cursor_make(piece->ip, piece->cap, piece->wire);

	cursor_take(&c, piece->payload);
	return c;
}

bool dns_join_wants(const struct dns_join *join, const struct piece *piece)
{
	return !join->over[piece->from_hi] && piece->wire > piece->payload;
}

/* The beginning of a short message, and nothing after it. */
static bool is_begun(struct cursor c)
{
	const uint8_t *length;
	uint32_t have = c.cap;

	if (c.status != CURSOR_OK || c.cap < c.wire)
		return false;
	if (have < LENGTH)
		return true;
	length = cursor_take(&c, LENGTH);
	if (have == LENGTH)
		return be16(length) >= MESSAGE_MIN;
	return be16(length) >= MESSAGE_MIN && be16(length) <= DNS_JOIN_MAX &&
	       c.cap < be16(length);
}

static void claim(uint8_t *ip, uint32_t len)
{
	uint8_t *at = ip + 2;

	if (ip[0] >> 4 == 6) {
		at = ip + 4;
		len -= IP6_HEADER;
	}
	at[0] = (uint8_t)(len >> 8);
	at[1] = (uint8_t)len;
}

/* The headers and payload of `first`, if there is one, or else of `piece`; then what `piece` adds.
 * NULL: no memory, or too long. */
static struct piece *joined_make(struct memory *memory, struct memory_list *list,
	const struct piece *first, const struct piece *piece)
{
	struct cursor more = first ? payload(piece) : cursor_make(piece->ip, 0, 0);
	const struct piece *base = first ? first : piece;
	uint32_t len = base->cap + more.cap;
	struct joined *joined =
		len <= UINT16_MAX ? memory_alloc(memory, list, sizeof(*joined) + len) : NULL;

	if (!joined)
		return NULL;
	joined->piece = *base;
	joined->piece.ip = joined->bytes;
	joined->piece.cap = joined->piece.wire = len;
	joined->piece.time_ns = piece->time_ns;
	memcpy(joined->bytes, base->ip, base->cap);
	if (more.cap)
		memcpy(joined->bytes + base->cap, more.at, more.cap);
	claim(joined->bytes, len);
	return &joined->piece;
}

static uint32_t payload_len(const struct piece *piece)
{
	return piece->wire - piece->payload;
}

static bool follows(const struct piece *held, const struct piece *piece)
{
	return piece->whole &&
	       piece_data_seq(piece) == piece_data_seq(held) + payload_len(held);
}

/* What a retransmission brings is there already. */
static bool repeats(const struct piece *held, const struct piece *piece)
{
	return piece_data_seq(piece) == piece_data_seq(held) &&
	       payload_len(piece) <= payload_len(held);
}

struct dns_joined dns_join_add(struct dns_join *join, struct memory *memory,
	struct memory_list *list, const struct piece *piece)
{
	struct piece **held = &join->held[piece->from_hi], *whole = NULL;
	struct dns_joined out = {NULL, NULL, true};

	if (*held && repeats(*held, piece))
		return out;
	if (*held ? follows(*held, piece) : piece->whole && is_begun(payload(piece)))
		whole = joined_make(memory, list, *held, piece);
	if (whole && is_begun(payload(whole))) {
		memory_free(*held);
		*held = whole;
		return out;
	}
	join->over[piece->from_hi] = true;
	out.before = dns_join_take(join, piece->from_hi);
	out.whole = whole;
	out.waits = false;
	if (whole) {
		memory_free(out.before);
		out.before = NULL;
	}
	return out;
}

struct piece *dns_join_take(struct dns_join *join, bool from_hi)
{
	struct piece *held = join->held[from_hi];

	join->held[from_hi] = NULL;
	return held;
}
