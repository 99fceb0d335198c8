/* Each warning of model_check: a model that has it and, beside it, what must not be warned about. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"
#include "support/scratch.h"

#define VPC "vpcs: [{id: v1, cidr_block: 10.0.0.0/16}, {id: v2, cidr_block: 10.0.128.0/17}]\n"
#define ENI \
	"network_interfaces:\n" \
	"- {id: e1, mac_address: '02:00:00:00:00:01', private_ip_addresses: [10.0.0.1], " \
	"vpc_id: v1}\n"
#define ENI2 \
	"- {id: e2, mac_address: '02:00:00:00:00:02', private_ip_addresses: [10.0.0.2], " \
	"vpc_id: v2}\n"
#define SESSIONS "traffic_mirror_sessions:\n"
#define SESSION(id, number, vni, eni, more) \
	"- {id: " id ", session_number: " number ", virtual_network_id: " vni \
	", network_interface_id: " eni more "}\n"
#define USES ", traffic_mirror_filter_id: f1"
#define FILTER "traffic_mirror_filters:\n- id: f1\n  rules:\n"
#define CIDRS(a, b) "source_cidr_block: " a ", destination_cidr_block: " b
#define ALL4 CIDRS("0.0.0.0/0", "0.0.0.0/0")
#define ALL6 CIDRS("'::/0'", "'::/0'")
#define PORTS(a, b) ", protocol: 6, destination_port_range: {from_port: " a ", to_port: " b "}"
#define IN(number, action, rest) \
	"  - {rule_number: " number ", traffic_direction: ingress, rule_action: " action \
	", " rest "}\n"
#define OUT(number, action, rest) \
	"  - {rule_number: " number ", traffic_direction: egress, rule_action: " action \
	", " rest "}\n"
/* One session that uses f1 and lacks nothing; lines 1 to 5. */
#define GOOD VPC ENI SESSIONS SESSION("s1", "1", "1", "e1", USES)
/* Twins for all of IPv6, so that nothing is said about them. */
#define TWIN IN("9000", "accept", ALL6)

struct row {
	const char *yaml;
	const char *want; /* codes and lines, in order: "code:line code:line" */
};

