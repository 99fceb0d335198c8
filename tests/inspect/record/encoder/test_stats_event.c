#include <CUnit/Basic.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/record/encoder/stats_event.h"
#include "support/folder.h"
#include "support/python.h"

/* Every number another one, so that none can stand for its neighbour. */
static struct stats_record sample(void)
{
	struct stats_record event = {
		.time_ns = 1071580904891921000,
		.uptime_ns = 61007000000,
		.ledger = {.received = 100, .in_flight = 3},
		.counters = {.flow_table_stats = {.live = 4,
				     .made = 9,
				     .ended = 5,
				     .evicted = 1,
				     .refused = 2,
				     .acked_unseen = 5000000000},
			.dpi_stats = {.packets = 31, .refused_flows = 32, .shed_flows = 33},
			.alerts_stats = {.begun = 41, .facts = 42, .suppressed = 43}},
		.steps = {{"dpi", {{true, 2, 1500000000, 33}}},
			{"handoff", {{false, 1, 70000000, 44}}}},
		.ports = {{.name = "net_af_packet0,iface=\"x",
			.packets = 200,
			.bytes = 30000,
			.missed = 21,
			.nombuf = 22,
			.errors = 23}},
		.n_ports = 1,
		.feeds = {{"feed:ids", {51, 52, 53, 54, 55, 0}}},
		.n_feeds = 1,
	};

	event.ledger.reasons[REASON_inspected] = 90;
	event.ledger.reasons[REASON_handoff_full] = 7;
	return event;
}

static void a_line_in_full(void)
{
	static const char begin[] =
		"{\"event\":\"stats\",\"time\":\"2003-12-16T13:21:44.891921000Z\","
		"\"uptime_s\":61.007,\"received\":100,\"in_flight\":3,\"ledger\":{\"not_"
		"mirror\":0,";
	static const char end[] =
		"\"handoff_full\":7,\"flow_table_full\":0,\"inspected\":90},"
		"\"acked_unseen\":5000000000,"
		"\"ports\":[{\"name\":\"net_af_packet0,iface=\\\"x\",\"packets\":200,"
		"\"bytes\":30000,\"missed\":21,\"nombuf\":22,\"errors\":23}],"
		"\"flows\":{\"live\":4,\"made\":9,\"ended\":5,\"evicted\":1,\"refused\":2},"
		"\"dpi\":{\"packets\":31,\"refused_flows\":32,\"shed_flows\":33},"
		"\"alerts\":{\"begun\":41,\"facts\":42,\"suppressed\":43},"
		"\"overload\":[{\"step\":\"dpi\",\"active\":true,\"entered\":2,\"spent_s\":1."
		"500,"
		"\"count\":33},{\"step\":\"handoff\",\"active\":false,\"entered\":1,"
		"\"spent_s\":0.070,\"count\":44}],"
		"\"feeds\":[{\"name\":\"feed:ids\",\"offered\":51,\"written\":52,"
		"\"by_policy\":53,\"lost_queue\":54,\"lost_disk\":55}]}\n";
	char line[STATS_EVENT_MAX], path[PATH_MAX];
	struct stats_record event = sample();
	struct text t = text_make(line, sizeof(line) - 1);
	struct folder folder;
	size_t len;

	stats_event(&t, &event.record, NULL);
	CU_ASSERT_FALSE(t.full);
	len = (size_t)(t.at - line);
	*t.at = '\0';
	CU_ASSERT_NSTRING_EQUAL(line, begin, strlen(begin));
	CU_ASSERT_STRING_EQUAL(line + len - strlen(end), end);
	folder = folder_make();
	folder_put(&folder, "stats.json", line);
	CU_ASSERT_TRUE(python_script_agrees("tests/inspect/output_doc.py", "Stats events",
		folder_path(&folder, "stats.json", path, sizeof(path))));
	folder_remove(&folder);
}

static void the_largest_fits(void)
{
	static char line[STATS_EVENT_MAX];
	struct stats_record event;
	struct text t = text_make(line, sizeof(line));
	char name[STATS_PORT_NAME + 1] = "";

	memset(name, 1, STATS_PORT_NAME); /* the longest in JSON */
	memset(&event, 0xff, sizeof(event));
	event.n_ports = STATS_PORTS;
	for (uint32_t i = 0; i < STATS_PORTS; i++)
		snprintf(event.ports[i].name, sizeof(event.ports[i].name), "%s", name);
	event.n_feeds = FEEDS_MAX;
	for (int i = 0; i < FEEDS_MAX; i++)
		snprintf(event.feeds[i].name, sizeof(event.feeds[i].name), "feed:%.31s",
			"a-name-that-is-as-long-as-may-be-and-more");
	for (int i = 0; i < STATS_STEPS; i++) {
		event.steps[i].name = "handoff";
		event.steps[i].active = false;
	}
	stats_event(&t, &event.record, NULL);
	CU_ASSERT_FALSE(t.full);
}

void suite_stats_event(void);
void suite_stats_event(void)
{
	CU_pSuite s = CU_add_suite("stats_event", NULL, NULL);

	CU_ADD_TEST(s, a_line_in_full);
	CU_ADD_TEST(s, the_largest_fits);
}
