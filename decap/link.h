/* Link headers: from the first byte of a frame to its IP header. Ethernet, Linux cooked v1 and v2,
 * BSD loopback, raw IP, PPP (RFC 1661, 1662) and Cisco HDLC. Stepped over, a bounded number of
 * them: VLAN tags (802.1Q, 802.1ad, 0x9100), VN-Tag, E-Tag (802.1BR), the backbone header of 802.1ah,
 * MPLS labels (RFC 3032) around IP or an Ethernet pseudowire with a control word, PPPoE sessions
 * (RFC 2516), and LLC with SNAP (RFC 1042). */
#pragma once

#include <stdint.h>

#include "decap/cursor.h"
#include "decap/packet.h"

enum {
	ETHER_NONE = 0, /* below 0x600 the field is a length: small numbers are free for us */
	ETHER_LIE = 1,  /* more headers than the bounds below */
	ETHER_IP4 = 0x0800,
	ETHER_IP6 = 0x86dd,
	ETHER_VLAN = 0x8100,  /* IEEE 802.1Q */
	ETHER_MPLS = 0x8847,  /* unicast */
	LINK_TAGS_MAX = 4,    /* VLAN tags */
	LINK_STEPS_MAX = 8,   /* headers of all kinds, all MPLS labels as one */
	LINK_LABELS_MAX = 16, /* MPLS labels */
	LINK_VLAN_MAX = 4095, /* a tag's id has 12 bits */
	LINK_ETHERNET_SIZE = 14,
};

/* The ids of the first two VLAN tags behind the link header that `c` is at; 0 where there is none. */
void link_vlans(struct cursor c, enum link link, uint16_t ids[2]);

/* The general case of link_read. */
uint16_t link_read_any(struct cursor *c, enum link link);

/* Steps `c` over the link header and returns the ether type of what follows, whatever it is;
 * ETHER_NONE when the header names none. When c->status is not CURSOR_OK afterwards, the frame
 * ended inside the header and the result means nothing. */
static inline uint16_t link_read(struct cursor *c, enum link link)
{
	struct cursor ahead = *c;
	const uint8_t *h =
		link == LINK_ETHERNET ? cursor_take(&ahead, LINK_ETHERNET_SIZE) : NULL;

	if (!h || be16(h + 12) != ETHER_IP4)
		return link_read_any(c, link);
	*c = ahead;
	return ETHER_IP4;
}
