/* The flow table, rule by rule. test_flow_twin.c holds it against a naive one. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/flow/index.h"
#include "inspect/flow/row.h"
#include "inspect/flow/table.h"
#include "support/random.h"

static const uint64_t second = 1000000000;
enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { SEEN_MAX = 64 };

/* What the observer was told, in order. */
struct capture_loss {
	struct flow flow;
	struct flow_window sent[2];
	enum { SEEN_ENDED, SEEN_WINDOW, SEEN_RELEASE } what;
	enum flow_end end;
};

struct bench {
	struct flow_table *table;
	struct capture_loss seen[SEEN_MAX];
	int n_seen;
	uint64_t packets_ended;
	uint64_t now, youngest_evicted_age;
	uint64_t horizon;
};

static void note(struct bench *bench, struct capture_loss seen)
{
	if (bench->n_seen < SEEN_MAX)
		bench->seen[bench->n_seen++] = seen;
}

static void ended(void *ctx, struct flow *flow, enum flow_end end)
{
	struct bench *bench = ctx;

	note(bench, (struct capture_loss){.flow = *flow, .what = SEEN_ENDED, .end = end});
	if (end == FLOW_END_ACTIVE)
		return;
	bench->packets_ended += flow->side[0].packets + flow->side[1].packets;
	if (end == FLOW_END_EVICTED && bench->now - flow->last_ns < bench->youngest_evicted_age)
		bench->youngest_evicted_age = bench->now - flow->last_ns;
}

static void window(void *ctx, const struct flow *flow, const struct flow_window sent[2])
{
	note(ctx, (struct capture_loss){*flow, {sent[0], sent[1]}, SEEN_WINDOW, 0});
}

static void release(void *ctx, struct flow *flow)
{
	note(ctx, (struct capture_loss){.flow = *flow, .what = SEEN_RELEASE});
}

static void bench_open(struct bench *bench, const struct flow_params *params)
{
	struct flow_observer observer = {bench, ended, window, release, NULL, NULL, NULL};

	memset(bench, 0, sizeof(*bench));
	bench->youngest_evicted_age = UINT64_MAX;
	bench->table = flow_table_create(params, &observer);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bench->table);
}

static void bench_close(struct bench *bench)
{
	flow_table_destroy(bench->table);
}

static const struct flow_params usual = {.capacity = 64,
	.idle_timeout_ns = 120000000000,
	.tcp_close_timeout_ns = 10000000000,
	.window_s = 60};

/* A packet of one TCP conversation: "a" has the higher address, so that it is not `lo`. */
static struct packet tcp(char from, double at_s, uint8_t flags)
{
	struct packet p = {.protocol = 6, .ip_version = 4, .session = 3, .tcp_flags = flags};
	struct ip_addr a = ip_addr_v4((const uint8_t[]){10, 0, 0, 2});
	struct ip_addr b = ip_addr_v4((const uint8_t[]){10, 0, 0, 1});

	p.src = from == 'a' ? a : b;
	p.dst = from == 'a' ? b : a;
	p.src_port = from == 'a' ? 40000 : 8080;
	p.dst_port = from == 'a' ? 8080 : 40000;
	p.time_ns = (uint64_t)(at_s * 1e9);
	p.ip_len = 100;
	return p;
}

/* NULL when the packet is refused; put() is for those that are not. */
static struct flow *offer(struct bench *bench, struct packet *p)
{
	bench->now = p->time_ns;
	if (p->time_ns > bench->horizon)
		bench->horizon = p->time_ns;
	flow_table_prefetch(bench->table, p, 1);
	return flow_table_packet(bench->table, p, bench->horizon);
}

static struct flow *put(struct bench *bench, struct packet *p)
{
	struct flow *flow = offer(bench, p);

	if (!flow) {
		CU_FAIL_FATAL("the packet was refused");
		abort();
	}
	return flow;
}

static struct flow *put_tcp(struct bench *bench, char from, double at_s, uint8_t flags)
{
	struct packet p = tcp(from, at_s, flags);

	return put(bench, &p);
}

static const struct flow_table_stats *stats(const struct bench *bench)
{
	return flow_table_stats(bench->table);
}

