#include "decap/udp.h"

#include "decap/geneve.h"
#include "decap/vxlan.h"

enum { UDP_SIZE = 8 };

static enum reason payload_strip(struct cursor *c, const uint8_t *udp,
	const struct decap_params *params, struct tunnel *out)
{
	uint16_t port = be16(udp + 2);
	uint32_t len = be16(udp + 4);
	bool vxlan = udp_port_in(port, params->vxlan_ports, params->n_vxlan_ports);

	if (!vxlan && !udp_port_in(port, params->geneve_ports, params->n_geneve_ports))
		return REASON_other_port;
	if (len < UDP_SIZE || len - UDP_SIZE > c->wire)
		return REASON_outer_udp_length;
	cursor_claim(c, len - UDP_SIZE);
	return vxlan ? vxlan_read(c, out) : geneve_read(c, out);
}

enum reason udp_strip(
	const struct decap_params *params, const struct ip_header *h, struct tunnel *out)
{
	struct cursor c = cursor_make(h->at, h->cap, h->len);
	const uint8_t *udp;

	out->flags = 0;
	if (h->flags & PACKET_FRAGMENT)
		return REASON_outer_fragment;
	if (h->cut)
		return REASON_outer_cut;
	if (h->protocol != IPPROTO_UDP)
		return REASON_not_udp;
	cursor_take(&c, h->l4);
	udp = cursor_take(&c, UDP_SIZE);
	if (!udp)
		return c.status == CURSOR_CUT ? REASON_outer_cut : REASON_outer_udp_length;
	return payload_strip(&c, udp, params, out);
}

bool udp_claims_tunnel(const struct decap_params *params, const struct packet *p)
{
	struct cursor c = cursor_make(p->ip, p->ip_cap, p->ip_len);

	cursor_take(&c, p->l4 + UDP_SIZE);
	return udp_port_in(p->dst_port, params->vxlan_ports, params->n_vxlan_ports)
		       ? vxlan_claimed(&c)
		       : geneve_claimed(&c);
}
