/* What a worker tells of risks and of indicators: which, with what words; and what it could not tell. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "config/settings/settings.h"
#include "inspect/detect/detector.h"
#include "inspect/detect/lists/lists.h"
#include "inspect/detect/raised.h"
#include "inspect/detect/suppress.h"
#include "inspect/dpi/dpi.h"
#include "inspect/geo/geo.h"
#include "inspect/proto/details_draft.h"
#include "inspect/record/alert.h"
#include "inspect/record/flow_alerts.h"
#include "support/folder.h"
#include "support/python.h"

enum {
	NUMERIC_HOST = 12,
	BINARY_TRANSFER = 4
}; /* as ndpiReader -h lists them: scores of 10 and 250 */

static struct folder folder;
static struct settings settings;
static struct lists *lists;
static struct raised *raised;
static struct draft draft;
static _Alignas(8) uint8_t room[DETAILS_MAX];

/* The outbox. */
static struct {
	bool refuses;
	unsigned n;
	union {
		struct record head;
		struct alert_fact fact;
		char bytes[sizeof(struct alert_fact) + ALERT_BYTES];
	} told[8];
} ear;

static struct record *take(void *ctx, enum record_type type, size_t len)
{
	(void)ctx;
	CU_ASSERT_TRUE_FATAL(ear.n < 8 && len <= sizeof(ear.told[0]));
	if (ear.refuses)
		return NULL;
	memset(&ear.told[ear.n], 0xa5, sizeof(ear.told[0]));
	ear.told[ear.n].head = (struct record){.len = (uint32_t)len, .type = (uint16_t)type};
	return &ear.told[ear.n++].head;
}

static int setup(void)
{
	struct report report = {0};
	struct error error;
	char path[128];

	folder = folder_make();
	folder_put(&folder, "bad.txt", "192.0.2.0/24\nevil.example\n");
	settings_init(&settings);
	if (settings_set(&settings, "detect.lists=[{file: bad.txt, severity: 3}]", &error) == 0)
		lists = lists_load(
			&settings, folder_path(&folder, "x", path, sizeof(path)), &report);
	report_fini(&report);
	raised = raised_create(16);
	return lists == NULL || raised == NULL;
}

static int teardown(void)
{
	lists_destroy(lists);
	raised_destroy(raised);
	settings_fini(&settings);
	folder_remove(&folder);
	return 0;
}

static struct detector detector_of(uint32_t risk_score)
{
	memset(&ear, 0, sizeof(ear));
	settings.detect.risk_score = risk_score;
	return (struct detector){.facts = {NULL, take},
		.settings = &settings,
		.lists = lists,
		.raised = raised,
		.number = 5};
}

static struct flow flow_of(const struct details *details)
{
	struct flow flow = {.flags = FLOW_CLIENT_IS_LO,
		.last_ns = 99,
		.key.point = SESSION_NONE & FLOW_POINT_MASK};

	flow.key.lo = ip_addr_v4((const uint8_t[]){10, 0, 0, 1});
	flow.key.hi = ip_addr_v4((const uint8_t[]){192, 0, 2, 7});
	flow.key.ip_version = 4;
	flow.key.protocol = 6;
	memcpy(&flow.details, &details, sizeof(details)); /* read alone */
	return flow;
}

/* Fact `i` says, "RULE|CATEGORY|TITLE|WHY|FIELD|VALUE", of 10.0.0.1. */
static void expect(unsigned i, enum alert_engine engine, uint8_t severity, const char *words)
{
	const struct alert_fact *fact = &ear.told[i].fact;
	const struct alert *alert = &fact->alert;
	char text[ALERT_BYTES] = "";
	size_t len = 0;

	CU_ASSERT_TRUE_FATAL(i < ear.n);
	for (int which = ALERT_RULE; which <= ALERT_VALUE; which++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s",
			which == ALERT_RULE ? "" : "|", alert->len[which],
			alert_text(alert, fact->text, (enum alert_text)which));
	CU_ASSERT_STRING_EQUAL(text, words);
	CU_ASSERT_EQUAL(alert->engine, engine);
	CU_ASSERT_EQUAL(alert->severity, severity);
	CU_ASSERT_EQUAL(alert->source.byte[12], 10);
	CU_ASSERT_EQUAL(alert->by_title, engine == ALERT_LIST);
	CU_ASSERT_EQUAL(fact->fact.number, 5);
	CU_ASSERT_EQUAL(fact->time_ns, 77);
	CU_ASSERT_EQUAL(alert->len[ALERT_TENANT], strlen("plain"));
	CU_ASSERT_PTR_NULL(alert->flow.details);
}