static void a_packet_is_counted_in_full(void)
{
	struct bench bench;
	struct packet p = tcp('a', 5, SYN), r = tcp('b', 6, SYN | ACK);
	struct flow *flow;

	bench_open(&bench, &usual);
	p.session = r.session = 9;
	p.direction = DIRECTION_INGRESS;
	p.accepted = true;
	p.rule_number = 100;
	p.flags = PACKET_FILTERED;
	flow = put(&bench, &p);
	CU_ASSERT_TRUE(p.flow == flow && p.flags & PACKET_FROM_CLIENT);
	CU_ASSERT_TRUE(flow->flags & FLOW_ACCEPTED && flow->flags & FLOW_FILTERED);
	CU_ASSERT_EQUAL(flow->rule_number, 100);
	r.direction = DIRECTION_EGRESS;
	r.flags = PACKET_CUT | PACKET_PORTS_CUT | PACKET_FROM_CLIENT;
	r.ip_len = 1500;
	CU_ASSERT_PTR_EQUAL(put(&bench, &r), flow);
	CU_ASSERT_FALSE(r.flags & PACKET_FROM_CLIENT);
	CU_ASSERT_TRUE(flow->side[0].packets == 1 && flow->side[0].bytes == 100);
	CU_ASSERT_TRUE(flow->side[1].packets == 1 && flow->side[1].bytes == 1500);
	CU_ASSERT_TRUE(flow->tcp_flags[0] == SYN && flow->tcp_flags[1] == (SYN | ACK));
	CU_ASSERT_TRUE(flow->start_ns == 5 * second && flow->last_ns == 6 * second);
	CU_ASSERT_TRUE(flow->truncated == 1 && flow->flags & FLOW_PORTS_CUT);
	CU_ASSERT_TRUE(flow->key.point == 9 && flow_direction(flow) == DIRECTION_INGRESS);
	CU_ASSERT_TRUE(flow->rule_number == 0);
	CU_ASSERT_FALSE(flow->flags & (FLOW_ACCEPTED | FLOW_FILTERED));
	bench_close(&bench);
}

static void direction_is_that_of_the_clients_packets(void)
{
	struct bench bench;
	struct packet p = tcp('a', 1, ACK), r = tcp('b', 2, ACK);

	bench_open(&bench, &usual);
	CU_ASSERT_EQUAL(flow_direction(put(&bench, &p)), DIRECTION_UNKNOWN);
	r.direction = DIRECTION_INGRESS;
	CU_ASSERT_EQUAL(flow_direction(put(&bench, &r)), DIRECTION_EGRESS);
	/* the guess was wrong: b is the client, and its packets are ingress */
	CU_ASSERT_EQUAL(flow_direction(put_tcp(&bench, 'b', 3, SYN)), DIRECTION_INGRESS);
	bench_close(&bench);
}

/* Packets as "<end><flag letter>": S SYN, s SYN-ACK, A ACK, F FIN-ACK, R RST. Who is the client
 * at the end, and with how many packets; `close` is the TCP-close timeout in seconds. */
static const struct {
	const char *packets;
	char client;
	unsigned client_packets, server_packets, flows, close;
} openings[] = {
	{"aS bs aA", 'a', 2, 1, 1, 10},
	{"bs aA", 'a', 1, 1, 1, 10},          /* begins with the SYN-ACK */
	{"aA bA", 'a', 1, 1, 1, 10},          /* mid-stream: a guess */
	{"bA aS bs", 'a', 1, 2, 1, 10},       /* the guess is put right */
	{"bA bA aA aS", 'a', 2, 2, 1, 10},    /* with what was counted so far */
	{"aA bs", 'a', 1, 1, 1, 10},          /* SYN-ACK agrees with the guess */
	{"bA bs aA", 'a', 1, 2, 1, 10},       /* SYN-ACK corrects the guess */
	{"aS bS as bs", 'a', 2, 2, 1, 10},    /* simultaneous open: the first SYN */
	{"aS bs as bA aA", 'a', 3, 2, 1, 10}, /* only the first says anything */
	{"aA bF aA bS", 'a', 2, 2, 1, 10},    /* a FIN was seen: the SYN is of another one */
	{"aA bR bS", 'b', 1, 0, 2, 10},       /* closed: the SYN begins a new flow */
	{"aA bR bS", 'a', 1, 2, 1, 0},        /* never split: the guess stands */
	{"aS bs aF bF aA aS", 'a', 1, 0, 2, 10},
	{"aS bs aF bF aA aS", 'a', 4, 2, 1, 0},
	{"aS bs aF aS", 'a', 3, 1, 1, 10}, /* half closed is not closed */
	{"aS bR aA", 'a', 2, 1, 1, 10},    /* only a SYN begins anew */
	{"aS bR bs", 'a', 1, 2, 1, 10},
};

static uint8_t letter_flags(char letter)
{
	switch (letter) {
	case 'S':
		return SYN;
	case 's':
		return SYN | ACK;
	case 'F':
		return FIN | ACK;
	case 'R':
		return RST;
	default:
		return ACK;
	}
}

static void clients_and_splits(void)
{
	for (size_t i = 0; i < sizeof(openings) / sizeof(openings[0]); i++) {
		struct flow_params params = usual;
		const char *c = openings[i].packets;
		struct flow *flow;
		struct bench bench;
		double at = 1;

		params.tcp_close_timeout_ns = openings[i].close * second;
		bench_open(&bench, &params);
		do {
			flow = put_tcp(&bench, c[0], at += 0.1, letter_flags(c[1]));
			c += c[2] ? 3 : 2;
		} while (*c);
		CU_ASSERT_EQUAL(
			flow_ends(flow).src_port, openings[i].client == 'a' ? 40000 : 8080);
		CU_ASSERT_EQUAL(flow->side[0].packets, openings[i].client_packets);
		CU_ASSERT_EQUAL(flow->side[1].packets, openings[i].server_packets);
		CU_ASSERT_EQUAL(stats(&bench)->made, openings[i].flows);
		if (openings[i].flows == 2)
			CU_ASSERT_EQUAL(bench.seen[1].end, FLOW_END_TCP_CLOSE);
		bench_close(&bench);
	}
}