static const struct row rows[] = {
	{"", ""},
	{GOOD FILTER IN("10", "accept", ALL4) TWIN, ""},
	/* One rule covers another. */
	{GOOD FILTER IN("10", "accept", ALL4) IN("20", "accept", ALL4 PORTS("80", "80")) TWIN,
		"rule_shadowed:10"},
	{GOOD FILTER IN("20", "accept", ALL4) IN("10", "accept", ALL4 PORTS("80", "80")) TWIN,
		""},
	/* Another direction and another family do not. */
	{GOOD FILTER IN("10", "accept", ALL4) OUT("20", "accept", ALL4 PORTS("80", "80"))
			TWIN OUT("30", "accept", ALL6),
		""},
	/* Several together. */
	{GOOD FILTER IN("10", "accept", ALL4 PORTS("0", "500")) IN("20", "accept",
		 ALL4 PORTS("501", "9000")) IN("30", "accept", ALL4 PORTS("400", "600")) TWIN,
		"rule_shadowed:11"},
	{GOOD FILTER IN("10", "accept", ALL4 PORTS("0", "499")) IN("20", "accept",
		 ALL4 PORTS("501", "9000")) IN("30", "accept", ALL4 PORTS("400", "600")) TWIN,
		""},
	{GOOD FILTER IN("10", "accept", CIDRS("10.0.0.0/9", "0.0.0.0/0"))
			IN("20", "accept", CIDRS("10.128.0.0/9", "0.0.0.0/0"))
				IN("30", "reject", CIDRS("10.0.0.0/8", "192.0.2.0/24")) TWIN,
		"rule_shadowed:11"},
	{GOOD FILTER IN("10", "accept", ALL4 PORTS("0", "40000")) IN("20", "accept",
		 ALL4 PORTS("40001", "65535")) IN("30", "accept", ALL4 ", protocol: 6") TWIN,
		"rule_fragments_only:11"},
	/* A reject at the end, and one that matters. */
	{GOOD FILTER IN("10", "accept", ALL4 PORTS("80", "80")) IN("20", "reject", ALL4) TWIN,
		"reject_without_effect:10"},
	{GOOD FILTER IN("10", "reject", CIDRS("10.0.0.0/8", "0.0.0.0/0"))
			IN("20", "accept", ALL4) TWIN,
		""},
	{GOOD FILTER IN("10", "reject", CIDRS("10.0.0.0/8", "0.0.0.0/0")) IN("20", "reject",
		 CIDRS("10.0.0.0/7", "0.0.0.0/0")) IN("30", "accept", ALL4) TWIN,
		"reject_without_effect:9"},
	{GOOD FILTER IN("10", "accept", ALL4 ", protocol: 0") TWIN, "protocol_zero:9"},
	/* Amazon DNS, by a fixed address and by that of the VPC v1. */
	{GOOD FILTER IN("10", "accept",
		 CIDRS("169.254.169.253/32", "0.0.0.0/0") ", protocol: 17, source_port_range: "
							  "{from_port: 53, to_port: 53}")
			IN("20", "reject", CIDRS("0.0.0.0/0", "10.0.0.2/32") PORTS("53", "53"))
				IN("30", "accept",
					CIDRS("0.0.0.0/0", "10.0.0.3/32") PORTS("53", "53"))
					IN("40", "accept", ALL4) TWIN,
		"dns_rule:9 dns_rule:10"},
	{FILTER IN("20", "accept", CIDRS("0.0.0.0/0", "10.0.0.2/32") PORTS("53", "53")) TWIN,
		"filter_unused:2"},
	{FILTER IN("20", "accept", CIDRS("'::/0'", "'fd00:ec2::253/128'") PORTS("53", "53")),
		"filter_unused:2 dns_rule:4"},
	/* Filters. */
	{"traffic_mirror_filters:\n- {id: f1}\n", "filter_unused:2 filter_empty:2"},
	{"traffic_mirror_filters:\n- {id: f1, network_services: [amazon-dns]}\n",
		"filter_unused:2"},
	{GOOD FILTER IN("10", "reject", ALL4), "filter_empty:7 reject_without_effect:9"},
	/* IPv4 without IPv6. */
	{GOOD FILTER IN("10", "accept", ALL4), "ipv4_only:9"},
	{GOOD FILTER IN("10", "accept", ALL4 PORTS("443", "443")) TWIN, ""},
	{GOOD FILTER IN("10", "accept", ALL4 PORTS("443", "443"))
			IN("20", "accept", ALL6 PORTS("444", "500")),
		"ipv4_only:9"},
	{GOOD FILTER IN("10", "accept", ALL4 PORTS("443", "443"))
			IN("20", "accept", ALL6 PORTS("443", "443")),
		""},
	{GOOD FILTER IN("10", "accept", CIDRS("10.0.0.0/8", "0.0.0.0/0")) TWIN, ""},
	{GOOD FILTER IN("10", "accept", CIDRS("10.0.0.0/8", "0.0.0.0/0"))
			IN("20", "accept", CIDRS("10.0.0.0/7", "0.0.0.0/0")),
		"ipv4_only:9"},
	/* Sessions. */
	{VPC "network_interfaces:\n- {id: e1, private_ip_addresses: [10.0.0.1], vpc_id: "
	     "v1}\n" SESSIONS SESSION("s1", "1", "1", "e1", ""),
		"mac_unknown:5"},
	{VPC "network_interfaces:\n- {id: e1, mac_address: '02:00:00:00:00:01', vpc_id: "
	     "v1}\n" SESSIONS SESSION("s1", "1", "1", "e1", ""),
		"source_unknown:5"},
	{ENI SESSIONS SESSION("s1", "1", "1", "e1", USES) FILTER IN("1", "accept", ALL4) TWIN,
		"vpc_unknown:4"},
	{ENI SESSIONS SESSION("s1", "1", "1", "e1", ""), ""},
	{VPC ENI SESSIONS SESSION("s1", "1", "1", "e1", ", packet_length: 34"),
		"packet_length:5"},
	{VPC ENI SESSIONS SESSION("s1", "1", "1", "e1", ", packet_length: 35"), ""},
	{"traffic_mirror_targets: [{id: t1, network_load_balancer_arn: a}]\n" ENI SESSIONS
			SESSION("s1", "1", "1", "e1",
				", packet_length: 8501, traffic_mirror_target_id: t1"),
		"packet_length:5"},
	{"traffic_mirror_targets: [{id: t1, network_load_balancer_arn: a}]\n" ENI SESSIONS
			SESSION("s1", "1", "1", "e1",
				", packet_length: 8500, traffic_mirror_target_id: t2"),
		"target_unknown:5"},
	/* Tenants: v2 lies inside v1. */
	{VPC ENI ENI2 SESSIONS SESSION("s1", "1", "7", "e1", "")
			SESSION("s2", "1", "7", "e2", ""),
		"tenant_shared:7 tenant_overlap:7"},
	{VPC ENI ENI2 SESSIONS SESSION("s1", "1", "7", "e1", "")
			SESSION("s2", "1", "8", "e2", ""),
		""},
	{VPC ENI ENI2 SESSIONS SESSION("s1", "1", "7", "e1", "")
			SESSION("s2", "1", "8", "e2", "") "tenants: [{name: a, "
							  "virtual_network_ids: [7, 8]}]\n",
		"tenant_shared:7 tenant_overlap:7"},
	{VPC ENI ENI2 SESSIONS SESSION("s1", "1", "7", "e1", "")
			SESSION("s2", "1", "8", "e2", "") "tenants: [{name: a, "
							  "virtual_network_ids: [7]}]\n",
		""},
	{ENI "- {id: e3, mac_address: '02:00:00:00:00:03', private_ip_addresses: [10.0.0.9, "
	     "10.0.0.1]}\n" SESSIONS SESSION("s1", "1", "7", "e1", "")
			SESSION("s2", "1", "7", "e3", "") SESSION("s3", "2", "8", "e3", ""),
		"tenant_shared:6 tenant_overlap:6"},
	/* Two sessions of one interface in a tenant see no packet twice; a third, of another, may. */
	{ENI SESSIONS SESSION("s1", "1", "7", "e1", "") SESSION("s2", "2", "8", "e1",
		 "") "tenants: [{name: a, virtual_network_ids: [7, 8]}]\n",
		""},
	{ENI "- {id: e3, mac_address: '02:00:00:00:00:03', private_ip_addresses: "
	     "[10.0.0.9]}\n" SESSIONS SESSION("s1", "1", "7", "e1", "")
			SESSION("s2", "2", "8", "e1", "") SESSION("s3", "1", "8", "e3",
				"") "tenants: [{name: a, virtual_network_ids: [7, 8]}]\n",
		"tenant_shared:7"},
	/* An interface that is a target, though not of its own session. */
	{"traffic_mirror_targets: [{id: t1, network_interface_id: e1}, {id: t2, "
	 "network_interface_id: e9}]\n" ENI SESSIONS SESSION(
		 "s1", "1", "1", "e1", ", traffic_mirror_target_id: t2"),
		"source_is_target:5"},
	{"traffic_mirror_targets: [{id: t1, network_load_balancer_arn: e1}]\n" ENI SESSIONS
			SESSION("s1", "1", "1", "e1", ", traffic_mirror_target_id: t1"),
		""},
	{VPC ENI SESSIONS SESSION("s1", "1", "7", "e1", "") SESSION("s2", "2", "8", "e1", "")
			SESSION("s3", "3", "9", "e1", "") SESSION("s4", "4", "6", "e1", ""),
		"quota:3"},
	{GOOD FILTER IN("1", "accept", ALL4 PORTS("1", "1")) IN("2", "accept",
		 ALL4 PORTS("2", "2")) IN("3", "accept", ALL4 PORTS("3", "3")) IN("4", "accept",
		 ALL4 PORTS("4", "4")) IN("5", "accept", ALL4 PORTS("5", "5")) IN("6", "accept",
		 ALL4 PORTS("6", "6")) IN("7", "accept", ALL4 PORTS("7", "7")) IN("8", "accept",
		 ALL4 PORTS("8", "8")) IN("9", "accept", ALL4 PORTS("9", "9"))
			IN("10", "accept", ALL4) IN("11", "accept", ALL6),
		"quota:7"},
};

