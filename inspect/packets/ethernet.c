#include "inspect/packets/ethernet.h"

#include <string.h>

#include "decap/cursor.h"
#include "decap/link.h"

enum {
	TYPE_FIRST = 0x600, /* below, it is a length */
	SLL_LEN = 16,
	SLL2_LEN = 20,
	MAC_LEN = 6,
};

/* Reads the link header: true with the EtherType of what follows, and perhaps the sender's MAC. */
static bool sll(struct cursor *c, uint16_t *type, uint8_t sender[MAC_LEN])
{
	const uint8_t *h = cursor_take(c, SLL_LEN);

	if (h == NULL)
		return false;
	if (be16(h + 4) == MAC_LEN)
		memcpy(sender, h + 6, MAC_LEN);
	*type = be16(h + 14);
	return *type >= TYPE_FIRST;
}

static bool sll2(struct cursor *c, uint16_t *type, uint8_t sender[MAC_LEN])
{
	const uint8_t *h = cursor_take(c, SLL2_LEN);

	if (h == NULL)
		return false;
	if (h[11] == MAC_LEN)
		memcpy(sender, h + 12, MAC_LEN);
	*type = be16(h);
	return *type >= TYPE_FIRST;
}

/* The family is in the byte order of the host that captured; IPv6 has a number for each BSD. */
static bool null_loopback(struct cursor *c, uint16_t *type)
{
	const uint8_t *h = cursor_take(c, 4);
	uint32_t family = h == NULL ? 0 : be32(h);

	if (family > UINT16_MAX)
		family = __builtin_bswap32(family);
	if (family == 2)
		*type = ETHER_IP4;
	else if (family == 10 || family == 24 || family == 28 || family == 30)
		*type = ETHER_IP6;
	else
		return false;
	return true;
}

static uint16_t ppp_type(uint16_t protocol)
{
	switch (protocol) {
	case 0x0021:
		return ETHER_IP4;
	case 0x0057:
		return ETHER_IP6;
	case 0x0281:
		return ETHER_MPLS;
	default:
		return ETHERTYPE_PPP;
	}
}

/* PPP with or without HDLC framing (RFC 1661, 1662), or Cisco HDLC. */
static bool ppp(struct cursor *c, uint16_t *type)
{
	const uint8_t *h = cursor_peek(c, 2);
	struct cursor protocol;

	if (h == NULL)
		return false;
	if ((h[0] == 0x0f || h[0] == 0x8f) && h[1] == 0) {
		h = cursor_take(c, 4);
		*type = h == NULL ? 0 : be16(h + 2);
		return *type >= TYPE_FIRST;
	}
	if (h[0] == 0xff && h[1] == 0x03)
		cursor_take(c, 2);
	protocol = *c;
	h = cursor_take(c, 1);
	if (h == NULL)
		return false;
	if ((h[0] & 1) == 0 && cursor_take(c, 1) == NULL)
		return false;
	*type = ppp_type((h[0] & 1) != 0 ? h[0] : be16(h));
	if (*type == ETHERTYPE_PPP)
		*c = protocol;
	return true;
}

/* What is neither IPv4 nor IPv6 has no EtherType. */
static bool raw_ip(struct cursor *c, uint16_t *type)
{
	const uint8_t *h = cursor_peek(c, 1);
	unsigned version = h == NULL ? 0 : h[0] >> 4;

	*type = version == 4 ? ETHER_IP4 : ETHER_IP6;
	return version == 4 || version == 6;
}

static bool read_link(struct cursor *c, enum link link, uint16_t *type, uint8_t sender[MAC_LEN])
{
	switch (link) {
	case LINK_SLL:
		return sll(c, type, sender);
	case LINK_SLL2:
		return sll2(c, type, sender);
	case LINK_NULL:
		return null_loopback(c, type);
	case LINK_PPP:
		return ppp(c, type);
	case LINK_IP:
		return raw_ip(c, type);
	case LINK_ETHERNET:
		break;
	}
	return false;
}

void ethernet_make(
	struct ethernet *out, enum link link, const uint8_t *frame, uint32_t cap, uint32_t wire)
{
	struct cursor c = cursor_make(frame, cap, wire);
	uint16_t type = 0;

	*out = (struct ethernet){.payload = frame, .cap = c.cap, .wire = c.wire};
	if (link == LINK_ETHERNET)
		return;
	if (!read_link(&c, link, &type, out->header + MAC_LEN)) {
		c = cursor_make(frame, cap, wire);
		memset(out->header, 0, sizeof(out->header));
		type = ETHERTYPE_LOCAL;
	}
	out->header_len = ETHERNET_HEADER;
	out->header[12] = (uint8_t)(type >> 8);
	out->header[13] = (uint8_t)type;
	out->payload = c.at;
	out->cap = c.cap;
	out->wire = c.wire;
}
