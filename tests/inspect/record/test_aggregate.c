#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/record/aggregate.h"

enum { WINDOW = 60, KEPT = 64, TCP = 6, UDP = 17, ICMP = 1, GRE = 47 };

/* Aggregates as they were written. */
struct desk {
	struct aggregates *aggregates;
	struct aggregate kept[KEPT];
	unsigned n;
};

static void keep(void *ctx, const struct aggregate *aggregate)
{
	struct desk *desk = ctx;

	CU_ASSERT_FATAL(desk->n < KEPT);
	desk->kept[desk->n++] = *aggregate;
}

static struct desk *desk_make(uint32_t capacity)
{
	struct desk *desk = calloc(1, sizeof(*desk));
	const struct aggregates_params params = {
		.capacity = capacity, .window_s = WINDOW, .ctx = desk, .write = keep};

	CU_ASSERT_PTR_NOT_NULL_FATAL(desk);
	desk->aggregates = aggregates_create(&params);
	CU_ASSERT_PTR_NOT_NULL_FATAL(desk->aggregates);
	return desk;
}

static void desk_free(struct desk *desk)
{
	aggregates_destroy(desk->aggregates);
	free(desk);
}

static struct ip_addr host(uint8_t last)
{
	struct ip_addr a;

	CU_ASSERT_TRUE(ip_addr_parse("10.0.0.0", &a));
	a.byte[15] = last;
	return a;
}

/* Its client is host 1, which is `lo`. */
static struct flow flow_of(uint8_t protocol, uint16_t lo_port, uint16_t hi_port)
{
	struct flow flow = {.flags = FLOW_CLIENT_IS_LO, .key.point = 3};

	flow.key.lo = host(1);
	flow.key.hi = host(2);
	flow.key.lo_port = lo_port;
	flow.key.hi_port = hi_port;
	flow.key.protocol = protocol;
	flow.key.ip_version = 4;
	return flow;
}

static void direct(struct flow *flow, enum direction direction)
{
	flow->flags |= (uint16_t)((unsigned)direction * (FLOW_DIRECTION / 3));
}

static void add(struct desk *desk, const struct flow *flow, uint32_t client, uint32_t server,
	uint64_t second)
{
	const struct flow_window sent[2] = {
		{.packets = client, .bytes = 100 * client, .first = second, .last = second},
		{.packets = server, .bytes = 10 * server, .first = second, .last = second + 1}};

	aggregates_add(desk->aggregates, flow, sent);
}

static bool sent(const struct aggregate *aggregate, unsigned side, uint64_t packets,
	uint64_t bytes, uint16_t first, uint16_t last)
{
	const struct aggregate_side *s = &aggregate->side[side];

	return s->packets == packets && s->bytes == bytes && s->first == first &&
	       s->last == last;
}

static const struct aggregates_stats *stats(const struct desk *desk)
{
	return aggregates_stats(desk->aggregates);
}

/* A connection that reuses its ports, one seen from the other end, parts of one window. */
static void flows_of_one_tuple_are_one(void)
{
	struct desk *desk = desk_make(16);
	struct flow flow = flow_of(TCP, 40000, 443), turned = flow;

	add(desk, &flow, 3, 2, 600);
	turned.flags = 0; /* its client is `hi` */
	add(desk, &turned, 1, 5, 610);
	add(desk, &flow, 1, 0, 605);
	CU_ASSERT_EQUAL(desk->n, 0);
	aggregates_finish(desk->aggregates);
	CU_ASSERT_EQUAL_FATAL(desk->n, 1);
	CU_ASSERT_TRUE(sent(&desk->kept[0], 0, 9, 450, 0, 11));
	CU_ASSERT_TRUE(sent(&desk->kept[0], 1, 3, 120, 0, 10));
	CU_ASSERT_TRUE(desk->kept[0].key.window == 10 && desk->kept[0].key.session == 3);
	CU_ASSERT_TRUE(stats(desk)->late == 0 && stats(desk)->early == 0);
	desk_free(desk);
}