static char *findings_print(const struct report *report)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	for (const struct finding *f = report->warnings; f; f = f->next)
		fprintf(out, "%s%s:%u", f == report->warnings ? "" : " ",
			finding_code_name(f->code), f->line);
	fclose(out);
	return text;
}

static void warnings_are_those_that_are_due(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct report report = {0};
		struct settings settings;
		struct model *m = scratch_model(rows[i].yaml, &settings, &report);
		char *got;
		struct error error = {0};

		if (report.errors)
			fprintf(stderr, "%s\n",
				finding_print(report.errors, error.text, sizeof(error.text)));
		CU_ASSERT_PTR_NOT_NULL_FATAL(m);
		model_check(m, &settings, &report);
		got = findings_print(&report);
		if (strcmp(got, rows[i].want) != 0)
			fprintf(stderr, "%s\ngot  %s\nwant %s\n", rows[i].yaml, got,
				rows[i].want);
		CU_ASSERT_STRING_EQUAL(got, rows[i].want);
		free(got);
		model_destroy(m);
		settings_fini(&settings);
		report_fini(&report);
	}
}

/* A code that no row above gives would be one that no test gives. */
static void every_warning_has_a_row(void)
{
	for (int code = 0; code < FINDING_CODE_COUNT; code++) {
		const char *name = finding_code_name((enum finding_code)code);
		bool found = code == FINDING_undecided ||         /* below */
			     code == FINDING_import_incomplete || /* test_model.c, and the */
			     code == FINDING_left_out ||          /* next two */
			     code == FINDING_rule_differs ||
			     code == FINDING_no_effect || /* test_settings.c */
			     code == FINDING_suppress_ended ||
			     code == FINDING_list_line || /* tests/inspect/detect/lists */
			     code == FINDING_list_empty || code == FINDING_list_other ||
			     finding_code_level((enum finding_code)code) == FINDING_ERROR;

		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows) && !found; i++)
			found = strstr(rows[i].want, name) != NULL;
		if (!found)
			fprintf(stderr, "no test for %s\n", name);
		CU_ASSERT_TRUE(found);
	}
}