/* Who is the client when the first packet goes from the first port to the second one, and how that is
 * told; then a SYN-ACK or SYN of the same sender. */
static const struct {
	uint8_t protocol;
	uint16_t from, to;
	enum flow_client_by by;
	bool sender, sender_after_syn_ack, sender_after_syn;
} roles[] = {
	{6, 40000, 80, FLOW_CLIENT_BY_PORTS, true, false, true},
	{6, 80, 40000, FLOW_CLIENT_BY_PORTS, false, false, true},
	{6, 1023, 1024, FLOW_CLIENT_BY_PORTS, false, false, true},
	{6, 1024, 1023, FLOW_CLIENT_BY_PORTS, true, false, true},
	{6, 1024, 1025, FLOW_CLIENT_BY_FIRST_PACKET, true, false, true},
	{6, 500, 600, FLOW_CLIENT_BY_FIRST_PACKET, true, false, true},
	{17, 53, 5353, FLOW_CLIENT_BY_PORTS, false, false, false},
	{17, 5353, 53, FLOW_CLIENT_BY_PORTS, true, true, true},
	{132, 36412, 80, FLOW_CLIENT_BY_PORTS, true, true, true},
	{47, 80, 40000, FLOW_CLIENT_BY_FIRST_PACKET, true, true, true}, /* has no ports */
};

static bool is_client(struct bench *bench, struct packet p, uint8_t flags, double at_s)
{
	p.tcp_flags = flags;
	p.time_ns = (uint64_t)(at_s * 1e9);
	put(bench, &p);
	return p.flags & PACKET_FROM_CLIENT;
}

static void ports_tell_the_client_before_the_first_packet_does(void)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		struct packet p = tcp('b', 1, ACK);
		struct flow *flow;
		struct bench bench;

		bench_open(&bench, &usual);
		p.protocol = roles[i].protocol;
		p.src_port = roles[i].from;
		p.dst_port = roles[i].to;
		flow = put(&bench, &p);
		CU_ASSERT_EQUAL(flow_client_by(flow), roles[i].by);
		CU_ASSERT_EQUAL((p.flags & PACKET_FROM_CLIENT) != 0, roles[i].sender);
		p.flags = 0;
		CU_ASSERT_EQUAL(
			is_client(&bench, p, SYN | ACK, 2), roles[i].sender_after_syn_ack);
		CU_ASSERT_EQUAL(is_client(&bench, p, SYN, 3), roles[i].sender_after_syn);
		if (p.protocol == 6)
			CU_ASSERT_EQUAL(flow_client_by(flow), FLOW_CLIENT_BY_SYN);
		bench_close(&bench);
	}
}

/* A server that speaks first after a pause begins another flow, and is the server still. */
static void roles_outlive_an_idle_end_by_ports(void)
{
	struct packet p = tcp('a', 1, SYN), r;
	struct bench bench;

	bench_open(&bench, &usual);
	p.dst_port = 443;
	put(&bench, &p);
	r = tcp('b', 500, ACK);
	r.src_port = 443;
	put(&bench, &r);
	CU_ASSERT_EQUAL(stats(&bench)->made, 2);
	CU_ASSERT_EQUAL(flow_ends(r.flow).src_port, 40000);
	bench_close(&bench);
}

/* One packet at 1000 s and one at `later`: one flow or two, and why the first one ended. */
static const struct {
	double idle, close, later;
	enum flow_end end;
	uint8_t first_flags;
	bool two;
} timeouts[] = {
	{120, 10, 1119, 0, ACK, false},
	{120, 10, 1120, 0, ACK, false}, /* the timeout itself is not yet over it */
	{120, 10, 1120.001, FLOW_END_IDLE, ACK, true},
	{0, 10, 900000, 0, ACK, false},
	{120, 10, 1009, 0, RST, false},
	{120, 10, 1011, FLOW_END_TCP_CLOSE, RST, true},
	{120, 10, 5000, FLOW_END_TCP_CLOSE, RST, true}, /* whenever it is noticed */
	{5, 10, 1006, FLOW_END_IDLE, RST, true},
	{5, 10, 5000, FLOW_END_IDLE, RST, true},
	{120, 0, 1119, 0, RST, false},
	{120, 0, 1121, FLOW_END_IDLE, RST, true},
	{0, 10, 1011, FLOW_END_TCP_CLOSE, RST, true},
	{0, 0, 900000, 0, RST, false},
	{120, 10, 500, 0, ACK, false}, /* backwards is never a timeout */
	{120, 10, 500, 0, RST, false},
};

