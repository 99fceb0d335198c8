#include <CUnit/Basic.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "config/log/now.h"
#include "config/model/model.h"
#include "config/settings/settings.h"
#include "inspect/proto/transaction.h"
#include "inspect/record/encoder/event.h"
#include "inspect/support/record_stage.h"
#include "support/folder.h"
#include "support/hex.h"
#include "support/python.h"

#define TIME UINT64_C(1071580905000000001)

static void tell(struct stage *stage, enum transaction kind, uint64_t time_ns, uint32_t before,
	const struct details *details)
{
	struct transaction_sink sink = exporter_transactions(stage->exporter);
	struct flow flow = sample_flow();

	sink.transaction(sink.ctx, &flow, kind, time_ns, before, details);
}

/* With a response that has a record of each section, and EDNS before the last one. Of three objects, of which only that of the kind is told. */
static const struct details *some_details(struct stage *stage)
{
	static const char hex[] =
		"0001 8000 0000 0001 0001 0002"
		"01 61 02 2262 00 0001 0001 0000003c 0004 c0000201"
		"c00c ff00 0001 ffffffff 0002 abcd"
		"00 0029 04d0 00 00 8000 000f 000a 0000 0008 0007 0001 18 00 c00002"
		"00 0001 0001 00000000 0004 c0000202";
	uint8_t message[128];
	uint32_t len = (uint32_t)hex_read(hex, message, sizeof(message));

	draft_reset(&stage->draft);
	draft_text(&stage->draft, DETAIL_tls_sni, "example.org");
	draft_text(&stage->draft, DETAIL_dns_query, "example.org\x01");
	draft_message(&stage->draft, DETAIL_dns_message, message, len, len);
	draft_number(&stage->draft, DETAIL_dns_answer_count, 2);
	draft_text(&stage->draft, DETAIL_ssh_client, "SSH-2.0-x");
	return stage_drafted(stage);
}

static void a_transaction_in_full(void)
{
	struct stage *stage = stage_make(NULL);
	struct flow flow = sample_flow();
	const struct record *record = &stage->records[0].head;
	char id[17], want[2048];

	flow.details = stage_details(stage, 10, 10); /* the flow's own are not looked at */
	flow_id_print(flow_id(&flow, 0), id);
	snprintf(want, sizeof(want),
		"{\"event\":\"dns\",\"time\":\"2003-12-16T13:21:45.000000001Z\","
		"\"flow_id\":\"%s\",\"community_id\":\"1:LQU9qZlK+B5F3KDmev6m5PMibrg=\","
		"\"vni\":null,\"network\":null,\"outer_src\":null,\"session\":null,"
		"\"interface_id\":null,\"direction\":null,"
		"\"src_ip\":\"128.232.110.120\",\"dst_ip\":\"66.35.250.204\","
		"\"src_port\":34855,\"dst_port\":80,\"protocol\":6,"
		"\"dns\":{\"query\":\"example.org\\u0001\",\"type\":null,\"rcode\":null,"
		"\"answers\":[{\"name\":\"a.\\\"b\",\"type\":\"A\",\"ttl\":60,\"data\":\"192.0.2.1\"}],"
		"\"authorities\":[{\"name\":\"a.\\\"b\",\"type\":\"TYPE65280\",\"ttl\":4294967295,"
		"\"data\":\"TYPE65280 \\\\# 2 abcd\"}],"
		"\"additionals\":[{\"name\":\".\",\"type\":\"A\",\"ttl\":0,\"data\":\"192.0.2.2\"}],"
		"\"edns\":{\"version\":0,\"udp_size\":1232,\"dnssec_ok\":true,"
		"\"client_subnet\":\"192.0.2.0/24\",\"options\":[10,8]},"
		"\"answer_count\":2,\"id\":null,"
		"\"questions\":null,\"authoritative\":null,\"truncated\":null,\"rtt_ms\":null}}\n",
		id);
	tell(stage, TRANSACTION_DNS, TIME, 0, some_details(stage));
	CU_ASSERT_EQUAL_FATAL(stage->n, 1);
	CU_ASSERT_EQUAL(record->type, RECORD_TRANSACTION);
	CU_ASSERT_FALSE(record->cut);
	CU_ASSERT_STRING_EQUAL(stage_line(stage, 0), want);
	stage_free(stage);
}

