/* The line of an alert: all of it, with hostile texts; as long as it may be; and that docs/OUTPUT.md lists its
 * fields. */
#include <CUnit/Basic.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/record/encoder/event_alert.h"
#include "inspect/support/record_stage.h"
#include "support/folder.h"
#include "support/python.h"

#define TIME UINT64_C(1071580905000000001)

static union {
	struct record head;
	struct alert_fact is;
	char bytes[RECORD_MAX];
} fact;
static union {
	struct alert_record is;
	char bytes[RECORD_MAX];
} alert;
static char line[EVENT_ALERT_MAX + 1];

static struct record *take(void *ctx, enum record_type type, size_t len)
{
	(void)ctx;
	CU_ASSERT_TRUE_FATAL(len <= RECORD_MAX);
	fact.head = (struct record){.len = (uint32_t)len, .type = (uint16_t)type};
	return &fact.head;
}

/* A fact told, an alert of it with a count of 7, and its line. */
static const char *write_of(const struct flow *flow, const struct observation_point *point,
	const struct alert_telling *telling)
{
	const struct sink sink = {NULL, take};
	struct alert_record *r = &alert.is;
	struct text t = text_make(line, EVENT_ALERT_MAX);

	CU_ASSERT_TRUE_FATAL(alert_tell(&sink, 1, flow, point, telling));
	CU_ASSERT_EQUAL(fact.head.len, sizeof(struct alert_fact) + alert_bytes(&fact.is.alert));
	*r = (struct alert_record){
		.id = 0xab, .first_ns = TIME, .last_ns = TIME + 1, .count = 7, .ended = true};
	alert_copy(&r->alert, r->text, &fact.is.alert, fact.is.text);
	memset(&fact, 0xa5, sizeof(fact));
	event_alert(&t, &r->record, NULL);
	CU_ASSERT_FALSE_FATAL(t.full);
	*t.at = '\0';
	return line;
}

static const char *write(
	const struct observation_point *point, const struct alert_telling *telling)
{
	const struct flow flow = sample_flow();

	return write_of(&flow, point, telling);
}

static void say(struct alert_telling *telling, enum alert_text which, const char *text)
{
	telling->text[which].at = text;
	telling->text[which].len = strlen(text);
}

static struct alert_telling some_telling(void)
{
	struct alert_telling telling = {.engine = ALERT_LIST, .severity = 3, .time_ns = TIME};

	say(&telling, ALERT_RULE, "bad \"names\"");
	say(&telling, ALERT_CATEGORY, "indicator");
	say(&telling, ALERT_TITLE, "title");
	say(&telling, ALERT_FIELD, "dns.query");
	say(&telling, ALERT_VALUE, "evil\n\xff.example");
	say(&telling, ALERT_TENANT, "blue");
	return telling;
}

static void an_alert_in_full(void)
{
	const struct observation_point point = {
		.has_vni = true, .key.vni = 42, .session = "tms-1", .interface_id = "eni-1"};
	const struct alert_telling telling = some_telling();
	const struct flow flow = sample_flow();
	char id[17], want[2048];

	flow_id_print(flow_id(&flow, 0), id);
	snprintf(want, sizeof(want),
		"{\"event\":\"alert\",\"alert_id\":\"00000000000000ab\",\"engine\":\"list\","
		"\"rule\":\"bad \\\"names\\\"\",\"revision\":null,\"category\":\"indicator\","
		"\"severity\":3,\"title\":\"title\",\"why\":null,"
		"\"first\":\"2003-12-16T13:21:45.000000001Z\","
		"\"last\":\"2003-12-16T13:21:45.000000002Z\",\"count\":7,\"ended\":true,"
		"\"flow_id\":\"%s\",\"community_id\":\"1:LQU9qZlK+B5F3KDmev6m5PMibrg=\","
		"\"vni\":42,\"network\":null,\"outer_src\":null,\"session\":\"tms-1\","
		"\"interface_id\":\"eni-1\",\"direction\":null,\"tenant\":\"blue\","
		"\"src_ip\":\"128.232.110.120\",\"dst_ip\":\"66.35.250.204\","
		"\"src_port\":34855,\"dst_port\":80,\"protocol\":6,"
		"\"evidence\":{\"dns.query\":\"evil\\n\xef\xbf\xbd.example\"}}\n",
		id);
	CU_ASSERT_STRING_EQUAL(write(&point, &telling), want);
}

