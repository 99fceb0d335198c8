#include <CUnit/Basic.h>
#include <arpa/inet.h>
#include <string.h>

#include "inspect/record/aggregate.h"
#include "inspect/record/encoder/flow_log.h"
#include "support/drawer.h"

static struct ip_addr addr_of(const char *text)
{
	struct ip_addr a;

	if (!ip_addr_parse(text, &a))
		CU_FAIL("bad address in a row");
	return a;
}

/* Records of the VPC user guide ("Flow log record examples"), and what was counted for them.
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
	{"203.0.113.12", "172.31.16.139", 0, 0, 1, 4, 4, 336, 1432917027, 1432917142,
		"2 123456789010 eni-1235b8ca123456789 203.0.113.12 172.31.16.139 0 0 1 4 336 "
		"1432917027 1432917142 ACCEPT OK\n"},
	{"2001:db8:1234:a100:8d6e:3477:df66:f105", "2001:db8:1234:a102:3304:8879:34cf:4071",
		34892, 22, 6, 6, 54, 8855, 1477913708, 1477913820,
		"2 123456789010 eni-1235b8ca123456789 2001:db8:1234:a100:8d6e:3477:df66:f105 "
		"2001:db8:1234:a102:3304:8879:34cf:4071 34892 22 6 54 8855 1477913708 "
		"1477913820 ACCEPT OK\n"},
};

enum { WINDOW = 60 };

static uint32_t begin_of(size_t row)
{
	return rows[row].first / WINDOW * WINDOW;
}

/* Its sender is `lo`, or `hi`. */
static struct aggregate aggregate_of(size_t row, unsigned sender)
{
	struct aggregate aggregate = {.key.window = rows[row].first / WINDOW};
	struct ip_addr src = addr_of(rows[row].src), dst = addr_of(rows[row].dst);

	aggregate.key.lo = sender == 0 ? src : dst;
	aggregate.key.hi = sender == 0 ? dst : src;
	aggregate.key.lo_port = sender == 0 ? rows[row].src_port : rows[row].dst_port;
	aggregate.key.hi_port = sender == 0 ? rows[row].dst_port : rows[row].src_port;
	aggregate.key.protocol = rows[row].protocol;
	aggregate.key.ip_version = rows[row].version;
	aggregate.side[sender] = (struct aggregate_side){.packets = rows[row].packets,
		.bytes = rows[row].bytes,
		.first = (uint16_t)(rows[row].first - begin_of(row)),
		.last = (uint16_t)(rows[row].last - begin_of(row))};
	return aggregate;
}

/* The line of what a side sent; `lasts`: the second of its last packet, if that is wanted. */
static const char *line_of(const struct aggregate *aggregate, unsigned side,
	const struct observation_point *observation_point, uint64_t *last)
{
	static char line[FLOW_LOG_SIZE + 1];
	static struct drawer drawer;
	struct sink sink = drawer_sink(&drawer);
	struct text t = text_make(line, FLOW_LOG_SIZE);

	CU_ASSERT_TRUE(record_window(&sink, aggregate, side, WINDOW, observation_point));
	flow_log_line(&t, &drawer.last.record, NULL);
	CU_ASSERT_FALSE(t.full);
	*t.at = '\0';
	if (last != NULL)
		*last = ((const struct window_record *)&drawer.last.record)->last_s;
	return line;
}

static void records_of_the_user_guide(void)
{
	const struct observation_point observation_point = {
		.account = "123456789010", .interface_id = "eni-1235b8ca123456789"};

	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++)
		for (unsigned sender = 0; sender < 2; sender++) {
			struct aggregate aggregate = aggregate_of(row, sender);
			uint64_t last;

			CU_ASSERT_STRING_EQUAL(
				line_of(&aggregate, sender, &observation_point, &last),
				rows[row].want);
			CU_ASSERT_EQUAL(last, rows[row].last);
		}
}

static void each_side_has_its_own_numbers(void)
{
	const struct observation_point observation_point = {.has_vni = false};
	struct aggregate aggregate = aggregate_of(0, 0);

	aggregate.side[1] = (struct aggregate_side){.packets = UINT64_C(5000000001),
		.bytes = UINT64_C(1) << 49,
		.first = 1,
		.last = 59};
	CU_ASSERT_STRING_EQUAL(line_of(&aggregate, 1, &observation_point, NULL),
		"2 unknown - 172.31.16.21 172.31.16.139 22 20641 6 5000000001 562949953421312 "
		"1418529961 1418530019 ACCEPT OK\n");
}

/* The last window of packet times, in the year 2554. */
static void the_longest_record_fits(void)
{
	char name[100];
	const struct observation_point observation_point = {
		.account = name, .interface_id = name};
	struct aggregate aggregate = {.key = {.window = 307445734,
					      .lo_port = UINT16_MAX,
					      .hi_port = UINT16_MAX,
					      .protocol = 132,
					      .ip_version = 6}};
	const char *line;

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	memset(&aggregate.key.lo, 0xee, 2 * sizeof(aggregate.key.lo));
	aggregate.side[0] = (struct aggregate_side){UINT64_MAX, UINT64_MAX, 0, 33, 0};
	line = line_of(&aggregate, 0, &observation_point, NULL);
	CU_ASSERT_EQUAL(line[strlen(line) - 1], '\n');
	CU_ASSERT_PTR_NOT_NULL(strstr(line, " 18446744040 18446744073 ACCEPT OK\n"));
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
	CU_ADD_TEST(s, each_side_has_its_own_numbers);
	CU_ADD_TEST(s, the_longest_record_fits);
	CU_ADD_TEST(s, the_header_names_the_fields_of_version_2);
}
