#include "decap/ip.h"

#include "decap/link.h"

enum {
	IP4_SIZE = 20,
	IP6_SIZE = 40,
	IP4_MORE_FRAGMENTS = 0x2000,
	IP4_FRAGMENT_OFFSET = 0x1fff,
	IP6_FRAGMENT_OFFSET = 0xfff8,
	IP6_MORE_FRAGMENTS = 1,
	EXTENSION_MIN = 8,
	HOP_BY_HOP = 0,
	ROUTING = 43,
	AUTHENTICATION = 51,
	DESTINATION = 60,
	MOBILITY = 135,
	HIP = 139,
	SHIM6 = 140,
};

static enum ip_status ended(const struct cursor *c)
{
	return c->status == CURSOR_BAD ? IP_SHORT : IP_CUT;
}

/* Segmentation offload leaves a length of 0: then the packet goes to the end of its frame. */
static inline void length_set(struct ip_header *h, const struct cursor *c, uint32_t claimed)
{
	h->len = claimed;
	h->cap = c->cap < claimed ? c->cap : claimed;
}

static enum ip_status ip4_read(const struct cursor *frame, struct ip_header *h)
{
	struct cursor c = *frame;
	const uint8_t *b = cursor_peek(&c, IP4_SIZE);
	uint32_t size, len, fragment;

	if (!b)
		return ended(&c);
	size = (b[0] & 15u) * 4;
	len = be16(b + 2);
	fragment = be16(b + 6) & (IP4_MORE_FRAGMENTS | IP4_FRAGMENT_OFFSET);
	if (b[0] >> 4 != 4)
		return IP_VERSION;
	if (size < IP4_SIZE)
		return IP_HEADER;
	if (len == 0)
		len = c.wire > size ? c.wire : size;
	if (len < size)
		return IP_LENGTH;
	*h = (struct ip_header){.at = b, .l4 = (uint16_t)size, .version = 4, .protocol = b[9]};
	length_set(h, &c, len);
	if (fragment) {
		h->flags = PACKET_FRAGMENT;
		h->fragment_id = be16(b + 4);
		if (fragment & IP4_FRAGMENT_OFFSET)
			h->flags |= PACKET_LATER_FRAGMENT;
	} else {
		h->id_low = b[5];
	}
	return IP_OK;
}

bool ip_is_extension(uint8_t protocol)
{
	switch (protocol) {
	case HOP_BY_HOP:
	case ROUTING:
	case IPPROTO_FRAGMENT:
	case AUTHENTICATION:
	case DESTINATION:
	case MOBILITY:
	case HIP:
	case SHIM6:
		return true;
	default:
		return false;
	}
}

uint32_t ip_extension_size(uint8_t kind, const uint8_t *b)
{
	if (kind == IPPROTO_FRAGMENT)
		return EXTENSION_MIN;
	if (kind == AUTHENTICATION)
		return (b[1] + 2u) * 4;
	return (b[1] + 1u) * 8;
}

/* An atomic fragment (offset 0, no more to come) is a whole packet: RFC 6946. */
static void fragment_set(struct ip_header *h, const uint8_t *b)
{
	uint16_t word = be16(b + 2);

	if (!(word & (IP6_FRAGMENT_OFFSET | IP6_MORE_FRAGMENTS)))
		return;
	h->flags = PACKET_FRAGMENT;
	h->fragment_id = be32(b + 4);
	if (word & IP6_FRAGMENT_OFFSET)
		h->flags |= PACKET_LATER_FRAGMENT;
}

/* Walks the chain; what follows a later fragment's header is not a header. */
static enum ip_status extensions_read(struct cursor *c, struct ip_header *h)
{
	for (int i = 0; ip_is_extension(h->protocol); i++) {
		const uint8_t *b = cursor_take(c, EXTENSION_MIN);
		uint32_t size;

		if (!b || i == IP_EXTENSIONS_MAX)
			break;
		size = ip_extension_size(h->protocol, b);
		if (size > EXTENSION_MIN && !cursor_take(c, size - EXTENSION_MIN) &&
			c->status == CURSOR_BAD)
			break;
		if (h->protocol == IPPROTO_FRAGMENT)
			fragment_set(h, b);
		h->protocol = b[0];
		h->l4 = (uint16_t)(h->l4 + size);
		if (c->status == CURSOR_CUT || h->flags & PACKET_LATER_FRAGMENT)
			break;
	}
	h->cut = c->status == CURSOR_CUT;
	if (c->status == CURSOR_BAD)
		return IP_HEADER;
	return h->cut || h->flags & PACKET_LATER_FRAGMENT || !ip_is_extension(h->protocol)
		       ? IP_OK
		       : IP_HEADER;
}

static enum ip_status ip6_read(struct cursor c, struct ip_header *h)
{
	const uint8_t *b = cursor_peek(&c, IP6_SIZE);
	uint32_t len;

	if (!b)
		return ended(&c);
	if (b[0] >> 4 != 6)
		return IP_VERSION;
	len = be16(b + 4);
	*h = (struct ip_header){.at = b, .l4 = IP6_SIZE, .version = 6, .protocol = b[6]};
	length_set(h, &c, len ? len + IP6_SIZE : c.wire);
	if (!ip_is_extension(h->protocol))
		return IP_OK;
	c = cursor_make(b, h->cap, h->len);
	cursor_take(&c, IP6_SIZE);
	return extensions_read(&c, h);
}

enum ip_status ip_read(const struct cursor *c, uint16_t ether, struct ip_header *h)
{
	return ether == ETHER_IP4 ? ip4_read(c, h) : ip6_read(*c, h);
}

uint32_t ip_fragment_id(const struct packet *p)
{
	struct cursor c = cursor_make(p->ip, p->ip_cap, p->ip_len);
	struct ip_header h;

	if (ip_read(&c, p->ip_version == 4 ? ETHER_IP4 : ETHER_IP6, &h) != IP_OK)
		return 0;
	return h.fragment_id;
}