/* What a line of each kind ends with. */
static void each_kind_has_its_object_alone(void)
{
	static const struct {
		enum transaction kind;
		const char *begin, *end;
	} rows[] = {
		{TRANSACTION_DNS, "{\"event\":\"dns\",",
			",\"truncated\":null,\"rtt_ms\":null}}\n"},
		{TRANSACTION_HTTP, "{\"event\":\"http\",", ",\"protocol\":6,\"http\":null}\n"},
		{TRANSACTION_TLS, "{\"event\":\"tls\",", NULL},
		{TRANSACTION_QUIC, "{\"event\":\"quic\",", NULL},
		{TRANSACTION_SSH, "{\"event\":\"ssh\",",
			",\"protocol\":6,\"ssh\":{\"client\":\"SSH-2.0-x\",\"server\":null,"
			"\"hassh\":null,\"hassh_server\":null}}\n"},
	};
	struct stage *stage = stage_make(NULL);
	const struct details *details = some_details(stage);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *line;
		size_t len, end = rows[i].end ? strlen(rows[i].end) : 0;

		tell(stage, rows[i].kind, TIME, 0, details);
		CU_ASSERT_EQUAL_FATAL(stage->n, i + 1);
		line = stage_line(stage, (unsigned)i);
		len = strlen(line);
		CU_ASSERT_EQUAL(strncmp(line, rows[i].begin, strlen(rows[i].begin)), 0);
		CU_ASSERT_TRUE(
			len > end && (end == 0 || strcmp(line + len - end, rows[i].end) == 0));
	}
	CU_ASSERT_PTR_NOT_NULL(strstr(stage_line(stage, 2),
		",\"protocol\":6,\"tls\":{\"sni\":\"example.org\",\"version\":null,"));
	tell(stage, TRANSACTION_TLS, TIME, 0, NULL);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(stage_line(stage, (unsigned)(sizeof(rows) / sizeof(*rows))),
			",\"protocol\":6,\"tls\":null}\n"));
	stage_free(stage);
}

/* The mirror's words, and that they outlive the model and the details. */
static void records_stand_alone(void)
{
	char id[] = "tms-1";
	struct model_interface interface = {.id = "eni-1", .owner_id = "1", .region = ""};
	struct model_session session = {.id = id,
		.has_source = true,
		.outer_src = addr_of("10.0.0.1"),
		.vni = 42,
		.interface = &interface};
	struct model model = {.sessions = &session,
		.n_sessions = 1,
		.interfaces = &interface,
		.n_interfaces = 1};
	struct stage *stage = stage_make(NULL);
	struct transaction_sink sink = exporter_transactions(stage->exporter);
	struct flow flow = sample_flow();
	struct details *details = stage_details(stage, 3, 3);

	CU_ASSERT_TRUE(session_table_bind(stage->sessions, &model));
	flow.key.point = stage_session(stage, "10.0.0.1", 42);
	flow.flags = DIRECTION_EGRESS * (FLOW_DIRECTION / 3);
	sink.transaction(sink.ctx, &flow, TRANSACTION_SSH, TIME, 0, details);
	memset(details, 0xff, details_size(details));
	memset(&flow, 0xff, sizeof(flow));
	memset(id, 'x', sizeof(id) - 1);
	interface.id = NULL;
	CU_ASSERT_PTR_NOT_NULL(strstr(stage_line(stage, 0),
		",\"vni\":42,\"network\":null,\"outer_src\":\"10.0.0.1\",\"session\":"
		"\"tms-1\",\"interface_id\":\"eni-1\",\"direction\":\"egress\",\"src_ip\":"));
	CU_ASSERT_PTR_NOT_NULL(strstr(stage_line(stage, 0),
		"\"ssh\":{\"client\":\"\\u0001\\u0001\\u0001\",\"server\":"));
	stage_free(stage);
}