static void a_message_names_the_rules(void)
{
	struct report report = {0};
	struct settings settings;
	struct model *m =
		scratch_model(GOOD FILTER IN("10", "accept", ALL4 PORTS("0", "500"))
				      IN("20", "reject", ALL4 PORTS("501", "9000"))
					      IN("30", "accept", ALL4 PORTS("400", "600")) TWIN,
			&settings, &report);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	model_check(m, &settings, &report);
	CU_ASSERT_PTR_NOT_NULL_FATAL(report.last_warning);
	for (const struct finding *f = report.warnings; f; f = f->next) {
		if (f->code != FINDING_rule_shadowed)
			continue;
		CU_ASSERT_STRING_EQUAL(f->message, "ingress rule 30 of f1 can never match: "
						   "rules 10 and 20 before it match all "
						   "that it would");
		CU_ASSERT_STRING_EQUAL(f->key, "traffic_mirror_filters[0].rules[2]");
	}
	model_destroy(m);
	settings_fini(&settings);
	report_fini(&report);
}

/* A box cut into cells along four fields, each cell a rule, in no order; then the box again. The
 * cells cover it exactly, and to find that out takes more than the budget. */
static void cells_print(FILE *out)
{
	enum { SIDE = 8, PORTS = 8, CELLS = SIDE * SIDE * PORTS * PORTS };

	fputs(GOOD FILTER, out);
	for (uint32_t i = 0; i < CELLS; i++) {
		uint32_t cell = i * 1657 % CELLS; /* odd: every cell comes once */
		uint32_t a = cell % SIDE, b = cell / SIDE % SIDE;
		uint32_t c = cell / (SIDE * SIDE) % PORTS, d = cell / (SIDE * SIDE * PORTS);

		fprintf(out,
			"  - {rule_number: %u, traffic_direction: ingress, rule_action: "
			"accept, "
			"protocol: 6, source_cidr_block: %u.0.0.0/3, destination_cidr_block: "
			"%u.0.0.0/3, source_port_range: {from_port: %u, to_port: %u}, "
			"destination_port_range: {from_port: %u, to_port: %u}}\n",
			i + 1, a * 32, b * 32, c * 8192, c * 8192 + 8191, d * 8192,
			d * 8192 + 8191);
	}
	fputs(IN("9998", "accept", ALL4 PORTS("1", "60000")), out);
	fputs(TWIN, out);
}

