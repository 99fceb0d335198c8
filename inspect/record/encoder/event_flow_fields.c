#include "inspect/record/encoder/event_flow_fields.h"

#include <string.h>

#include "inspect/flow/community_id.h"

void event_name(struct text *t, const char *name, size_t max)
{
	if (name == NULL)
		text_cstr(t, "null");
	else
		text_json(t, name, strnlen(name, max));
}

void event_flow_ids(struct text *t, const struct flow *flow, uint64_t point_id)
{
	char id[17], community[COMMUNITY_ID_TEXT];

	flow_id_print(flow_id(flow, point_id), id);
	community_id_print(&flow->key, 0, community);
	text_cstr(t, "\"flow_id\":\"");
	text_cstr(t, id);
	text_cstr(t, "\",\"community_id\":\"");
	text_cstr(t, community);
	text_char(t, '"');
}

static const char *direction_json(enum direction direction)
{
	switch (direction) {
	case DIRECTION_INGRESS:
		return "\"ingress\"";
	case DIRECTION_EGRESS:
		return "\"egress\"";
	case DIRECTION_UNKNOWN:
		break;
	}
	return "null";
}

static void put_number(struct text *t, bool is_known, uint64_t number)
{
	if (is_known)
		text_u64(t, number);
	else
		text_cstr(t, "null");
}

void event_flow_point(
	struct text *t, const struct flow *flow, const struct observation_point *point)
{
	text_cstr(t, ",\"vni\":");
	put_number(t, point->has_vni, point->key.vni);
	text_cstr(t, ",\"network\":");
	put_number(t, point->key.network != NETWORK_NONE, network_id(point->key.network));
	text_cstr(t, ",\"outer_src\":");
	if (point->has_source) {
		const struct ip_addr *outer = &point->key.outer_src;

		text_cstr(t, "\"");
		text_addr(t, outer, ip_addr_is_v4(outer) ? 4 : 6);
		text_cstr(t, "\"");
	} else {
		text_cstr(t, "null");
	}
	text_cstr(t, ",\"session\":");
	event_name(t, point->session, OBSERVATION_POINT_NAME);
	text_cstr(t, ",\"interface_id\":");
	event_name(t, point->interface_id, OBSERVATION_POINT_NAME);
	text_cstr(t, ",\"direction\":");
	text_cstr(t, direction_json(flow_direction(flow)));
}

void event_flow_ends(struct text *t, const struct flow *flow)
{
	struct flow_ends ends = flow_ends(flow);

	text_cstr(t, ",\"src_ip\":\"");
	text_addr(t, ends.src, flow->key.ip_version);
	text_cstr(t, "\",\"dst_ip\":\"");
	text_addr(t, ends.dst, flow->key.ip_version);
	text_cstr(t, "\",\"src_port\":");
	text_u64(t, ends.src_port);
	text_cstr(t, ",\"dst_port\":");
	text_u64(t, ends.dst_port);
	text_cstr(t, ",\"protocol\":");
	text_u64(t, flow->key.protocol);
}