static void timeouts_row(size_t i, bool by_expiry)
{
	struct flow_params params = usual;
	struct bench bench;

	params.window_s = 0;
	params.idle_timeout_ns = (uint64_t)(timeouts[i].idle * 1e9);
	params.tcp_close_timeout_ns = (uint64_t)(timeouts[i].close * 1e9);
	bench_open(&bench, &params);
	put_tcp(&bench, 'a', 1000, timeouts[i].first_flags);
	if (by_expiry)
		flow_table_expire(bench.table, (uint64_t)(timeouts[i].later * 1e9), 64);
	else
		put_tcp(&bench, 'b', timeouts[i].later, ACK);
	CU_ASSERT_EQUAL(stats(&bench)->ended, timeouts[i].two);
	CU_ASSERT_EQUAL(bench.n_seen, timeouts[i].two ? 2 : 0);
	if (timeouts[i].two) {
		CU_ASSERT_TRUE(bench.seen[0].what == SEEN_ENDED);
		CU_ASSERT_EQUAL(bench.seen[0].end, timeouts[i].end);
		CU_ASSERT_TRUE(bench.seen[1].what == SEEN_RELEASE);
	}
	bench_close(&bench);
}

static void timeouts_at_lookup_and_by_expiry(void)
{
	for (size_t i = 0; i < sizeof(timeouts) / sizeof(timeouts[0]); i++) {
		timeouts_row(i, false);
		timeouts_row(i, true);
	}
}

/* A late packet meets a flow that the horizon has left behind: as if it had been reclaimed. */
static void the_horizon_counts_at_lookup(void)
{
	struct bench bench;
	struct packet p = tcp('a', 1001, ACK);

	bench_open(&bench, &usual);
	put_tcp(&bench, 'a', 1000, ACK);
	bench.horizon = 1121 * second;
	put(&bench, &p);
	CU_ASSERT_EQUAL(stats(&bench)->made, 2);
	CU_ASSERT_EQUAL(bench.seen[1].end, FLOW_END_IDLE);
	bench_close(&bench);
}

static void late_packets_move_the_start_alone(void)
{
	struct bench bench;
	struct flow *flow;
	uint64_t id;

	bench_open(&bench, &usual);
	put_tcp(&bench, 'a', 1000, ACK);
	flow = put_tcp(&bench, 'b', 900, ACK);
	CU_ASSERT_EQUAL(flow->last_ns, 1000 * second);
	CU_ASSERT_EQUAL(flow->start_ns, 900 * second);
	id = flow_id(flow, 1);
	CU_ASSERT_EQUAL(flow_id(put_tcp(&bench, 'b', 800, ACK), 1), id);
	bench_close(&bench);
}

static void an_active_timeout_updates_and_goes_on(void)
{
	struct flow_params params = usual;
	struct bench bench;
	struct flow *flow = NULL;

	params.active_timeout_ns = 30 * second;
	params.window_s = 600;
	bench_open(&bench, &params);
	for (int at = 0; at <= 100; at += 10)
		flow = put_tcp(&bench, 'a', 6000 + at, ACK);
	/* due at 40 (more than 30 after 0) and at 80; each shows the packets before it */
	CU_ASSERT_EQUAL_FATAL(bench.n_seen, 4);
	for (uint64_t i = 0; i < 2; i++) {
		const struct capture_loss *seen = &bench.seen[2 * i];

		CU_ASSERT_TRUE(seen[0].what == SEEN_WINDOW);
		CU_ASSERT_EQUAL(seen[0].sent[0].packets, 4);
		CU_ASSERT_TRUE(seen[1].what == SEEN_ENDED);
		CU_ASSERT_EQUAL(seen[1].end, FLOW_END_ACTIVE);
		CU_ASSERT_EQUAL(seen[1].flow.side[0].packets, 4 * (i + 1));
	}
	CU_ASSERT_EQUAL(flow->side[0].packets, 11);
	CU_ASSERT_TRUE(stats(&bench)->made == 1 && stats(&bench)->ended == 0);
	bench_close(&bench);
}

static void check_window(const struct capture_loss *seen, int side, uint32_t packets,
	uint32_t first, uint32_t last, uint8_t flags)
{
	const struct flow_window *s = &seen->sent[side];

	CU_ASSERT_TRUE(seen->what == SEEN_WINDOW);
	CU_ASSERT_EQUAL(s->packets, packets);
	CU_ASSERT_EQUAL(s->bytes, UINT64_C(100) * packets);
	CU_ASSERT_EQUAL(s->first, first);
	CU_ASSERT_EQUAL(s->last, last);
	CU_ASSERT_EQUAL(s->tcp_flags, flags);
}

/* Flag values: the examples of the AWS documentation of VPC Flow Logs (SYN-ACK is 18, a client's
 * SYN followed by ACKs is 2, FIN-ACK is 1, RST-ACK is 4, SYN then RST is 6). */