static void tcp_flags_are_joined(void)
{
	struct desk *desk = desk_make(16);
	struct flow flow = flow_of(TCP, 40000, 443);

	aggregates_add(desk->aggregates, &flow,
		(struct flow_window[2]){{.packets = 1, .first = 1, .last = 1, .tcp_flags = 2}});
	aggregates_add(desk->aggregates, &flow,
		(struct flow_window[2]){{.packets = 1, .first = 1, .last = 1, .tcp_flags = 1}});
	aggregates_finish(desk->aggregates);
	CU_ASSERT_TRUE(desk->n == 1 && desk->kept[0].side[0].tcp_flags == 3);
	desk_free(desk);
}

/* What may not be added up: each differs from the first in one thing. */
static void what_is_not_alike_stays_apart(void)
{
	struct desk *desk = desk_make(16);
	struct flow one = flow_of(UDP, 1000, 53), other;

	add(desk, &one, 1, 0, 600);
	add(desk, &one, 1, 0, 599);
	add(desk, &one, 1, 0, 660);
	other = flow_of(UDP, 1001, 53);
	add(desk, &other, 1, 0, 600);
	other = flow_of(UDP, 1000, 54);
	add(desk, &other, 1, 0, 600);
	other = flow_of(136, 1000, 53);
	add(desk, &other, 1, 0, 600);
	other = one;
	other.key.point = 4;
	add(desk, &other, 1, 0, 600);
	other = one;
	direct(&other, DIRECTION_EGRESS);
	add(desk, &other, 1, 0, 600);
	other = one;
	other.key.hi = host(3);
	add(desk, &other, 1, 0, 600);
	aggregates_finish(desk->aggregates);
	CU_ASSERT_EQUAL(desk->n, 9);
	desk_free(desk);
}

/* Pings of two ids and an error each way, which has its sender as `lo`; whoever is the client. */
static void icmp_has_no_ports(void)
{
	struct desk *desk = desk_make(16);
	struct flow ping = flow_of(ICMP, 8, 0), answer = flow_of(ICMP, 0, 8);
	struct flow error = flow_of(ICMP, 3, 1), back = error;

	ping.key.icmp_id = 7;
	add(desk, &ping, 2, 2, 600);
	answer.flags = 0;
	add(desk, &answer, 1, 1, 600);
	add(desk, &error, 10, 0, 600);
	back.key.lo = host(2);
	back.key.hi = host(1);
	add(desk, &back, 20, 0, 600);
	aggregates_finish(desk->aggregates);
	CU_ASSERT_EQUAL_FATAL(desk->n, 1);
	CU_ASSERT_TRUE(desk->kept[0].key.lo_port == 0 && desk->kept[0].key.hi_port == 0);
	CU_ASSERT_TRUE(ip_addr_equal(&desk->kept[0].key.lo, &ping.key.lo));
	CU_ASSERT_EQUAL(desk->kept[0].side[0].packets, 2 + 1 + 10);
	CU_ASSERT_EQUAL(desk->kept[0].side[1].packets, 2 + 1 + 20);
	desk_free(desk);
}

/* Client ingress is server egress. */
static void directions_are_those_of_the_addresses(void)
{
	struct desk *desk = desk_make(16);
	struct flow flow = flow_of(TCP, 1, 2), turned = flow;

	turned.flags = 0;
	direct(&flow, DIRECTION_INGRESS);
	direct(&turned, DIRECTION_EGRESS);
	add(desk, &flow, 1, 1, 600);
	add(desk, &turned, 1, 1, 600);
	aggregates_finish(desk->aggregates);
	CU_ASSERT_EQUAL_FATAL(desk->n, 1);
	CU_ASSERT_EQUAL(desk->kept[0].key.direction, DIRECTION_INGRESS);
	desk_free(desk);
}

