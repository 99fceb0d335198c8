#include <CUnit/Basic.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"
#include "inspect/record/fact.h"
#include "inspect/summary/columns.h"
#include "inspect/summary/summary.h"
#include "support/folder.h"
#include "support/python.h"

/* nDPI 4.2's numbers, as `ndpiReader -h` lists them. */
enum { TLS = 91, DNS = 5, GOOGLE = 126 };

static struct dpi *dpi;

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
	return 0;
}

/* A made-up run and all that the summary borrows. */
struct run {
	struct ledger ledger;
	struct totals *totals;
	struct session_table *sessions;
	struct ether_types *not_ip;
	uint64_t workers[2];
	struct summary_rule rules[2];
	struct summary summary;
};

static void add_flow(struct run *run, struct app_total what, uint8_t host, uint64_t risks)
{
	struct flow flow = {.app_master = what.master, .app = what.app};
	uint64_t packets = what.total.packets, bytes = what.total.bytes;
	const struct observation_point nowhere = {.has_vni = false};
	struct flow_fact fact;

	flow.key.lo = ip_addr_v4((const uint8_t[]){10, 0, 0, host});
	flow.key.hi = ip_addr_v4((const uint8_t[]){93, 184, 216, 34});
	flow.flags = FLOW_CLIENT_IS_LO;
	flow.side[0].packets = packets / 2;
	flow.side[1].packets = packets - packets / 2;
	flow.side[0].bytes = bytes / 10;
	flow.side[1].bytes = bytes - bytes / 10;
	totals_flow(run->totals, &flow, (struct risk_set){risks, 0});
	flow_fact_fill(&fact, &(struct flow_fact_of){&flow, &nowhere, 42, ENCRYPTION_UNKNOWN});
	totals_talk(run->totals, &fact);
	encryption_count(&run->summary.counters.encryption_stats, ENCRYPTION_UNKNOWN, 1);
	run->ledger.reasons[REASON_inspected] += packets;
	run->ledger.received += packets;
}

static void add_session(
	struct run *run, uint8_t source, uint32_t vni, uint64_t packets, uint32_t len)
{
	struct packet p = {.vni = vni,
		.outer_src = ip_addr_v4((const uint8_t[]){10, 9, 0, source}),
		.flags = PACKET_HAS_VNI,
		.ip_len = len,
		.time_ns = 1700000000123456789};

	for (uint64_t i = 0; i < packets; i++)
		CU_ASSERT_TRUE(session_table_packet(run->sessions, &p, true));
}

/* One of both kinds, with bytes that a terminal must not see. */
static void add_names(struct run *run)
{
	_Alignas(8) uint8_t room[sizeof(struct name_fact) + 64];
	struct name_fact *fact = (struct name_fact *)(void *)room;
	static const char text[] = "NXDOMAINa\x1b[31m\0\xc2\x9b.example";

	memset(fact, 0, sizeof(*fact));
	fact->by = NAMING_DNS;
	fact->what_len = 8;
	fact->name_len = sizeof(text) - 1 - 8;
	fact->client = ip_addr_v4((const uint8_t[]){10, 0, 0, 7});
	memcpy(fact->text, text, sizeof(text) - 1);
	totals_name(run->totals, fact);
}

static void refuse(struct run *run, enum reason reason, uint64_t packets)
{
	run->ledger.reasons[reason] += packets;
	run->ledger.received += packets;
}

static void add_packets(struct run *run)
{
	add_flow(run, (struct app_total){TLS, GOOGLE, {1, 1200000, 987654321}}, 5,
		1ull << 9 | 1ull << 5);
	add_flow(run, (struct app_total){0, TLS, {1, 800, 123456}}, 5, 0);
	add_flow(run, (struct app_total){TLS, TLS, {1, 200, 3456}}, 6,
		1ull << 9); /* prints as TLS too */
	add_flow(run, (struct app_total){0, DNS, {1, 2, 999}}, 7, 0);
	add_flow(run, (struct app_total){DNS, GOOGLE, {1, 2, 1000}}, 7, 0);
	add_flow(run, (struct app_total){0, 0, {1, 1, 40}}, 200, 0);
	add_names(run);
	add_session(run, 2, 7, 30, 40);
	add_session(run, 1, 42, 900, 1500);
	add_session(run, 1, 7, 5, 100000);
	refuse(run, REASON_other_port, 3400);
	refuse(run, REASON_not_udp, 12);
	refuse(run, REASON_vxlan_no_vni, 5);
	refuse(run, REASON_rule_none, 77);
}

