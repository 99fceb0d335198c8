#include "decap/link.h"

#include <stdbool.h>

enum {
	TAG_8021AD = 0x88a8,
	TAG_QINQ_OLD = 0x9100,
	TAG_VN = 0x8926,       /* Cisco VN-Tag */
	TAG_E = 0x893f,        /* IEEE 802.1BR */
	TAG_BACKBONE = 0x88e7, /* IEEE 802.1ah, with the customer's Ethernet header */
	MPLS_MULTICAST = 0x8848,
	MPLS_BOTTOM = 1,
	PPPOE_SESSION = 0x8864,
	PPPOE_SIZE = 6,
	PPPOE_SESSION_DATA = 0x1100,
	LENGTH_MAX = 1500, /* of an IEEE 802.3 length field */
	LLC_SIZE = 3,
	LLC_SNAP = 0xaaaa03,
	LLC_IP = 0x060603,
	SNAP_SIZE = 5,
	SNAP_ETHERNET = 0,
	SNAP_BRIDGE_TUNNEL = 0x0000f8,
	SLL_SIZE = 16,
	SLL2_SIZE = 20,
	PPP_IP4 = 0x0021,
	PPP_IP6 = 0x0057,
	CISCO_UNICAST = 0x0f00,
	CISCO_MULTICAST = 0x8f00,
	HDLC_ADDRESS_CONTROL = 0xff03,
};

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

/* What follows a header of `size` bytes whose ether type stands at `type_at`. */
static uint16_t type_read(struct cursor *c, uint32_t size, uint32_t type_at)
{
	const uint8_t *h = cursor_take(c, size);

	return h ? be16(h + type_at) : ETHER_NONE;
}

/* RFC 3032: what the last label stands for is not said in the packet. IP begins with its version, an
 * Ethernet pseudowire's control word (RFC 4385, 4448) with 0. */
static uint16_t mpls_read(struct cursor *c)
{
	const uint8_t *h;

	for (int labels = 0; labels < LINK_LABELS_MAX; labels++) {
		h = cursor_take(c, 4);
		if (!h)
			return ETHER_NONE;
		if (h[2] & MPLS_BOTTOM) {
			h = cursor_peek(c, 1);
			if (h && h[0] >> 4 == 0)
				return type_read(c, 4 + LINK_ETHERNET_SIZE, 4 + 12);
			return h ? version_read(c) : ETHER_NONE;
		}
	}
	return ETHER_LIE;
}

/* RFC 2516: version and type 1, code 0, session, length; then PPP without HDLC framing. */
static uint16_t pppoe_read(struct cursor *c)
{
	const uint8_t *h = cursor_take(c, PPPOE_SIZE);

	return h && be16(h) == PPPOE_SESSION_DATA ? ppp_protocol(c) : ETHER_NONE;
}

/* IEEE 802.2: SNAP with an ether type (RFC 1042, 802.1H), or IP by its own number. All else is no
 * IP, however short it is. */
static uint16_t llc_read(struct cursor *c)
{
	struct cursor ahead = *c;
	const uint8_t *h = cursor_take(&ahead, LLC_SIZE);

	if (!h) {
		if (ahead.status == CURSOR_CUT)
			cursor_take(c, LLC_SIZE);
		return ETHER_NONE;
	}
	if (be24(h) != LLC_SNAP && be24(h) != LLC_IP)
		return ETHER_NONE;
	cursor_take(c, LLC_SIZE);
	if (be24(h) == LLC_IP)
		return ETHER_IP4;
	h = cursor_take(c, SNAP_SIZE);
	return h && (be24(h) == SNAP_ETHERNET || be24(h) == SNAP_BRIDGE_TUNNEL) ? be16(h + 3)
										: ETHER_NONE;
}

static inline bool is_tag(uint16_t ether)
{
	return ether == ETHER_VLAN || ether == TAG_8021AD || ether == TAG_QINQ_OLD;
}

/* What a header of the kind `ether` says comes next; ETHER_NONE: it is none to step over. */
static uint16_t step(struct cursor *c, uint16_t ether)
{
	switch (ether) {
	case ETHER_VLAN:
	case TAG_8021AD:
	case TAG_QINQ_OLD:
		return type_read(c, 4, 2);
	case TAG_VN:
		return type_read(c, 6, 4);
	case TAG_E:
		return type_read(c, 8, 6);
	case TAG_BACKBONE:
		return type_read(c, 4 + LINK_ETHERNET_SIZE, 4 + 12);
	case ETHER_MPLS:
	case MPLS_MULTICAST:
		return mpls_read(c);
	case PPPOE_SESSION:
		return pppoe_read(c);
	default:
		return ether <= LENGTH_MAX ? llc_read(c) : ETHER_NONE;
	}
}

/* From an ether type to one that is not stepped over, or behind which nothing known comes. */
static uint16_t steps_read(struct cursor *c, uint16_t ether)
{
	for (int steps = 0, tags = 0; ether > ETHER_LIE; steps++) {
		uint16_t next = step(c, ether);

		if (next == ETHER_NONE)
			return ether;
		tags += is_tag(ether);
		if (steps == LINK_STEPS_MAX || tags > LINK_TAGS_MAX)
			return ETHER_LIE;
		ether = next;
	}
	return ether;
}

static uint16_t cooked_read(struct cursor *c, uint32_t size, uint32_t type_at)
{
	const uint8_t *h = cursor_take(c, size);

	return h ? steps_read(c, be16(h + type_at)) : ETHER_NONE;
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
	for (int steps = 0, tags = 0; steps < LINK_STEPS_MAX && tags < 2; steps++) {
		h = is_tag(ether) ? cursor_peek(&c, 2) : NULL;
		if (h)
			ids[tags++] = be16(h) & LINK_VLAN_MAX;
		ether = ether > ETHER_LIE ? step(&c, ether) : ETHER_NONE;
	}
}