static bool line_agrees(struct stage *stage, const char *script)
{
	struct folder folder = folder_make();
	char path[PATH_MAX];
	bool agrees;

	CU_ASSERT_TRUE(strlen(stage_line(stage, 0)) <= EVENT_TRANSACTION_MAX);
	folder_put(&folder, "event.json", stage_line(stage, 0));
	agrees = python_agrees(script, folder_path(&folder, "event.json", path, sizeof(path)));
	folder_remove(&folder);
	return agrees;
}

/* More answers than are kept of a message, and more than are shown of it, beside strings that have room;
 * then beside some that have not. */
static void what_is_too_long_is_cut_and_said(void)
{
	static const uint8_t record[] = {0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 192, 0, 2, 1};
	static uint8_t message[2 * DETAILS_MESSAGE_MAX] = {0, 1, 0x80, 0, 0, 0, 5};
	static char text[DETAILS_STRING_MAX];
	struct stage *stage = stage_make(NULL);
	struct draft *draft = &stage->draft;

	memset(text, 2, sizeof(text));
	for (size_t at = 12; at + sizeof(record) <= sizeof(message); at += sizeof(record))
		memcpy(message + at, record, sizeof(record));
	for (unsigned i = 0; i < 2; i++) {
		stage->n = 0;
		draft_reset(draft);
		draft_message(
			draft, DETAIL_dns_message, message, sizeof(message), sizeof(message));
		for (unsigned n = 0; i == 1 && n < 5; n++)
			draft_string(
				draft, (enum detail)(DETAIL_tls_sni + n), text, sizeof(text));
		draft_text(draft, DETAIL_dns_query, "q");
		tell(stage, TRANSACTION_DNS, TIME, 0, stage_drafted(stage));
		CU_ASSERT_EQUAL_FATAL(stage->n, 1);
		CU_ASSERT_EQUAL(stage->records[0].head.cut, i == 1);
		CU_ASSERT_TRUE(stage->records[0].head.len <= RECORD_MAX);
		CU_ASSERT_TRUE(line_agrees(stage,
			i ? "import json, sys\n"
			    "e = json.load(open(sys.argv[1]))\n"
			    "assert e['dns']['query'] is None\n"
			    "assert len(e['dns']['answers']) == 256\n"
			  : "import json, sys\n"
			    "e = json.load(open(sys.argv[1]))\n"
			    "assert e['dns']['query'] == 'q'\n"
			    "want = {'name': '.', 'type': 'A', 'ttl': 1, 'data': '192.0.2.1'}\n"
			    "assert e['dns']['answers'] == [want] * 256\n"
			    "assert e['dns']['authorities'] == []\n"));
	}
	stage_free(stage);
}

/* Names of which each byte is written as two, as many as have room. */
static void the_longest_names_fit(void)
{
	static uint8_t message[DETAILS_MESSAGE_MAX] = {0, 1, 0x80, 0, 0, 0, 1, 0};
	static const uint8_t further[] = {0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 1, 0, 2, 0xc0, 12};
	struct stage *stage = stage_make(NULL);
	size_t at = 12;

	for (unsigned i = 0; i < 4; i++) {
		uint8_t len = i < 3 ? 63 : 61;

		message[at++] = len;
		memset(message + at, '"', len);
		at += len;
	}
	message[at++] = 0;
	memcpy(message + at, further + 2, sizeof(further) - 2);
	for (at += sizeof(further) - 2; at + sizeof(further) <= sizeof(message);
		at += sizeof(further))
		memcpy(message + at, further, sizeof(further));
	draft_reset(&stage->draft);
	draft_message(&stage->draft, DETAIL_dns_message, message, sizeof(message), UINT16_MAX);
	tell(stage, TRANSACTION_DNS, TIME, 0, stage_drafted(stage));
	CU_ASSERT_EQUAL_FATAL(stage->n, 1);
	CU_ASSERT_TRUE(line_agrees(stage,
		"import json, sys\n"
		"e = json.load(open(sys.argv[1]))\n"
		"text = [r['name'] + r['data'] for r in e['dns']['answers']]\n"
		"assert 15000 < sum(map(len, text)) <= 16384, text\n"
		"assert text[1].count('\"') > 240\n"));
	stage_free(stage);
}