/* Both directions have one 5-tuple, so there is one record. */
static void a_host_may_ping_itself(void)
{
	struct desk *desk = desk_make(16);
	struct flow flow = flow_of(ICMP, 0, 8), ports = flow_of(UDP, 7, 9);

	flow.key.hi = ports.key.hi = host(1);
	add(desk, &flow, 2, 3, 600);
	add(desk, &ports, 4, 5, 600);
	aggregates_finish(desk->aggregates);
	CU_ASSERT_EQUAL_FATAL(desk->n, 2);
	CU_ASSERT_TRUE(sent(&desk->kept[0], 0, 5, 230, 0, 1));
	CU_ASSERT_EQUAL(desk->kept[0].side[1].packets, 0);
	CU_ASSERT_TRUE(
		desk->kept[1].side[0].packets == 4 && desk->kept[1].side[1].packets == 5);
	desk_free(desk);
}

static void windows_close_one_window_later(void)
{
	struct desk *desk = desk_make(16);
	struct flow flow = flow_of(TCP, 40000, 443);

	aggregates_close(desk->aggregates, 600, UINT32_MAX);
	add(desk, &flow, 1, 1, 600);
	add(desk, &flow, 1, 1, 665);
	aggregates_close(desk->aggregates, 719, UINT32_MAX);
	CU_ASSERT_EQUAL(desk->n, 0);
	add(desk, &flow, 1, 0, 659);
	aggregates_close(desk->aggregates, 720, UINT32_MAX);
	CU_ASSERT_EQUAL_FATAL(desk->n, 1);
	CU_ASSERT_TRUE(sent(&desk->kept[0], 0, 2, 200, 0, 59));
	CU_ASSERT_EQUAL(stats(desk)->late, 0);

	/* What comes now is one more. */
	add(desk, &flow, 1, 1, 601);
	add(desk, &flow, 1, 0, 602);
	aggregates_close(desk->aggregates, 780, UINT32_MAX);
	CU_ASSERT_EQUAL(desk->n, 3);
	CU_ASSERT_EQUAL(stats(desk)->late, 2);

	/* Also when the clock has gone back. */
	aggregates_close(desk->aggregates, 600, UINT32_MAX);
	add(desk, &flow, 1, 0, 601);
	add(desk, &flow, 1, 0, 780);
	aggregates_finish(desk->aggregates);
	CU_ASSERT_EQUAL(desk->n, 5);
	CU_ASSERT_EQUAL(stats(desk)->late, 3);
	CU_ASSERT_EQUAL(stats(desk)->early, 0);
	desk_free(desk);
}

/* The clock's own window and the one before it are open: what makes a new aggregate there is in time. */
static void what_begins_in_an_open_window_is_not_late(void)
{
	struct desk *desk = desk_make(16);

	aggregates_close(desk->aggregates, 720, UINT32_MAX);
	for (uint16_t port = 1; port <= 4; port++) {
		static const uint64_t seconds[] = {720, 660, 659, 599};
		struct flow flow = flow_of(UDP, port, 53);

		add(desk, &flow, 1, 0, seconds[port - 1]);
	}
	aggregates_finish(desk->aggregates);
	CU_ASSERT_EQUAL(desk->n, 4);
	CU_ASSERT_EQUAL(stats(desk)->late, 2);
	desk_free(desk);
}