static void windows_are_multiples_since_the_epoch(void)
{
	struct bench bench;

	bench_open(&bench, &usual);
	put_tcp(&bench, 'a', 6050.5, SYN);
	put_tcp(&bench, 'b', 6051, SYN | ACK);
	put_tcp(&bench, 'a', 6059.999, ACK);
	CU_ASSERT_EQUAL(bench.n_seen, 0);
	put_tcp(&bench, 'a', 6060, ACK | PSH);
	CU_ASSERT_EQUAL(bench.n_seen, 1);
	check_window(&bench.seen[0], 0, 2, 6050, 6059, 2);
	check_window(&bench.seen[0], 1, 1, 6051, 6051, 18);
	put_tcp(&bench, 'b', 6110, FIN | ACK);
	put_tcp(&bench, 'b', 6119.5, ACK);
	put_tcp(&bench, 'b', 6105, ACK); /* earlier, in the same window */
	put_tcp(&bench, 'a', 6059, ACK); /* late: another window */
	CU_ASSERT_EQUAL(bench.n_seen, 2);
	check_window(&bench.seen[1], 0, 1, 6060, 6060, 0);
	check_window(&bench.seen[1], 1, 3, 6105, 6119, 1);
	put_tcp(&bench, 'a', 6120, RST | ACK);
	CU_ASSERT_EQUAL(bench.n_seen, 3);
	check_window(&bench.seen[2], 0, 1, 6059, 6059, 0);
	check_window(&bench.seen[2], 1, 0, 0, 0, 0);
	flow_table_end_all(bench.table, 6121 * second, FLOW_END_SHUTDOWN);
	CU_ASSERT_EQUAL(bench.n_seen, 6);
	check_window(&bench.seen[3], 0, 1, 6120, 6120, 4);
	CU_ASSERT_TRUE(bench.seen[4].what == SEEN_ENDED);
	CU_ASSERT_EQUAL(bench.seen[4].end, FLOW_END_SHUTDOWN);
	CU_ASSERT_EQUAL(bench.seen[4].flow.window_flags[0], 0);
	CU_ASSERT_TRUE(bench.seen[5].what == SEEN_RELEASE);
	bench_close(&bench);
}

static void end_all_says_why(void)
{
	struct bench bench;
	struct packet p;

	bench_open(&bench, &usual);
	for (uint8_t i = 0; i < 3; i++) {
		p = tcp('a', i == 1 ? 1000 : 1100, i == 2 ? RST : ACK);
		p.src.byte[15] = (uint8_t)(10 + i);
		put(&bench, &p);
	}
	flow_table_end_all(bench.table, 1121 * second, FLOW_END_OF_INPUT);
	CU_ASSERT_EQUAL_FATAL(bench.n_seen, 9);
	CU_ASSERT_EQUAL(bench.seen[1].end, FLOW_END_OF_INPUT);
	CU_ASSERT_EQUAL(bench.seen[4].end, FLOW_END_IDLE);
	CU_ASSERT_EQUAL(bench.seen[7].end, FLOW_END_TCP_CLOSE);
	CU_ASSERT_TRUE(stats(&bench)->live == 0 && stats(&bench)->peak == 3);
	flow_table_end_all(bench.table, 1121 * second, FLOW_END_OF_INPUT);
	CU_ASSERT_EQUAL(stats(&bench)->ended, 3);
	bench_close(&bench);
	flow_table_destroy(NULL);
}

static struct packet numbered(uint32_t i, uint64_t time_ns)
{
	struct packet p = tcp('a', 0, ACK);

	p.session = i;
	p.time_ns = time_ns;
	return p;
}

/* Never more flows than capacity, every packet in a flow that ended or refused, and no flow
 * younger than the guard time evicted. */
static void overload(uint32_t capacity, uint64_t guard_ns, struct random *random)
{
	enum { PACKETS = 4000 };
	struct flow_params params = {.capacity = capacity, .guard_ns = guard_ns};
	struct bench bench;
	uint32_t range = capacity * 3 + 1;
	uint64_t offered = 0;

	bench_open(&bench, &params);
	for (uint64_t i = 0; i < PACKETS; i++, offered++) {
		struct packet p = numbered(random_below(random, range), i * 10);
		struct flow *flow = offer(&bench, &p);

		CU_ASSERT_PTR_EQUAL(p.flow, flow);
		CU_ASSERT_TRUE(stats(&bench)->live <= capacity);
	}
	CU_ASSERT_TRUE(stats(&bench)->evicted > 0);
	CU_ASSERT_TRUE(guard_ns != 0 || stats(&bench)->refused == 0);
	CU_ASSERT_TRUE(bench.youngest_evicted_age >= guard_ns);
	CU_ASSERT_EQUAL(stats(&bench)->peak, capacity);
	flow_table_end_all(bench.table, UINT64_C(10) * PACKETS, FLOW_END_OF_INPUT);
	CU_ASSERT_EQUAL(bench.packets_ended + stats(&bench)->refused, offered);
	CU_ASSERT_EQUAL(stats(&bench)->made, stats(&bench)->ended);
	bench_close(&bench);
}

static void overload_loses_nothing_uncounted(void)
{
	struct random random = random_seeded(3);

	for (uint32_t capacity = 1; capacity < 40; capacity += 1 + capacity / 8) {
		overload(capacity, 0, &random);
		overload(capacity, UINT64_C(10) * capacity, &random);
	}
	overload(1000, 5000, &random);
}

