#include <CUnit/Basic.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"
#include "config/model/model.h"
#include "inspect/output/output.h"
#include "inspect/proto/details_draft.h"
#include "inspect/record/encoder/event.h"
#include "inspect/record/exporter.h"
#include "inspect/record/record.h"
#include "inspect/support/record_stage.h"
#include "support/folder.h"
#include "support/python.h"

enum { DNS = SAMPLE_DNS, TLS = SAMPLE_TLS, GOOGLE = SAMPLE_GOOGLE };

#define STRING 1
#define NUMBER 0
#define BOOL 0
#define USEC 0
#define LIST 0
#define LEAF 1
#define DNS_MESSAGE 0
#define CERTIFICATES 0
#define DETAIL(object, field, kind, meaning) +kind
enum {
	STRINGS = 0
#include "inspect/proto/details.def"
	,
	BEFORE_DNS = STRINGS - 9, /* three of dns, four of ssh, two of quic are the last */
	/* Bytes a string, with which all fill a record; and with which half of the answers have room. */
	WHOLE_LEN = (7402 - (int)sizeof(struct flow_record)) / STRINGS - 3,
	LONG_LEN = 13260 / BEFORE_DNS - 3,
};
#undef STRING
#undef NUMBER
#undef BOOL
#undef USEC
#undef LIST
#undef LEAF
#undef DNS_MESSAGE
#undef CERTIFICATES

static struct dpi *dpi;
static struct draft draft;
static struct memory memory;
static struct memory_list taken;

static int start(void)
{
	struct dpi_params params = {.max_packets_tcp = 80, .max_packets_udp = 24};
	struct error error;

	dpi = dpi_create(&params, &error);
	return dpi == NULL;
}

static int stop(void)
{
	dpi_destroy(dpi);
	memory_sweep(&taken);
	return 0;
}

static void expect_line(const struct flow *flow, enum flow_end end, const char *after_id)
{
	struct stage *stage = stage_make(dpi);
	char id[17], want[4096];

	flow_id_print(flow_id(flow, 0), id);
	snprintf(want, sizeof(want), "{\"event\":\"flow\",\"flow_id\":\"%s\",%s", id, after_id);
	exporter_flow(stage->exporter, flow, end, NULL);
	CU_ASSERT_EQUAL(stage->n, 1);
	CU_ASSERT_EQUAL(stage->records[0].head.type, RECORD_FLOW);
	CU_ASSERT_STRING_EQUAL(stage_line(stage, 0), want);
	stage_free(stage);
}

static void a_plain_flow_in_full(void)
{
	struct flow flow = sample_flow();

	expect_line(&flow, FLOW_END_IDLE,
		"\"community_id\":\"1:LQU9qZlK+B5F3KDmev6m5PMibrg=\","
		"\"start\":\"2003-12-16T13:21:44.891921000Z\","
		"\"end\":\"2003-12-16T13:21:45.891921999Z\","
		"\"vni\":null,\"network\":null,\"outer_src\":null,\"session\":null,\"interface_"
		"id\":null,"
		"\"direction\":null,"
		"\"src_ip\":\"128.232.110.120\",\"dst_ip\":\"66.35.250.204\","
		"\"src_port\":34855,\"dst_port\":80,\"protocol\":6,"
		"\"client_by\":\"first_packet\",\"vlan\":null,"
		"\"src_country\":null,\"dst_country\":null,\"src_asn\":null,"
		"\"dst_asn\":null,\"src_as_org\":null,\"dst_as_org\":null,"
		"\"app\":\"TLS.Google\",\"app_protocol\":\"TLS\",\"app_name\":\"Google\","
		"\"category\":\"Web\",\"inspection\":\"none\",\"guessed\":false,\"encryption\":null,"
		"\"client\":{\"packets\":4,\"bytes\":400,\"tcp_flags\":27,"
		"\"retransmitted\":null,\"out_of_order\":null,\"entropy\":null},"
		"\"server\":{\"packets\":3,\"bytes\":5000000000,\"tcp_flags\":26,"
		"\"retransmitted\":null,\"out_of_order\":null,\"entropy\":null},"
		"\"rule_number\":null,\"rule_action\":null,\"truncated\":0,\"acked_unseen\":"
		"null,"
		"\"history\":null,\"syn_ack_ms\":null,\"handshake_ms\":null,"
		"\"response_ms\":null,"
		"\"one_sided\":false,\"ports_cut\":false,\"reason\":\"idle\",\"risks\":[],\"score\":0,\"alerts\":[],\"recorded\":null,"
		"\"tls\":null,\"http\":null,\"dns\":null,\"ssh\":null,\"quic\":null,"
		"\"transactions\":{\"dns\":null,\"http\":null,\"tls\":null,\"quic\":null,\"ssh\":null},"
		"\"icmp\":null}\n");
}