static struct run *run_make(void)
{
	struct run *run = calloc(1, sizeof(*run));

	CU_ASSERT_PTR_NOT_NULL_FATAL(run);
	run->totals = totals_create(&(struct totals_tables){true, true, true, true});
	run->sessions = session_table_create(64);
	CU_ASSERT_PTR_NOT_NULL_FATAL(run->totals);
	CU_ASSERT_PTR_NOT_NULL_FATAL(run->sessions);
	run->workers[0] = 700000;
	run->workers[1] = 504499;
	run->rules[0] = (struct summary_rule){.filter = "tmf-web",
		.id = "tmfr-1",
		.direction = DIRECTION_INGRESS,
		.number = 100,
		.accept = true,
		.packets = 1234567,
		.bytes = 98765};
	run->rules[1] = (struct summary_rule){.filter = "tmf-web",
		.id = "",
		.direction = DIRECTION_EGRESS,
		.number = 2147483647};
	run->not_ip = ether_types_create();
	CU_ASSERT_PTR_NOT_NULL_FATAL(run->not_ip);
	run->not_ip->packets[0x0806] = 7;
	run->summary = (struct summary){.input = "mirror",
		.not_ip = run->not_ip,
		.ledger = &run->ledger,
		.deterministic = true,
		.sessions = run->sessions,
		.totals = run->totals,
		.shows = {true, true, true, true},
		.dpi = dpi,
		.counters = {.dpi_stats = {.packets = 1234,
				     .memory_bytes = 1000,
				     .memory_peak_bytes = 2000},
			.flow_table_stats = {.made = 6, .ended = 6, .peak = 5}},
		.rules = run->rules,
		.n_rules = 2,
		.worker_packets = run->workers,
		.n_workers = 2,
		.outputs = {{.name = "events", .enabled = true, .ledger = {6, 6, 0, 0, 0, 1}},
			{.name = "packets"},
			{.name = "feed:ids",
				.enabled = true,
				.ledger = {9, 5, 1, 2, 1, 0},
				.is_feed = true,
				.feed_stats = {1, 2, 3, 2, 1, 7, 4}}},
		.n_outputs = 3,
		.ports = {{.name = "net_af_packet0,iface=eth1",
				  .packets = 7,
				  .bytes = 700,
				  .missed = 1,
				  .nombuf = 2,
				  .errors = 3},
			{.name = "0000:00:06.0",
				.interface = "pscope1",
				.exception = {.offered = 4, .delivered = 4}}},
		.n_ports = 2,
		.captures = 3,
		.duration_s = 2.5,
		.memory_peak_bytes = 1 << 28,
		.version = "1.2.3"};
	return run;
}

static void run_free(struct run *run)
{
	totals_destroy(run->totals);
	session_table_destroy(run->sessions);
	free(run->not_ip);
	free(run);
}