static void the_longest_idle_is_evicted(void)
{
	struct flow_params params = {.capacity = 4, .guard_ns = 50};
	struct bench bench;
	struct packet p;

	bench_open(&bench, &params);
	for (uint32_t i = 0; i < 4; i++) {
		p = numbered(i, 100 + (i + 2) % 4); /* number 2 is the oldest */
		put(&bench, &p);
	}
	p = numbered(9, 149);
	CU_ASSERT_PTR_NULL(offer(&bench, &p));
	p = numbered(9, 7); /* from the past: all others are young to it */
	CU_ASSERT_PTR_NULL(offer(&bench, &p));
	CU_ASSERT_TRUE(stats(&bench)->refused == 2 && bench.n_seen == 0);
	p = numbered(9, 150);
	CU_ASSERT_PTR_NOT_NULL(offer(&bench, &p));
	CU_ASSERT_EQUAL(bench.seen[0].end, FLOW_END_EVICTED);
	CU_ASSERT_EQUAL(bench.seen[0].flow.key.point, 2);
	CU_ASSERT_EQUAL(stats(&bench)->evicted, 1);
	bench_close(&bench);
}

/* A full table of flows that the horizon has left behind has room, and nothing is evicted. */
static void what_timed_out_gives_way_first(void)
{
	struct flow_params params = {
		.capacity = 4, .guard_ns = UINT64_MAX, .idle_timeout_ns = 1000};
	struct bench bench;
	struct packet p;

	bench_open(&bench, &params);
	for (uint32_t i = 0; i < 4; i++) {
		p = numbered(i, 100);
		put(&bench, &p);
	}
	p = numbered(9, 1101);
	CU_ASSERT_PTR_NOT_NULL(offer(&bench, &p));
	CU_ASSERT_TRUE(stats(&bench)->evicted == 0 && stats(&bench)->refused == 0);
	CU_ASSERT_EQUAL(bench.seen[0].end, FLOW_END_IDLE);
	bench_close(&bench);
}

/* ---- shares ---- */

/* The sessions of VNI 0 and 1 are configured and have these numbers; all others are unknown. */
static struct session_table *two_sessions(void)
{
	struct session_table *sessions = session_table_create(16);

	CU_ASSERT_PTR_NOT_NULL_FATAL(sessions);
	for (uint32_t vni = 0; vni < 2; vni++) {
		struct session_key key = {.vni = vni};

		CU_ASSERT_PTR_NOT_NULL(session_table_add(sessions, &key));
	}
	return sessions;
}

/* A SYN of an address of its own. */
static struct packet syn(uint32_t point, uint32_t number, uint64_t time_ns)
{
	struct packet p = tcp('a', 0, SYN);

	p.session = point;
	p.time_ns = time_ns;
	memcpy(p.src.byte + 12, &number, sizeof(number));
	return p;
}

static uint32_t taken(
	struct bench *bench, uint32_t point, uint32_t first, uint32_t n, uint64_t at)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct packet p = syn(point, first + i, at + i);

		found += offer(bench, &p) != NULL;
	}
	return found;
}

/* Of 1,000 flows 200 are kept for each of two sessions, 100 for unknown points. A flood of SYNs, from one
 * session or from everywhere, young flows or old ones, leaves the others' share to them, and does
 * not end a flow of it. */
static void a_flood_leaves_the_shares_of_others(void)
{
	enum { CAPACITY = 1000, KEPT = 200, KEPT_UNKNOWN = 100, COMMON = 500, FLOOD = 20000 };
	const struct flow_params params = {.capacity = CAPACITY,
		.guard_ns = 0,
		.quota = {.sessions = 40, .unknown = 10, .points = 16}};

	for (int guarded = 0; guarded < 2; guarded++) {
		struct session_table *sessions = two_sessions();
		struct flow_params these = params;
		struct bench bench;
		uint32_t n;

		these.guard_ns = guarded ? UINT64_MAX : 0;
		bench_open(&bench, &these);
		flow_table_bind(bench.table, sessions);
		n = taken(&bench, 0, 0, FLOOD, 1000);
		CU_ASSERT_EQUAL(stats(&bench)->live, KEPT + COMMON);
		CU_ASSERT_TRUE(guarded ? n == KEPT + COMMON : n > FLOOD - 10);
		n = 0;
		for (uint32_t i = 0; i < FLOOD / 10; i++)
			n += taken(&bench, 2 + i % 14, i, 1, 2000);
		CU_ASSERT_TRUE(guarded ? n == KEPT_UNKNOWN : n >= KEPT_UNKNOWN);
		CU_ASSERT_EQUAL(taken(&bench, 1, 0, KEPT, 3000), KEPT);
		CU_ASSERT_EQUAL(stats(&bench)->live, CAPACITY);
		CU_ASSERT_TRUE(guarded == (stats(&bench)->evicted == 0));
		/* The flood goes on: the flows of session 1 are those that were made. */
		taken(&bench, 0, FLOOD, FLOOD, 100000);
		taken(&bench, 9, FLOOD, FLOOD, 100000);
		n = (uint32_t)stats(&bench)->made;
		CU_ASSERT_EQUAL(taken(&bench, 1, 0, KEPT, 200000), KEPT);
		CU_ASSERT_EQUAL(stats(&bench)->made, n);
		if (guarded)
			CU_ASSERT_EQUAL(stats(&bench)->refused - stats(&bench)->refused_unknown,
				2 * FLOOD - (KEPT + COMMON));
		bench_close(&bench);
		session_table_destroy(sessions);
	}
}