static void expect_part(struct flow *flow, enum flow_end end, const char *part)
{
	struct stage *stage = stage_make(dpi);

	if (flow->key.point != SESSION_NONE)
		flow->key.point = stage_session(
			stage, flow->key.point == 6 ? "fe80::1" : "10.0.0.1", 16777215);
	exporter_flow(stage->exporter, flow, end, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(stage_line(stage, 0), part));
	if (strstr(stage_line(stage, 0), part) == NULL)
		printf("\nwant %s\nin %s", part, stage_line(stage, 0));
	stage_free(stage);
}

static void mirror_fields(void)
{
	struct flow flow = sample_flow();

	flow.key.point = 4;
	expect_part(&flow, FLOW_END_IDLE,
		"\"vni\":16777215,\"network\":null,\"outer_src\":\"10.0.0.1\",\"session\":null,"
		"\"interface_id\":null,\"direction\":null,");
	flow.key.point = 6;
	flow.flags = DIRECTION_INGRESS * (FLOW_DIRECTION / 3);
	expect_part(&flow, FLOW_END_IDLE,
		"\"outer_src\":\"fe80::1\",\"session\":null,"
		"\"interface_id\":null,\"direction\":\"ingress\",");
	flow.flags = DIRECTION_EGRESS * (FLOW_DIRECTION / 3);
	expect_part(&flow, FLOW_END_IDLE, "\"direction\":\"egress\",");
}

static void a_network_is_named_by_its_number(void)
{
	struct stage *stage = stage_make(dpi);
	struct packet p = {.outer_src = addr_of("10.0.0.1"),
		.network = NETWORK_NAMED + NETWORK_ID_MAX,
		.flags = PACKET_HAS_VNI};
	struct flow flow = sample_flow();

	CU_ASSERT_TRUE(session_table_packet(stage->sessions, &p, true));
	flow.key.point = p.session;
	exporter_flow(stage->exporter, &flow, FLOW_END_IDLE, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(stage_line(stage, 0),
		"\"vni\":0,\"network\":268435455,\"outer_src\":\"10.0.0.1\","));
	stage_free(stage);
}

static void the_mirror_model_names_session_and_interface(void)
{
	const struct model_interface interface = {
		.id = "eni-1", .owner_id = "123456789012", .region = "eu-west-1"};
	const struct model_session session = {.id = "tms-1",
		.has_source = true,
		.outer_src = addr_of("10.0.0.1"),
		.vni = 42,
		.interface = &interface,
		.index = 6};
	const struct model model = {.sessions = &session,
		.n_sessions = 1,
		.interfaces = &interface,
		.n_interfaces = 1};
	struct stage *stage = stage_make(dpi);
	struct flow flow = sample_flow();

	CU_ASSERT_TRUE(session_table_bind(stage->sessions, &model));
	flow.key.point = stage_session(stage, "10.0.0.1", 42);
	exporter_flow(stage->exporter, &flow, FLOW_END_IDLE, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(stage_line(stage, 0),
		"\"vni\":42,\"network\":null,\"outer_src\":\"10.0.0.1\",\"session\":"
		"\"tms-1\",\"interface_id\":\"eni-1\","));
	exporter_window(stage->exporter, &flow, (struct flow_window[2]){{.packets = 1}});
	exporter_finish(stage->exporter);
	CU_ASSERT_EQUAL(
		strncmp(stage_line(stage, 1), "2 123456789012 eni-1 128.232.110.120 ", 37), 0);
	CU_ASSERT_EQUAL(
		((struct window_record *)&stage->records[1])->observation_point.owner, 7);
	stage_free(stage);
}

