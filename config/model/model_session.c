/* Sessions and targets: the rows of their fields. */
#include <string.h>

#include "config/model/model_field.h"
#include "config/parse/value.h"

enum { VNI_MAX = (1 << 24) - 1, SESSION_NUMBER_MAX = 32766 };

static MODEL_READER(read_network)
{
	uint32_t id = NETWORK_ID_MAX + 1;

	read_u32(b, value, &id, spec);
	if (id <= NETWORK_ID_MAX)
		*(uint32_t *)field = NETWORK_NAMED + id;
}

/* Where the packets come from, if not from the primary address of the interface. */
static MODEL_READER(read_source)
{
	struct model_session *session = field;
	struct model_address address;

	(void)spec;
	if (!model_address_read(b, value, &address))
		return;
	session->outer_src = address.addr;
	session->has_source = true;
}

#define AT(member) offsetof(struct model_loose_session, member)
static const struct model_field session_fields[] = {
	{"id", "TrafficMirrorSessionId", read_id, AT(session.id), 0, 0, true},
	{"session_number", "SessionNumber", read_u32, AT(session.number), 1, SESSION_NUMBER_MAX,
		true},
	{"virtual_network_id", "VirtualNetworkId", read_u32, AT(session.vni), 0, VNI_MAX, true},
	{"network_id", NULL, read_network, AT(session.network), 0, NETWORK_ID_MAX, false},
	{"outer_source", NULL, read_source, AT(session), 0, 0, false},
	{"packet_length", "PacketLength", read_u32, AT(session.packet_length), 0, UINT32_MAX,
		false},
	{"network_interface_id", "NetworkInterfaceId", read_id, AT(interface_id), 0, 0, true},
	{"traffic_mirror_filter_id", "TrafficMirrorFilterId", read_text, AT(filter_id), 0, 0,
		false},
	{"traffic_mirror_target_id", "TrafficMirrorTargetId", read_text, AT(target_id), 0, 0,
		false},
	{"description", "Description", read_text, AT(session.description), 0, 0, false},
	{"owner_id", "OwnerId", read_text, AT(session.owner_id), 0, 0, false},
	{"tags", "Tags", read_tags, AT(session.tags), 0, 0, false},
};
#undef AT

void model_session_read(struct model_builder *b, const struct node *node)
{
	struct model_loose_session *loose = model_list_add(&b->sessions);
	uint32_t errors = b->report->n_errors;

	model_fields_read(b, node, session_fields, MODEL_COUNT(session_fields), loose);
	loose->session.place = model_place_of(b, node);
	loose->imported = b->is_aws;
	if (b->report->n_errors > errors)
		b->sessions.count--;
}

struct loose_target {
	struct model_target target;
	const char *interface, *nlb, *gwlbe, *type;
};

#define AT(member) offsetof(struct loose_target, member)
static const struct model_field target_fields[] = {
	{"id", "TrafficMirrorTargetId", read_id, AT(target.id), 0, 0, true},
	{"type", "Type", read_text, AT(type), 0, 0, false},
	{"network_interface_id", "NetworkInterfaceId", read_text, AT(interface), 0, 0, false},
	{"network_load_balancer_arn", "NetworkLoadBalancerArn", read_text, AT(nlb), 0, 0,
		false},
	{"gateway_load_balancer_endpoint_id", "GatewayLoadBalancerEndpointId", read_text,
		AT(gwlbe), 0, 0, false},
	{"description", "Description", read_text, AT(target.description), 0, 0, false},
	{"owner_id", "OwnerId", read_text, AT(target.owner_id), 0, 0, false},
	{"tags", "Tags", read_tags, AT(target.tags), 0, 0, false},
};
#undef AT

void model_target_read(struct model_builder *b, const struct node *node)
{
	static const char types[] =
		"network-interface|network-load-balancer|gateway-load-balancer-endpoint";
	struct loose_target loose = {.type = NULL};
	const char *found[3];
	int named, given = -1, count = 0;

	model_fields_read(b, node, target_fields, MODEL_COUNT(target_fields), &loose);
	found[MODEL_TARGET_INTERFACE] = loose.interface;
	found[MODEL_TARGET_NLB] = loose.nlb;
	found[MODEL_TARGET_GWLBE] = loose.gwlbe;
	for (int i = 0; i < 3; i++) {
		if (*found[i] != '\0') {
			given = i;
			count++;
		}
	}
	named = value_name(types, loose.type);
	if (b->is_aws && count < 2 && (named < 0 ? *loose.type != '\0' : count == 0))
		model_unknown(b, node,
			named < 0 ? "'%.64s' is no type of target that is known"
				  : "it names no %.64s",
			loose.type);
	else if (count != 1)
		model_fail(b, FINDING_wrong_value, node, NULL,
			"a target is exactly one of an interface, a Network Load Balancer and "
			"a "
			"Gateway Load Balancer endpoint");
	else if (*loose.type != '\0' && named != given)
		model_fail(b, FINDING_wrong_value, node, b->is_aws ? "Type" : "type",
			"'%.64s' is not the type of the resource that the target names",
			loose.type);
	loose.target.type = (enum model_target_type)(given < 0 ? 0 : given);
	loose.target.resource = given < 0 ? "" : found[given];
	loose.target.place = model_place_of(b, node);
	memcpy(model_list_add(&b->targets), &loose.target, sizeof(loose.target));
	model_leave_out_unknown(b, KIND_TARGET, loose.target.id);
}
