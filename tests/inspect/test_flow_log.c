#include <CUnit/Basic.h>
#include <arpa/inet.h>
#include <string.h>

#include "inspect/export/flow_log.h"

static struct ip_addr addr_of(const char *text)
{
	struct ip_addr a;

	if (!ip_addr_parse(text, &a))
		CU_FAIL("bad address in a row");
	return a;
}

/* Records of the VPC user guide ("Flow log record examples"), and what their flows had counted.
 * Where AWS shows a REJECT, the same numbers with the one action that a mirror can see. */
static const struct {
	const char *src, *dst;
	uint16_t src_port, dst_port;
	uint8_t protocol, version;
	uint32_t packets, bytes, first, last;
	const char *want;
} rows[] = {
	{"172.31.16.139", "172.31.16.21", 20641, 22, 6, 4, 20, 4249, 1418530010, 1418530070,
		"2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 "
		"4249 1418530010 1418530070 ACCEPT OK\n"},
	{"172.31.9.69", "172.31.9.12", 49761, 3389, 6, 4, 20, 4249, 1418530010, 1418530070,
		"2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 "
		"4249 1418530010 1418530070 ACCEPT OK\n"},
	/* Ping: the flow's "ports" are type and counter type, the record's are 0. */
	{"203.0.113.12", "172.31.16.139", 8, 0, 1, 4, 4, 336, 1432917027, 1432917142,
		"2 123456789010 eni-1235b8ca123456789 203.0.113.12 172.31.16.139 0 0 1 4 336 "
		"1432917027 1432917142 ACCEPT OK\n"},
	{"2001:db8:1234:a100:8d6e:3477:df66:f105", "2001:db8:1234:a102:3304:8879:34cf:4071",
		34892, 22, 6, 6, 54, 8855, 1477913708, 1477913820,
		"2 123456789010 eni-1235b8ca123456789 2001:db8:1234:a100:8d6e:3477:df66:f105 "
		"2001:db8:1234:a102:3304:8879:34cf:4071 34892 22 6 54 8855 1477913708 "
		"1477913820 ACCEPT OK\n"},
};

static struct flow flow_of(size_t row, bool client_is_lo)
{
	struct flow flow = {.flags = client_is_lo ? FLOW_CLIENT_IS_LO : 0};
	struct ip_addr src = addr_of(rows[row].src), dst = addr_of(rows[row].dst);

	flow.key.lo = client_is_lo ? src : dst;
	flow.key.hi = client_is_lo ? dst : src;
	flow.key.lo_port = client_is_lo ? rows[row].src_port : rows[row].dst_port;
	flow.key.hi_port = client_is_lo ? rows[row].dst_port : rows[row].src_port;
	flow.key.protocol = rows[row].protocol;
	flow.key.ip_version = rows[row].version;
	/* Totals of the whole flow must not be taken for those of the window. */
	flow.side[0].packets = flow.side[1].packets = 1000000;
	flow.side[0].bytes = flow.side[1].bytes = 1000000;
	return flow;
}

static struct flow_window window_of(size_t row)
{
	return (struct flow_window){.packets = rows[row].packets,
		.bytes = rows[row].bytes,
		.first = rows[row].first,
		.last = rows[row].last};
}

static void records_of_the_user_guide(void)
{
	const struct vantage vantage = {
		.account = "123456789010", .interface_id = "eni-1235b8ca123456789"};

	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++)
		for (int client_is_lo = 0; client_is_lo < 2; client_is_lo++) {
			struct flow flow = flow_of(row, client_is_lo);
			struct flow_window sent = window_of(row);
			char room[FLOW_LOG_SIZE] = "";
			struct text t = text_make(room, sizeof(room) - 1);

			flow_log_record(&t, &flow, 0, &sent, &vantage);
			CU_ASSERT_STRING_EQUAL(room, rows[row].want);
		}
}

static void the_server_side_is_turned_round(void)
{
	const struct vantage vantage = {.seen = NULL};
	struct flow flow = flow_of(0, true);
	char room[FLOW_LOG_SIZE] = "";
	struct text t = text_make(room, sizeof(room) - 1);

	flow_log_record(&t, &flow, 1,
		&(struct flow_window){.packets = 7,
			.bytes = 5000000000,
			.first = 1418530011,
			.last = 1418530069},
		&vantage);
	CU_ASSERT_STRING_EQUAL(room, "2 unknown - 172.31.16.21 172.31.16.139 22 20641 6 7 "
				     "5000000000 1418530011 1418530069 ACCEPT OK\n");
}

static void ports_of_protocols(void)
{
	static const struct {
		uint8_t protocol;
		const char *ports;
	} protocols[] = {{6, " 20641 22 6 "}, {17, " 20641 22 17 "}, {33, " 20641 22 33 "},
		{132, " 20641 22 132 "}, {136, " 20641 22 136 "}, {1, " 0 0 1 "},
		{58, " 0 0 58 "}, {47, " 0 0 47 "}, {50, " 0 0 50 "}, {0, " 0 0 0 "}};
	const struct vantage vantage = {.seen = NULL};
	const struct flow_window sent = window_of(0);

	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		struct flow flow = flow_of(0, true);
		char room[FLOW_LOG_SIZE] = "";
		struct text t = text_make(room, sizeof(room) - 1);

		flow.key.protocol = protocols[i].protocol;
		flow_log_record(&t, &flow, 0, &sent, &vantage);
		CU_ASSERT_PTR_NOT_NULL(strstr(room, protocols[i].ports));
	}
}

static void the_longest_record_fits(void)
{
	char name[100];
	const struct vantage vantage = {.account = name, .interface_id = name};
	struct flow flow = {.key = {.ip_version = 6, .protocol = 132}};
	const struct flow_window sent = {
		UINT64_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT8_MAX};
	char room[FLOW_LOG_SIZE];
	struct text t = text_make(room, sizeof(room));

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	memset(&flow.key.lo, 0xee, 2 * sizeof(flow.key.lo));
	flow.key.lo_port = flow.key.hi_port = UINT16_MAX;
	flow_log_record(&t, &flow, 0, &sent, &vantage);
	CU_ASSERT_FALSE(t.full);
	CU_ASSERT_EQUAL(t.at[-1], '\n');
}

static void the_header_names_the_fields_of_version_2(void)
{
	CU_ASSERT_STRING_EQUAL(FLOW_LOG_HEADER,
		"version account-id interface-id srcaddr dstaddr srcport dstport protocol "
		"packets bytes start end action log-status\n");
}

void suite_flow_log(void);
void suite_flow_log(void)
{
	CU_pSuite s = CU_add_suite("flow_log", NULL, NULL);

	CU_ADD_TEST(s, records_of_the_user_guide);
	CU_ADD_TEST(s, the_server_side_is_turned_round);
	CU_ADD_TEST(s, ports_of_protocols);
	CU_ADD_TEST(s, the_longest_record_fits);
	CU_ADD_TEST(s, the_header_names_the_fields_of_version_2);
}
