/* Which flows belong to alerts that many flows make together. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/parse/json.h"
#include "inspect/packets/question/alert_reach.h"

void suite_alert_reach(void);

/* Each row of `flows` says of which of these it is. */
static const char alerts[] =
	"{\"event\":\"alert\",\"alert_id\":\"00000000000000b1\",\"rule\":\"horizontal_scan\",\"category\":\"scan\",\"flow_id\":\"0000000000000001\","
	"\"first\":\"2026-11-22T03:00:10Z\",\"last\":\"2026-11-22T03:00:12Z\",\"vni\":7,\"tenant\":\"7\",\"src_ip\":\"10.0.0.1\",\"dst_ip\":\"10.0.0.2\","
	"\"src_port\":1,\"dst_port\":22,\"protocol\":6}\n"
	/* it goes on */
	"{\"event\":\"alert\",\"alert_id\":\"00000000000000b1\",\"rule\":\"horizontal_scan\",\"category\":\"scan\",\"flow_id\":\"0000000000000001\","
	"\"first\":\"2026-11-22T03:00:10Z\",\"last\":\"2026-11-22T03:00:20Z\",\"vni\":7,\"tenant\":\"7\",\"src_ip\":\"10.0.0.1\",\"dst_ip\":\"10.0.0.2\","
	"\"src_port\":1,\"dst_port\":22,\"protocol\":6}\n"
	"{\"event\":\"alert\",\"alert_id\":\"00000000000000b2\",\"rule\":\"syn_flood\",\"category\":\"flood\",\"flow_id\":\"0000000000000007\","
	"\"first\":\"2026-11-22T03:00:10Z\",\"last\":\"2026-11-22T03:00:20Z\",\"vni\":7,\"tenant\":\"blue\",\"src_ip\":\"10.0.0.8\",\"dst_ip\":\"10.0.0.2\","
	"\"src_port\":1,\"dst_port\":80,\"protocol\":6}\n"
	"{\"event\":\"alert\",\"alert_id\":\"00000000000000b3\",\"rule\":\"beacon\",\"category\":\"beacon\",\"flow_id\":\"0000000000000008\","
	"\"first\":\"2026-11-22T03:00:10Z\",\"last\":\"2026-11-22T03:00:20Z\",\"vni\":null,\"tenant\":null,\"src_ip\":\"10.0.0.1\",\"dst_ip\":\"10.0.0.3\","
	"\"src_port\":1,\"dst_port\":443,\"protocol\":6}\n"
	"{\"event\":\"alert\",\"alert_id\":\"00000000000000b4\",\"rule\":\"udp_vertical_scan\",\"category\":\"scan\",\"flow_id\":\"0000000000000009\","
	"\"first\":\"2026-11-22T03:00:10Z\",\"last\":\"2026-11-22T03:00:20Z\",\"vni\":7,\"tenant\":\"7\",\"src_ip\":\"10.0.0.1\",\"dst_ip\":\"10.0.0.2\","
	"\"src_port\":3,\"dst_port\":3,\"protocol\":1}\n";

#define FLOW(id, vni, src, dst, port, protocol, start, end) \
	"{\"event\":\"flow\",\"flow_id\":\"000000000000000" id "\",\"vni\":" vni \
	",\"src_ip\":\"" src "\",\"dst_ip\":\"" dst "\",\"dst_port\":" port \
	",\"protocol\":" protocol ",\"start\":\"2026-11-22T03:00:" start \
	"Z\",\"end\":\"2026-11-22T03:00:" end "Z\",\"alerts\":[]}\n"
static const char flows[] =
	FLOW("1", "7", "10.0.0.1", "10.0.0.2", "22", "6", "10", "10") /* b1 */
	FLOW("2", "7", "10.0.0.1", "10.0.0.3", "22", "6", "20", "30") /* b1: it goes on */
	FLOW("3", "8", "10.0.0.1", "10.0.0.3", "443", "6", "15",
		"15") /* b3: of another session */
	FLOW("4", "7", "10.0.0.1", "10.0.0.3", "22", "6", "21", "30")      /* later */
	FLOW("5", "7", "10.0.0.1", "10.0.0.3", "22", "6", "01", "08")      /* before */
	FLOW("6", "7", "10.0.0.1", "10.0.0.2", "53", "17", "09.5", "09.5") /* b4 */
	FLOW("7", "9", "10.0.0.7", "10.0.0.2", "80", "6", "11",
		"11") /* b2: a tenant of several */
	FLOW("8", "7", "10.0.0.1", "10.0.0.3", "443", "6", "11", "11") /* b1, b3 */
	FLOW("9", "7", "10.0.0.2", "10.0.0.1", "3", "1", "11", "11")   /* b4 */
	FLOW("a", "7", "10.0.0.2", "10.0.0.1", "22", "6", "11", "11")  /* the other way */
	FLOW("b", "7", "10.0.0.2", "10.0.0.1", "53", "17", "11",
		"11") "{\"event\":\"dns\",\"flow_id\":\"000000000000000c\",\"vni\":7,\"src_ip\":\"10.0.0.1\",\"dst_ip\":\"10.0.0.2\","
		      "\"dst_port\":22,\"protocol\":6,\"time\":\"2026-11-22T03:00:11Z\"}\n";

