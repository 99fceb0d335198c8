/* Source interfaces: the rows of their fields, and their addresses. */
#include <string.h>

#include "config/model/model_field.h"

struct loose_interface {
	struct model_interface interface;
	struct model_mac mac;
	const struct node *ipv4, *ipv6, *primary;
};

static MODEL_READER(read_attachment)
{
	const struct node *id =
		value->kind == NODE_MAP ? model_member(b, value, NULL, "InstanceId") : NULL;

	if (id)
		read_text(b, id, field, spec);
}

#define AT(member) offsetof(struct loose_interface, member)
static const struct model_field interface_fields[] = {
	{"id", "NetworkInterfaceId", read_id, AT(interface.id), 0, 0, true},
	{"description", "Description", read_text, AT(interface.description), 0, 0, false},
	{"mac_address", "MacAddress", read_mac, AT(mac), 0, 0, false},
	{NULL, "PrivateIpAddress", read_node, AT(primary), 0, 0, false},
	{"private_ip_addresses", "PrivateIpAddresses", read_node, AT(ipv4), 0, 0, false},
	{"ipv6_addresses", "Ipv6Addresses", read_node, AT(ipv6), 0, 0, false},
	{"owner_id", "OwnerId", read_text, AT(interface.owner_id), 0, 0, false},
	{"instance_id", NULL, read_text, AT(interface.instance_id), 0, 0, false},
	{NULL, "Attachment", read_attachment, AT(interface.instance_id), 0, 0, false},
	{"subnet_id", "SubnetId", read_text, AT(interface.subnet_id), 0, 0, false},
	{"vpc_id", "VpcId", read_text, AT(interface.vpc_id), 0, 0, false},
	{"region", NULL, read_text, AT(interface.region), 0, 0, false},
	{"availability_zone", "AvailabilityZone", read_text, AT(interface.availability_zone), 0,
		0, false},
	{"availability_zone_id", "AvailabilityZoneId", read_text,
		AT(interface.availability_zone_id), 0, 0, false},
	{"interface_type", "InterfaceType", read_text, AT(interface.interface_type), 0, 0,
		false},
	{"tags", "TagSet", read_tags, AT(interface.tags), 0, 0, false},
};
#undef AT

/* us-west-2 of us-west-2b and of us-west-2-lax-1a: up to the first number. */
static const char *region_of(struct model_builder *b, const char *zone)
{
	size_t n = strcspn(zone, "0123456789");

	n += strspn(zone + n, "0123456789");
	return arena_text(&b->arena, zone, n);
}

struct addresses {
	struct model_address *address;
	uint32_t count;
};

/* Adds one, unless it is there. AWS's lists hold objects, ours hold texts. */
static void address_add(struct model_builder *b, struct addresses *to, const struct node *node,
	const char *aws, uint8_t ip_version)
{
	const struct node *text = node;
	struct model_address a;

	if (aws && b->is_aws)
		text = node->kind == NODE_MAP ? model_member(b, node, NULL, aws) : NULL;
	if (!text) {
		model_fail(b, FINDING_missing_key, node, aws, "is missing");
		return;
	}
	if (!model_address_read(b, text, &a))
		return;
	if (a.ip_version != ip_version) {
		model_fail(b, FINDING_wrong_value, text, NULL,
			"'%.64s' is not an IPv%u address", text->text, ip_version);
		return;
	}
	for (uint32_t i = 0; i < to->count; i++) {
		if (ip_addr_equal(&to->address[i].addr, &a.addr))
			return;
	}
	to->address[to->count++] = a;
}

static void addresses_read(struct model_builder *b, struct loose_interface *loose)
{
	struct model_interface *interface = &loose->interface;
	struct addresses to = {.count = 0};
	uint32_t room = 1;

	if ((loose->ipv4 && !model_is_list(b, loose->ipv4)) ||
		(loose->ipv6 && !model_is_list(b, loose->ipv6)))
		return;
	room += loose->ipv4 ? loose->ipv4->count : 0;
	room += loose->ipv6 ? loose->ipv6->count : 0;
	to.address = arena_alloc(&b->arena, room * sizeof(*to.address));
	if (loose->primary)
		address_add(b, &to, loose->primary, NULL, 4);
	for (const struct node *n = loose->ipv4 ? loose->ipv4->first : NULL; n; n = n->next)
		address_add(b, &to, n, "PrivateIpAddress", 4);
	for (const struct node *n = loose->ipv6 ? loose->ipv6->first : NULL; n; n = n->next)
		address_add(b, &to, n, "Ipv6Address", 6);
	interface->addresses = to.address;
	interface->n_addresses = to.count;
	interface->has_primary = to.count > 0;
	if (to.count > 0)
		interface->primary = to.address[0].addr;
}

void model_interface_read(struct model_builder *b, const struct node *node)
{
	struct loose_interface loose = {.ipv4 = NULL};
	struct model_interface *interface = &loose.interface;

	model_fields_read(b, node, interface_fields, MODEL_COUNT(interface_fields), &loose);
	interface->has_mac = loose.mac.known;
	memcpy(interface->mac, loose.mac.byte, sizeof(interface->mac));
	addresses_read(b, &loose);
	if (!interface->region || *interface->region == '\0')
		interface->region = region_of(b, interface->availability_zone);
	interface->place = model_place_of(b, node);
	memcpy(model_list_add(&b->interfaces), interface, sizeof(*interface));
}
