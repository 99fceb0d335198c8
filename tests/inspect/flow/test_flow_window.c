/* Windows of flows that hold more, or lie later, than a few bits can tell. */
#include <CUnit/Basic.h>
#include <string.h>

#include "inspect/flow/table.h"

#define NS UINT64_C(1000000000)
#define ERA (UINT64_C(1) << 32) /* seconds: in the year 2106 */

enum { WINDOWS_MAX = 8 };

struct bench {
	struct flow_table *table;
	struct flow_window sent[WINDOWS_MAX][2];
	unsigned n;
};

static void window(void *ctx, const struct flow *flow, const struct flow_window sent[2])
{
	struct bench *bench = ctx;

	(void)flow;
	CU_ASSERT_FATAL(bench->n < WINDOWS_MAX);
	memcpy(bench->sent[bench->n++], sent, sizeof(bench->sent[0]));
}

static void bench_open(struct bench *bench)
{
	const struct flow_params params = {
		.capacity = 64, .idle_timeout_ns = 120 * NS, .window_s = 60};
	const struct flow_observer observer = {.ctx = bench, .window = window};

	memset(bench, 0, sizeof(*bench));
	bench->table = flow_table_create(&params, &observer);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bench->table);
}

/* The packet with its addresses and ports, sent by `from`: 'a', or 'b' at `server_port`. */
static void give(struct bench *bench, struct packet p, char from, uint16_t server_port)
{
	struct ip_addr a = ip_addr_v4((const uint8_t[]){10, 0, 0, 2});
	struct ip_addr b = ip_addr_v4((const uint8_t[]){10, 0, 0, 1});

	p.src = from == 'a' ? a : b;
	p.dst = from == 'a' ? b : a;
	p.src_port = from == 'a' ? 40000 : server_port;
	p.dst_port = from == 'a' ? server_port : 40000;
	flow_table_prefetch(bench->table, &p, 1);
	CU_ASSERT_PTR_NOT_NULL(flow_table_packet(bench->table, &p, p.time_ns));
}

static void put(struct bench *bench, char from, uint64_t at_s, uint32_t len)
{
	const struct packet p = {.protocol = 17,
		.ip_version = 4,
		.time_ns = at_s * NS + NS / 2,
		.ip_len = len,
		.flags = len > UINT16_MAX ? PACKET_CUT : 0};

	give(bench, p, from, 80);
}

/* Neither port says who serves. */
static void put_tcp(struct bench *bench, char from, uint64_t at_s, uint8_t tcp_flags)
{
	const struct packet p = {.protocol = 6,
		.ip_version = 4,
		.time_ns = at_s * NS + NS / 2,
		.ip_len = 100,
		.l4 = 20,
		.payload = 40,
		.tcp_flags = tcp_flags};

	give(bench, p, from, 8080);
}

static bool is(const struct flow_window *sent, uint32_t packets, uint64_t first, uint64_t last)
{
	return sent->packets == packets && sent->bytes == UINT64_C(100) * packets &&
	       sent->first == first && sent->last == last;
}

/* The window of 60 s in which the 32 bits of a second run out begins 16 s before. */
static void seconds_do_not_wrap(void)
{
	struct bench b;

	bench_open(&b);
	put(&b, 'a', ERA - 20, 100); /* another window */
	put(&b, 'a', ERA - 16, 100);
	put(&b, 'b', ERA - 9, 100);
	put(&b, 'a', ERA - 8, 100);
	put(&b, 'b', ERA - 1, 100);
	put(&b, 'a', ERA + 3, 100);
	put(&b, 'b', ERA + 43, 100);
	put(&b, 'b', ERA - 10, 100);
	CU_ASSERT_EQUAL_FATAL(b.n, 1);
	CU_ASSERT_TRUE(is(&b.sent[0][0], 1, ERA - 20, ERA - 20));
	put(&b, 'a', ERA + 44, 100);
	CU_ASSERT_EQUAL_FATAL(b.n, 2);
	CU_ASSERT_TRUE(is(&b.sent[1][0], 3, ERA - 16, ERA + 3));
	CU_ASSERT_TRUE(is(&b.sent[1][1], 4, ERA - 10, ERA + 43));

	/* An earlier window again, on the other side of the limit. */
	put(&b, 'a', ERA - 20, 100);
	CU_ASSERT_EQUAL_FATAL(b.n, 3);
	CU_ASSERT_TRUE(is(&b.sent[2][0], 1, ERA + 44, ERA + 44));
	flow_table_end_all(b.table, 0, FLOW_END_OF_INPUT);
	CU_ASSERT_EQUAL_FATAL(b.n, 4);
	CU_ASSERT_TRUE(is(&b.sent[3][0], 1, ERA - 20, ERA - 20));
	flow_table_destroy(b.table);
}

