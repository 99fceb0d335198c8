/* What AWS prints, as it may be: stale, of another account, newer than this program, in another
 * form than JSON, and large. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/model/aws_form.h"
#include "support/scratch.h"

#define ENI(id, last) \
	"{\"NetworkInterfaceId\": \"" id "\", \"PrivateIpAddress\": \"10.0.0." last "\"}"
#define ENIS "{\"NetworkInterfaces\": [" ENI("eni-1", "1") ",\n" ENI("eni-2", "2") "]}\n"
#define SESSION(id, eni, filter, target, vni) \
	"{\"TrafficMirrorSessionId\": \"" id "\", \"NetworkInterfaceId\": \"" eni \
	"\", \"TrafficMirrorFilterId\": \"" filter "\", \"TrafficMirrorTargetId\": \"" target \
	"\", \"SessionNumber\": " vni ", \"VirtualNetworkId\": " vni "}"
#define SESSIONS(list) "{\"TrafficMirrorSessions\": [\n" list "]}\n"
#define RULE(id, filter, number, action) \
	"{\"TrafficMirrorFilterRuleId\": \"" id "\", \"TrafficMirrorFilterId\": \"" filter \
	"\", \"TrafficDirection\": \"ingress\", \"RuleNumber\": " number \
	", \"RuleAction\": \"" action "\", \"SourceCidrBlock\": \"0.0.0.0/0\", " \
	"\"DestinationCidrBlock\": \"10.0.0.0/8\"}"
#define RULES(list) "{\"TrafficMirrorFilterRules\": [\n" list "]}\n"
#define FILTER(id, services, rules) \
	"{\"TrafficMirrorFilterId\": \"" id "\", \"NetworkServices\": [" services \
	"],\n\"IngressFilterRules\": [" rules "]}"
#define FILTERS(list) "{\"TrafficMirrorFilters\": [\n" list "]}\n"
#define TARGETS(list) "{\"TrafficMirrorTargets\": [\n" list "]}\n"
#define TWO_SESSIONS(filter, other) \
	SESSIONS(SESSION("s1", "eni-1", filter, "t1", "1") ",\n" SESSION( \
		"s2", "eni-2", other, "t1", "2"))

struct row {
	const char *json;
	/* "code:line code:line | ids of filters, sessions, targets that are kept" */
	const char *want;
	const char *said; /* in the first message */
};