static void put_json(const struct run *run, const struct folder *folder, const char *name)
{
	char path[PATH_MAX];
	FILE *file = fopen(folder_path(folder, name, path, sizeof(path)), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_TRUE(summary_json(&run->summary, file));
	fclose(file);
}

static const struct alerts_top some_alerts = {.n = 1,
	.row = {{.id = 0xabc,
		.severity = 2,
		.count = 1234,
		.rule = "6",
		.title = "Self-signed Certificate",
		.tenant = "blue"}}};

static void docs_list_every_key(void)
{
	struct folder folder = folder_make();
	struct run *run = run_make();
	char path[PATH_MAX];

	run->summary.counters.flow_table_stats.acked_unseen = 1; /* there is a note about it */
	run->summary.alerts = &some_alerts;
	add_packets(run);
	put_json(run, &folder, "summary.json");
	CU_ASSERT_TRUE(python_script_agrees("tests/inspect/output_doc.py", "Summary",
		folder_path(&folder, "summary.json", path, sizeof(path))));
	folder_remove(&folder);
	run_free(run);
}

/* Expected numbers are those that add_packets() was written with. */
static void json_says_what_was_counted(void)
{
	struct folder folder = folder_make();
	struct run *run = run_make();
	char path[PATH_MAX];

	add_packets(run);
	put_json(run, &folder, "summary.json");
	CU_ASSERT_TRUE(python_agrees(
		"import json, sys\n"
		"s = json.load(open(sys.argv[1]))\n"
		"assert s['received'] == 1204499, s['received']\n"
		"assert s['received'] == sum(s['ledger'].values()) == "
		"sum(s['reasons'].values())\n"
		"assert s['ledger_closed'] is True and s['in_flight'] == 0\n"
		"assert s['ledger']['inspected'] == 1201005\n"
		"assert s['ledger']['not_mirror'] == 3412\n"
		"assert s['reasons']['other_port'] == 3400\n"
		"assert s['ledger']['outer_malformed'] == 5 == s['reasons']['vxlan_no_vni']\n"
		"assert len(s['ledger']) == 17\n"
		"assert s['flows'] == 6\n"
		"apps = s['applications']\n"
		"assert list(apps) == ['TLS.Google', 'TLS', 'DNS.Google', 'DNS', 'Unknown'], "
		"apps\n"
		"assert apps['TLS'] == {'flows': 2, 'packets': 1000, 'bytes': 126912}\n"
		"assert sum(a['packets'] for a in apps.values()) == s['ledger']['inspected']\n"
		"assert [(x['outer_src'], x['vni'], x['packets'], x['bytes']) for x in "
		"s['sessions']] == [('10.9.0.1', 7, 5, 500000), ('10.9.0.1', 42, 900, "
		"1350000), "
		"('10.9.0.2', 7, 30, 1200)]\n"
		"assert s['sessions'][0]['first'] == '2023-11-14T22:13:20.123456789Z'\n"
		"assert s['talkers'][0]['address'] == '93.184.216.34'\n"
		"assert s['talkers'][0]['sent']['flows'] == 0\n"
		"assert s['talkers'][0]['received'] == {'flows': 6, 'packets': 600502, "
		"'bytes': 98778325}, s['talkers'][0]\n"
		"first = s['conversations'][0]\n"
		"assert first['bytes'] == 987654321 and first['flows'] == 1, first\n"
		"assert len(s['conversations']) == 6 == s['memory']['conversations']\n"
		"assert s['names'] == [{'name': 'a\\x1b[31m\\ufffd\\x9b.example', 'by': 'dns', "
		"'count': 1, 'client': '10.0.0.7'}], s['names']\n"
		"assert s['failures'] == [dict(s['names'][0], failure='NXDOMAIN')]\n"
		"pair, = s['encryption_pairs']\n"
		"assert pair['client'] == pair['server'] == 'other'\n"
		"assert pair['flows'] == pair['unknown'] == 6\n"
		"assert set(s['encryption_others'].values()) == {0}\n"
		"assert [(r['id'], r['flows']) for r in s['risks']] == [(5, 1), (9, 2)]\n"
		"assert s['rules'] == [{'filter_id': 'tmf-web', 'rule_id': 'tmfr-1', "
		"'direction': "
		"'ingress', 'rule_number': 100, 'rule_action': 'accept', 'packets': 1234567, "
		"'bytes': 98765}, {'filter_id': 'tmf-web', 'rule_id': None, 'direction': "
		"'egress', "
		"'rule_number': 2147483647, 'rule_action': 'reject', 'packets': 0, 'bytes': "
		"0}]\n"
		"assert s['workers'] == [700000, 504499]\n"
		"assert s['run']['packets_per_second'] == 481799.6\n"
		"assert s['outputs']['events'] == {'enabled': True, 'offered': 6, 'written': "
		"6, "
		"'by_policy': 0, 'lost_queue': 0, 'lost_disk': 0, 'cut': 1}\n"
		"assert s['outputs']['feed:ids'] == {'enabled': True, 'offered': 9, 'written': 5, "
		"'by_policy': 1, 'lost_queue': 2, 'lost_disk': 1}\n"
		"assert s['feeds'] == {'feed:ids': {'readers_joined': 2, 'readers_missed': 3, "
		"'no_reader': 2, 'too_long': 1, 'tagged_points': 7, 'shared_tags': 4}}\n"
		"assert s['deterministic'] is True\n",
		folder_path(&folder, "summary.json", path, sizeof(path))));
	folder_remove(&folder);
	run_free(run);
}

/* Only run{} and workers[] may tell two runs apart. */
static void the_machine_shows_in_run_and_workers_only(void)
{
	struct folder folder = folder_make();
	struct run *run = run_make();
	char path[PATH_MAX];

	add_packets(run);
	put_json(run, &folder, "a.json");
	run->summary.duration_s = 99;
	run->summary.memory_peak_bytes = 1;
	run->summary.counters.dpi_stats.memory_bytes = 7;
	run->summary.counters.dpi_stats.memory_peak_bytes = 8;
	run->summary.counters.flow_table_stats.peak = 9;
	run->summary.n_workers = 1;
	put_json(run, &folder, "b.json");
	CU_ASSERT_TRUE(python_agrees(
		"import json, sys\n"
		"a, b = (json.load(open(sys.argv[1] + n)) for n in ('/a.json', '/b.json'))\n"
		"assert a != b\n"
		"for s in a, b:\n"
		"    del s['run'], s['workers']\n"
		"assert a == b\n",
		folder_path(&folder, "", path, sizeof(path))));
	folder_remove(&folder);
	run_free(run);
}

static bool tables_say(const struct run *run, const char *what)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool says;

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	summary_tables(&run->summary, out);
	fclose(out);
	says = strstr(text, what) != NULL;
	free(text);
	return says;
}

