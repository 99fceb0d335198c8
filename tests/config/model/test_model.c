#include <CUnit/Basic.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/parse/node.h"
#include "support/scratch.h"

static const char account[] = SOURCE_DIR "/config/example-account/periscope.yaml";

static struct ip_addr address(const char *text)
{
	uint8_t byte[16];

	if (inet_pton(AF_INET, text, byte) == 1)
		return ip_addr_v4(byte);
	CU_ASSERT_EQUAL_FATAL(inet_pton(AF_INET6, text, byte), 1);
	return ip_addr_v6(byte);
}

static void report_show(const struct report *report)
{
	char text[1024];

	for (const struct finding *f = report->errors; f; f = f->next)
		fprintf(stderr, "%s\n", finding_print(f, text, sizeof(text)));
	for (const struct finding *f = report->warnings; f; f = f->next)
		fprintf(stderr, "%s\n", finding_print(f, text, sizeof(text)));
}

static struct model *account_load(struct settings *settings, struct report *report)
{
	struct model *model;

	settings_init(settings);
	CU_ASSERT_EQUAL_FATAL(settings_load_report(settings, account, report), 0);
	model = model_load(account, settings, report);
	if (!model)
		report_show(report);
	CU_ASSERT_PTR_NOT_NULL_FATAL(model);
	return model;
}