static const struct row rows[] = {
	/* All is well. */
	{ENIS FILTERS(FILTER("f1", "\"amazon-dns\"", RULE("r1", "f1", "1", "accept")))
			TWO_SESSIONS("f1", "f1"),
		"| f1 s1 s2", NULL},
	/* The interface is gone, or of another account. */
	{ENIS FILTERS(FILTER("f1", "", "")) SESSIONS(SESSION(
		 "s1", "eni-1", "f1", "t1", "1") ",\n" SESSION("s2", "eni-9", "f1", "t1", "2")),
		"left_out:8 | f1 s1",
		"the session s2 is left out: its network interface eni-9 is not among those "
		"given"},
	/* No interface at all was given: that is a mistake, and stays an error. */
	{SESSIONS(SESSION("s1", "eni-1", "", "", "1")), "unknown_id:2", "eni-1 is not known"},
	/* The filter is gone. */
	{ENIS FILTERS(FILTER("f1", "", "")) TWO_SESSIONS("f1", "f9"), "left_out:8 | f1 s1",
		"its filter f9 is not among those given"},
	/* A network service that is not known takes the filter, and that its sessions. */
	{ENIS FILTERS(FILTER("f1", "\"amazon-ntp\"",
		 RULE("r1", "f1", "1", "accept")) ",\n" FILTER("f2", "\"amazon-dns\"", ""))
			TWO_SESSIONS("f1", "f2"),
		"left_out:4 | f2 s2",
		"the filter f1 is left out: 'amazon-ntp' is not one of amazon-dns; with it go "
		"its "
		"sessions s1"},
	/* Two such values are said once. */
	{ENIS FILTERS(FILTER("f1", "\"amazon-ntp\"", RULE("r1", "f1", "1", "log")) ",\n" FILTER(
		 "f2", "", "")) TWO_SESSIONS("f1", "f1"),
		"left_out:4 | f2", "its sessions s1, s2"},
	/* A rule takes its filter: without it, it would say something else. */
	{ENIS FILTERS(FILTER("f1", "", RULE("r1", "f1", "1", "log")) ",\n" FILTER("f2", "", ""))
			TWO_SESSIONS("f1", "f2"),
		"left_out:5 | f2 s2", "the filter f1 is left out: 'log' is not one of"},
	{ENIS FILTERS(FILTER("f1", "", "") ",\n" FILTER("f2", "", ""))
			RULES(RULE("r1", "f1", "1", "log")) TWO_SESSIONS("f1", "f2"),
		"left_out:9 | f2 s2", "the filter f1 is left out"},
	/* Rules of a filter that is gone. */
	{ENIS FILTERS(FILTER("f1", "", "")) RULES(RULE("r1", "f9", "1", "accept")),
		"left_out:7 | f1", "the rule r1 is left out: its filter f9"},
	/* Targets: of a type, and a resource, that is not known. */
	{ENIS TARGETS("{\"TrafficMirrorTargetId\": \"t1\", \"Type\": \"satellite\", "
		      "\"SatelliteId\": \"x\"},\n"
		      "{\"TrafficMirrorTargetId\": \"t2\", \"NetworkInterfaceId\": \"e\"}")
			SESSIONS(SESSION("s1", "eni-1", "", "t1", "1")),
		"left_out:4 | s1 t2",
		"the target t1 is left out: 'satellite' is no type of target that is known; "
		"without a target are then s1"},
	{ENIS TARGETS("{\"TrafficMirrorTargetId\": \"t1\", \"Type\": \"network-interface\"}"),
		"left_out:4 |", "it names no network-interface"},
	/* A rule that is not the same in both lists. */
	{ENIS FILTERS(FILTER("f1", "", RULE("r1", "f1", "1", "accept")))
			RULES(RULE("r1", "f1", "1", "accept")),
		"| f1", NULL},
	{ENIS FILTERS(FILTER("f1", "", RULE("r1", "f1", "1", "accept")))
			RULES(RULE("r1", "f1", "2", "accept")),
		"rule_differs:7 | f1", "the rule r1 is another here than at "},
	{ENIS FILTERS(FILTER("f1", "", RULE("r1", "f1", "1", "accept")))
			RULES(RULE("r1", "f1", "1", "reject")),
		"rule_differs:7 | f1", "which is the one taken"},
	/* What no version of AWS would print stays an error. */
	{ENIS RULES("{\"TrafficMirrorFilterId\": \"f1\", \"TrafficDirection\": \"ingress\", "
		    "\"RuleNumber\": 1, \"RuleAction\": \"accept\", \"Protocol\": -1, "
		    "\"SourceCidrBlock\": \"0.0.0.0/0\", \"DestinationCidrBlock\": "
		    "\"10.0.0.0/8\"}"),
		"wrong_value:4", "'-1' is not a protocol number"},
	{ENIS TARGETS("{\"TrafficMirrorTargetId\": \"t1\", \"NetworkInterfaceId\": \"e\", "
		      "\"NetworkLoadBalancerArn\": \"a\"}"),
		"wrong_value:4", "exactly one of"},
};

static char *outcome_print(const struct report *report, const struct model *m)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	const struct finding *first = report->errors ? report->errors : report->warnings;

	for (const struct finding *f = first; f; f = f->next)
		fprintf(out, "%s%s:%u", f == first ? "" : " ", finding_code_name(f->code),
			f->line);
	if (m)
		fprintf(out, "%s|", first ? " " : "");
	for (uint32_t i = 0; m && i < m->n_filters; i++)
		fprintf(out, " %s", m->filters[i].id);
	for (uint32_t i = 0; m && i < m->n_sessions; i++)
		fprintf(out, " %s", m->sessions[i].id);
	for (uint32_t i = 0; m && i < m->n_targets; i++)
		fprintf(out, " %s", m->targets[i].id);
	fclose(out);
	return text;
}

static struct model *import(const char *json, struct settings *settings, struct report *report)
{
	scratch_write("i.json", json);
	return scratch_model("aws_import: [i.json]\n", settings, report);
}