static struct node_tree parse(const char *text)
{
	struct node_tree tree = {.root = NULL};
	struct node_error wrong;

	CU_ASSERT_EQUAL_FATAL(json_parse(&tree, text, strlen(text), &wrong), 0);
	return tree;
}

/* The last digit of an alert's id is the number of its bit, and that of a flow's its place in what is expected. */
static unsigned digit_of(const struct node *event, const char *key)
{
	return (unsigned)strtoul(node_member(event, key)->text + 15, NULL, 16);
}

static void add(struct alert_reaches *reaches, const struct node *alert)
{
	alert_reaches_add(reaches, alert, UINT64_C(1) << digit_of(alert, "alert_id"));
}

static void flows_belong(void)
{
	enum { SCAN = 1 << 1, FLOOD = 1 << 2, BEACON = 1 << 3, UDP_SCAN = 1 << 4 };
	static const unsigned expected[] = {[1] = SCAN,
		[2] = SCAN,
		[3] = BEACON,
		[6] = UDP_SCAN,
		[7] = FLOOD,
		[8] = SCAN | BEACON,
		[9] = UDP_SCAN,
		[12] = 0};
	struct node_tree told = parse(alerts), seen = parse(flows);
	struct alert_reaches reaches = {.n = 0};

	node_each(alert, told.root)
	{
		add(&reaches, alert);
	}
	CU_ASSERT_EQUAL(reaches.n, 4); /* one of them went on */
	node_each(flow, seen.root)
	{
		CU_ASSERT_EQUAL(alert_reaches_bits(&reaches, flow),
			expected[digit_of(flow, "flow_id")]);
	}
	CU_ASSERT_TRUE(alert_reaches_may(&reaches, "a line with 10.0.0.2 in it"));
	CU_ASSERT_FALSE(alert_reaches_may(&reaches, "a line with 10.0.1.2 in it"));
	node_tree_free(&told);
	node_tree_free(&seen);
}

/* Alerts of one flow, and lines that say too little, or nonsense, reach over nothing. */
static void others_add_nothing(void)
{
	static const char *const lines[] = {
		"{}",
		"{\"category\":null}",
		"{\"category\":[]}",
		"{\"category\":\"risk\"}",
		"{\"category\":\"scan\"}",
		"{\"category\":\"scan\",\"src_ip\":\"10.0.0.1\",\"protocol\":6}",
		"{\"category\":\"scan\",\"src_ip\":null,\"protocol\":6,\"first\":1,\"last\":2}",
		"{\"category\":\"scan\",\"src_ip\":\"10.0.0.1\",\"protocol\":\"x\",\"first\":1,\"last\":2}",
		"{\"category\":\"scan\",\"src_ip\":\"10.0.0.1\",\"protocol\":6,\"first\":\"soon\",\"last\":2}",
		"{\"category\":\"scan\",\"src_ip\":\"0123456789012345678901234567890123456789012345678\",\"protocol\":6,"
		"\"first\":1,\"last\":2}",
		"{\"category\":\"beacon\",\"src_ip\":\"10.0.0.1\",\"dst_ip\":\"10.0.0.2\",\"dst_port\":123456789,\"protocol\":6,"
		"\"first\":1,\"last\":2}",
	};
	struct alert_reaches reaches = {.n = 0};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct node_tree tree = parse(lines[i]);

		alert_reaches_add(&reaches, tree.root->first, 1);
		CU_ASSERT_EQUAL(reaches.n, 0);
		node_tree_free(&tree);
	}
}

/* When there is no room for another time, the last ones go on. */
static void is_bounded(void)
{
	enum { TIMES = 3 * ALERT_REACHES_MAX };
	struct alert_reaches reaches = {.n = 0};
	char text[256];

	for (int i = 0; i < TIMES; i++) {
		struct node_tree tree;

		snprintf(text, sizeof(text),
			"{\"category\":\"scan\",\"src_ip\":\"10.0.0.1\",\"protocol\":6,\"first\":%d,\"last\":%d}",
			1000 * i, 1000 * i + 10);
		tree = parse(text);
		alert_reaches_add(&reaches, tree.root->first, 2);
		node_tree_free(&tree);
	}
	CU_ASSERT_EQUAL(reaches.n, ALERT_REACHES_MAX);
	for (int i = 0; i < TIMES; i++) {
		struct node_tree tree;

		snprintf(text, sizeof(text),
			"{\"src_ip\":\"10.0.0.1\",\"protocol\":6,\"start\":%d,\"end\":%d}",
			1000 * i + 5, 1000 * i + 7);
		tree = parse(text);
		CU_ASSERT_EQUAL(alert_reaches_bits(&reaches, tree.root->first), 2);
		node_tree_free(&tree);
	}
}

void suite_alert_reach(void)
{
	CU_pSuite suite = CU_add_suite("alert_reach", NULL, NULL);

	CU_add_test(suite, "flows of alerts of many", flows_belong);
	CU_add_test(suite, "others", others_add_nothing);
	CU_add_test(suite, "alerts without end", is_bounded);
}