/* The number of workers matters to replay alone; one of a thing is one. */
static void what_a_limit_means(void)
{
	static const char workers[] = "another number of workers";
	static const char limit[] = "a capacity limit was hit";
	struct summary_replay replay = {0};
	struct run *run = run_make();

	run->ledger.received = run->ledger.reasons[REASON_other_port] = 1;
	CU_ASSERT_TRUE(tables_say(run, " 1 packet, 0 flows"));
	CU_ASSERT_FALSE(tables_say(run, limit));
	run->summary.deterministic = false;
	CU_ASSERT_TRUE(tables_say(run, limit));
	CU_ASSERT_FALSE(tables_say(run, workers));
	run->summary.counters.dpi_stats.shed_flows = 1;
	CU_ASSERT_TRUE(tables_say(run, "overload: 1 flow was not inspected"));
	run->summary.counters.dpi_stats.shed_flows = 1200;
	CU_ASSERT_TRUE(tables_say(run, "overload: 1,200 flows were not inspected"));
	CU_ASSERT_FALSE(tables_say(run, workers));
	CU_ASSERT_FALSE(tables_say(run, limit));
	run->summary.counters.dpi_stats.shed_flows = 0;
	run->summary.replay = &replay;
	CU_ASSERT_TRUE(tables_say(run, workers));
	run_free(run);
}

static void a_run_without_anything(void)
{
	struct folder folder = folder_make();
	struct run *run = run_make();
	char path[PATH_MAX];

	run->summary.sessions = NULL;
	run->summary.dpi = NULL;
	run->summary.duration_s = 0;
	run->summary.n_outputs = 0;
	put_json(run, &folder, "summary.json");
	CU_ASSERT_TRUE(python_agrees("import json, sys\n"
				     "s = json.load(open(sys.argv[1]))\n"
				     "assert s['applications'] == {} and s['sessions'] == []\n"
				     "assert s['talkers'] == [] and s['received'] == 0\n"
				     "assert s['run']['packets_per_second'] == 0\n",
		folder_path(&folder, "summary.json", path, sizeof(path))));
	/* No head stands over no row. */
	CU_ASSERT_FALSE(tables_say(run, "pplication"));
	CU_ASSERT_FALSE(tables_say(run, "alkers"));
	CU_ASSERT_TRUE(tables_say(run, "\n  received     0\n"));
	folder_remove(&folder);
	run_free(run);
}

static void durations_for_people(void)
{
	static const struct {
		uint64_t s;
		const char *text;
	} rows[] = {{0, "0.0 s"}, {59, "59.0 s"}, {60, "1 min"}, {3599, "59 min"},
		{3600, "1 h 0 min"}, {86399, "23 h 59 min"}, {86400, "1 d 0 h"}};
	char text[DURATION_TEXT];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		CU_ASSERT_STRING_EQUAL(
			duration_print(rows[i].s * 1000000000, text), rows[i].text);
}

static char *tables(const struct run *run, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	summary_tables(&run->summary, out);
	fclose(out);
	return text;
}

static void expect_in_tables(const char *text, const char *want)
{
	CU_ASSERT_PTR_NOT_NULL(strstr(text, want));
	if (strstr(text, want) == NULL)
		printf("\nwant: %s\nin:\n%s\n", want, text);
}