#define FIND(type, list) \
	static const struct model_##type *find_##type(const struct model *m, const char *id) \
	{ \
		for (uint32_t i = 0; i < m->n_##list; i++) \
			if (strcmp(m->list[i].id, id) == 0) \
				return &m->list[i]; \
		return NULL; \
	}
FIND(filter, filters)
FIND(session, sessions)
FIND(vpc, vpcs)

static void the_example_account_is_read(void)
{
	struct report report = {0};
	struct settings settings;
	struct model *m = account_load(&settings, &report);
	const struct model_interface *web = model_interface_find(m, "eni-0a1b2c3d4e5f60001");
	const struct model_filter *f = find_filter(m, "tmf-0a1b2c3d4e5f60001");
	const struct model_session *s = find_session(m, "tms-0a1b2c3d4e5f60002");

	CU_ASSERT_EQUAL(m->n_filters, 3);
	CU_ASSERT_EQUAL(m->n_sessions, 4);
	CU_ASSERT_EQUAL(m->n_targets, 2);
	CU_ASSERT_EQUAL(m->n_interfaces, 4);
	CU_ASSERT_EQUAL(m->n_vpcs, 2);
	CU_ASSERT_PTR_NOT_NULL_FATAL(web);
	CU_ASSERT_STRING_EQUAL(web->instance_id, "i-0a1b2c3d4e5f60001");
	CU_ASSERT_STRING_EQUAL(web->subnet_id, "subnet-0a1b2c3d4e5f60001");
	CU_ASSERT_STRING_EQUAL(web->owner_id, "111122223333");
	CU_ASSERT_STRING_EQUAL(web->region, "eu-central-1");
	CU_ASSERT_STRING_EQUAL(web->availability_zone, "eu-central-1a");
	CU_ASSERT_EQUAL(memcmp(web->mac, "\x02\0\0\0\x01\x0a", 6), 0);
	CU_ASSERT_EQUAL_FATAL(web->n_addresses, 3);
	CU_ASSERT_EQUAL(web->addresses[2].ip_version, 6);
	CU_ASSERT_EQUAL_FATAL(web->tags.count, 1);
	CU_ASSERT_STRING_EQUAL(web->tags.tag[0].value, "web-1");
	CU_ASSERT_PTR_EQUAL(web->vpc, find_vpc(m, "vpc-0a1b2c3d4e5f60001"));
	CU_ASSERT_EQUAL_FATAL(web->n_sessions, 2);
	CU_ASSERT_EQUAL(web->sessions[0]->number, 1);
	CU_ASSERT_PTR_EQUAL(web->sessions[1], s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_TRUE(f->amazon_dns);
	CU_ASSERT_EQUAL_FATAL(f->rules[MODEL_INGRESS].count, 2);
	CU_ASSERT_EQUAL(f->rules[MODEL_INGRESS].rule[1].number, 110);
	CU_ASSERT_EQUAL(f->rules[MODEL_INGRESS].rule[1].ip_version, 6);
	CU_ASSERT_EQUAL(f->rules[MODEL_EGRESS].rule[0].source_ports.from, 443);
	CU_ASSERT_TRUE(f->rules[MODEL_EGRESS].rule[0].any_destination_port);
	CU_ASSERT_EQUAL(
		find_filter(m, "tmf-0a1b2c3d4e5f60002")->rules[MODEL_INGRESS].rule[0].protocol,
		MODEL_PROTOCOL_ANY);
	CU_ASSERT_EQUAL(s->packet_length, 8500); /* what a Network Load Balancer means */
	CU_ASSERT_EQUAL(find_session(m, "tms-0a1b2c3d4e5f60003")->packet_length, 128);
	CU_ASSERT_EQUAL(find_session(m, "tms-0a1b2c3d4e5f60001")->packet_length, 0);
	CU_ASSERT_EQUAL(report.n_errors + report.n_warnings, 0);
	model_destroy(m);
	settings_fini(&settings);
	report_fini(&report);
}

static void sessions_are_found_by_source_and_vni(void)
{
	static const struct {
		const char *source;
		uint32_t vni;
		const char *id;
	} rows[] = {
		{"10.0.1.10", 42, "tms-0a1b2c3d4e5f60001"},
		{"10.0.1.10", 43, "tms-0a1b2c3d4e5f60002"},
		{"10.0.2.20", 42, "tms-0a1b2c3d4e5f60003"},
		{"172.31.0.238", 5569041, "tms-0a1b2c3d4e5f60004"},
		{"10.0.1.11", 42, NULL}, /* not the primary address */
		{"10.0.2.20", 43, NULL},
		{"::a00:10a", 42, NULL},
	};
	struct report report = {0};
	struct settings settings;
	struct model *m = account_load(&settings, &report);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct session_key key = {address(rows[i].source), rows[i].vni, 0};
		const struct model_session *s = model_session_of(m, &key);

		CU_ASSERT_EQUAL(s != NULL, rows[i].id != NULL);
		if (s && rows[i].id)
			CU_ASSERT_STRING_EQUAL(s->id, rows[i].id);
	}
	model_destroy(m);
	settings_fini(&settings);
	report_fini(&report);
}

/* That three of its sessions are of one tenant is meant, and said. */
static void the_example_account_gives_one_warning(void)
{
	struct report report = {0};
	struct settings settings;
	struct model *m = account_load(&settings, &report);

	model_check(m, &settings, &report);
	if (report.n_warnings != 1)
		report_show(&report);
	CU_ASSERT_EQUAL_FATAL(report.n_warnings, 1);
	CU_ASSERT_EQUAL(report.warnings->code, FINDING_tenant_shared);
	model_destroy(m);
	settings_fini(&settings);
	report_fini(&report);
}

/* The same objects by hand give the same model as AWS's JSON. */
static const char by_hand[] =
	"network_interfaces:\n"
	"- {id: eni-1, mac_address: '02:00:00:00:00:0A', private_ip_addresses: [10.0.1.10, "
	"10.0.1.11],"
	" ipv6_addresses: ['2001:db8::1'], owner_id: '1', instance_id: i-1, subnet_id: s-1,"
	" vpc_id: vpc-1, availability_zone: us-west-2-lax-1a, tags: {Name: web}}\n"
	"vpcs: [{id: vpc-1, cidr_block: 10.0.0.0/16}]\n"
	"traffic_mirror_targets: [{id: tmt-1, network_interface_id: eni-9}]\n"
	"traffic_mirror_sessions:\n"
	"- {id: tms-1, session_number: 1, virtual_network_id: 42, network_interface_id: eni-1,"
	" traffic_mirror_filter_id: tmf-1, traffic_mirror_target_id: tmt-1, packet_length: "
	"96}\n"
	"traffic_mirror_filters:\n"
	"- id: tmf-1\n  description: d\n  network_services: [amazon-dns]\n  rules:\n"
	"  - {rule_number: 200, traffic_direction: ingress, rule_action: reject,"
	" source_cidr_block: 10.0.0.0/8, destination_cidr_block: 0.0.0.0/0, description: x}\n"
	"  - {rule_number: 100, traffic_direction: ingress, rule_action: accept, protocol: 6,"
	" source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0,"
	" destination_port_range: {from_port: 0, to_port: 65535},"
	" source_port_range: {from_port: 1, to_port: 65535}}\n";

static const char by_aws[] =
	"{\"NetworkInterfaces\": [{\"NetworkInterfaceId\": \"eni-1\", \"MacAddress\": "
	"\"02:00:00:00:00:0a\", \"PrivateIpAddress\": \"10.0.1.10\", \"PrivateIpAddresses\": "
	"[{\"Primary\": false, \"PrivateIpAddress\": \"10.0.1.11\"}, {\"Primary\": true, "
	"\"PrivateIpAddress\": \"10.0.1.10\"}], \"Ipv6Addresses\": [{\"Ipv6Address\": "
	"\"2001:db8::1\"}], \"OwnerId\": \"1\", \"Attachment\": {\"InstanceId\": \"i-1\"}, "
	"\"SubnetId\": \"s-1\", \"VpcId\": \"vpc-1\", \"AvailabilityZone\": "
	"\"us-west-2-lax-1a\", \"TagSet\": [{\"Key\": \"Name\", \"Value\": \"web\"}], "
	"\"NewThing\": {\"a\": [1]}}]}\n"
	"[{\"Vpcs\": [{\"VpcId\": \"vpc-1\", \"CidrBlock\": \"10.0.0.0/16\", "
	"\"CidrBlockAssociationSet\": [{\"CidrBlock\": \"10.0.0.0/16\", \"CidrBlockState\": "
	"{\"State\": \"associated\"}}, {\"CidrBlock\": \"10.7.0.0/16\", \"CidrBlockState\": "
	"{\"State\": \"disassociated\"}}]}]}, {\"TrafficMirrorTargets\": "
	"[{\"TrafficMirrorTargetId\": \"tmt-1\", \"NetworkInterfaceId\": \"eni-9\", \"Type\": "
	"\"network-interface\"}]}]\n"
	"{\"TrafficMirrorSessions\": [], \"NextToken\": \"abc\"}\n"
	"{\"TrafficMirrorSessions\": [{\"TrafficMirrorSessionId\": \"tms-1\", "
	"\"SessionNumber\": 1, "
	"\"VirtualNetworkId\": 42, \"NetworkInterfaceId\": \"eni-1\", "
	"\"TrafficMirrorFilterId\": "
	"\"tmf-1\", \"TrafficMirrorTargetId\": \"tmt-1\", \"PacketLength\": 96}], "
	"\"NextToken\": "
	"null}\n"
	"{\"TrafficMirrorFilters\": [{\"TrafficMirrorFilterId\": \"tmf-1\", \"Description\": "
	"\"d\", "
	"\"NetworkServices\": [\"amazon-dns\"], \"EgressFilterRules\": [], "
	"\"IngressFilterRules\": "
	"[{\"TrafficMirrorFilterRuleId\": \"tmfr-1\", \"RuleNumber\": 200, \"RuleAction\": "
	"\"reject\", \"SourceCidrBlock\": \"10.0.0.0/8\", \"DestinationCidrBlock\": "
	"\"0.0.0.0/0\", "
	"\"Description\": \"x\"}]}]}\n"
	"{\"TrafficMirrorFilterRules\": [{\"TrafficMirrorFilterRuleId\": \"tmfr-1\", "
	"\"TrafficMirrorFilterId\": \"tmf-1\", \"TrafficDirection\": \"ingress\", "
	"\"RuleNumber\": "
	"200, \"RuleAction\": \"reject\", \"SourceCidrBlock\": \"10.0.0.0/8\", "
	"\"DestinationCidrBlock\": \"0.0.0.0/0\", \"Description\": \"x\"}, "
	"{\"TrafficMirrorFilterRuleId\": \"tmfr-2\", \"TrafficMirrorFilterId\": \"tmf-1\", "
	"\"TrafficDirection\": \"ingress\", \"RuleNumber\": 100, \"RuleAction\": \"accept\", "
	"\"Protocol\": 6, \"SourceCidrBlock\": \"0.0.0.0/0\", \"DestinationCidrBlock\": "
	"\"0.0.0.0/0\", \"DestinationPortRange\": {\"FromPort\": 0, \"ToPort\": 65535}, "
	"\"SourcePortRange\": {\"FromPort\": 1, \"ToPort\": 65535}}]}\n";

static void hex(FILE *out, const void *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%02x", ((const uint8_t *)bytes)[i]);
}

static void rule_print(const struct model_rule *r, FILE *out)
{
	fprintf(out, "rule %u %d %d v%d %d-%d%s %d-%d%s %s ", r->number, r->accept, r->protocol,
		r->ip_version, r->source_ports.from, r->source_ports.to,
		r->any_source_port ? "*" : "", r->destination_ports.from,
		r->destination_ports.to, r->any_destination_port ? "*" : "", r->description);
	hex(out, r->source.addr.byte, 16);
	fprintf(out, "/%d ", r->source.bits);
	hex(out, r->destination.addr.byte, 16);
	fprintf(out, "/%d\n", r->destination.bits);
}

static void interface_print(const struct model_interface *i, FILE *out)
{
	fprintf(out, "interface %s %s %s %s %s %s %s %d ", i->id, i->owner_id, i->instance_id,
		i->subnet_id, i->region, i->availability_zone, i->vpc->id, i->vpc->n_cidrs);
	hex(out, i->mac, 6);
	for (uint32_t k = 0; k < i->n_addresses; k++) {
		fputc(' ', out);
		hex(out, i->addresses[k].addr.byte, 16);
	}
	for (uint32_t k = 0; k < i->tags.count; k++)
		fprintf(out, " %s=%s", i->tags.tag[k].key, i->tags.tag[k].value);
	fprintf(out, " resolver ");
	hex(out, i->vpc->resolver.byte, 16);
	fputc('\n', out);
}

/* All but ids of rules and places, which differ by nature. */
static char *model_print(const struct model *m)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	for (uint32_t i = 0; i < m->n_filters; i++) {
		const struct model_filter *f = &m->filters[i];

		fprintf(out, "filter %s %s %d %u\n", f->id, f->description, f->amazon_dns,
			f->n_sessions);
		for (int d = 0; d < MODEL_DIRECTIONS; d++) {
			for (uint32_t k = 0; k < f->rules[d].count; k++)
				rule_print(&f->rules[d].rule[k], out);
		}
	}
	for (uint32_t i = 0; i < m->n_interfaces; i++)
		interface_print(&m->interfaces[i], out);
	for (uint32_t i = 0; i < m->n_sessions; i++) {
		const struct model_session *s = &m->sessions[i];

		fprintf(out, "session %s %u %u %u %s %s %s %d\n", s->id, s->number, s->vni,
			s->packet_length, s->interface->id, s->filter->id, s->target->resource,
			s->target->type);
	}
	fclose(out);
	return text;
}

