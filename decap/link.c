#include "decap/link.h"

#include <stdbool.h>

enum {
	TAG_8021Q = 0x8100,
	TAG_8021AD = 0x88a8,
	TAG_QINQ_OLD = 0x9100,
	SLL_SIZE = 16,
	SLL2_SIZE = 20,
	PPP_IP4 = 0x0021,
	PPP_IP6 = 0x0057,
	CISCO_UNICAST = 0x0f00,
	CISCO_MULTICAST = 0x8f00,
	HDLC_ADDRESS_CONTROL = 0xff03,
};

static inline bool is_tag(uint16_t ether)
{
	return ether == TAG_8021Q || ether == TAG_8021AD || ether == TAG_QINQ_OLD;
}

static uint16_t tags_read(struct cursor *c, uint16_t ether)
{
	for (int tags = 0; is_tag(ether); tags++) {
		const uint8_t *h = cursor_take(c, 4);

		if (!h)
			return ETHER_NONE;
		if (tags == LINK_TAGS_MAX)
			return ETHER_LIE;
		ether = be16(h + 2);
	}
	return ether;
}

static uint16_t cooked_read(struct cursor *c, uint32_t size, uint32_t type_at)
{
	const uint8_t *h = cursor_take(c, size);

	return h ? tags_read(c, be16(h + type_at)) : ETHER_NONE;
}

/* The family is the sender's own AF_INET or AF_INET6, in the sender's byte order. */
static uint16_t null_read(struct cursor *c)
{
	const uint8_t *h = cursor_take(c, 4);
	uint32_t family;

	if (!h)
		return ETHER_NONE;
	family = be32(h);
	if (family > 0xffff)
		family = (uint32_t)h[3] << 24 | (uint32_t)h[2] << 16 | be16(h) >> 8;
	switch (family) {
	case 2:
		return ETHER_IP4;
	case 10: /* Linux */
	case 23: /* Windows */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* macOS */
		return ETHER_IP6;
	default:
		return ETHER_NONE;
	}
}

static uint16_t version_read(struct cursor *c)
{
	const uint8_t *h = cursor_peek(c, 1);

	if (!h)
		return ETHER_NONE;
	switch (h[0] >> 4) {
	case 4:
		return ETHER_IP4;
	case 6:
		return ETHER_IP6;
	default:
		return ETHER_NONE;
	}
}

/* The protocol field is one byte when its first byte is odd (RFC 1661, section 6.5); of the two
 * byte ones only those whose first byte is 0 are of use. */
static uint16_t ppp_protocol(struct cursor *c)
{
	const uint8_t *h = cursor_take(c, 1);
	uint16_t protocol;

	if (!h)
		return ETHER_NONE;
	protocol = h[0];
	if (protocol == 0) {
		h = cursor_take(c, 1);
		protocol = h ? h[0] : ETHER_NONE;
	}
	if (protocol == PPP_IP4)
		return ETHER_IP4;
	return protocol == PPP_IP6 ? ETHER_IP6 : ETHER_NONE;
}

/* Captures mix plain PPP, HDLC framed PPP and Cisco HDLC under one link type. */
static uint16_t ppp_read(struct cursor *c)
{
	const uint8_t *h = cursor_peek(c, 2);

	if (!h)
		return ETHER_NONE;
	switch (be16(h)) {
	case CISCO_UNICAST:
	case CISCO_MULTICAST:
		return cooked_read(c, 4, 2);
	case HDLC_ADDRESS_CONTROL:
		cursor_take(c, 2);
		return ppp_protocol(c);
	default:
		return ppp_protocol(c);
	}
}

uint16_t link_read_any(struct cursor *c, enum link link)
{
	switch (link) {
	case LINK_ETHERNET:
		return cooked_read(c, LINK_ETHERNET_SIZE, 12);
	case LINK_IP:
		return version_read(c);
	case LINK_SLL:
		return cooked_read(c, SLL_SIZE, 14);
	case LINK_SLL2:
		return cooked_read(c, SLL2_SIZE, 0);
	case LINK_NULL:
		return null_read(c);
	case LINK_PPP:
		return ppp_read(c);
	}
	return ETHER_NONE;
}

void link_vlans(struct cursor c, enum link link, uint16_t ids[2])
{
	uint32_t size = link == LINK_ETHERNET ? LINK_ETHERNET_SIZE
			: link == LINK_SLL    ? SLL_SIZE
			: link == LINK_SLL2   ? SLL2_SIZE
					      : 0;
	const uint8_t *h = size ? cursor_take(&c, size) : NULL;
	uint16_t ether = h ? be16(h + (link == LINK_SLL2 ? 0 : size - 2)) : ETHER_NONE;

	ids[0] = ids[1] = 0;
	for (int tag = 0; tag < 2 && is_tag(ether); tag++) {
		h = cursor_take(&c, 4);
		if (!h)
			return;
		ids[tag] = be16(h) & LINK_VLAN_MAX;
		ether = be16(h + 2);
	}
}
