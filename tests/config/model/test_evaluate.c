/* The naive evaluator against the tables of AWS's own documentation, and rows of packets. */
#include <CUnit/Basic.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "config/model/evaluate.h"
#include "support/scratch.h"

enum { NO_PORTS = -1 };

struct row {
	enum model_direction direction;
	uint8_t protocol;
	const char *src;
	int src_port;
	const char *dst;
	int dst_port;
	bool accept;
	enum evaluate_by by;
	uint32_t rule_number; /* of EVALUATE_BY_RULE */
};

static struct ip_addr address(const char *text, uint8_t *version)
{
	uint8_t byte[16];

	*version = strchr(text, ':') ? 6 : 4;
	CU_ASSERT_EQUAL_FATAL(inet_pton(*version == 6 ? AF_INET6 : AF_INET, text, byte), 1);
	return *version == 6 ? ip_addr_v6(byte) : ip_addr_v4(byte);
}

static struct evaluate_packet packet_of(const struct row *row)
{
	struct evaluate_packet p = {.protocol = row->protocol};

	p.src = address(row->src, &p.ip_version);
	p.dst = address(row->dst, &p.ip_version);
	p.has_ports = row->src_port != NO_PORTS;
	p.src_port = (uint16_t)(p.has_ports ? row->src_port : 0);
	p.dst_port = (uint16_t)(p.has_ports ? row->dst_port : 0);
	return p;
}

static void rows_check(const char *yaml, const struct row *rows, size_t count)
{
	struct report report = {0};
	struct settings settings;
	struct model *model = scratch_model(yaml, &settings, &report);

	CU_ASSERT_PTR_NOT_NULL_FATAL(model);
	for (size_t i = 0; i < count; i++) {
		const struct evaluate_packet p = packet_of(&rows[i]);
		const struct evaluate_verdict v = evaluate(&model->filters[0],
			model->n_vpcs ? &model->vpcs[0] : NULL, rows[i].direction, &p);

		if (v.accept != rows[i].accept || v.by != rows[i].by)
			fprintf(stderr, "row %zu: %s:%d > %s:%d\n", i, rows[i].src,
				rows[i].src_port, rows[i].dst, rows[i].dst_port);
		CU_ASSERT_EQUAL(v.accept, rows[i].accept);
		CU_ASSERT_EQUAL(v.by, rows[i].by);
		CU_ASSERT_EQUAL(v.rule ? v.rule->number : 0, rows[i].rule_number);
		CU_ASSERT_EQUAL(v.rule != NULL, rows[i].by == EVALUATE_BY_RULE);
	}
	model_destroy(model);
	settings_fini(&settings);
	report_fini(&report);
}

#define ROWS_CHECK(yaml, rows) rows_check(yaml, rows, sizeof(rows) / sizeof(*(rows)))
#define RULE(n) EVALUATE_BY_RULE, n
#define NONE EVALUATE_BY_NONE, 0
#define DNS EVALUATE_BY_DNS, 0
#define IN MODEL_INGRESS
#define OUT MODEL_EGRESS

/* Traffic mirror filters, first table: "rule 10 ensures that SSH traffic from my network to my VPC
 * is not mirrored and rule 20 mirrors all other IPv4 TCP traffic". my-network is 203.0.113.0/24
 * here, vpc-cidr 10.0.0.0/16. */
