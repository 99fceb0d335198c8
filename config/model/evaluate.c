#include "config/model/evaluate.h"

#include <netinet/in.h>
#include <stddef.h>

static bool port_in(const struct evaluate_packet *packet, uint16_t port, bool any,
	const struct model_ports *range)
{
	return any || (packet->has_ports && port >= range->from && port <= range->to);
}

enum evaluate_field evaluate_rule(
	const struct model_rule *rule, const struct evaluate_packet *packet)
{
	if (rule->protocol != MODEL_PROTOCOL_ANY && rule->protocol != packet->protocol)
		return EVALUATE_PROTOCOL;
	if (!cidr_holds(&rule->source, packet->ip_version, &packet->src))
		return EVALUATE_SOURCE_CIDR;
	if (!cidr_holds(&rule->destination, packet->ip_version, &packet->dst))
		return EVALUATE_DESTINATION_CIDR;
	if (!port_in(packet, packet->src_port, rule->any_source_port, &rule->source_ports))
		return EVALUATE_SOURCE_PORT;
	if (!port_in(packet, packet->dst_port, rule->any_destination_port,
		    &rule->destination_ports))
		return EVALUATE_DESTINATION_PORT;
	return EVALUATE_MATCHED;
}

/* VPC User Guide, "Understanding Amazon DNS": the resolver's fixed addresses. */
static bool is_resolver(
	const struct model_vpc *vpc, uint8_t ip_version, const struct ip_addr *addr)
{
	static const uint8_t fixed4[4] = {169, 254, 169, 253};
	static const uint8_t fixed6[16] = {0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, 0x53};
	struct ip_addr fixed = ip_version == 4 ? ip_addr_v4(fixed4) : ip_addr_v6(fixed6);

	return ip_addr_equal(addr, &fixed) || (ip_version == 4 && vpc && vpc->has_resolver &&
						      ip_addr_equal(addr, &vpc->resolver));
}

bool evaluate_is_dns(const struct model_vpc *vpc, const struct evaluate_packet *packet)
{
	bool to_port = !packet->has_ports || packet->dst_port == PORT_DNS;
	bool from_port = !packet->has_ports || packet->src_port == PORT_DNS;

	if (packet->protocol != IPPROTO_TCP && packet->protocol != IPPROTO_UDP)
		return false;
	return (to_port && is_resolver(vpc, packet->ip_version, &packet->dst)) ||
	       (from_port && is_resolver(vpc, packet->ip_version, &packet->src));
}

struct evaluate_verdict evaluate(const struct model_filter *filter, const struct model_vpc *vpc,
	enum model_direction direction, const struct evaluate_packet *packet)
{
	const struct model_rules *rules;

	if (!filter)
		return (struct evaluate_verdict){true, EVALUATE_BY_NO_FILTER, NULL};
	if (evaluate_is_dns(vpc, packet))
		return (struct evaluate_verdict){filter->amazon_dns, EVALUATE_BY_DNS, NULL};
	rules = &filter->rules[direction];
	for (uint32_t i = 0; i < rules->count; i++) {
		const struct model_rule *rule = &rules->rule[i];

		if (evaluate_rule(rule, packet) == EVALUATE_MATCHED)
			return (struct evaluate_verdict){rule->accept, EVALUATE_BY_RULE, rule};
	}
	return (struct evaluate_verdict){false, EVALUATE_BY_NONE, NULL};
}

bool evaluate_could_accept(const struct model_filter *filter, enum model_direction direction,
	const struct evaluate_packet *packet)
{
	const struct model_rules *rules = &filter->rules[direction];

	for (uint32_t i = 0; i < rules->count; i++) {
		const struct model_rule *rule = &rules->rule[i];
		enum evaluate_field field = evaluate_rule(rule, packet);
		bool by_ports =
			field == EVALUATE_SOURCE_PORT || field == EVALUATE_DESTINATION_PORT;

		if (rule->accept && (by_ports || field == EVALUATE_MATCHED))
			return true;
		if (field == EVALUATE_MATCHED)
			return false;
	}
	return false;
}

const char *evaluate_field_name(enum evaluate_field field)
{
	switch (field) {
	case EVALUATE_PROTOCOL:
		return "protocol";
	case EVALUATE_SOURCE_CIDR:
		return "source_cidr_block";
	case EVALUATE_DESTINATION_CIDR:
		return "destination_cidr_block";
	case EVALUATE_SOURCE_PORT:
		return "source_port_range";
	case EVALUATE_DESTINATION_PORT:
		return "destination_port_range";
	case EVALUATE_MATCHED:
		break;
	}
	return NULL;
}