static void rule_fields(void)
{
	static const struct {
		uint16_t flags;
		uint32_t number;
		const char *want;
	} rows[] = {
		{0, 0, "\"rule_number\":null,\"rule_action\":null,"},
		{FLOW_ACCEPTED, 100, "\"rule_number\":null,\"rule_action\":null,"},
		{FLOW_FILTERED, 0, "\"rule_number\":null,\"rule_action\":\"reject\","},
		{FLOW_FILTERED, 7, "\"rule_number\":7,\"rule_action\":\"reject\","},
		{FLOW_FILTERED | FLOW_ACCEPTED, 0,
			"\"rule_number\":null,\"rule_action\":\"accept\","},
		{FLOW_FILTERED | FLOW_ACCEPTED, 32766,
			"\"rule_number\":32766,\"rule_action\":\"accept\","},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct flow flow = sample_flow();

		flow.flags = rows[i].flags;
		flow.rule_number = rows[i].number;
		expect_part(&flow, FLOW_END_IDLE, rows[i].want);
	}
}

static void ends_and_flags(void)
{
	static const struct {
		enum flow_end end;
		const char *want;
	} rows[] = {{FLOW_END_IDLE, "\"reason\":\"idle\","},
		{FLOW_END_TCP_CLOSE, "\"reason\":\"tcp_close\","},
		{FLOW_END_EVICTED, "\"reason\":\"evicted\","},
		{FLOW_END_SHUTDOWN, "\"reason\":\"shutdown\","},
		{FLOW_END_OF_INPUT, "\"reason\":\"end_of_input\","},
		{FLOW_END_ACTIVE, "\"reason\":\"active\","}};
	struct flow flow = sample_flow();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_part(&flow, rows[i].end, rows[i].want);
	expect_part(&flow, FLOW_END_ACTIVE, "{\"event\":\"flow_update\",\"flow_id\":");
	flow.truncated = 12;
	flow.flags |= FLOW_PORTS_CUT | FLOW_DPI_GUESSED;
	flow.side[1].packets = 0;
	expect_part(&flow, FLOW_END_IDLE,
		"\"truncated\":12,\"acked_unseen\":null,\"history\":null,");
	expect_part(&flow, FLOW_END_IDLE, "\"one_sided\":true,\"ports_cut\":true,");
	expect_part(&flow, FLOW_END_IDLE, "\"guessed\":true,");
	flow.side[0].packets = 0;
	flow.side[1].packets = 1;
	expect_part(&flow, FLOW_END_IDLE, "\"one_sided\":true,");
}

