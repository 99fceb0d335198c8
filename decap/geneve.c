#include "decap/geneve.h"

#include "decap/link.h"

enum {
	GENEVE_SIZE = 8,
	GENEVE_ETHERNET = 0x6558,
	OPTION_SIZE = 4,
	OPTION_TYPE = 0x7f, /* without the critical bit */
	CLASS_AWS = 0x0108, /* Gateway Load Balancer */
	CLASS_GOOGLE = 0x0132,
	GOOGLE_NETWORK = 1, /* 28 bits of id, 3 reserved, 1 when the packet left its machine */
	GOOGLE_EGRESS = 1,
};

/* A load balancer forwards what it was sent: a packet with a tunnel of its own. A network id says
 * whose traffic it is, so all that is inside was mirrored. */
static void option_read(const uint8_t *h, struct cursor data, struct tunnel *out)
{
	uint16_t class = be16(h);
	const uint8_t *word;

	if (class == CLASS_AWS && out->holds == TUNNEL_HOLDS_VXLAN)
		out->holds = TUNNEL_HOLDS_TUNNELS;
	if (class != CLASS_GOOGLE || (h[2] & OPTION_TYPE) != GOOGLE_NETWORK)
		return;
	word = cursor_take(&data, 4);
	if (!word)
		return;
	out->network = NETWORK_NAMED | be32(word) >> 4;
	out->holds = TUNNEL_HOLDS_MIRRORED;
	if (word[3] & GOOGLE_EGRESS)
		out->flags |= PACKET_NETWORK_EGRESS;
	else
		out->flags &= (uint16_t)~PACKET_NETWORK_EGRESS;
}

static bool options_read(struct cursor *c, uint32_t size, struct tunnel *out)
{
	struct cursor option = cursor_make(cursor_take(c, size), size, size);

	while (option.wire) {
		const uint8_t *h = cursor_take(&option, OPTION_SIZE);
		uint32_t len = h ? (h[3] & 31u) * 4 : 0;
		struct cursor data = cursor_make(option.at, len, len);

		if (!h || !cursor_take(&option, len))
			return false;
		option_read(h, data, out);
	}
	return true;
}

static bool carries(uint16_t protocol, struct tunnel *out)
{
	bool ethernet = protocol == GENEVE_ETHERNET;

	out->link = ethernet ? LINK_ETHERNET : LINK_IP;
	out->ether = ethernet ? ETHER_NONE : protocol;
	return ethernet || protocol == ETHER_IP4 || protocol == ETHER_IP6;
}

enum reason geneve_read(struct cursor *c, struct tunnel *out)
{
	const uint8_t *h;
	uint32_t options;

	out->flags = 0;
	if (c->wire <= GENEVE_SIZE)
		return REASON_outer_udp_length;
	h = cursor_take(c, GENEVE_SIZE);
	if (!h)
		return REASON_outer_cut;
	if (h[0] >> 6)
		return REASON_geneve_version;
	if (!carries(be16(h + 2), out))
		return REASON_geneve_protocol;
	options = (h[0] & 63u) * 4;
	if (options >= c->wire)
		return REASON_geneve_options;
	out->flags = PACKET_HAS_VNI | PACKET_GENEVE;
	out->vni = be24(h + 4);
	out->network = NETWORK_NONE;
	out->holds = TUNNEL_HOLDS_VXLAN;
	if (options > c->cap)
		return REASON_outer_cut;
	if (!options_read(c, options, out)) {
		out->flags = 0;
		return REASON_geneve_options;
	}
	out->frame = *c;
	return c->cap ? REASON_inspected : REASON_outer_cut;
}

bool geneve_claimed(struct cursor *c)
{
	const uint8_t *h = cursor_peek(c, 4);
	struct tunnel t;

	if (!h)
		return c->status == CURSOR_CUT;
	return c->wire > GENEVE_SIZE && h[0] >> 6 == 0 && carries(be16(h + 2), &t);
}