/* Live: a few at a time, while others come; also when one that is next is written meanwhile. */
static void closing_goes_on_from_call_to_call(void)
{
	struct desk *desk = desk_make(8);

	for (uint16_t port = 1; port <= 8; port++) {
		struct flow flow = flow_of(UDP, port, 53);

		add(desk, &flow, 1, 0, port % 2 ? 600 : 660);
	}
	aggregates_close(desk->aggregates, 720, 2);
	CU_ASSERT_EQUAL(desk->n, 1);
	for (uint16_t port = 101; port <= 104; port++) {
		struct flow flow = flow_of(UDP, port, 53);

		add(desk, &flow, 1, 0, 720);
	}
	/* Ports 2, 3 and 4 had to go; 3 would have been the next. */
	CU_ASSERT_EQUAL(desk->n, 4);
	CU_ASSERT_EQUAL(stats(desk)->early, 3);
	for (int i = 0; i < 8; i++)
		aggregates_close(desk->aggregates, 721, 1);
	CU_ASSERT_EQUAL(desk->n, 6);
	for (int i = 4; i < 6; i++)
		CU_ASSERT_EQUAL(desk->kept[i].key.window, 10);
	aggregates_finish(desk->aggregates);
	CU_ASSERT_EQUAL(desk->n, 12);
	CU_ASSERT_EQUAL(stats(desk)->late, 0);
	desk_free(desk);
}

static void the_oldest_makes_room(void)
{
	struct desk *desk = desk_make(4);

	for (uint16_t port = 1; port <= 20; port++) {
		struct flow flow = flow_of(TCP, port, 443);

		add(desk, &flow, 1, port % 2, 600);
		CU_ASSERT_EQUAL(desk->n, port <= 4 ? 0 : port - 4u);
	}
	for (unsigned i = 0; i < desk->n; i++)
		CU_ASSERT_EQUAL(desk->kept[i].key.lo_port, i + 1);
	CU_ASSERT_EQUAL(stats(desk)->early, 16 + 8);
	aggregates_finish(desk->aggregates);
	CU_ASSERT_EQUAL(desk->n, 20);
	CU_ASSERT_EQUAL(stats(desk)->early, 16 + 8);
	desk_free(desk);
}

static void nothing_sent_is_nothing(void)
{
	struct desk *desk = desk_make(4);
	struct flow flow = flow_of(GRE, 0, 0);

	aggregates_add(desk->aggregates, &flow, (struct flow_window[2]){{.packets = 0}});
	aggregates_finish(desk->aggregates);
	CU_ASSERT_EQUAL(desk->n, 0);
	desk_free(desk);
}

/* Every aggregate is written once, whatever comes and goes. */
static void none_is_lost(void)
{
	struct desk *desk = desk_make(7);
	uint64_t packets = 0;

	for (uint32_t i = 0; i < 4000; i++) {
		struct flow flow = flow_of(UDP, (uint16_t)(i * i % 23), 53);

		add(desk, &flow, 1, 0, 600 + i / 50 + i % 7 * 20);
		if (i % 3 == 0)
			aggregates_close(desk->aggregates, 600 + i / 50, i % 5);
		for (; desk->n > 0; desk->n--)
			packets += desk->kept[desk->n - 1].side[0].packets;
	}
	aggregates_finish(desk->aggregates);
	for (; desk->n > 0; desk->n--)
		packets += desk->kept[desk->n - 1].side[0].packets;
	CU_ASSERT_EQUAL(packets, 4000);
	desk_free(desk);
}

void suite_aggregate(void);
void suite_aggregate(void)
{
	CU_pSuite s = CU_add_suite("aggregate", NULL, NULL);

	CU_ADD_TEST(s, flows_of_one_tuple_are_one);
	CU_ADD_TEST(s, tcp_flags_are_joined);
	CU_ADD_TEST(s, what_is_not_alike_stays_apart);
	CU_ADD_TEST(s, icmp_has_no_ports);
	CU_ADD_TEST(s, directions_are_those_of_the_addresses);
	CU_ADD_TEST(s, a_host_may_ping_itself);
	CU_ADD_TEST(s, windows_close_one_window_later);
	CU_ADD_TEST(s, what_begins_in_an_open_window_is_not_late);
	CU_ADD_TEST(s, closing_goes_on_from_call_to_call);
	CU_ADD_TEST(s, the_oldest_makes_room);
	CU_ADD_TEST(s, nothing_sent_is_nothing);
	CU_ADD_TEST(s, none_is_lost);
}
