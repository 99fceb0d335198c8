#include "inspect/proto/tls/der.h"

enum { LONG = 0x80, LENGTH_MAX = 3, TAG_MANY = 0x1f };

uint8_t der_tag(const struct cursor *c)
{
	struct cursor ahead = *c;
	const uint8_t *tag = cursor_take(&ahead, 1);

	return tag ? *tag : 0;
}

/* false: cut, longer than what it is in, or of a form that is not read. */
static bool take_length(struct cursor *c, uint32_t *length)
{
	const uint8_t *h = cursor_take(c, 1);
	uint32_t n = h ? *h : 0;

	*length = n;
	if (n > LONG) {
		n -= LONG;
		h = n <= LENGTH_MAX ? cursor_take(c, n) : NULL;
		*length = 0;
		for (uint32_t i = 0; h && i < n; i++)
			*length = *length << 8 | h[i];
	}
	return h && n != LONG && *length <= c->wire;
}

bool der_any(struct cursor *c, uint8_t *tag, struct cursor *inside)
{
	struct cursor ahead = *c;
	const uint8_t *h = cursor_take(&ahead, 1);
	uint32_t length;

	if (!h || (*h & TAG_MANY) == TAG_MANY || !take_length(&ahead, &length))
		return false;
	*tag = *h;
	*inside = ahead;
	cursor_claim(inside, length);
	cursor_skip(&ahead, length);
	*c = ahead;
	return true;
}

bool der_take(struct cursor *c, uint8_t tag, struct cursor *inside)
{
	uint8_t found;

	return der_tag(c) == tag && der_any(c, &found, inside);
}

void der_skip(struct cursor *c, uint8_t tag)
{
	struct cursor inside;

	der_take(c, tag, &inside);
}