static const struct output_ledger *ledger_of(const struct stage *stage)
{
	return exporter_ledger(stage->exporter, RECORD_TRANSACTION_EVENT);
}

static void expect_ledger(
	const struct stage *stage, uint64_t offered, uint64_t by_policy, uint64_t lost_queue)
{
	const struct output_ledger *l = ledger_of(stage);

	CU_ASSERT_EQUAL(l->offered, offered);
	CU_ASSERT_EQUAL(l->by_policy, by_policy);
	CU_ASSERT_EQUAL(l->lost_queue, lost_queue);
	CU_ASSERT_EQUAL(l->written + l->lost_disk, 0); /* the writer's to count */
	CU_ASSERT_EQUAL(stage->n, offered - by_policy - lost_queue);
}

static void what_the_sink_refuses_is_counted(void)
{
	struct stage *stage = stage_make(NULL);

	tell(stage, TRANSACTION_DNS, TIME, 0, NULL);
	stage->refuse = true;
	tell(stage, TRANSACTION_DNS, TIME, 1, NULL);
	tell(stage, TRANSACTION_TLS, TIME, 2, NULL);
	expect_ledger(stage, 3, 0, 2);
	CU_ASSERT_EQUAL(exporter_ledger(stage->exporter, RECORD_EVENT)->offered, 0);
	stage_free(stage);
}

static void nothing_is_made_of_kinds_that_are_off(void)
{
	struct stage *stage = stage_make(NULL);
	struct transaction_sink sink;

	stage_exporter(stage, (struct exporter_params){.transactions = 1u << TRANSACTION_SSH |
								       1u << TRANSACTION_DNS});
	sink = exporter_transactions(stage->exporter);
	CU_ASSERT_EQUAL(sink.kinds, 1u << TRANSACTION_SSH | 1u << TRANSACTION_DNS);
	CU_ASSERT_EQUAL(sink.per_flow, UINT32_MAX);
	CU_ASSERT_TRUE(transaction_is_wanted(&sink, TRANSACTION_SSH));
	CU_ASSERT_FALSE(transaction_is_wanted(&sink, TRANSACTION_HTTP));
	for (int kind = 0; kind < TRANSACTIONS; kind++)
		tell(stage, (enum transaction)kind, TIME, 0, NULL);
	expect_ledger(stage, 2, 0, 0);
	stage_free(stage);
}

static void the_settings_say_which_kinds(void)
{
	struct settings settings;
	struct error error;
	char set[64];

	settings_init(&settings);
	CU_ASSERT_EQUAL(transactions_asked(&settings), (1u << TRANSACTIONS) - 1);
	for (int kind = 0; kind < TRANSACTIONS; kind++) {
		const char *name = transaction_name((enum transaction)kind);

		snprintf(set, sizeof(set), "events.%s=false", name);
		CU_ASSERT_EQUAL(settings_set(&settings, set, &error), 0);
		CU_ASSERT_EQUAL(transactions_asked(&settings),
			((1u << TRANSACTIONS) - 1) & ~(1u << kind));
		snprintf(set, sizeof(set), "events.%s=true", name);
		CU_ASSERT_EQUAL(settings_set(&settings, set, &error), 0);
	}
	settings.dpi.enabled = false;
	CU_ASSERT_EQUAL(transactions_asked(&settings), 0);
	CU_ASSERT_FALSE(transaction_events_asked(&settings));
	settings.events.flow_start = true;
	CU_ASSERT_TRUE(transaction_events_asked(&settings));
	settings_fini(&settings);
}

static void a_flow_has_so_many(void)
{
	struct stage *stage = stage_make(NULL);

	stage_exporter(stage, (struct exporter_params){
				      .transactions = UINT32_MAX, .transactions_per_flow = 3});
	CU_ASSERT_EQUAL(exporter_transactions(stage->exporter).per_flow, 3);
	for (uint32_t before = 0; before < 10; before++)
		tell(stage, TRANSACTION_HTTP, TIME, before, NULL);
	expect_ledger(stage, 10, 7, 0);
	tell(stage, TRANSACTION_HTTP, TIME, 0, NULL); /* of another flow */
	expect_ledger(stage, 11, 7, 0);
	stage_free(stage);
}