static void labels(void)
{
	static const struct {
		uint16_t master, app;
		const char *want;
	} rows[] = {
		{0, 0, "\"app\":\"Unknown\",\"app_protocol\":null,\"app_name\":null,"},
		{0, DNS, "\"app\":\"DNS\",\"app_protocol\":\"DNS\",\"app_name\":\"DNS\","},
		{DNS, GOOGLE,
			"\"app\":\"DNS.Google\",\"app_protocol\":\"DNS\",\"app_name\":"
			"\"Google\","},
		{TLS, 0, "\"app\":\"TLS\",\"app_protocol\":\"TLS\",\"app_name\":null,"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct flow flow = sample_flow();

		flow.app_master = rows[i].master;
		flow.app = rows[i].app;
		expect_part(&flow, FLOW_END_IDLE, rows[i].want);
	}
}

/* What nDPI itself says of the label, as it was made before there was a table of names. */
static void naive_label(char *room, const struct flow *flow)
{
	uint16_t master = flow->app_master, app = flow->app;
	char name[LABEL_NAME + 1];
	struct text t = text_make(room, LABEL_JSON - 1);

	text_cstr(&t, "\"app\":");
	dpi_app(dpi, master, app, name, sizeof(name));
	text_json(&t, name, strlen(name));
	for (int i = 0; i < 2; i++) {
		uint16_t protocol = i == 0 && master != 0 ? master : app;

		text_cstr(&t, i == 0 ? ",\"app_protocol\":" : ",\"app_name\":");
		if (protocol == 0)
			text_cstr(&t, "null");
		else
			text_json(&t, dpi_protocol_name(dpi, protocol),
				strlen(dpi_protocol_name(dpi, protocol)));
	}
	text_cstr(&t, ",\"category\":");
	text_json(&t, dpi_category_name(dpi, flow->category),
		strlen(dpi_category_name(dpi, flow->category)));
	*t.at = '\0';
}

/* All pairs of protocols, those included that share a place of the cache or have no name. */
static void labels_are_those_of_ndpi(void)
{
	struct labels *names = labels_create(dpi);
	uint16_t n = (uint16_t)(dpi_protocols(dpi) + 3);
	struct flow flow = sample_flow();
	unsigned wrong = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(names);
	CU_ASSERT_TRUE(n > 256);
	for (uint16_t master = 0; master < n; master++)
		for (uint16_t app = 0; app < n; app++) {
			char want[LABEL_JSON], got[LABEL_JSON];
			struct text t = text_make(got, sizeof(got) - 1);

			flow.app_master = master;
			flow.app = app == n - 1 ? UINT16_MAX : app;
			flow.category = (uint8_t)(master + app);
			label_json(names, &flow, &t);
			*t.at = '\0';
			naive_label(want, &flow);
			wrong += strcmp(got, want) != 0;
		}
	CU_ASSERT_EQUAL(wrong, 0);
	labels_destroy(names);
}

static void without_inspection_all_is_unknown(void)
{
	struct stage *stage = stage_make(dpi);
	struct flow flow = sample_flow();

	labels_destroy(stage->names.labels);
	stage->names.labels = NULL;
	exporter_flow(stage->exporter, &flow, FLOW_END_IDLE, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(stage_line(stage, 0),
		"\"app\":\"Unknown\",\"app_protocol\":null,\"app_name\":null,"
		"\"category\":null,\"inspection\":\"off\","));
	stage_free(stage);
}

static void icmp_fields(void)
{
	struct flow flow = sample_flow();

	flow.key.protocol = 1;
	flow.key.icmp_id = 4660;
	flow.key.lo_port = 8;
	flow.key.hi_port = 0;
	flow.icmp.type = 8;
	expect_part(&flow, FLOW_END_IDLE, "\"icmp\":{\"type\":8,\"code\":0,\"id\":4660}}\n");
	flow.key.protocol = 58;
	flow.key.lo_port = 1;
	flow.key.hi_port = 4;
	flow.icmp.type = 1;
	flow.icmp.code = 4;
	expect_part(&flow, FLOW_END_IDLE, "\"icmp\":{\"type\":1,\"code\":4,\"id\":null}}\n");
	/* Cut before its type: the flow has ports 0 and is one-way. */
	flow.key.lo_port = flow.key.hi_port = 0;
	flow.icmp.type = flow.icmp.code = 0;
	expect_part(&flow, FLOW_END_IDLE, "\"icmp\":null}\n");
	flow.key.protocol = 17;
	expect_part(&flow, FLOW_END_IDLE, "\"icmp\":null}\n");
}

static void details_and_risks(void)
{
	static const char answers[2][16] = {"192.0.2.1", "a\"b"};
	struct flow flow = sample_flow();

	draft_reset(&draft);
	draft.risks.ndpi = 1ull << 1 | 1ull << 9;
	draft_text(&draft, DETAIL_dns_query, "example.org\x01");
	draft_list(&draft, DETAIL_dns_answers, answers[0], sizeof(answers[0]), 2);
	draft_number(&draft, DETAIL_dns_answer_count, 3);
	draft_number(&draft, DETAIL_http_status, 404);
	draft_why(&draft, 9, "what the library said");
	flow.details = draft_finish(&draft, &memory, &taken);
	expect_part(&flow, FLOW_END_IDLE,
		"\"tls\":null,\"http\":{\"host\":null,\"url\":null,\"method\":null,"
		"\"user_agent\":null,\"status\":404,\"content_type\":null,\"version\":null,"
		"\"referer\":null,\"request_bytes\":null,\"response_bytes\":null},"
		"\"dns\":{\"query\":\"example.org\\u0001\",\"type\":null,\"rcode\":null,"
		"\"answers\":[\"192.0.2.1\",\"a\\\"b\"],\"answer_count\":3,\"id\":null,\"questions\":null,"
		"\"authoritative\":null,\"truncated\":null,\"rtt_ms\":null},\"ssh\":null,\"quic\":null,"
		"\"transactions\":{\"dns\":null,\"http\":null,\"tls\":null,\"quic\":null,\"ssh\":null},"
		"\"icmp\":null}\n");
	/* Names and scores as `ndpiReader -h` lists them. */
	expect_part(&flow, FLOW_END_IDLE,
		"\"risks\":[{\"id\":1,\"name\":\"XSS Attack\",\"score\":250,"
		"\"why\":\"URL looks like cross-site scripting\"},"
		"{\"id\":9,\"name\":\"TLS Expired Certificate\",\"score\":100,"
		"\"why\":\"what the library said\"}],\"score\":350,");
	draft_reset(&draft);
	draft.risks.own = 1u << OWN_RISK_ip_fragment_tiny;
	draft.risks.ndpi = 1ull << 5 | 1ull << 8;
	draft_why(&draft, NDPI_RISKS + OWN_RISK_ip_fragment_tiny, "fragment");
	draft_text(&draft, DETAIL_tls_cipher, "TLS_NULL");
	draft_number(&draft, DETAIL_flow_entropy_lo, 7906);
	draft_number(&draft, DETAIL_flow_entropy_hi, 60);
	flow.details = draft_finish(&draft, &memory, &taken);
	expect_part(&flow, FLOW_END_IDLE,
		"\"why\":\"protocol at a port that is not its own: port 80\"}");
	expect_part(&flow, FLOW_END_IDLE, "\"why\":\"cipher suite is weak: TLS_NULL\"}");
	expect_part(&flow, FLOW_END_IDLE,
		"{\"id\":1002,\"name\":\"ip_fragment_tiny\",\"score\":50,\"why\":\"fragment\"}],"
		"\"score\":200,");
	expect_part(&flow, FLOW_END_IDLE, "\"entropy\":0.060},\"server\":");
	expect_part(&flow, FLOW_END_IDLE, "\"entropy\":7.906},\"rule_number\":");
	flow.flags |= FLOW_CLIENT_IS_LO;
	expect_part(&flow, FLOW_END_IDLE, "\"entropy\":7.906},\"server\":");
}

/* Zero is said of flows that were looked at. */
static void none_is_said_of_inspected_flows(void)
{
	struct flow flow = sample_flow();

	flow.flags |= FLOW_DPI_DONE;
	flow.dpi_packets = 1;
	expect_part(&flow, FLOW_END_IDLE,
		"\"transactions\":{\"dns\":0,\"http\":0,\"tls\":0,\"quic\":0,\"ssh\":0},");
}

static struct flow longest(struct stage *stage, struct details *details)
{
	struct flow flow = sample_flow();

	CU_ASSERT_PTR_NOT_NULL_FATAL(details);
	flow.details = details;
	flow.key.point =
		stage_session(stage, "2001:db8:1234:a100:8d6e:3477:df66:f105", 16777215);
	memset(flow.side, 0xff, sizeof(flow.side));
	memset(flow.tcp_flags, 0xff, sizeof(flow.tcp_flags));
	memset(&flow.key.lo, 0xee, 2 * sizeof(flow.key.lo));
	flow.key.ip_version = 6;
	return flow;
}

static bool event_agrees(struct stage *stage, unsigned i, const char *script)
{
	struct folder folder = folder_make();
	char path[PATH_MAX];
	bool agrees;

	CU_ASSERT_TRUE(strlen(stage_line(stage, i)) <= EVENT_SIZE_MAX);
	folder_put(&folder, "event.json", stage_line(stage, i));
	agrees = python_agrees(script, folder_path(&folder, "event.json", path, sizeof(path)));
	folder_remove(&folder);
	return agrees;
}

/* Details that fill a record to its last word but one are there whole; with one byte more in each
 * string some are left out, and the record says so. */
static void the_longest_event_fits(void)
{
	struct stage *stage = stage_make(dpi);
	struct flow flow = longest(stage, stage_details(stage, WHOLE_LEN, 64));

	exporter_flow(stage->exporter, &flow, FLOW_END_OF_INPUT, NULL);
	CU_ASSERT_EQUAL_FATAL(stage->n, 1);
	CU_ASSERT_TRUE(stage->records[0].head.len > RECORD_MAX * 9 / 10);
	CU_ASSERT_FALSE(stage->records[0].head.cut);
	CU_ASSERT_TRUE(event_agrees(stage, 0,
		"import json, sys\n"
		"e = json.load(open(sys.argv[1]))\n"
		"n = len(e['tls']['sni'])\n"
		"assert n > 200 and set(e['tls']['sni']) == {'\\x01'}\n"
		"assert e['ssh']['hassh_server'] == e['tls']['sni']\n"
		"assert e['dns']['answers'] == ['\\x02' * 64] * 64\n"
		"assert len(e['risks']) == 67\n"));
	stage_free(stage);
}

static void what_is_too_long_is_cut_and_said(void)
{
	struct stage *stage = stage_make(dpi);
	struct flow flow = longest(stage, stage_details(stage, LONG_LEN, 255));

	exporter_flow(stage->exporter, &flow, FLOW_END_OF_INPUT, NULL);
	CU_ASSERT_EQUAL_FATAL(stage->n, 1);
	CU_ASSERT_TRUE(stage->records[0].head.len <= RECORD_MAX);
	CU_ASSERT_TRUE(stage->records[0].head.cut);
	/* The first values whole, and none half. */
	CU_ASSERT_TRUE(event_agrees(stage, 0,
		"import json, sys\n"
		"e = json.load(open(sys.argv[1]))\n"
		"assert e['tls']['sni'] == e['tls']['sha1'] and len(e['tls']['sni']) > 300\n"
		"assert e['ssh'] is None\n"
		"assert 0 < len(e['dns']['answers']) < 64\n"
		"assert set(e['dns']['answers']) == {'\\x02' * 255}\n"
		"assert len(e['risks']) == 67\n"));
	stage_free(stage);
}

/* The model's names may be gone, and changed, when the line is made. */
static void records_outlive_the_model(void)
{
	char id[OBSERVATION_POINT_NAME + 2], owner[] = "123456789012";
	struct model_interface interface = {.id = "eni-1", .owner_id = owner, .region = ""};
	struct model_session session = {.id = id,
		.has_source = true,
		.outer_src = addr_of("10.0.0.1"),
		.vni = 42,
		.interface = &interface};
	struct model model = {.sessions = &session,
		.n_sessions = 1,
		.interfaces = &interface,
		.n_interfaces = 1};
	struct stage *stage = stage_make(dpi);
	struct flow flow = sample_flow();
	char want[200];

	memset(id, 's', sizeof(id));
	id[OBSERVATION_POINT_NAME] = '\0';
	CU_ASSERT_TRUE(session_table_bind(stage->sessions, &model));
	flow.key.point = stage_session(stage, "10.0.0.1", 42);
	exporter_flow(stage->exporter, &flow, FLOW_END_IDLE, NULL);
	CU_ASSERT_FALSE(stage->records[0].head.cut);
	id[OBSERVATION_POINT_NAME] = 's';
	id[OBSERVATION_POINT_NAME + 1] = '\0';
	exporter_flow(stage->exporter, &flow, FLOW_END_IDLE, NULL);
	CU_ASSERT_TRUE(stage->records[1].head.cut);
	exporter_window(stage->exporter, &flow, (struct flow_window[2]){{.packets = 1}});
	exporter_finish(stage->exporter);
	memset(id, 'x', sizeof(id));
	memset(owner, 'x', sizeof(owner));
	interface.id = NULL;
	memset(&flow, 0, sizeof(flow));
	snprintf(want, sizeof(want), "\"session\":\"%.*s\",\"interface_id\":\"eni-1\",",
		OBSERVATION_POINT_NAME,
		"ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss");
	CU_ASSERT_PTR_NOT_NULL(strstr(stage_line(stage, 0), want));
	CU_ASSERT_PTR_NOT_NULL(strstr(stage_line(stage, 1), want));
	CU_ASSERT_EQUAL(strncmp(stage_line(stage, 2), "2 123456789012 eni-1 128", 24), 0);
	stage_free(stage);
}

static void what_the_sink_refuses_is_counted(void)
{
	struct stage *stage = stage_make(dpi);
	struct flow flow = sample_flow();
	const struct output_ledger *ledger = exporter_ledger(stage->exporter, RECORD_EVENT);

	exporter_flow(stage->exporter, &flow, FLOW_END_IDLE, NULL);
	stage->refuse = true;
	exporter_flow(stage->exporter, &flow, FLOW_END_IDLE, NULL);
	exporter_flow(stage->exporter, &flow, FLOW_END_ACTIVE, NULL);
	CU_ASSERT_EQUAL(ledger->offered, 3);
	CU_ASSERT_EQUAL(ledger->lost_queue, 2);
	/* An update is no flow. */
	CU_ASSERT_EQUAL(totals_flows(exporter_totals(stage->exporter)), 2);
	stage_free(stage);
}

static void windows_become_records_of_their_periods(void)
{
	struct stage *stage = stage_make(dpi);
	struct flow flow = sample_flow();
	struct flow_window sent[2] = {{.packets = 0}};

	exporter_window(stage->exporter, &flow, sent);
	sent[0] = (struct flow_window){300, 3, 1071580904, 1071580905, 0};
	exporter_window(stage->exporter, &flow, sent);
	sent[0].packets = 0;
	sent[1] = (struct flow_window){200, 2, 1071580904, 1071581399, 0};
	exporter_window(stage->exporter, &flow, sent);
	exporter_close_windows(stage->exporter, UINT64_C(1071581999999999999), UINT32_MAX);
	CU_ASSERT_EQUAL(stage->n, 0);
	exporter_close_windows(stage->exporter, UINT64_C(1071582000000000000), UINT32_MAX);
	CU_ASSERT_EQUAL(stage->n, 2);
	CU_ASSERT_EQUAL(stage->records[1].head.type, RECORD_WINDOW);
	CU_ASSERT_STRING_EQUAL(stage_line(stage, 0),
		"2 unknown - 66.35.250.204 128.232.110.120 80 34855 6 2 200 1071580904 "
		"1071581399 ACCEPT OK\n");
	CU_ASSERT_STRING_EQUAL(stage_line(stage, 1),
		"2 unknown - 128.232.110.120 66.35.250.204 34855 80 6 3 300 1071580904 "
		"1071580905 ACCEPT OK\n");
	exporter_finish(stage->exporter);
	CU_ASSERT_EQUAL(exporter_ledger(stage->exporter, RECORD_FLOW_LOG)->offered, 2);
	stage_free(stage);
}

static void alerts_that_it_has_raised(void)
{
	static struct flow_alerts alerts = {.n = 2,
		.alert = {{.id = 0xfedcba9876543210,
				  .engine = ALERT_LIST,
				  .severity = 1,
				  .rule_len = 3,
				  .rule = "a\"b"},
			{.id = 1,
				.engine = ALERT_NDPI,
				.severity = 4,
				.rule_len = 2,
				.rule = "12"}}};
	struct stage *stage = stage_make(dpi);
	struct flow flow = sample_flow();

	flow.details = stage_details(stage, 1, 1);
	exporter_flow(stage->exporter, &flow, FLOW_END_IDLE, &alerts);
	CU_ASSERT_PTR_NOT_NULL(strstr(stage_line(stage, 0),
		",\"alerts\":[{\"alert_id\":\"fedcba9876543210\",\"engine\":\"list\","
		"\"rule\":\"a\\\"b\",\"severity\":1},{\"alert_id\":\"0000000000000001\","
		"\"engine\":\"ndpi\",\"rule\":\"12\",\"severity\":4}],\"recorded\":null,\"tls\":"));
	stage_free(stage);
}

/* The longest there is of each. */
static void how_a_flow_went(void)
{
	static char bytes[4096];
	const struct flow_course course = {.unseen = 12345,
		.syn_ack_us = 999,
		.handshake_us = 1000,
		.response_us = HISTORY_UNKNOWN - 1,
		.retransmitted = {UINT32_MAX, 2},
		.out_of_order = {3, UINT32_MAX},
		.is_tcp = true,
		.history = "^ShADadTTWWGGIIQQFfRrSHaA"};
	struct text t = text_make(bytes, sizeof(bytes));

	event_course_side(&t, &course, 0);
	event_course_side(&t, &course, 1);
	event_course(&t, &course);
	*t.at = '\0';
	CU_ASSERT_TRUE(strlen(bytes) <= EVENT_COURSE_MAX);
	CU_ASSERT_STRING_EQUAL(bytes, ",\"retransmitted\":4294967295,\"out_of_order\":3"
				      ",\"retransmitted\":2,\"out_of_order\":4294967295"
				      ",\"acked_unseen\":12345"
				      ",\"history\":\"^ShADadTTWWGGIIQQFfRrSHaA\""
				      ",\"syn_ack_ms\":0.999,\"handshake_ms\":1.000"
				      ",\"response_ms\":4294967.294");
}

static void what_was_recorded(void)
{
	static char bytes[512];
	struct flow_recorded recorded = {.packets = UINT64_MAX,
		.bytes = UINT64_MAX,
		.first_ns = 1071580904891921000,
		.last_ns = 1071580905891921999};
	struct text t = text_make(bytes, sizeof(bytes));

	event_recorded(&t, &recorded);
	*t.at = '\0';
	CU_ASSERT_TRUE(strlen(bytes) <= EVENT_RECORDED_MAX);
	CU_ASSERT_STRING_EQUAL(bytes,
		",\"recorded\":{\"packets\":18446744073709551615,"
		"\"bytes\":18446744073709551615,\"first\":\"2003-12-16T13:21:44.891921000Z\","
		"\"last\":\"2003-12-16T13:21:45.891921999Z\"}");
}

static void docs_list_every_field(void)
{
	static const struct flow_alerts alerts = {.n = 1};
	static const struct flow_recorded recorded = {.packets = 1};
	struct folder folder = folder_make();
	struct stage *stage = stage_make(dpi);
	struct flow flow = sample_flow();
	char path[PATH_MAX];

	flow.details = stage_details(stage, 100, 100);
	flow.key.protocol = 1;
	exporter_flow(stage->exporter, &flow, FLOW_END_OF_INPUT, &alerts);
	CU_ASSERT_EQUAL_FATAL(stage->n, 1);
	((struct flow_record *)(void *)&stage->records[0])->outcome.recorded = &recorded;
	folder_put(&folder, "event.json", stage_line(stage, 0));
	CU_ASSERT_TRUE(python_script_agrees("tests/inspect/output_doc.py", "Flow events",
		folder_path(&folder, "event.json", path, sizeof(path))));
	folder_remove(&folder);
	stage_free(stage);
}

void suite_event(void);
void suite_event(void)
{
	CU_pSuite s = CU_add_suite("event", start, stop);

	CU_ADD_TEST(s, a_plain_flow_in_full);
	CU_ADD_TEST(s, mirror_fields);
	CU_ADD_TEST(s, alerts_that_it_has_raised);
	CU_ADD_TEST(s, how_a_flow_went);
	CU_ADD_TEST(s, what_was_recorded);
	CU_ADD_TEST(s, a_network_is_named_by_its_number);
	CU_ADD_TEST(s, the_mirror_model_names_session_and_interface);
	CU_ADD_TEST(s, rule_fields);
	CU_ADD_TEST(s, ends_and_flags);
	CU_ADD_TEST(s, labels);
	CU_ADD_TEST(s, labels_are_those_of_ndpi);
	CU_ADD_TEST(s, without_inspection_all_is_unknown);
	CU_ADD_TEST(s, icmp_fields);
	CU_ADD_TEST(s, details_and_risks);
	CU_ADD_TEST(s, none_is_said_of_inspected_flows);
	CU_ADD_TEST(s, the_longest_event_fits);
	CU_ADD_TEST(s, what_is_too_long_is_cut_and_said);
	CU_ADD_TEST(s, records_outlive_the_model);
	CU_ADD_TEST(s, what_the_sink_refuses_is_counted);
	CU_ADD_TEST(s, windows_become_records_of_their_periods);
	CU_ADD_TEST(s, docs_list_every_field);
}