/* A session that a reload brings finds its share in a table full of young flows. */
static void a_new_session_has_its_share_at_once(void)
{
	enum { CAPACITY = 1000 };
	const struct flow_params params = {.capacity = CAPACITY,
		.guard_ns = UINT64_MAX,
		.quota = {.sessions = 40, .unknown = 10, .points = 16}};
	struct session_table *sessions = two_sessions();
	struct session_key key = {.vni = 2};
	struct bench bench;

	bench_open(&bench, &params);
	flow_table_bind(bench.table, sessions);
	taken(&bench, 0, 0, CAPACITY, 1);
	taken(&bench, 1, 0, CAPACITY, 1);
	taken(&bench, 9, 0, CAPACITY, 1);
	CU_ASSERT_EQUAL(stats(&bench)->live, CAPACITY);
	CU_ASSERT_EQUAL(taken(&bench, 2, 0, 100, 2), 0);
	CU_ASSERT_PTR_NOT_NULL(session_table_add(sessions, &key));
	flow_table_bind(bench.table, sessions);
	CU_ASSERT_EQUAL(taken(&bench, 2, 0, 133, 3), 133);
	CU_ASSERT_EQUAL(stats(&bench)->live, CAPACITY);
	bench_close(&bench);
	session_table_destroy(sessions);
}

/* The index has room for as many flows as were promised, and memory follows the peak: a slot is
 * used again before a new one is touched. */
static void the_whole_capacity_can_be_used(void)
{
	enum { CAPACITY = 300000 };
	struct flow_params params = {.capacity = CAPACITY, .idle_timeout_ns = 1};
	struct flow *lowest = NULL, *highest = NULL;
	struct bench bench;

	bench_open(&bench, &params);
	for (uint32_t i = 0; i < CAPACITY; i++) {
		struct packet p = numbered(i, 1);
		struct flow *flow = put(&bench, &p);

		if (!lowest)
			lowest = flow;
		if (flow > highest)
			highest = flow;
	}
	CU_ASSERT_EQUAL(stats(&bench)->live, CAPACITY);
	CU_ASSERT_TRUE(stats(&bench)->evicted == 0 && stats(&bench)->refused == 0);
	CU_ASSERT_EQUAL(highest - lowest, CAPACITY - 1);
	for (uint32_t i = 0; i < CAPACITY; i++) {
		struct packet p = numbered(i, 1);

		CU_ASSERT_EQUAL(put(&bench, &p)->side[0].packets, 2);
	}
	CU_ASSERT_EQUAL(stats(&bench)->made, CAPACITY);
	bench_close(&bench);
}

static void slots_are_used_again(void)
{
	struct flow_params params = {.capacity = 100000, .idle_timeout_ns = 100};
	struct flow *first = NULL;
	struct bench bench;

	bench_open(&bench, &params);
	for (uint32_t i = 0; i < 5000; i++) {
		struct packet p = numbered(i, 1 + (uint64_t)i * 10);
		struct flow *flow = put(&bench, &p);

		if (!first)
			first = flow;
		flow_table_expire(bench.table, bench.horizon, 4);
		CU_ASSERT_TRUE(flow - first < 32);
	}
	CU_ASSERT_TRUE(stats(&bench)->peak < 32);
	bench_close(&bench);
}

static void a_hash_names_two_buckets_and_a_tag(void)
{
	for (uint32_t n = 2; n < 40; n++)
		for (uint64_t i = 0; i < 5000; i++) {
			struct flow_index index = {NULL, n};
			struct index_place place = index_place(&index, i * 0x9e3779b97f4a7c15);

			CU_ASSERT_TRUE(place.first < n && place.second < n);
			CU_ASSERT_TRUE(place.first != place.second && place.tag != 0);
		}
}

/* Every set of ways that can match is found, and nothing else. */
static void matches_are_exact(void)
{
	static const uint16_t tags[] = {0, 1, 2, 0x7fff, 0x8000, 0x8001, 0xfffe, 0xffff};
	struct random random = random_seeded(5);

	for (int i = 0; i < 50000; i++) {
		struct index_bucket bucket = {0};
		uint16_t tag = tags[random_below(&random, 8)];
		uint32_t want = 0;

		for (int way = 0; way < INDEX_WAYS; way++) {
			bucket.tags[way] = tags[random_below(&random, 8)];
			want |= (uint32_t)(bucket.tags[way] == tag) << way;
		}
		CU_ASSERT_EQUAL(index_match(&bucket, tag), want);
	}
}