static void yaml_and_aws_give_one_model(void)
{
	static const char want[] =
		"filter tmf-1 d 1 1\n"
		"rule 100 1 6 v4 1-65535 0-65535*  00000000000000000000ffff00000000/0 "
		"00000000000000000000ffff00000000/0\n"
		"rule 200 0 -1 v4 0-65535* 0-65535* x 00000000000000000000ffff0a000000/8 "
		"00000000000000000000ffff00000000/0\n"
		"interface eni-1 1 i-1 s-1 us-west-2 us-west-2-lax-1a vpc-1 1 02000000000a "
		"00000000000000000000ffff0a00010a 00000000000000000000ffff0a00010b "
		"20010db8000000000000000000000001 Name=web resolver "
		"00000000000000000000ffff0a000002\n"
		"session tms-1 1 42 96 eni-1 tmf-1 eni-9 0\n";
	const char *const texts[] = {by_hand, "aws_import: [all.json]\n"};

	scratch_write("all.json", by_aws);
	for (int i = 0; i < 2; i++) {
		struct report report = {0};
		struct settings settings;
		struct model *m = scratch_model(texts[i], &settings, &report);
		char *text;

		if (!m)
			report_show(&report);
		CU_ASSERT_PTR_NOT_NULL_FATAL(m);
		text = model_print(m);
		CU_ASSERT_STRING_EQUAL(text, want);
		CU_ASSERT_EQUAL(report.n_warnings, 0);
		free(text);
		model_destroy(m);
		settings_fini(&settings);
		report_fini(&report);
	}
}