static void what_cannot_be_taken_is_left_out(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct report report = {0};
		struct settings settings;
		struct model *m = import(rows[i].json, &settings, &report);
		const struct finding *first = report.errors ? report.errors : report.warnings;
		char *got = outcome_print(&report, m);

		if (strcmp(got, rows[i].want) != 0 ||
			(rows[i].said && !strstr(first ? first->message : "", rows[i].said)))
			fprintf(stderr, "row %zu\ngot  %s (%s)\nwant %s (%s)\n", i, got,
				first ? first->message : "", rows[i].want, rows[i].said);
		CU_ASSERT_STRING_EQUAL(got, rows[i].want);
		CU_ASSERT_EQUAL(first != NULL, rows[i].said != NULL);
		if (rows[i].said && first)
			CU_ASSERT_PTR_NOT_NULL(strstr(first->message, rows[i].said));
		free(got);
		model_destroy(m);
		settings_fini(&settings);
		report_fini(&report);
	}
}

/* Of two that differ the first one read decides. */
static void the_first_rule_is_taken(void)
{
	struct report report = {0};
	struct settings settings;
	struct model *m = import(ENIS FILTERS(FILTER("f1", "", RULE("r1", "f1", "7", "reject")))
					 RULES(RULE("r1", "f1", "3", "accept")),
		&settings, &report);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL_FATAL(m->filters[0].rules[MODEL_INGRESS].count, 1);
	CU_ASSERT_EQUAL(m->filters[0].rules[MODEL_INGRESS].rule->number, 7);
	CU_ASSERT_FALSE(m->filters[0].rules[MODEL_INGRESS].rule->accept);
	model_destroy(m);
	settings_fini(&settings);
	report_fini(&report);
}

struct form {
	const char *text;
	size_t len;
	const char *want; /* NULL: none of them */
};

#define FORM(text, want) \
	{ \
		text, sizeof(text) - 1, want \
	}

static const struct form forms[] = {
	FORM("\xff\xfe{\0\r\0\n\0", "UTF-16"),
	FORM("\xfe\xff\0{\0\n", "UTF-16"),
	FORM("{\0\n\0", "UTF-16"),
	FORM("", "empty"),
	FORM(" \r\n", "empty"),
	FORM("\xef\xbb\xbf\n", "empty"),
	FORM("TrafficMirrorFilters:\n- TrafficMirrorFilterId: tmf-1\n", "YAML"),
	FORM("---\nVpcs: []\n", "YAML"),
	FORM("- Vpcs:\n  - VpcId: v\n", "YAML"),
	FORM("-----------\n|DescribeVpcs|\n+----+\n", "table"),
	FORM("------------\r\n|  DescribeVpcs  |\r\n", "table"),
	FORM("VPCS\t10.0.0.0/16\tdopt-1\n", "columns"),
	FORM("{\"Vpcs\": [", NULL),
	FORM("Vpcs\n", NULL),
	FORM("-----\nVpcs\n", NULL),
	FORM("--", NULL),
	FORM("V", NULL),
	FORM("\x01", NULL),
};

static void other_forms_are_named(void)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		/* Of its own length: whoever reads on is seen. */
		char *text = malloc(forms[i].len + 1);
		const char *got;

		memcpy(text, forms[i].text, forms[i].len);
		text = realloc(text, forms[i].len ? forms[i].len : 1);
		got = aws_form(text, forms[i].len);
		if (!got != !forms[i].want || (got && !strstr(got, forms[i].want)))
			fprintf(stderr, "form %zu: %s\n", i, got);
		CU_ASSERT_EQUAL(got == NULL, forms[i].want == NULL);
		if (got && forms[i].want)
			CU_ASSERT_PTR_NOT_NULL(strstr(got, forms[i].want));
		free(text);
	}
}