static void risks_from_a_score_on(void)
{
	static const struct {
		uint32_t score;
		unsigned told;
	} rows[] = {{0, 0}, {10, 3}, {11, 2}, {100, 2}, {101, 1}, {250, 1}, {251, 0}};
	const struct risk_set risks = {
		(uint64_t)1 << NUMERIC_HOST | (uint64_t)1 << BINARY_TRANSFER,
		1u << OWN_RISK_tcp_overlap};
	struct flow flow;

	draft_reset(&draft);
	draft.risks = risks;
	draft_why(&draft, BINARY_TRANSFER, "a program");
	draft_why(&draft, NDPI_RISKS + OWN_RISK_tcp_overlap, "a segment");
	flow = flow_of(draft_copy(&draft, room));
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct detector d = detector_of(rows[i].score);

		detector_risks(&d, &flow, &risks, 77);
		CU_ASSERT_EQUAL_FATAL(ear.n, rows[i].told);
		if (rows[i].told > 0)
			expect(0, ALERT_NDPI, 1,
				"4|risk|Binary Application Transfer|a program||");
		if (rows[i].told > 1)
			expect(ear.n - 1, ALERT_PERISCOPE, 2,
				"tcp_overlap|risk|tcp_overlap|a segment||");
		if (rows[i].told > 2)
			CU_ASSERT_EQUAL(ear.told[1].fact.alert.severity, 4);
	}
}

static void what_is_in_a_list(void)
{
	struct detector d = detector_of(0);
	const struct details *details;
	char path[128], words[512];
	struct flow flow;

	folder_path(&folder, "bad.txt", path, sizeof(path));
	draft_reset(&draft);
	draft_text(&draft, DETAIL_dns_query, "A.Evil.Example");
	details = draft_copy(&draft, room);
	flow = flow_of(details);
	flow.last_ns = 77;
	detector_flow_began(&d, &flow);
	CU_ASSERT_EQUAL_FATAL(ear.n, 1);
	snprintf(words, sizeof(words),
		"bad|indicator|192.0.2.0/24|dst_ip is in list bad, line 1 of %s|dst_ip|192.0.2.7",
		path);
	expect(0, ALERT_LIST, 3, words);
	detector_transaction(&d, &flow, TRANSACTION_DNS, 77, details);
	CU_ASSERT_EQUAL_FATAL(ear.n, 2);
	snprintf(words, sizeof(words),
		"bad|indicator|evil.example|dns.query is in list bad, line 2 of %s|dns.query|"
		"A.Evil.Example",
		path);
	expect(1, ALERT_LIST, 3, words);
	detector_transaction(&d, &flow, TRANSACTION_HTTP, 77, details);
	detector_transaction(&d, &flow, TRANSACTION_DNS, 77, NULL);
	CU_ASSERT_EQUAL(ear.n, 2);
	/* What was told one by one is not told again at the flow's end; else it is told there. */
	detector_flow_ended(&d, &flow);
	CU_ASSERT_EQUAL(ear.n, 3);
	draft.transactions[TRANSACTION_DNS] = 1;
	flow = flow_of(draft_copy(&draft, room));
	detector_flow_ended(&d, &flow);
	CU_ASSERT_EQUAL(ear.n, 3);
	draft_reset(&draft);
	draft_text(&draft, DETAIL_dns_query, "evil.example");
	flow = flow_of(draft_copy(&draft, room));
	ear.refuses = true;
	detector_flow_ended(&d, &flow);
	detector_flow_began(&d, &flow);
	CU_ASSERT_EQUAL(d.unheard, 2);
	d.lists = NULL;
	detector_flow_began(&d, &flow);
	CU_ASSERT_EQUAL(d.unheard, 2);
}