static void aws_table_ssh(void)
{
	static const char yaml[] =
		"traffic_mirror_filters:\n- id: tmf-1\n  rules:\n"
		"  - {rule_number: 10, traffic_direction: ingress, rule_action: reject, "
		"protocol: 6,\n"
		"     destination_port_range: {from_port: 22, to_port: 22},\n"
		"     source_cidr_block: 203.0.113.0/24, destination_cidr_block: 10.0.0.0/16}\n"
		"  - {rule_number: 20, traffic_direction: ingress, rule_action: accept, "
		"protocol: 6,\n"
		"     source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0}\n";
	static const struct row rows[] = {
		{IN, 6, "203.0.113.9", 50000, "10.0.1.2", 22, false, RULE(10)},
		{IN, 6, "203.0.113.9", 50000, "10.0.1.2", 23, true, RULE(20)},
		{IN, 6, "198.51.100.9", 50000, "10.0.1.2", 22, true, RULE(20)},
		{IN, 6, "203.0.113.9", 22, "10.0.1.2", 50000, true, RULE(20)},
		{IN, 6, "203.0.113.9", 50000, "10.1.1.2", 22, true, RULE(20)},
		{IN, 17, "203.0.113.9", 50000, "10.0.1.2", 22, false, NONE},
		{IN, 1, "203.0.113.9", NO_PORTS, "10.0.1.2", NO_PORTS, false, NONE},
		{IN, 6, "2001:db8::9", 50000, "2001:db8::2", 443, false, NONE},
		/* "if you don't add outbound rules, then no outbound traffic is mirrored" */
		{OUT, 6, "10.0.1.2", 22, "203.0.113.9", 50000, false, NONE},
		/* A later fragment has no ports: the rule with ports does not match it. */
		{IN, 6, "203.0.113.9", NO_PORTS, "10.0.1.2", NO_PORTS, true, RULE(20)},
	};

	ROWS_CHECK(yaml, rows);
}

/* The second table: HTTPS from all IPv4 addresses (10) and from all IPv6 addresses (20). */
static void aws_table_https_dual_stack(void)
{
	static const char yaml[] =
		"traffic_mirror_filters:\n- id: tmf-1\n  rules:\n"
		"  - {rule_number: 20, traffic_direction: ingress, rule_action: accept, "
		"protocol: 6,\n"
		"     destination_port_range: {from_port: 443, to_port: 443},\n"
		"     source_cidr_block: '::/0', destination_cidr_block: '::/0'}\n"
		"  - {rule_number: 10, traffic_direction: ingress, rule_action: accept, "
		"protocol: 6,\n"
		"     destination_port_range: {from_port: 443, to_port: 443},\n"
		"     source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0}\n";
	static const struct row rows[] = {
		{IN, 6, "203.0.113.9", 50000, "10.0.1.2", 443, true, RULE(10)},
		{IN, 6, "2001:db8::9", 50000, "2001:db8::2", 443, true, RULE(20)},
		{IN, 6, "203.0.113.9", 50000, "10.0.1.2", 442, false, NONE},
		{IN, 6, "2001:db8::9", 50000, "2001:db8::2", 444, false, NONE},
		{IN, 17, "203.0.113.9", 50000, "10.0.1.2", 443, false, NONE},
		{OUT, 6, "10.0.1.2", 443, "203.0.113.9", 50000, false, NONE},
		/* No IPv4 rule holds an IPv6 address, however it is written. */
		{IN, 6, "::ffff:203.0.113.9", 50000, "::ffff:10.0.1.2", 443, true, RULE(20)},
	};

	ROWS_CHECK(yaml, rows);
}

/* Example configuration scenarios, "Mirror non-local VPC traffic": the VPC is 10.0.0.0/16. */
static void aws_table_not_local(void)
{
	static const char yaml[] =
		"traffic_mirror_filters:\n- id: tmf-f\n  rules:\n"
		"  - {rule_number: 10, traffic_direction: egress, rule_action: reject,\n"
		"     source_cidr_block: 0.0.0.0/0, destination_cidr_block: 10.0.0.0/16}\n"
		"  - {rule_number: 20, traffic_direction: egress, rule_action: accept,\n"
		"     source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0}\n"
		"  - {rule_number: 10, traffic_direction: ingress, rule_action: reject,\n"
		"     source_cidr_block: 10.0.0.0/16, destination_cidr_block: 0.0.0.0/0}\n"
		"  - {rule_number: 20, traffic_direction: ingress, rule_action: accept,\n"
		"     source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0}\n";
	static const struct row rows[] = {
		{OUT, 6, "10.0.1.2", 50000, "10.0.2.3", 443, false, RULE(10)},
		{OUT, 6, "10.0.1.2", 50000, "198.51.100.1", 443, true, RULE(20)},
		{OUT, 1, "10.0.1.2", NO_PORTS, "10.1.0.1", NO_PORTS, true, RULE(20)},
		{IN, 17, "10.0.2.3", 53, "10.0.1.2", 50000, false, RULE(10)},
		{IN, 50, "198.51.100.1", NO_PORTS, "10.0.1.2", NO_PORTS, true, RULE(20)},
		{IN, 6, "10.0.255.255", 1, "10.0.1.2", 2, false, RULE(10)},
		{IN, 6, "10.1.0.0", 1, "10.0.1.2", 2, true, RULE(20)},
		{IN, 6, "2001:db8::1", 1, "2001:db8::2", 2, false, NONE},
	};

	ROWS_CHECK(yaml, rows);
}