#define ENI "network_interfaces:\n- {id: e1, private_ip_addresses: [10.0.0.1]}\n"
#define FILTER "traffic_mirror_filters:\n- id: f1\n  rules:\n"
#define RULE_LINE(more) \
	"  - {rule_number: 1, traffic_direction: ingress, rule_action: accept" more "}\n"
#define CIDRS ", source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0"
#define SESSION(id, number, vni) \
	"- {id: " id ", session_number: " number ", virtual_network_id: " vni \
	", network_interface_id: e1}\n"

struct wrong {
	const char *yaml, *want; /* after FOLDER/ */
	enum finding_code code;
};

static const struct wrong wrongs[] = {
	{FILTER RULE_LINE(", source_cidr_block: 10.1.2.3/8, destination_cidr_block: 0.0.0.0/0"),
		"p.yaml:4: traffic_mirror_filters[0].rules[0].source_cidr_block: '10.1.2.3/8' "
		"has bits "
		"set beyond its length; the block is 10.0.0.0/8",
		FINDING_host_bits},
	{FILTER RULE_LINE(
		 ", source_cidr_block: '::/0', destination_cidr_block: '2001:db8::1/32'"),
		"p.yaml:4: traffic_mirror_filters[0].rules[0].destination_cidr_block: "
		"'2001:db8::1/32' "
		"has bits set beyond its length; the block is 2001:db8::/32",
		FINDING_host_bits},
	{FILTER RULE_LINE(", source_cidr_block: 10.0.0.0, destination_cidr_block: 0.0.0.0/0"),
		"p.yaml:4: traffic_mirror_filters[0].rules[0].source_cidr_block: '10.0.0.0' is "
		"not a "
		"CIDR block",
		FINDING_wrong_value},
	{FILTER RULE_LINE(
		 ", source_cidr_block: 10.0.0.0/33, destination_cidr_block: 0.0.0.0/0"),
		"p.yaml:4: traffic_mirror_filters[0].rules[0].source_cidr_block: '10.0.0.0/33' "
		"is not a "
		"CIDR block",
		FINDING_wrong_value},
	{FILTER RULE_LINE(", source_cidr_block: 0.0.0.0/0, destination_cidr_block: '::/0'"),
		"p.yaml:4: traffic_mirror_filters[0].rules[0]: one CIDR block is IPv4 and the "
		"other "
		"IPv6",
		FINDING_mixed_families},
	{FILTER RULE_LINE(CIDRS ", source_port_range: {from_port: 1, to_port: 2}"),
		"p.yaml:4: traffic_mirror_filters[0].rules[0].source_port_range: ports belong "
		"to "
		"protocol 6 (TCP) or 17 (UDP) only",
		FINDING_ports_without_protocol},
	{FILTER RULE_LINE(
		 CIDRS ", protocol: 1, destination_port_range: {from_port: 1, to_port: 2}"),
		"p.yaml:4: traffic_mirror_filters[0].rules[0].destination_port_range: ports "
		"belong to "
		"protocol 6 (TCP) or 17 (UDP) only",
		FINDING_ports_without_protocol},
	{FILTER RULE_LINE(CIDRS ", protocol: 6, source_port_range: {from_port: 3, to_port: 2}"),
		"p.yaml:4: traffic_mirror_filters[0].rules[0].source_port_range: the range "
		"begins at 3 "
		"and ends before it, at 2",
		FINDING_wrong_value},
	{FILTER RULE_LINE(CIDRS ", protocol: 6, source_port_range: {from_port: 3}"),
		"p.yaml:4: traffic_mirror_filters[0].rules[0].source_port_range: needs both "
		"ends of the "
		"range (to_port is missing)",
		FINDING_missing_key},
	{FILTER RULE_LINE(
		 CIDRS ", protocol: 6, source_port_range: {from_port: 3, to_port: 65536}"),
		"p.yaml:4: traffic_mirror_filters[0].rules[0].source_port_range.to_port: "
		"'65536' is out "
		"of range (0 to 65535)",
		FINDING_wrong_value},
	{FILTER RULE_LINE(CIDRS ", protocol: 256"),
		"p.yaml:4: traffic_mirror_filters[0].rules[0].protocol: '256' is out of range "
		"(0 to "
		"255)",
		FINDING_wrong_value},
	{FILTER RULE_LINE(CIDRS ", protocol: -1"),
		"p.yaml:4: traffic_mirror_filters[0].rules[0].protocol: '-1' is not a protocol "
		"number "
		"(0 to 255); leave the key out for any protocol",
		FINDING_wrong_value},
	{FILTER RULE_LINE(CIDRS ", protocol: tcp"),
		"p.yaml:4: traffic_mirror_filters[0].rules[0].protocol: 'tcp' is not a number",
		FINDING_wrong_value},
	{FILTER RULE_LINE(CIDRS ", prot: 6"),
		"p.yaml:4: traffic_mirror_filters[0].rules[0].prot: no such field",
		FINDING_unknown_key},
	{FILTER RULE_LINE(", source_cidr_block: 0.0.0.0/0"),
		"p.yaml:4: traffic_mirror_filters[0].rules[0].destination_cidr_block: is "
		"missing",
		FINDING_missing_key},
	{FILTER RULE_LINE(CIDRS ", source_port_range: {from_port: 0, to_port: 65535}"),
		"p.yaml:4: traffic_mirror_filters[0].rules[0].source_port_range: ports belong "
		"to protocol 6 (TCP) or 17 (UDP) only; leave the range out for any port",
		FINDING_ports_without_protocol},
	{FILTER "  - {id: r1, rule_number: 1, traffic_direction: ingress, rule_action: "
		"accept" CIDRS
		"}\n  - {id: r1, rule_number: 2, traffic_direction: ingress, rule_action: "
		"accept" CIDRS "}\n",
		"p.yaml:5: traffic_mirror_filters[0].rules[1]: the rule id r1 is given twice "
		"(also at FOLDER/p.yaml:4)",
		FINDING_duplicate},
	{"traffic_mirror_filters:\n- id: f1\n\ttags: {}\n",
		"p.yaml:3: the line begins with a tab; YAML indents with spaces",
		FINDING_syntax},
	{FILTER RULE_LINE(CIDRS) RULE_LINE(CIDRS),
		"p.yaml:5: traffic_mirror_filters[0].rules[1]: the ingress rule number 1 of f1 "
		"is given "
		"twice (also at FOLDER/p.yaml:4)",
		FINDING_duplicate},
	{FILTER "  - {rule_number: 0, traffic_direction: ingress, rule_action: accept" CIDRS
		"}\n",
		"p.yaml:4: traffic_mirror_filters[0].rules[0].rule_number: '0' is out of range "
		"(1 to "
		"2147483647)",
		FINDING_wrong_value},
	{FILTER "  - {rule_number: 1, traffic_direction: inbound, rule_action: accept" CIDRS
		"}\n",
		"p.yaml:4: traffic_mirror_filters[0].rules[0].traffic_direction: 'inbound' is "
		"not one "
		"of ingress|egress",
		FINDING_wrong_value},
	{FILTER "  - {rule_number: 1, rule_action: accept" CIDRS "}\n",
		"p.yaml:4: traffic_mirror_filters[0].rules[0].traffic_direction: is missing",
		FINDING_missing_key},
	{FILTER "  - {rule_number: 1, traffic_direction: egress, rule_action: accept, record: some" CIDRS
		"}\n",
		"p.yaml:4: traffic_mirror_filters[0].rules[0].record: 'some' is not one of "
		"true|false|headers",
		FINDING_wrong_value},
	{FILTER "  - {rule_number: 1, traffic_direction: egress, rule_action: drop" CIDRS "}\n",
		"p.yaml:4: traffic_mirror_filters[0].rules[0].rule_action: 'drop' is not one "
		"of "
		"reject|accept",
		FINDING_wrong_value},
	{FILTER "  - 3\n",
		"p.yaml:4: traffic_mirror_filters[0].rules[0]: is a single value where a "
		"rule belongs",
		FINDING_wrong_value},
	{"traffic_mirror_filters:\n- {id: f1, network_services: [amazon-ntp]}\n",
		"p.yaml:2: traffic_mirror_filters[0].network_services[0]: 'amazon-ntp' is not "
		"one of "
		"amazon-dns",
		FINDING_wrong_value},
	{"traffic_mirror_filters:\n- {id: f1}\n- {id: f2}\n- {id: f1}\n",
		"p.yaml:4: traffic_mirror_filters[2]: the id f1 is given twice (also at "
		"FOLDER/p.yaml:2)",
		FINDING_duplicate},
	{"traffic_mirror_filters:\n- {description: x}\n",
		"p.yaml:2: traffic_mirror_filters[0].id: is missing", FINDING_missing_key},
	{"traffic_mirror_sessions:\n" SESSION("s1", "1", "16777216") ENI,
		"p.yaml:2: traffic_mirror_sessions[0].virtual_network_id: '16777216' is out of "
		"range (0 "
		"to 16777215)",
		FINDING_wrong_value},
	{"traffic_mirror_sessions:\n" SESSION("s1", "0", "1") ENI,
		"p.yaml:2: traffic_mirror_sessions[0].session_number: '0' is out of range (1 "
		"to 32766)",
		FINDING_wrong_value},
	{"traffic_mirror_sessions:\n" SESSION("s1", "32767", "1") ENI,
		"p.yaml:2: traffic_mirror_sessions[0].session_number: '32767' is out of range "
		"(1 to "
		"32766)",
		FINDING_wrong_value},
	{"traffic_mirror_sessions:\n" SESSION("s1", "1", "1") SESSION("s2", "2", "1") ENI,
		"p.yaml:3: traffic_mirror_sessions[1]: sessions s2 and s1 (FOLDER/p.yaml:2) "
		"have the "
		"same source address and virtual_network_id 1: their packets cannot be told "
		"apart",
		FINDING_same_source},
	{"traffic_mirror_sessions:\n"
	 "- {id: s1, session_number: 1, virtual_network_id: 0, network_id: 7, "
	 "outer_source: 10.0.0.9, network_interface_id: e1}\n"
	 "- {id: s2, session_number: 2, virtual_network_id: 0, network_id: 7, "
	 "outer_source: 10.0.0.9, network_interface_id: e1}\n" ENI,
		"p.yaml:3: traffic_mirror_sessions[1]: sessions s2 and s1 (FOLDER/p.yaml:2) "
		"have the same source address and virtual_network_id 0, and the same "
		"network_id: their packets cannot be told apart",
		FINDING_same_source},
	{"traffic_mirror_sessions:\n- {id: s1, session_number: 1, virtual_network_id: 0, "
	 "network_id: 268435456, network_interface_id: e1}\n" ENI,
		"p.yaml:2: traffic_mirror_sessions[0].network_id: '268435456' is out of range "
		"(0 to 268435455)",
		FINDING_wrong_value},
	{"traffic_mirror_sessions:\n- {id: s1, session_number: 1, virtual_network_id: 0, "
	 "outer_source: gateway, network_interface_id: e1}\n" ENI,
		"p.yaml:2: traffic_mirror_sessions[0].outer_source: 'gateway' is not an IP "
		"address",
		FINDING_wrong_value},
	{"traffic_mirror_sessions:\n" SESSION("s1", "1", "1") SESSION("s2", "1", "2") ENI,
		"p.yaml:3: traffic_mirror_sessions[1]: the session number 1 of e1 is given "
		"twice (also "
		"at FOLDER/p.yaml:2)",
		FINDING_duplicate},
	{"traffic_mirror_sessions:\n" SESSION("s1", "1", "1"),
		"p.yaml:2: traffic_mirror_sessions[0]: the network interface e1 is not known",
		FINDING_unknown_id},
	{"traffic_mirror_sessions:\n- {id: s, session_number: 1, virtual_network_id: 1, "
	 "network_interface_id: e1, traffic_mirror_filter_id: f9}\n" ENI,
		"p.yaml:2: traffic_mirror_sessions[0]: the filter f9 is not known",
		FINDING_unknown_id},
	{"network_interfaces:\n- {id: e1, mac_address: 02-00-00-00-00-01}\n",
		"p.yaml:2: network_interfaces[0].mac_address: '02-00-00-00-00-01' is not a MAC "
		"address "
		"(such as 02:00:00:00:00:01)",
		FINDING_wrong_value},
	{"network_interfaces:\n- {id: e1, mac_address: '02::000a:02:00:0a'}\n",
		"p.yaml:2: network_interfaces[0].mac_address: '02::000a:02:00:0a' is not a MAC "
		"address (such as "
		"02:00:00:00:00:01)",
		FINDING_wrong_value},
	{"network_interfaces:\n- {id: e1, mac_address: '02:00:00:00:00:0g'}\n",
		"p.yaml:2: network_interfaces[0].mac_address: '02:00:00:00:00:0g' is not a MAC "
		"address "
		"(such as 02:00:00:00:00:01)",
		FINDING_wrong_value},
	{"network_interfaces:\n- {id: e1, private_ip_addresses: [10.0.0.1, 10.0.0.256]}\n",
		"p.yaml:2: network_interfaces[0].private_ip_addresses[1]: '10.0.0.256' is not "
		"an IP "
		"address",
		FINDING_wrong_value},
	{"network_interfaces:\n- {id: e1, ipv6_addresses: [10.0.0.1]}\n",
		"p.yaml:2: network_interfaces[0].ipv6_addresses[0]: '10.0.0.1' is not an IPv6 "
		"address",
		FINDING_wrong_value},
	{"network_interfaces:\n- {id: ''}\n", "p.yaml:2: network_interfaces[0].id: is empty",
		FINDING_wrong_value},
	{"traffic_mirror_targets:\n- {id: t1}\n",
		"p.yaml:2: traffic_mirror_targets[0]: a target is exactly one of",
		FINDING_wrong_value},
	{"traffic_mirror_targets:\n- {id: t1, type: network-interface,\n   "
	 "network_load_balancer_arn: a}\n",
		"p.yaml:2: traffic_mirror_targets[0].type: 'network-interface' is not the type "
		"of the "
		"resource that the target names",
		FINDING_wrong_value},
	{"vpcs:\n- {id: v1, cidr_block: 10.0.0.1/16}\n",
		"p.yaml:2: vpcs[0].cidr_block: '10.0.0.1/16' has bits set beyond its length; "
		"the block "
		"is 10.0.0.0/16",
		FINDING_host_bits},
	{"\naws_import:\n- nowhere.json\n",
		"p.yaml:3: aws_import: nowhere.json: cannot open: No such file or directory",
		FINDING_unreadable},
	{"aws_import: [bad.json]\n", "bad.json:3: not valid JSON: a colon is missing",
		FINDING_syntax},
	{"aws_import: [empty.json]\n", "empty.json:1: the file is empty, as --output text",
		FINDING_not_aws},
	{"aws_import: [instances.json]\n", "instances.json:1: holds none of the lists",
		FINDING_not_aws},
	{"aws_import: [rule.json]\n",
		"rule.json:2: TrafficMirrorFilterRules[0].SourceCidrBlock: '10.1.0.0/8' has "
		"bits set "
		"beyond its length; the block is 10.0.0.0/8",
		FINDING_host_bits},
	{"aws_import: [lost.json]\n",
		"lost.json:2: TrafficMirrorFilterRules[0]: the filter f7 is not known",
		FINDING_unknown_id},
};