/* The same fields, as far as a session has them. */
static void an_alert_without_a_flow(void)
{
	const struct observation_point point = {
		.has_vni = true, .key.vni = 42, .session = "tms-1"};
	const struct alert_telling telling = some_telling();
	const char *text = write_of(NULL, &point, &telling);

	CU_ASSERT_PTR_NOT_NULL(strstr(text,
		",\"ended\":true,\"flow_id\":null,\"community_id\":null,\"vni\":42,"
		"\"network\":null,\"outer_src\":null,\"session\":\"tms-1\","
		"\"interface_id\":null,\"direction\":null,\"tenant\":\"blue\","
		"\"src_ip\":null,\"dst_ip\":null,\"src_port\":null,\"dst_port\":null,"
		"\"protocol\":null,\"evidence\":{\"dns.query\":"));
}

/* Another program's: the flow is known by its id, or not at all. */
static void an_alert_of_suricata(void)
{
	const struct observation_point point = {.has_vni = true, .key.vni = 42};
	struct alert_telling telling = some_telling();
	const char *got;

	telling.engine = ALERT_SURICATA;
	telling.revision = 4294967295;
	telling.is_foreign = true;
	telling.flow_id = 0xabc;
	got = write(&point, &telling);
	CU_ASSERT_PTR_NOT_NULL(strstr(got, "\"engine\":\"suricata\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(got, "\"revision\":4294967295,"));
	CU_ASSERT_PTR_NOT_NULL(strstr(got,
		"\"flow_id\":\"0000000000000abc\",\"community_id\":\"1:LQU9qZlK+B5F3KDmev6m5PMibrg=\""));
	telling.flow_id = 0;
	CU_ASSERT_PTR_NOT_NULL(strstr(write(&point, &telling),
		"\"flow_id\":null,\"community_id\":\"1:LQU9qZlK+B5F3KDmev6m5PMibrg=\""));
}

static void an_alert_about_no_packet(void)
{
	const struct observation_point point = {.has_vni = false};
	const struct flow none = {.flags = 0};
	struct alert_telling telling = {
		.engine = ALERT_PERISCOPE, .severity = 2, .is_foreign = true};
	const char *got = write_of(&none, &point, &telling);

	CU_ASSERT_PTR_NOT_NULL(
		strstr(got, "\"flow_id\":null,\"community_id\":null,\"vni\":null,"));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(got, "\"tenant\":null,\"src_ip\":null,\"dst_ip\":null,\"src_port\":null,"
			    "\"dst_port\":null,\"protocol\":null,\"evidence\":{}}"));
}

/* Every byte grows to six, and every text is longer than there is room for. */
static void none_is_longer(void)
{
	struct alert_telling telling = {
		.engine = ALERT_PERISCOPE, .severity = 1, .time_ns = TIME};
	char text[ALERT_TEXT + 100];
	const struct observation_point point = {.has_vni = true,
		.has_source = true,
		.session = text,
		.interface_id = text,
		.account = text};

	memset(text, 1, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < ALERT_TEXTS; i++)
		say(&telling, (enum alert_text)i, text);
	CU_ASSERT_TRUE(strlen(write(&point, &telling)) >
		       (size_t)TEXT_JSON_GROWTH * ALERT_TEXT * ALERT_TEXTS);
	CU_ASSERT_TRUE(alert.is.alert.cut);
}

static void docs_list_every_field(void)
{
	struct folder folder = folder_make();
	const struct observation_point point = {.has_vni = false};
	struct alert_telling telling = some_telling();
	char path[PATH_MAX];

	say(&telling, ALERT_FIELD, "");
	folder_put(&folder, "alerts.json", write(&point, &telling));
	CU_ASSERT_TRUE(python_script_agrees("tests/inspect/output_doc.py", "Alerts",
		folder_path(&folder, "alerts.json", path, sizeof(path))));
	folder_remove(&folder);
}

void suite_event_alert(void);
void suite_event_alert(void)
{
	CU_pSuite s = CU_add_suite("event_alert", NULL, NULL);

	CU_ADD_TEST(s, an_alert_in_full);
	CU_ADD_TEST(s, an_alert_without_a_flow);
	CU_ADD_TEST(s, an_alert_of_suricata);
	CU_ADD_TEST(s, an_alert_about_no_packet);
	CU_ADD_TEST(s, none_is_longer);
	CU_ADD_TEST(s, docs_list_every_field);
}