#define ALL_RULES \
	"  rules:\n" \
	"  - {rule_number: 1, traffic_direction: ingress, rule_action: accept,\n" \
	"     source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0}\n" \
	"  - {rule_number: 1, traffic_direction: egress, rule_action: accept,\n" \
	"     source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0}\n" \
	"vpcs: [{id: vpc-1, cidr_block: 172.31.0.0/16, secondary_cidr_blocks: " \
	"[10.9.0.0/16]}]\n"

/* "Amazon DNS traffic is not eligible" without the service, whatever the rules say; with it "all
 * traffic (inbound and outbound) related to that network service is mirrored". */
static const struct row dns_rows[] = {
	{OUT, 17, "172.31.0.238", 40000, "172.31.0.2", 53, true, DNS},
	{IN, 17, "172.31.0.2", 53, "172.31.0.238", 40000, true, DNS},
	{OUT, 6, "172.31.0.238", 40000, "172.31.0.2", 53, true, DNS},
	{OUT, 17, "172.31.0.238", 40000, "169.254.169.253", 53, true, DNS},
	{OUT, 17, "2001:db8::1", 40000, "fd00:ec2::253", 53, true, DNS},
	{IN, 17, "172.31.0.2", NO_PORTS, "172.31.0.238", NO_PORTS, true, DNS},
};

static const struct row not_dns_rows[] = {
	{OUT, 17, "172.31.0.238", 40000, "8.8.8.8", 53, true, RULE(1)},
	{OUT, 17, "172.31.0.238", 40000, "172.31.0.3", 53, true, RULE(1)},
	{OUT, 17, "172.31.0.238", 40000, "10.9.0.2", 53, true, RULE(1)},
	{OUT, 17, "172.31.0.238", 40000, "172.31.0.2", 54, true, RULE(1)},
	{OUT, 17, "172.31.0.238", 53, "172.31.0.2", 40000, true, RULE(1)},
	{OUT, 1, "172.31.0.238", NO_PORTS, "172.31.0.2", NO_PORTS, true, RULE(1)},
	{OUT, 17, "172.31.0.238", 123, "169.254.169.123", 123, true, RULE(1)},
	{OUT, 17, "2001:db8::1", 40000, "fd00:ec2::254", 53, false, NONE},
};

static void amazon_dns_is_decided_before_the_rules(void)
{
	enum { COUNT = sizeof(dns_rows) / sizeof(*dns_rows) };
	struct row refused[COUNT];

	ROWS_CHECK("traffic_mirror_filters:\n- id: a\n  network_services: "
		   "[amazon-dns]\n" ALL_RULES,
		dns_rows);
	for (size_t i = 0; i < COUNT; i++) {
		refused[i] = dns_rows[i];
		refused[i].accept = false;
	}
	ROWS_CHECK("traffic_mirror_filters:\n- id: a\n" ALL_RULES, refused);
	ROWS_CHECK("traffic_mirror_filters:\n- id: a\n" ALL_RULES, not_dns_rows);
}