#define RULE_JSON(filter, cidr) \
	"{\"TrafficMirrorFilterRules\":\n[{\"TrafficMirrorFilterId\": \"" filter \
	"\", \"TrafficDirection\": \"egress\", \"RuleNumber\": 1, \"RuleAction\": " \
	"\"accept\", " \
	"\"SourceCidrBlock\": \"" cidr "\", \"DestinationCidrBlock\": \"0.0.0.0/0\"}]}\n"

/* FOLDER in a text stands for the scratch folder. */
static void folder_fill(const char *text, char *out, size_t size)
{
	const char *at = strstr(text, "FOLDER");

	if (at)
		snprintf(out, size, "%s/%.*s%s%s", scratch_folder(), (int)(at - text), text,
			scratch_folder(), at + 6);
	else
		snprintf(out, size, "%s/%s", scratch_folder(), text);
}

static void what_is_wrong_is_said_in_one_sentence(void)
{
	scratch_write("bad.json", "{\n\"a\": 1,\n\"b\" 2}");
	scratch_write("empty.json", " \n");
	scratch_write("instances.json", "{\"Reservations\": []}");
	scratch_write("rule.json", RULE_JSON("f1", "10.1.0.0/8"));
	scratch_write("lost.json", RULE_JSON("f7", "10.0.0.0/8"));
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++) {
		struct report report = {0};
		struct settings settings;
		struct model *m = scratch_model(wrongs[i].yaml, &settings, &report);
		char got[1024] = "", want[1024];

		folder_fill(wrongs[i].want, want, sizeof(want));
		if (report.errors)
			finding_print(report.errors, got, sizeof(got));
		if (strncmp(got, want, strlen(want)) != 0)
			fprintf(stderr, "got:  %s\nwant: %s\n", got, want);
		CU_ASSERT_PTR_NULL(m);
		if (report.n_errors != 1)
			report_show(&report);
		CU_ASSERT_EQUAL(report.n_errors, 1);
		CU_ASSERT_EQUAL(strncmp(got, want, strlen(want)), 0);
		CU_ASSERT_PTR_NULL(strchr(got, '\n'));
		CU_ASSERT_TRUE(report.errors && report.errors->code == wrongs[i].code);
		model_destroy(m);
		settings_fini(&settings);
		report_fini(&report);
	}
}

