/* UDP on the way in: chooses the tunnel by destination port. The UDP checksum is never judged:
 * RFC 7348 and RFC 6935 allow 0, and a cut packet has none to check. */
#pragma once

#include "decap/decap.h"
#include "decap/ip.h"
#include "decap/tunnel.h"

/* Takes UDP and its tunnel header off the IP packet `h`. REASON_inspected: `out` is set. Else
 * why not: an IP fragment, not UDP, another port, lying lengths, cut, or the tunnel's reason. */
enum reason udp_strip(
	const struct decap_params *params, const struct ip_header *h, struct tunnel *out);

/* The ordinary UDP packet `p`, to a configured port, says that it carries that port's tunnel: the I
 * flag, or a GENEVE header of something that we know. So does one that was cut before that. */
bool udp_claims_tunnel(const struct decap_params *params, const struct packet *p);

static inline bool udp_port_in(uint16_t port, const uint16_t *ports, uint8_t n)
{
	for (uint8_t i = 0; i < n; i++)
		if (ports[i] == port)
			return true;
	return false;
}

static inline bool udp_is_tunnel(const struct decap_params *params, uint16_t port)
{
	return udp_port_in(port, params->vxlan_ports, params->n_vxlan_ports) ||
	       udp_port_in(port, params->geneve_ports, params->n_geneve_ports);
}