/* One rule, and packets that miss it in one field each. */
static void the_first_field_that_misses_is_named(void)
{
	static const char yaml[] =
		"traffic_mirror_filters:\n- id: a\n  rules:\n"
		"  - {rule_number: 7, traffic_direction: egress, rule_action: accept, "
		"protocol: 17,\n"
		"     source_port_range: {from_port: 10, to_port: 20},\n"
		"     destination_port_range: {from_port: 30, to_port: 40},\n"
		"     source_cidr_block: 10.0.0.128/25, destination_cidr_block: "
		"192.0.2.64/26}\n";
	static const struct {
		struct row packet;
		const char *field;
	} rows[] = {
		{{OUT, 17, "10.0.0.128", 10, "192.0.2.64", 30, true, RULE(7)}, NULL},
		{{OUT, 17, "10.0.0.255", 20, "192.0.2.127", 40, true, RULE(7)}, NULL},
		{{OUT, 6, "10.0.0.128", 10, "192.0.2.64", 30, false, NONE}, "protocol"},
		{{OUT, 17, "10.0.0.127", 10, "192.0.2.64", 30, false, NONE},
			"source_cidr_block"},
		{{OUT, 17, "10.0.1.0", 10, "192.0.2.64", 30, false, NONE}, "source_cidr_block"},
		{{OUT, 17, "::a00:80", 10, "::1", 30, false, NONE}, "source_cidr_block"},
		{{OUT, 17, "10.0.0.128", 10, "192.0.2.63", 30, false, NONE},
			"destination_cidr_block"},
		{{OUT, 17, "10.0.0.128", 10, "192.0.2.128", 30, false, NONE},
			"destination_cidr_block"},
		{{OUT, 17, "10.0.0.128", 9, "192.0.2.64", 30, false, NONE},
			"source_port_range"},
		{{OUT, 17, "10.0.0.128", 21, "192.0.2.64", 29, false, NONE},
			"source_port_range"},
		{{OUT, 17, "10.0.0.128", NO_PORTS, "192.0.2.64", NO_PORTS, false, NONE},
			"source_port_range"},
		{{OUT, 17, "10.0.0.128", 10, "192.0.2.64", 29, false, NONE},
			"destination_port_range"},
		{{OUT, 17, "10.0.0.128", 10, "192.0.2.64", 41, false, NONE},
			"destination_port_range"},
	};
	struct report report = {0};
	struct settings settings;
	struct model *model = scratch_model(yaml, &settings, &report);

	CU_ASSERT_PTR_NOT_NULL_FATAL(model);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct evaluate_packet p = packet_of(&rows[i].packet);
		const char *field = evaluate_field_name(
			evaluate_rule(&model->filters[0].rules[MODEL_EGRESS].rule[0], &p));

		CU_ASSERT_EQUAL(field == NULL, rows[i].field == NULL);
		if (field && rows[i].field)
			CU_ASSERT_STRING_EQUAL(field, rows[i].field);
		rows_check(yaml, &rows[i].packet, 1);
	}
	model_destroy(model);
	settings_fini(&settings);
	report_fini(&report);
}

static void without_a_filter_all_is_accepted(void)
{
	const struct row row = {OUT, 17, "172.31.0.238", 1, "169.254.169.253", 53, true, DNS};
	const struct evaluate_packet p = packet_of(&row);
	const struct evaluate_verdict v = evaluate(NULL, NULL, MODEL_EGRESS, &p);

	CU_ASSERT_TRUE(v.accept);
	CU_ASSERT_EQUAL(v.by, EVALUATE_BY_NO_FILTER);
}

/* Every prefix length, compared with counting the leading bits that are equal. */
static void every_prefix_length_is_exact(void)
{
	for (unsigned bits = 0; bits <= 128; bits++) {
		struct cidr c = {.bits = (uint8_t)bits, .ip_version = 6};
		struct ip_addr a;

		memset(a.byte, 0xa5, sizeof(a.byte));
		for (unsigned i = 0; i < bits; i++)
			c.addr.byte[i / 8] |= (uint8_t)(a.byte[i / 8] & 0x80 >> i % 8);
		CU_ASSERT_TRUE(cidr_holds(&c, 6, &a));
		CU_ASSERT_FALSE(cidr_holds(&c, 4, &a));
		for (unsigned flip = 0; flip < 128; flip++) {
			struct ip_addr other = a;

			other.byte[flip / 8] ^= (uint8_t)(0x80 >> flip % 8);
			CU_ASSERT_EQUAL(cidr_holds(&c, 6, &other), flip >= bits);
		}
	}
}