/* Up to the last second of packet times. */
static void windows_of_all_times_close_by_the_clock(void)
{
	static const uint64_t at[] = {
		0, 59, ERA - 1, ERA, 2 * ERA, 3 * ERA + 5, 4 * ERA, UINT64_MAX / NS - 1};

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		uint64_t end = at[i] / 60 * 60 + 60;
		struct bench b;

		bench_open(&b);
		put(&b, 'a', at[i], 100);
		flow_table_close_windows(b.table, (end - 1) * NS, UINT32_MAX);
		CU_ASSERT_EQUAL(b.n, 0);
		if (end <= UINT64_MAX / NS)
			flow_table_close_windows(b.table, end * NS, UINT32_MAX);
		else
			flow_table_end_all(b.table, 0, FLOW_END_OF_INPUT);
		CU_ASSERT_EQUAL_FATAL(b.n, 1);
		CU_ASSERT_TRUE(is(&b.sent[0][0], 1, at[i], at[i]));
		flow_table_destroy(b.table);
	}
}

/* As much as a capture can claim: more than 2^48 bytes in a window, in parts that add up. */
static void claimed_bytes_do_not_wrap(void)
{
	enum { PACKETS = 140000 };
	uint64_t bytes[2] = {0}, packets = 0;
	struct bench b;

	bench_open(&b);
	for (uint32_t i = 0; i < PACKETS; i++)
		put(&b, i % 2 ? 'a' : 'b', 600 + i % 60, UINT32_MAX - i);
	flow_table_end_all(b.table, 0, FLOW_END_OF_INPUT);
	CU_ASSERT_TRUE(b.n > 1);
	for (unsigned i = 0; i < b.n; i++)
		for (int side = 0; side < 2; side++) {
			bytes[side] += b.sent[i][side].bytes;
			packets += b.sent[i][side].packets;
		}
	CU_ASSERT_EQUAL(packets, PACKETS);
	CU_ASSERT_EQUAL(bytes[0] + bytes[1],
		(uint64_t)PACKETS * UINT32_MAX - (uint64_t)PACKETS * (PACKETS - 1) / 2);
	CU_ASSERT_TRUE(bytes[0] >> 48 && bytes[1] >> 48);
	flow_table_destroy(b.table);
}

/* Who was taken for the client turns out to be the server: what the open window has of each changes
 * sides, and goes on there. */
static void an_open_window_changes_sides_with_the_client(void)
{
	enum { SYN = 2, ACK = 16 };
	struct bench b;

	bench_open(&b);
	put_tcp(&b, 'b', 600, ACK);
	put_tcp(&b, 'b', 602, ACK);
	put_tcp(&b, 'b', 604, SYN | ACK);
	put_tcp(&b, 'a', 605, ACK);
	put_tcp(&b, 'b', 606, ACK);
	flow_table_end_all(b.table, 0, FLOW_END_OF_INPUT);
	CU_ASSERT_EQUAL_FATAL(b.n, 1);
	CU_ASSERT_TRUE(is(&b.sent[0][0], 1, 605, 605));
	CU_ASSERT_EQUAL(b.sent[0][0].tcp_flags, 0);
	CU_ASSERT_TRUE(is(&b.sent[0][1], 4, 600, 606));
	CU_ASSERT_EQUAL(b.sent[0][1].tcp_flags, SYN | ACK);
	flow_table_destroy(b.table);
}

void suite_flow_window(void);
void suite_flow_window(void)
{
	CU_pSuite s = CU_add_suite("flow_window", NULL, NULL);

	CU_ADD_TEST(s, seconds_do_not_wrap);
	CU_ADD_TEST(s, windows_of_all_times_close_by_the_clock);
	CU_ADD_TEST(s, claimed_bytes_do_not_wrap);
	CU_ADD_TEST(s, an_open_window_changes_sides_with_the_client);
}
