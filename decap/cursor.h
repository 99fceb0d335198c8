/* A cursor reads packet bytes. It keeps two lengths, because a mirror cuts packets: `wire` is
 * what the enclosing header claims, `cap` what arrived (cap <= wire). Asking for bytes beyond
 * `wire` is a lie of the packet (CURSOR_BAD); beyond `cap` alone, the packet was cut
 * (CURSOR_CUT). The first failure sticks, and every later read gives NULL or 0.
 * Only this file checks lengths; no caller reads a packet byte any other way. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum cursor_status { CURSOR_OK, CURSOR_CUT, CURSOR_BAD };

struct cursor {
	const uint8_t *at;
	uint32_t cap, wire;
	enum cursor_status status;
};

static inline struct cursor cursor_make(const uint8_t *data, uint32_t cap, uint32_t wire)
{
	struct cursor c = {data, cap, cap > wire ? cap : wire, CURSOR_OK};

	return c;
}

/* Returns `n` readable bytes and steps over them, or NULL. */
static inline const uint8_t *cursor_take(struct cursor *c, uint32_t n)
{
	const uint8_t *p = c->at;

	if (c->status != CURSOR_OK)
		return NULL;
	if (n > c->cap) {
		c->status = n > c->wire ? CURSOR_BAD : CURSOR_CUT;
		return NULL;
	}
	c->at += n;
	c->cap -= n;
	c->wire -= n;
	return p;
}

/* Returns `n` readable bytes without stepping, or NULL; sticks as cursor_take does. */
static inline const uint8_t *cursor_peek(struct cursor *c, uint32_t n)
{
	struct cursor ahead = *c;
	const uint8_t *p = cursor_take(&ahead, n);

	c->status = ahead.status;
	return p;
}

/* An enclosing header says that `n` bytes are left: more is trimmed (link padding). Claiming
 * more than `wire` is for the caller to judge first; here it makes the rest CURSOR_BAD. */
static inline void cursor_claim(struct cursor *c, uint32_t n)
{
	if (n > c->wire && c->status == CURSOR_OK)
		c->status = CURSOR_BAD;
	if (n < c->wire)
		c->wire = n;
	if (c->cap > c->wire)
		c->cap = c->wire;
}

/* Steps over `n` bytes that need not have arrived; over all, where there are fewer. */
static inline void cursor_skip(struct cursor *c, uint32_t n)
{
	uint32_t claimed = n < c->wire ? n : c->wire, there = n < c->cap ? n : c->cap;

	c->at += there;
	c->cap -= there;
	c->wire -= claimed;
}

static inline uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t be24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | be24(p + 1);
}

static inline uint64_t be64(const uint8_t *p)
{
	return (uint64_t)be32(p) << 32 | be32(p + 4);
}
