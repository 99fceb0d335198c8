#include "inspect/record/fact.h"

void flow_fact_fill(struct flow_fact *fact, const struct flow *flow, uint32_t tenant)
{
	struct flow_ends ends = flow_ends(flow);

	fact->src = *ends.src;
	fact->dst = *ends.dst;
	fact->tenant = tenant;
	for (unsigned side = 0; side < 2; side++) {
		fact->packets[side] = flow->side[side].packets;
		fact->bytes[side] = flow->side[side].bytes;
	}
}