static void tables_for_people(void)
{
	struct run *run = run_make();
	size_t len;
	char *text;

	add_packets(run);
	text = tables(run, &len);
	expect_in_tables(text,
		"periscope 1.2.3: mirror input, 1,204,499 packets, 6 flows in 2.50 s "
		"(481,799 packets/s)\n");
	expect_in_tables(text, "\n  received           1,204,499\n");
	expect_in_tables(text, "\n    inspected        1,201,005  99.7 %  reached its flow\n");
	expect_in_tables(
		text, "\n    not_mirror           3,412   0.3 %  not encapsulated for us\n");
	expect_in_tables(text, "\n      other_port         3,400            "
			       "UDP to a port that carries no mirror traffic\n");
	/* Nothing about buckets without packets. */
	CU_ASSERT_PTR_NULL(strstr(text, "duplicate"));
	expect_in_tables(text, "\n  TLS.Google       1  1,200,000  987.65 MB       100.0 %\n");
	expect_in_tables(text, "\n  TLS Expired Certificate");
	expect_in_tables(text, "\nConversations (first 5 of 6)\n  client");
	expect_in_tables(text,
		"\n  NXDOMAIN  a\\x1b[31m\\x00\\xc2\\x9b.example  dns      1  10.0.0.7\n");
	expect_in_tables(text, "\n  10.9.0.2        7");
	expect_in_tables(
		text, "\n  tmf-web  ingress           100  accept  1,234,567  98.77 kB\n");
	CU_ASSERT_STRING_EQUAL(
		strrchr(text, '\n') - strlen("ledger closed: 1,204,499 received = "
					     "1,204,499 accounted for"),
		"ledger closed: 1,204,499 received = 1,204,499 accounted for\n");
	free(text);
	run->ledger.received++;
	text = tables(run, &len);
	expect_in_tables(
		text, "\nLEDGER DOES NOT CLOSE: 1,204,500 received, 1,204,499 accounted for.");
	CU_ASSERT_PTR_NULL(strstr(text, "ledger closed"));
	free(text);
	run_free(run);
}

static void losses_are_told(void)
{
	struct run *run = run_make();
	size_t len;
	char *text;

	run->summary.outputs[0].ledger.lost_disk = 1000;
	run->summary.outputs[0].ledger.lost_queue = 234;
	run->summary.deterministic = false;
	text = tables(run, &len);
	expect_in_tables(text, "LOST: 1,234 records of events could not be written\n");
	expect_in_tables(text, "a capacity limit was hit");
	free(text);
	run_free(run);
}

static void a_stream_that_cannot_be_written(void)
{
	struct run *run = run_make();
	FILE *full = fopen("/dev/full", "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(full);
	CU_ASSERT_FALSE(summary_json(&run->summary, full));
	fclose(full);
	run_free(run);
}

/* One packet or record too many, in each sum in turn. */
static void each_sum_is_looked_at(void)
{
	struct ledger ledger = {.received = 2, .reasons[REASON_inspected] = 2};
	const struct output_ledger output = {10, 4, 3, 2, 1, 0};
	struct summary s = {.ledger = &ledger, .n_ports = 1};

	s.ports[0].exception = (struct exception_ledger){.offered = 10,
		.delivered = 4,
		.rate_limited = 3,
		.lost_ring = 2,
		.lost_tap = 1,
		.from_kernel = 3,
		.sent = 2,
		.lost_tx = 1};
	summary_add_output(&s, "packets", false, NULL);
	summary_add_output(&s, "events", true, &output);
	CU_ASSERT_PTR_NULL(summary_open_sum(&s));

	ledger.received++;
	CU_ASSERT_PTR_NOT_NULL_FATAL(summary_open_sum(&s));
	CU_ASSERT_PTR_NOT_NULL(strstr(summary_open_sum(&s), "the ledger does not close"));
	ledger.received--;
	s.outputs[1].ledger.lost_queue--;
	CU_ASSERT_PTR_NOT_NULL_FATAL(summary_open_sum(&s));
	CU_ASSERT_PTR_NOT_NULL(strstr(summary_open_sum(&s), "of an output"));
	s.outputs[1].ledger.lost_queue++;
	s.ports[0].exception.lost_tx++;
	CU_ASSERT_PTR_NOT_NULL_FATAL(summary_open_sum(&s));
	CU_ASSERT_PTR_NOT_NULL(strstr(summary_open_sum(&s), "exception path"));
	s.ports[0].exception.lost_tx--;
	CU_ASSERT_PTR_NULL(summary_open_sum(&s));
}

void suite_summary(void);
void suite_summary(void)
{
	CU_pSuite s = CU_add_suite("summary", start, stop);

	CU_ADD_TEST(s, docs_list_every_key);
	CU_ADD_TEST(s, json_says_what_was_counted);
	CU_ADD_TEST(s, the_machine_shows_in_run_and_workers_only);
	CU_ADD_TEST(s, what_a_limit_means);
	CU_ADD_TEST(s, a_run_without_anything);
	CU_ADD_TEST(s, durations_for_people);
	CU_ADD_TEST(s, tables_for_people);
	CU_ADD_TEST(s, losses_are_told);
	CU_ADD_TEST(s, a_stream_that_cannot_be_written);
	CU_ADD_TEST(s, each_sum_is_looked_at);
}
