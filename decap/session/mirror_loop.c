#include "decap/session/mirror_loop.h"

#include <netinet/in.h>

#include "decap/session/session_inside.h"
#include "decap/vxlan.h"

static bool is_port(const struct decap_params *params, uint16_t port)
{
	for (unsigned i = 0; i < params->n_vxlan_ports; i++)
		if (params->vxlan_ports[i] == port)
			return true;
	return false;
}

static bool is_configured(const struct session_table *t, const struct session_key *key)
{
	uint32_t probes, *slot = session_slot(t, key, &probes);

	return slot && *slot && t->sessions[*slot - 1].configured;
}

bool mirror_loop(const struct decap_params *params, const struct session_table *sessions,
	const struct packet *p)
{
	const uint16_t has_none = PACKET_LATER_FRAGMENT | PACKET_PORTS_CUT | PACKET_NO_PORTS;
	struct cursor c = cursor_make(p->ip, p->ip_cap, p->ip_len);
	struct tunnel tunnel;
	struct session_key key;

	if (p->protocol != IPPROTO_UDP || !(p->flags & PACKET_HAS_VNI) || p->flags & has_none ||
		!is_port(params, p->dst_port))
		return false;
	cursor_take(&c, p->payload);
	if (vxlan_read(&c, &tunnel) != REASON_inspected)
		return false;
	key = (struct session_key){.outer_src = p->src, .vni = tunnel.vni};
	return is_configured(sessions, &key) ||
	       (tunnel.vni == p->vni && (ip_addr_equal(&p->src, &p->outer_src) ||
						ip_addr_equal(&p->dst, &p->outer_src)));
}