static void what_is_not_decided_is_said(void)
{
	struct report report = {0};
	struct settings settings;
	char *text = NULL, *got;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct model *m;

	cells_print(out);
	fclose(out);
	m = scratch_model(text, &settings, &report);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	model_check(m, &settings, &report);
	got = findings_print(&report);
	CU_ASSERT_STRING_EQUAL(got, "quota:7 undecided:4105");
	free(got);
	free(text);
	model_destroy(m);
	settings_fini(&settings);
	report_fini(&report);
}

/* A target with `count` sources, two sessions each. */
static void sources_print(uint32_t count, FILE *out)
{
	fputs("traffic_mirror_targets: [{id: t1, network_interface_id: e0}]\n"
	      "network_interfaces:\n",
		out);
	for (uint32_t i = 1; i <= count; i++)
		fprintf(out,
			"- {id: e%u, mac_address: '02:00:00:00:00:%02x', private_ip_addresses: "
			"[10.0.0.%u]}\n",
			i, i, i);
	fputs(SESSIONS, out);
	for (uint32_t i = 1; i <= 2 * count; i++)
		fprintf(out,
			"- {id: s%u, session_number: %u, virtual_network_id: %u, "
			"network_interface_id: e%u, traffic_mirror_target_id: t1}\n",
			i, i, i, (i + 1) / 2);
}

static void a_target_has_so_many_sources(void)
{
	for (uint32_t count = 10; count <= 11; count++) {
		struct report report = {0};
		struct settings settings;
		char *text = NULL, *got;
		size_t len;
		FILE *out = open_memstream(&text, &len);
		struct model *m;

		sources_print(count, out);
		fclose(out);
		m = scratch_model(text, &settings, &report);
		CU_ASSERT_PTR_NOT_NULL_FATAL(m);
		model_check(m, &settings, &report);
		got = findings_print(&report);
		CU_ASSERT_STRING_EQUAL(got, count == 10 ? "" : "quota:1");
		free(got);
		free(text);
		model_destroy(m);
		settings_fini(&settings);
		report_fini(&report);
	}
}

void suite_check(void);
void suite_check(void)
{
	CU_pSuite s = CU_add_suite("check", scratch_setup, scratch_teardown);

	CU_ADD_TEST(s, warnings_are_those_that_are_due);
	CU_ADD_TEST(s, every_warning_has_a_row);
	CU_ADD_TEST(s, a_message_names_the_rules);
	CU_ADD_TEST(s, what_is_not_decided_is_said);
	CU_ADD_TEST(s, a_target_has_so_many_sources);
}