static void several_errors_are_all_said(void)
{
	struct report report = {0};
	struct settings settings;
	struct model *m = scratch_model(
		FILTER RULE_LINE(", source_cidr_block: 10.1.2.3/8, destination_cidr_block: x")
			RULE_LINE(CIDRS ", protocol: 300"),
		&settings, &report);

	CU_ASSERT_PTR_NULL(m);
	CU_ASSERT_EQUAL(report.n_errors, 3);
	settings_fini(&settings);
	report_fini(&report);
}

/* Settings, values of the model, and references: none hides the others. */
static void errors_of_every_kind_are_said_together(void)
{
	static const char text[] =
		"flow: {capacity: 1, idle_timeout: x}\n"
		"tenants: [{name: blue}]\n"
		"nonsense: 1\n" ENI "traffic_mirror_sessions:\n" SESSION("s1", "1", "1")
			SESSION("s2", "1", "2") "- {id: s3, session_number: 3, "
						"virtual_network_id: 3, network_interface_id: "
						"e9}\n"
						"vpcs: [{id: v, cidr_block: 10.0.0.1/8}]\n";
	static const uint32_t lines[] = {1, 1, 2, 3, 10, 9, 8};
	struct report report = {0};
	struct settings settings;
	const char *path = scratch_write("p.yaml", text);
	const struct finding *f;
	uint32_t i = 0;

	settings_init(&settings);
	CU_ASSERT_EQUAL(settings_load_report(&settings, path, &report), SETTINGS_WRONG);
	CU_ASSERT_EQUAL(settings.n_tenants, 0);
	CU_ASSERT_PTR_NULL(model_load(path, &settings, &report));
	for (f = report.errors; f; f = f->next, i++) {
		CU_ASSERT_TRUE_FATAL(i < sizeof(lines) / sizeof(*lines));
		if (f->line != lines[i])
			report_show(&report);
		CU_ASSERT_EQUAL(f->line, lines[i]);
	}
	CU_ASSERT_EQUAL(i, sizeof(lines) / sizeof(*lines));
	settings_fini(&settings);
	report_fini(&report);
}