/* Time that goes a little back is of the second before; a clock that was set back begins anew. */
static void a_second_has_so_many(void)
{
	static const struct {
		int64_t at_s;
		bool made;
	} rows[] = {{0, true}, {0, true}, {0, false}, {-1, false}, {1, true}, {0, true},
		{1, false}, {-3600, true}, {-3600, true}, {-3600, false}, {5, true}};
	struct stage *stage = stage_make(NULL);
	uint64_t left_out = 0;

	stage_exporter(stage, (struct exporter_params){.transactions = UINT32_MAX,
				      .transactions_per_second = 2});
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		tell(stage, TRANSACTION_DNS, TIME + (uint64_t)rows[i].at_s * NS_PER_S, 0, NULL);
		left_out += !rows[i].made;
		expect_ledger(stage, i + 1, left_out, 0);
	}
	stage_free(stage);
}

/* What the flow is, and its label; then nothing more of it. */
static void a_flow_start_in_full(void)
{
	struct stage *stage = stage_make(NULL);
	struct flow flow = sample_flow();
	struct transaction_sink sink;
	char id[17], want[2048];

	CU_ASSERT_PTR_NULL(exporter_transactions(stage->exporter).start);
	stage_exporter(
		stage, (struct exporter_params){.flow_starts = true, .flow_events = true});
	sink = exporter_transactions(stage->exporter);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sink.start);
	flow.details = stage_details(stage, 10, 10);
	flow_id_print(flow_id(&flow, 0), id);
	snprintf(want, sizeof(want),
		"{\"event\":\"flow_start\",\"time\":\"2003-12-16T13:21:45.000000001Z\","
		"\"flow_id\":\"%s\",\"community_id\":\"1:LQU9qZlK+B5F3KDmev6m5PMibrg=\","
		"\"start\":\"2003-12-16T13:21:44.891921000Z\","
		"\"vni\":null,\"network\":null,\"outer_src\":null,\"session\":null,"
		"\"interface_id\":null,\"direction\":null,"
		"\"src_ip\":\"128.232.110.120\",\"dst_ip\":\"66.35.250.204\","
		"\"src_port\":34855,\"dst_port\":80,\"protocol\":6,"
		"\"app\":\"Unknown\",\"app_protocol\":null,\"app_name\":null,"
		"\"category\":null}\n",
		id);
	sink.start(sink.ctx, &flow, TIME);
	CU_ASSERT_EQUAL_FATAL(stage->n, 1);
	CU_ASSERT_STRING_EQUAL(stage_line(stage, 0), want);
	CU_ASSERT_TRUE(strlen(want) <= EVENT_FLOW_START_MAX);
	expect_ledger(stage, 1, 0, 0);
	/* The flow was told of; one that nobody looked at is told of before its event. */
	flow.flags |= FLOW_DPI_DONE;
	exporter_flow(stage->exporter, &flow, FLOW_END_IDLE, NULL);
	CU_ASSERT_EQUAL(stage->n, 2);
	flow.flags = 0;
	exporter_flow(stage->exporter, &flow, FLOW_END_ACTIVE, NULL);
	CU_ASSERT_EQUAL(stage->n, 3);
	exporter_flow(stage->exporter, &flow, FLOW_END_IDLE, NULL);
	CU_ASSERT_EQUAL_FATAL(stage->n, 5);
	CU_ASSERT_EQUAL(stage->records[3].head.type, RECORD_FLOW_START);
	CU_ASSERT_EQUAL(stage->records[4].head.type, RECORD_FLOW);
	stage_free(stage);
}

static void flow_starts_have_the_rate_of_transactions(void)
{
	struct stage *stage = stage_make(NULL);
	struct flow flow = sample_flow();
	struct transaction_sink sink;

	stage_exporter(stage, (struct exporter_params){.flow_starts = true,
				      .transactions = UINT32_MAX,
				      .transactions_per_second = 3});
	sink = exporter_transactions(stage->exporter);
	for (unsigned i = 0; i < 4; i++) {
		sink.start(sink.ctx, &flow, TIME);
		tell(stage, TRANSACTION_DNS, TIME, 0, NULL);
	}
	expect_ledger(stage, 8, 5, 0);
	stage_free(stage);
}