static void an_import_in_another_form_names_the_option(void)
{
	static const char *const files[] = {
		"VPCS\t10.0.0.0/16\n", "Vpcs:\n- VpcId: v\n", "------\n|DescribeVpcs|\n"};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct report report = {0};
		struct settings settings;
		struct model *m = import(files[i], &settings, &report);

		CU_ASSERT_PTR_NULL(m);
		CU_ASSERT_EQUAL_FATAL(report.n_errors, 1);
		CU_ASSERT_EQUAL(report.errors->code, FINDING_not_aws);
		CU_ASSERT_PTR_NOT_NULL(strstr(report.errors->message, "--output json"));
		model_destroy(m);
		settings_fini(&settings);
		report_fini(&report);
	}
}

enum { MANY = 10000, MANY_FILTERS = 1000 };

static void many_print(FILE *out)
{
	fputs("{\"Vpcs\": [{\"VpcId\": \"vpc-1\", \"CidrBlock\": \"10.0.0.0/8\"}], "
	      "\"NetworkInterfaces\": [",
		out);
	for (unsigned i = 0; i < MANY; i++)
		fprintf(out,
			"%s{\"NetworkInterfaceId\": \"eni-%u\", \"VpcId\": \"vpc-1\", "
			"\"MacAddress\": \"02:00:00:00:%02x:%02x\", \"PrivateIpAddress\": "
			"\"10.0.%u.%u\", \"PrivateIpAddresses\": [{\"PrivateIpAddress\": "
			"\"10.0.%u.%u\"}]}",
			i ? ",\n" : "", i, i >> 8, i & 255, i >> 8, i & 255, i >> 8, i & 255);
	fputs("]}\n{\"TrafficMirrorFilters\": [", out);
	/* Rules for the resolver alone: whether each is asked depends on its sessions' VPCs. */
	for (unsigned f = 0; f < MANY_FILTERS; f++)
		fprintf(out,
			"%s{\"TrafficMirrorFilterId\": \"tmf-%u\", \"IngressFilterRules\": "
			"[{\"TrafficDirection\": \"ingress\", \"RuleNumber\": 1, "
			"\"RuleAction\": \"accept\", \"Protocol\": 17, \"SourceCidrBlock\": "
			"\"10.0.0.2/32\", \"SourcePortRange\": {\"FromPort\": 53, \"ToPort\": "
			"53}, \"DestinationCidrBlock\": \"0.0.0.0/0\"}]}",
			f ? ",\n" : "", f);
	fputs("]}\n{\"TrafficMirrorSessions\": [", out);
	for (unsigned i = 0; i < MANY; i++)
		fprintf(out,
			"%s{\"TrafficMirrorSessionId\": \"tms-%u\", \"NetworkInterfaceId\": "
			"\"eni-%u\", \"TrafficMirrorFilterId\": \"tmf-%u\", "
			"\"SessionNumber\": 1, \"VirtualNetworkId\": 7}",
			i ? ",\n" : "", i, i, i % MANY_FILTERS);
	fputs("]}\n", out);
}

/* Under a second in an ordinary build (0.25 s of a processor); sanitizers are several times slower,
 * and what is quadratic takes minutes. */
static void ten_thousand_interfaces_load_quickly(void)
{
	struct timespec from, to;
	struct report report = {0};
	struct settings settings;
	struct model *m;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	double seconds;

	many_print(out);
	fclose(out);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	m = import(text, &settings, &report);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	model_check(m, &settings, &report);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	printf(" [%d interfaces and sessions loaded and checked in %.2f s]", MANY, seconds);
	CU_ASSERT_TRUE(seconds < 8);
	CU_ASSERT_EQUAL(m->n_interfaces, MANY);
	CU_ASSERT_EQUAL(m->n_sessions, MANY);
	CU_ASSERT_EQUAL(m->filters[0].n_sessions, MANY / MANY_FILTERS);
	model_destroy(m);
	settings_fini(&settings);
	report_fini(&report);
	free(text);
}

void suite_import(void);
void suite_import(void)
{
	CU_pSuite s = CU_add_suite("import", scratch_setup, scratch_teardown);

	CU_ADD_TEST(s, what_cannot_be_taken_is_left_out);
	CU_ADD_TEST(s, the_first_rule_is_taken);
	CU_ADD_TEST(s, other_forms_are_named);
	CU_ADD_TEST(s, an_import_in_another_form_names_the_option);
	CU_ADD_TEST(s, ten_thousand_interfaces_load_quickly);
}