static void pages_that_are_missing_are_told(void)
{
	struct report report = {0};
	struct settings settings;
	struct model *m;

	scratch_write("a.json", "{\"Vpcs\": [], \"NextToken\": \"x\"}");
	scratch_write("b.json", "{\"Vpcs\": [],\n \"NextToken\": \"y\"}");
	m = scratch_model("aws_import: [a.json, b.json]\n", &settings, &report);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL_FATAL(report.n_warnings, 1);
	CU_ASSERT_EQUAL(report.warnings->code, FINDING_import_incomplete);
	CU_ASSERT_EQUAL(report.warnings->line, 2);
	model_destroy(m);
	settings_fini(&settings);
	report_fini(&report);
}

/* Every truncation of a whole model: a model or errors, never a crash or a leak. */
static void every_truncation_is_survived(void)
{
	char *text = strdup(by_hand);
	unsigned models = 0;

	for (size_t len = strlen(text); len > 0; len--) {
		struct report report = {0};
		struct settings settings;
		struct model *m;

		text[len] = '\0';
		m = scratch_model(text, &settings, &report);
		CU_ASSERT_EQUAL(m == NULL, report.n_errors > 0);
		models += m != NULL;
		if (m)
			model_check(m, &settings, &report);
		model_destroy(m);
		settings_fini(&settings);
		report_fini(&report);
	}
	CU_ASSERT_TRUE(models > 10);
	free(text);
}

