#include "decap/vxlan.h"

#include "decap/link.h"

enum {
	VXLAN_SIZE = 8,
	VXLAN_I = 0x08,
};

enum reason vxlan_read(struct cursor *c, struct tunnel *out)
{
	const uint8_t *h;

	out->flags = 0;
	if (c->wire <= VXLAN_SIZE)
		return REASON_vxlan_short;
	h = cursor_take(c, VXLAN_SIZE);
	if (!h)
		return REASON_outer_cut;
	if (!(h[0] & VXLAN_I))
		return REASON_vxlan_no_vni;
	out->flags = PACKET_HAS_VNI;
	if ((h[0] ^ VXLAN_I) | h[1] | h[2] | h[3] | h[7])
		out->flags |= PACKET_VXLAN_RESERVED;
	out->vni = be24(h + 4);
	out->network = NETWORK_NONE;
	out->holds = TUNNEL_HOLDS_MIRRORED;
	out->frame = *c;
	out->link = LINK_ETHERNET;
	out->ether = ETHER_NONE;
	return c->cap ? REASON_inspected : REASON_outer_cut;
}

bool vxlan_claimed(struct cursor *c)
{
	const uint8_t *h = cursor_peek(c, 1);

	return h ? c->wire > VXLAN_SIZE && h[0] & VXLAN_I : c->status == CURSOR_CUT;
}
