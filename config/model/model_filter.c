/* Filters and their rules: the rows of their fields, and what must hold in one rule. */
#include <netinet/in.h>
#include <string.h>

#include "config/model/model_field.h"

#define AT(member) offsetof(struct model_loose_rule, member)
static const struct model_field rule_fields[] = {
	{"traffic_mirror_filter_rule_id", "TrafficMirrorFilterRuleId", read_text, AT(rule.id),
		0, 0, false},
	{"id", NULL, read_text, AT(rule.id), 0, 0, false},
	{NULL, "TrafficMirrorFilterId", read_id, AT(filter_id), 0, 0, false},
	{"rule_number", "RuleNumber", read_u32, AT(rule.number), 1, INT32_MAX, true},
	{"traffic_direction", "TrafficDirection", read_direction, AT(direction), 0, 0, false},
	{"rule_action", "RuleAction", read_action, AT(rule.accept), 0, 0, true},
	{"protocol", "Protocol", read_protocol, AT(rule.protocol), 0, 255, false},
	{"source_cidr_block", "SourceCidrBlock", read_cidr, AT(rule.source), 0, 0, true},
	{"destination_cidr_block", "DestinationCidrBlock", read_cidr, AT(rule.destination), 0,
		0, true},
	{"source_port_range", "SourcePortRange", read_ports, AT(rule.source_ports), 0, 0,
		false},
	{"destination_port_range", "DestinationPortRange", read_ports,
		AT(rule.destination_ports), 0, 0, false},
	{"description", "Description", read_text, AT(rule.description), 0, 0, false},
	{"record", NULL, read_record, AT(rule.record), 0, 0, false},
};
#undef AT

static bool is_any(const struct model_ports *ports)
{
	return ports->from == 0 && ports->to == UINT16_MAX;
}

static void rule_check(
	struct model_builder *b, const struct node *node, const struct model_rule *rule)
{
	static const char *const yaml[] = {"source_port_range", "destination_port_range"};
	static const char *const aws[] = {"SourcePortRange", "DestinationPortRange"};

	for (int i = 0; i < 2; i++) {
		const struct node *ports = model_member(b, node, yaml[i], aws[i]);

		if (ports && rule->protocol != IPPROTO_TCP && rule->protocol != IPPROTO_UDP)
			model_fail(b, FINDING_ports_without_protocol, ports, NULL,
				"ports belong to protocol 6 (TCP) or 17 (UDP) only; leave the "
				"range out for any port");
	}
	if (rule->source.ip_version && rule->destination.ip_version &&
		rule->source.ip_version != rule->destination.ip_version)
		model_fail(b, FINDING_mixed_families, node, NULL,
			"one CIDR block is IPv4 and the other IPv6: such a rule matches "
			"nothing");
}

static void rule_read(struct model_builder *b, const struct node *node, const char *filter_id,
	enum model_direction direction)
{
	uint32_t errors = b->report->n_errors;
	struct model_loose_rule *loose;
	struct model_rule *rule;

	if (node->kind != NODE_MAP) {
		model_fail(b, FINDING_wrong_value, node, NULL, "is %s where a rule belongs",
			node_kind_name(node));
		return;
	}
	loose = model_list_add(&b->rules);
	rule = &loose->rule;
	loose->direction = direction;
	loose->order = b->rules.count;
	loose->imported = b->is_aws;
	rule->protocol = MODEL_PROTOCOL_ANY;
	rule->source_ports = rule->destination_ports = (struct model_ports){0, UINT16_MAX};
	model_fields_read(b, node, rule_fields, MODEL_COUNT(rule_fields), loose);
	if (*filter_id != '\0')
		loose->filter_id = filter_id;
	else if (*loose->filter_id == '\0')
		model_fail(b, FINDING_missing_key, node, "TrafficMirrorFilterId", "is missing");
	if (direction == MODEL_DIRECTIONS &&
		!model_member(b, node, "traffic_direction", "TrafficDirection"))
		model_fail(b, FINDING_missing_key, node,
			b->is_aws ? "TrafficDirection" : "traffic_direction", "is missing");
	rule_check(b, node, rule);
	rule->ip_version = rule->source.ip_version;
	rule->any_source_port = is_any(&rule->source_ports);
	rule->any_destination_port = is_any(&rule->destination_ports);
	rule->place = model_place_of(b, node);
	model_leave_out_unknown(b, KIND_FILTER, loose->filter_id);
	if (b->report->n_errors > errors)
		b->rules.count--;
}

static void rules_read(struct model_builder *b, const struct node *list, const char *filter_id,
	enum model_direction direction)
{
	if (!list || !model_is_list(b, list))
		return;
	node_each(n, list) rule_read(b, n, filter_id, direction);
}

/* Read once the filter's id is known. */
static MODEL_READER(read_later)
{
	(void)b, (void)value, (void)field, (void)spec;
}

#define AT(member) offsetof(struct model_filter, member)
static const struct model_field filter_fields[] = {
	{"id", "TrafficMirrorFilterId", read_id, AT(id), 0, 0, true},
	{"description", "Description", read_text, AT(description), 0, 0, false},
	{"network_services", "NetworkServices", read_services, AT(amazon_dns), 0, 0, false},
	{"rules", NULL, read_later, 0, 0, 0, false},
	{"tags", "Tags", read_tags, AT(tags), 0, 0, false},
};
#undef AT

void model_filter_read(struct model_builder *b, const struct node *node)
{
	struct model_filter *filter = model_list_add(&b->filters);
	const char *id;

	model_fields_read(b, node, filter_fields, MODEL_COUNT(filter_fields), filter);
	filter->place = model_place_of(b, node);
	id = filter->id;
	model_leave_out_unknown(b, KIND_FILTER, id);
	if (*id == '\0')
		return; /* said already */
	rules_read(b, model_member(b, node, "rules", NULL), id, MODEL_DIRECTIONS);
	rules_read(b, model_member(b, node, NULL, "IngressFilterRules"), id, MODEL_INGRESS);
	rules_read(b, model_member(b, node, NULL, "EgressFilterRules"), id, MODEL_EGRESS);
}

void model_rule_read(struct model_builder *b, const struct node *node)
{
	rule_read(b, node, "", MODEL_DIRECTIONS);
}