enum { BIG_FILTERS = 100, BIG_RULES = 100 };

static void big_print(FILE *out)
{
	fputs("traffic_mirror_filters:\n", out);
	for (int f = 0; f < BIG_FILTERS; f++) {
		fprintf(out, "- id: tmf-%d\n  rules:\n", f);
		for (int r = 1; r <= BIG_RULES; r++)
			fprintf(out,
				"  - {rule_number: %d, traffic_direction: %s, rule_action: %s, "
				"protocol: %d, source_cidr_block: 10.%d.%d.0/24, "
				"destination_cidr_block: 0.0.0.0/0, destination_port_range: "
				"{from_port: %d, to_port: %d}}\n",
				r, r % 2 ? "ingress" : "egress", r % 3 ? "accept" : "reject",
				r % 4 ? 6 : 17, f, r, r, r + 1000);
	}
}

/* The bound is the issue's, for an ordinary build; sanitizers are many times slower, and the 2
 * processors of a build machine are shared, so only the order of magnitude is tested. */
static void ten_thousand_rules_load_quickly(void)
{
	struct timespec from, to;
	struct report report = {0};
	struct settings settings;
	struct model *m;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	double seconds;

	big_print(out);
	fclose(out);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	m = scratch_model(text, &settings, &report);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	model_check(m, &settings, &report);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	printf(" [%d rules loaded and checked in %.2f s]", BIG_FILTERS * BIG_RULES, seconds);
	CU_ASSERT_TRUE(seconds < 4);
	CU_ASSERT_EQUAL(m->n_filters, BIG_FILTERS);
	CU_ASSERT_EQUAL(m->filters[0].rules[0].count + m->filters[0].rules[1].count, BIG_RULES);
	model_destroy(m);
	settings_fini(&settings);
	report_fini(&report);
	free(text);
}

void suite_model(void);
void suite_model(void)
{
	CU_pSuite s = CU_add_suite("model", scratch_setup, scratch_teardown);

	CU_ADD_TEST(s, the_example_account_is_read);
	CU_ADD_TEST(s, sessions_are_found_by_source_and_vni);
	CU_ADD_TEST(s, the_example_account_gives_one_warning);
	CU_ADD_TEST(s, yaml_and_aws_give_one_model);
	CU_ADD_TEST(s, what_is_wrong_is_said_in_one_sentence);
	CU_ADD_TEST(s, several_errors_are_all_said);
	CU_ADD_TEST(s, errors_of_every_kind_are_said_together);
	CU_ADD_TEST(s, pages_that_are_missing_are_told);
	CU_ADD_TEST(s, every_truncation_is_survived);
	CU_ADD_TEST(s, ten_thousand_rules_load_quickly);
}
