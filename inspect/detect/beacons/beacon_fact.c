#include "inspect/detect/beacons/beacon_fact.h"

#include <netinet/in.h>
#include <string.h>

#include "config/parse/cidr.h"
#include "config/settings/settings.h"

enum { NTP = 123 };

#define V4(a, b, c, d, length) \
	{ \
		.addr = {.byte = {[10] = 0xff, [11] = 0xff, [12] = a, b, c, d}}, \
		.bits = length, .ip_version = 4 \
	}
#define V6(a, b, length) \
	{ \
		.addr = {.byte = {a, b}}, .bits = length, .ip_version = 6 \
	}

bool beacon_is_outside(const struct ip_addr *address, uint8_t ip_version)
{
	static const struct cidr inside[] = {V4(0, 0, 0, 0, 8), V4(10, 0, 0, 0, 8),
		V4(100, 64, 0, 0, 10), V4(127, 0, 0, 0, 8), V4(169, 254, 0, 0, 16),
		V4(172, 16, 0, 0, 12), V4(192, 168, 0, 0, 16), V4(224, 0, 0, 0, 3), V6(0, 0, 8),
		V6(0xfc, 0, 7), V6(0xfe, 0x80, 9), V6(0xff, 0, 8)};

	for (size_t i = 0; i < sizeof(inside) / sizeof(*inside); i++)
		if (cidr_holds(&inside[i], ip_version, address))
			return false;
	return true;
}

static bool may_be_one(const struct flow *flow, const struct flow_ends *ends)
{
	uint8_t protocol = flow->key.protocol;

	if ((protocol != IPPROTO_TCP && protocol != IPPROTO_UDP) ||
		(protocol == IPPROTO_UDP && ends->dst_port == NTP))
		return false;
	return flow->side[0].packets > 0 && flow->side[1].packets > 0 &&
	       beacon_is_outside(ends->dst, flow->key.ip_version);
}

bool beacon_tell(const struct beacon_teller *teller, const struct flow *flow)
{
	const struct flow_ends ends = flow_ends(flow);
	struct observation_point point;
	struct beacon_fact *fact;

	if (!may_be_one(flow, &ends))
		return true;
	point = observation_point_of(teller->sessions, flow->key.point);
	fact = (struct beacon_fact *)teller->facts.take(teller->facts.ctx, RECORD_BEACON_FACT,
		sizeof(*fact) + observation_point_size(&point));
	if (fact == NULL)
		return false;
	fact->about.fact.number = teller->number;
	fact->about.now_ns = flow->start_ns;
	fact->about.key = (struct recent_key){
		.addr = *ends.src, .tenant = session_tenant(teller->sessions, flow->key.point)};
	tenant_name(fact->about.key.tenant, teller->settings, fact->about.tenant);
	fact->about.sight.is_inside = flow_direction(flow) == DIRECTION_EGRESS;
	fact->about.sight.flow = *flow;
	fact->about.sight.flow.details = NULL;
	fact->about.sight.flow.dpi = NULL;
	fact->bytes = flow->side[0].bytes;
	observation_point_copy(&fact->about.sight.observation_point, &point, fact->names);
	return true;
}