/* What a flow's event names is what was told of it, by the same id. */
static void what_a_flow_has_raised(void)
{
	const struct risk_set risks = {
		(uint64_t)1 << NUMERIC_HOST | (uint64_t)1 << BINARY_TRANSFER,
		1u << OWN_RISK_tcp_overlap};
	struct detector d = detector_of(100);
	static struct flow_alerts alerts;
	struct flow flow, other;

	draft_reset(&draft);
	draft.risks = risks;
	flow = other = flow_of(draft_copy(&draft, room));
	detector_risks(&d, &flow, &risks, 77);
	detector_flow_began(&d, &flow);
	detector_flow_began(&d, &flow);
	CU_ASSERT_EQUAL_FATAL(ear.n, 4);
	detector_flow_alerts(&d, &flow, &alerts);
	CU_ASSERT_EQUAL_FATAL(alerts.n, 3);
	for (unsigned i = 0; i < alerts.n; i++) {
		const struct alert_fact *fact = &ear.told[i].fact;
		const struct alert_identity identity = alert_identity(&fact->alert, fact->text);
		const struct flow_alert *alert = &alerts.alert[i];

		CU_ASSERT_EQUAL(alert->id, alert_id(&identity));
		CU_ASSERT_EQUAL(alert->engine, fact->alert.engine);
		CU_ASSERT_EQUAL(alert->severity, fact->alert.severity);
		CU_ASSERT_EQUAL(alert->rule_len, identity.rule.len);
		CU_ASSERT_EQUAL(memcmp(alert->rule, identity.rule.at, identity.rule.len), 0);
	}
	CU_ASSERT_EQUAL(alerts.alert[2].engine, ALERT_LIST);
	/* Another flow of the same risks has nothing of a list; nor has this one when it is no more. */
	detector_flow_alerts(&d, &other, &alerts);
	CU_ASSERT_EQUAL(alerts.n, 2);
	detector_flow_released(&d, &flow);
	detector_flow_alerts(&d, &flow, &alerts);
	CU_ASSERT_EQUAL(alerts.n, 2);
	d.facts.take = NULL;
	detector_flow_alerts(&d, &flow, &alerts);
	CU_ASSERT_EQUAL(alerts.n, 0);
}

/* At the question, and not again with the answer; the next question is one more. */
static void what_is_seen_early_is_told_once(void)
{
	const uint64_t rows = (uint64_t)1 << DETAIL_dns_query;
	struct detector d = detector_of(0);
	const struct details *details;
	struct flow flow;

	draft_reset(&draft);
	draft_text(&draft, DETAIL_dns_query, "a.evil.example");
	details = draft_copy(&draft, room);
	flow = flow_of(details);
	detector_seen(&d, &flow, (uint64_t)1 << DETAIL_http_host, 76, details);
	CU_ASSERT_EQUAL(ear.n, 0);
	detector_seen(&d, &flow, rows, 77, details);
	CU_ASSERT_EQUAL_FATAL(ear.n, 1);
	CU_ASSERT_EQUAL(ear.told[0].fact.time_ns, 77);
	detector_seen(&d, &flow, rows, 78, details); /* sent again */
	detector_transaction(&d, &flow, TRANSACTION_DNS, 79, details);
	CU_ASSERT_EQUAL(ear.n, 1);
	detector_transaction(&d, &flow, TRANSACTION_DNS, 80, details);
	CU_ASSERT_EQUAL(ear.n, 2);
	detector_seen(&d, &flow, rows, 81, details);
	CU_ASSERT_EQUAL(ear.n, 3);
	detector_flow_ended(&d, &flow);
	CU_ASSERT_EQUAL(ear.n, 3);
	detector_flow_released(&d, &flow);
	/* Without room for what was told early, all is told later. */
	for (unsigned i = 0; i < 16; i++) {
		static struct flow others[16];
		const struct flow_alert alert = {.id = i};

		raised_add(raised, &others[i], &alert, false);
	}
	detector_seen(&d, &flow, rows, 82, details);
	CU_ASSERT_EQUAL(ear.n, 3);
	detector_transaction(&d, &flow, TRANSACTION_DNS, 83, details);
	CU_ASSERT_EQUAL(ear.n, 4);
	raised_destroy(raised);
	raised = raised_create(16);
}

