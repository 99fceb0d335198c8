#include "inspect/record/fact.h"

#include <netinet/in.h>

#include "decap/packet.h"

static enum flow_begin begin_of(const struct flow *flow)
{
	const unsigned plain = TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH | TCP_ACK;
	unsigned client = flow->tcp_flags[0] & plain;

	if (flow->key.protocol != IPPROTO_TCP || client != TCP_SYN)
		return FLOW_BEGIN_OTHER;
	if (flow->side[1].packets == 0)
		return FLOW_BEGIN_UNANSWERED;
	return (flow->tcp_flags[1] & (TCP_SYN | TCP_RST)) == TCP_RST ? FLOW_BEGIN_REFUSED
								     : FLOW_BEGIN_OTHER;
}

void flow_fact_fill(struct flow_fact *fact, const struct flow_fact_of *of)
{
	const struct flow *flow = of->flow;
	struct flow_ends ends = flow_ends(flow);

	fact->key = (struct conversation_key){
		.client = *ends.src,
		.server = *ends.dst,
		.tenant = of->tenant,
		.server_port = flow_has_ports(flow->key.protocol) ? ends.dst_port : 0,
		.app_master = flow->app_master,
		.app = flow->app,
		.protocol = (uint8_t)flow->key.protocol,
		.encryption = (uint8_t)of->encryption,
		.direction = (uint8_t)flow_direction(flow),
		.has_point = of->point->has_vni || of->point->has_source,
	};
	if (fact->key.has_point)
		fact->key.point = of->point->key;
	fact->first_ns = flow->start_ns;
	fact->last_ns = flow->last_ns;
	fact->begin = begin_of(flow);
	for (unsigned side = 0; side < 2; side++) {
		fact->packets[side] = flow->side[side].packets;
		fact->bytes[side] = flow->side[side].bytes;
	}
}