/* What the details count, where it was counted. */
static void a_flow_says_how_many_it_had(void)
{
	struct stage *stage = stage_make(NULL);
	struct flow flow = sample_flow();

	draft_reset(&stage->draft);
	stage->draft.transactions[TRANSACTION_DNS] = UINT32_MAX;
	flow.details = stage_drafted(stage);
	details_count(flow.details, TRANSACTION_DNS);
	details_count(flow.details, TRANSACTION_TLS);
	/* Without names of applications inspection is off: what was counted stands, no more is known. */
	exporter_flow(stage->exporter, &flow, FLOW_END_IDLE, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(stage_line(stage, 0),
		",\"quic\":null,\"transactions\":{\"dns\":4294967295,\"http\":null,\"tls\":1,"
		"\"quic\":null,\"ssh\":null},\"icmp\":null}"));
	stage_exporter(stage, (struct exporter_params){.flow_events = true,
				      .transactions = UINT32_MAX & ~(1u << TRANSACTION_DNS)});
	exporter_flow(stage->exporter, &flow, FLOW_END_IDLE, NULL);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(stage_line(stage, 0), "{\"dns\":null,\"http\":null,\"tls\":1,"));
	stage_free(stage);
}

static void flow_start_is_listed(void)
{
	struct folder folder = folder_make();
	struct stage *stage = stage_make(NULL);
	struct flow flow = sample_flow();
	char path[PATH_MAX];

	stage_exporter(stage, (struct exporter_params){.flow_starts = true});
	exporter_flow(stage->exporter, &flow, FLOW_END_IDLE, NULL);
	folder_put(&folder, "events.json", stage_line(stage, 0));
	CU_ASSERT_TRUE(python_script_agrees("tests/inspect/output_doc.py", "Flow starts",
		folder_path(&folder, "events.json", path, sizeof(path))));
	folder_remove(&folder);
	stage_free(stage);
}

static void docs_list_every_field(void)
{
	struct folder folder = folder_make();
	struct stage *stage = stage_make(NULL);
	const struct details *details = stage_details(stage, 100, 100);
	char path[PATH_MAX], *at, lines[TRANSACTIONS * 16384];

	at = lines;
	for (int kind = 0; kind < TRANSACTIONS; kind++) {
		const char *line;

		tell(stage, (enum transaction)kind, TIME, 0, details);
		line = stage_line(stage, (unsigned)kind);
		CU_ASSERT_TRUE_FATAL(strlen(line) < (size_t)(lines + sizeof(lines) - at));
		at = stpcpy(at, line);
	}
	folder_put(&folder, "events.json", lines);
	CU_ASSERT_TRUE(python_script_agrees("tests/inspect/output_doc.py", "Transactions",
		folder_path(&folder, "events.json", path, sizeof(path))));
	folder_remove(&folder);
	stage_free(stage);
}

void suite_event_transaction(void);
void suite_event_transaction(void)
{
	CU_pSuite s = CU_add_suite("event_transaction", NULL, NULL);

	CU_ADD_TEST(s, a_transaction_in_full);
	CU_ADD_TEST(s, each_kind_has_its_object_alone);
	CU_ADD_TEST(s, records_stand_alone);
	CU_ADD_TEST(s, what_is_too_long_is_cut_and_said);
	CU_ADD_TEST(s, the_longest_names_fit);
	CU_ADD_TEST(s, what_the_sink_refuses_is_counted);
	CU_ADD_TEST(s, nothing_is_made_of_kinds_that_are_off);
	CU_ADD_TEST(s, the_settings_say_which_kinds);
	CU_ADD_TEST(s, a_flow_has_so_many);
	CU_ADD_TEST(s, a_second_has_so_many);
	CU_ADD_TEST(s, a_flow_start_in_full);
	CU_ADD_TEST(s, flow_starts_have_the_rate_of_transactions);
	CU_ADD_TEST(s, a_flow_says_how_many_it_had);
	CU_ADD_TEST(s, flow_start_is_listed);
	CU_ADD_TEST(s, docs_list_every_field);
}