/* Neither told nor named, and counted. */
static void what_is_suppressed(void)
{
	static struct flow_alerts alerts;
	const struct risk_set risks = {
		(uint64_t)1 << BINARY_TRANSFER, 1u << OWN_RISK_tcp_overlap};
	struct detector d = detector_of(100);
	struct suppress *suppress;
	struct error error;
	struct flow flow;

	CU_ASSERT_EQUAL_FATAL(settings_set(&settings,
				      "detect.suppress=[{engine: list, rule: bad}, "
				      "{rule: \"4\", until: 1970-01-02}]",
				      &error),
		0);
	d.suppress = suppress = suppress_create(&settings);
	draft_reset(&draft);
	draft.risks = risks;
	draft_why(&draft, NDPI_RISKS + OWN_RISK_tcp_overlap, "a segment");
	flow = flow_of(draft_copy(&draft, room));
	detector_risks(&d, &flow, &risks, 77);
	detector_flow_began(&d, &flow);
	CU_ASSERT_EQUAL_FATAL(ear.n, 1);
	CU_ASSERT_EQUAL(d.suppressed, 2);
	expect(0, ALERT_PERISCOPE, 2, "tcp_overlap|risk|tcp_overlap|a segment||");
	detector_flow_alerts(&d, &flow, &alerts);
	CU_ASSERT_EQUAL(alerts.n, 1);
	/* Its time is over. */
	detector_risks(&d, &flow, &risks, UINT64_C(86400000000000));
	CU_ASSERT_EQUAL(ear.n, 3);
	CU_ASSERT_EQUAL(d.suppressed, 2);
	suppress_destroy(suppress);
	settings_set(&settings, "detect.suppress=[]", &error);
}

/* 192.0.2.7 is of AS64500, by the second database that the maker of the system tests writes. */
static void what_system_an_end_is_of(void)
{
	static const char maker[] =
		"import sys\n"
		"sys.path.insert(0, '" SOURCE_DIR "/tests/system/make')\n"
		"import mmdb\n"
		"open(sys.argv[1] + '/as.mmdb', 'wb').write(mmdb.database('ASN', [('192.0.2.0/24', "
		"{'autonomous_system_number': 64500, 'autonomous_system_organization': 'Bad'})]))\n";
	struct settings own;
	struct report report = {0};
	struct error error;
	char path[128], words[512];
	struct flow flow = flow_of(NULL);
	struct detector d = detector_of(0);
	struct lists *systems;
	struct geo *geo;

	CU_ASSERT_TRUE_FATAL(python_agrees(maker, folder.path));
	folder_put(&folder, "as.txt", "\nAS64500\n");
	folder_path(&folder, "x", path, sizeof(path));
	settings_init(&own);
	CU_ASSERT_EQUAL(
		settings_set(&own, "detect.lists=[{file: as.txt, severity: 1}]", &error), 0);
	CU_ASSERT_EQUAL(settings_set(&own, "detect.geoip=[as.mmdb]", &error), 0);
	systems = lists_load(&own, path, &report);
	geo = geo_load(&own, path, &report);
	CU_ASSERT_FATAL(systems && geo);
	d.lists = systems;
	flow.last_ns = 77;
	detector_flow_began(&d, &flow); /* nobody knows of which */
	CU_ASSERT_EQUAL(ear.n, 0);
	d.geo = geo;
	detector_flow_began(&d, &flow);
	CU_ASSERT_EQUAL_FATAL(ear.n, 1);
	snprintf(words, sizeof(words),
		"as|indicator|AS64500|dst_asn is in list as, line 2 of %s|dst_asn|AS64500 Bad",
		folder_path(&folder, "as.txt", path, sizeof(path)));
	expect(0, ALERT_LIST, 1, words);
	geo_destroy(geo);
	lists_destroy(systems);
	report_fini(&report);
	settings_fini(&own);
}

void suite_detector(void);
void suite_detector(void)
{
	CU_pSuite s = CU_add_suite("detector", setup, teardown);

	CU_ADD_TEST(s, risks_from_a_score_on);
	CU_ADD_TEST(s, what_is_in_a_list);
	CU_ADD_TEST(s, what_a_flow_has_raised);
	CU_ADD_TEST(s, what_is_seen_early_is_told_once);
	CU_ADD_TEST(s, what_is_suppressed);
	CU_ADD_TEST(s, what_system_an_end_is_of);
}