/* Flows made to collide: all have the same two buckets. They share 16 places, whatever the table
 * holds elsewhere, and each newcomer costs one flow. */
static void a_flood_of_one_neighbourhood_is_bounded(void)
{
	enum { CAPACITY = 128, FLOWS = 60 };
	struct flow_params params = {.capacity = CAPACITY};
	struct flow_index index = {NULL, index_buckets(CAPACITY)};
	uint32_t made = 0;
	struct bench bench;

	bench_open(&bench, &params);
	for (uint32_t i = 0; made < FLOWS; i++) {
		struct packet p = numbered(i, i);
		struct index_place place;

		flow_table_prefetch(bench.table, &p, 1);
		place = index_place(&index, p.row->hash);
		if (place.first + place.second != 5 || place.first * place.second != 6)
			continue;
		CU_ASSERT_PTR_NOT_NULL(offer(&bench, &p));
		made++;
	}
	CU_ASSERT_EQUAL(stats(&bench)->live, 2 * INDEX_WAYS);
	CU_ASSERT_EQUAL(stats(&bench)->evicted, FLOWS - 2 * INDEX_WAYS);
	CU_ASSERT_EQUAL(bench.packets_ended, FLOWS - 2 * INDEX_WAYS);
	bench_close(&bench);
}

/* Change any part of the key, or the salt, and the flow lies elsewhere. */
static void every_part_of_the_key_and_the_salt_count(void)
{
	const uint64_t *salt = hash_salt, *other = hash_salt + 1;
	const struct flow_key base = {.point = 7, .protocol = 6};
	const size_t first[] = {
		0, sizeof(struct ip_addr) / 2}; /* IPv4: the upper half is fixed */

	for (int v4 = 0; v4 < 2; v4++) {
		for (size_t at = 0; at < sizeof(base); at++) {
			struct flow_key a = base, b;

			a.ip_version = v4 ? 4 : 6;
			b = a;
			((uint8_t *)&b)[at] ^= 1;
			if (at % sizeof(struct ip_addr) < first[v4] && at < 32)
				continue;
			CU_ASSERT_FALSE(key_equal(&a, &b));
			CU_ASSERT_TRUE(key_equal(&a, &a));
			CU_ASSERT_NOT_EQUAL(key_hash(&a, salt), key_hash(&b, salt));
			CU_ASSERT_NOT_EQUAL(key_hash(&a, salt), key_hash(&a, other));
		}
	}
}

/* Nothing but the flow is looked at when nobody observes. */
static void an_observer_may_be_absent(void)
{
	struct flow_observer none = {0};
	struct flow_params params = usual;
	struct bench bench = {0};

	params.active_timeout_ns = second;
	bench.table = flow_table_create(&params, &none);
	for (int at = 0; at < 500; at += 50)
		put_tcp(&bench, 'a', at, ACK);
	put_tcp(&bench, 'a', 5000, ACK);
	flow_table_expire_all(bench.table, 9000 * second);
	CU_ASSERT_TRUE(stats(&bench)->made == 2 && stats(&bench)->ended == 2);
	bench_close(&bench);
}

void suite_flow_table(void);
void suite_flow_table(void)
{
	CU_pSuite s = CU_add_suite("flow_table", NULL, NULL);

	CU_ADD_TEST(s, a_packet_is_counted_in_full);
	CU_ADD_TEST(s, direction_is_that_of_the_clients_packets);
	CU_ADD_TEST(s, clients_and_splits);
	CU_ADD_TEST(s, ports_tell_the_client_before_the_first_packet_does);
	CU_ADD_TEST(s, roles_outlive_an_idle_end_by_ports);
	CU_ADD_TEST(s, timeouts_at_lookup_and_by_expiry);
	CU_ADD_TEST(s, the_horizon_counts_at_lookup);
	CU_ADD_TEST(s, late_packets_move_the_start_alone);
	CU_ADD_TEST(s, an_active_timeout_updates_and_goes_on);
	CU_ADD_TEST(s, windows_are_multiples_since_the_epoch);
	CU_ADD_TEST(s, end_all_says_why);
	CU_ADD_TEST(s, overload_loses_nothing_uncounted);
	CU_ADD_TEST(s, the_longest_idle_is_evicted);
	CU_ADD_TEST(s, what_timed_out_gives_way_first);
	CU_ADD_TEST(s, a_flood_leaves_the_shares_of_others);
	CU_ADD_TEST(s, a_new_session_has_its_share_at_once);
	CU_ADD_TEST(s, the_whole_capacity_can_be_used);
	CU_ADD_TEST(s, slots_are_used_again);
	CU_ADD_TEST(s, a_hash_names_two_buckets_and_a_tag);
	CU_ADD_TEST(s, matches_are_exact);
	CU_ADD_TEST(s, a_flood_of_one_neighbourhood_is_bounded);
	CU_ADD_TEST(s, every_part_of_the_key_and_the_salt_count);
	CU_ADD_TEST(s, an_observer_may_be_absent);
}