/* Without its ports a packet could be accepted when some ports would have it accepted: all that the
 * rules tell apart are tried. */
static void could_accept_is_that_some_ports_are_accepted(void)
{
	static const char yaml[] =
		"traffic_mirror_filters:\n- id: tmf-1\n  rules:\n"
		"  - {rule_number: 10, traffic_direction: ingress, rule_action: reject, "
		"protocol: 6,\n"
		"     destination_port_range: {from_port: 22, to_port: 22},\n"
		"     source_cidr_block: 0.0.0.0/0, destination_cidr_block: 10.0.0.0/16}\n"
		"  - {rule_number: 20, traffic_direction: ingress, rule_action: accept, "
		"protocol: 6,\n"
		"     source_port_range: {from_port: 1000, to_port: 2000},\n"
		"     source_cidr_block: 203.0.113.0/24, destination_cidr_block: 0.0.0.0/0}\n"
		"  - {rule_number: 30, traffic_direction: ingress, rule_action: reject,\n"
		"     source_cidr_block: 0.0.0.0/0, destination_cidr_block: 10.0.1.0/24}\n"
		"  - {rule_number: 40, traffic_direction: ingress, rule_action: accept,\n"
		"     source_cidr_block: 198.51.100.0/24, destination_cidr_block: 0.0.0.0/0}\n"
		"  - {rule_number: 50, traffic_direction: ingress, rule_action: accept, "
		"protocol: 17,\n"
		"     destination_port_range: {from_port: 443, to_port: 443},\n"
		"     source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0}\n";
	static const char *const sources[] = {"203.0.113.9", "198.51.100.9", "192.0.2.9"};
	static const char *const destinations[] = {"10.0.0.2", "10.0.1.2", "10.9.0.2"};
	static const int ports[] = {21, 22, 23, 443, 999, 1000, 2000, 2001};
	enum { ENDS = 3, PORTS = sizeof(ports) / sizeof(*ports) };
	struct report report = {0};
	struct settings settings;
	struct model *model = scratch_model(yaml, &settings, &report);
	unsigned accepted = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(model);
	for (int i = 0; i < 2 * ENDS * ENDS; i++) {
		struct row row = {.protocol = i % 2 ? 6 : 17,
			.src = sources[i / 2 % ENDS],
			.dst = destinations[i / 2 / ENDS],
			.src_port = NO_PORTS};
		const struct evaluate_packet cut = packet_of(&row);
		bool want = false;

		for (int k = 0; k < PORTS * PORTS; k++) {
			row.src_port = ports[k % PORTS];
			row.dst_port = ports[k / PORTS];
			const struct evaluate_packet whole = packet_of(&row);

			want |= evaluate(&model->filters[0], NULL, IN, &whole).accept;
		}
		CU_ASSERT_EQUAL(evaluate_could_accept(&model->filters[0], IN, &cut), want);
		CU_ASSERT_FALSE(evaluate_could_accept(&model->filters[0], OUT, &cut));
		accepted += want;
	}
	CU_ASSERT_TRUE(accepted > 4 && accepted < 2 * ENDS * ENDS);
	model_destroy(model);
	settings_fini(&settings);
	report_fini(&report);
}

void suite_evaluate(void);
void suite_evaluate(void)
{
	CU_pSuite s = CU_add_suite("evaluate", scratch_setup, scratch_teardown);

	CU_ADD_TEST(s, could_accept_is_that_some_ports_are_accepted);
	CU_ADD_TEST(s, aws_table_ssh);
	CU_ADD_TEST(s, aws_table_https_dual_stack);
	CU_ADD_TEST(s, aws_table_not_local);
	CU_ADD_TEST(s, amazon_dns_is_decided_before_the_rules);
	CU_ADD_TEST(s, the_first_field_that_misses_is_named);
	CU_ADD_TEST(s, without_a_filter_all_is_accepted);
	CU_ADD_TEST(s, every_prefix_length_is_exact);
}
