/* Which ports are new: learning, order of telling, bounds; and what a worker tells of. */
#include <CUnit/Basic.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "config/settings/settings.h"
#include "decap/packet.h"
#include "inspect/detect/listeners/listeners.h"
#include "inspect/support/alert_ear.h"

static struct settings settings;

static struct alert_ear ear;

static struct listeners *open_listeners(void)
{
	const struct scan_teller teller = {&ear, alert_ear_hear};
	struct listeners *l = listeners_create(&settings, &teller);

	CU_ASSERT_PTR_NOT_NULL_FATAL(l);
	ear = (struct alert_ear){.n = 0};
	return l;
}

static int setup(void)
{
	struct error error;

	settings_init(&settings);
	return settings_set(&settings, "detect.listener_learning=60s", &error);
}

static int teardown(void)
{
	settings_fini(&settings);
	return 0;
}

static struct flow flow_of(uint8_t server, uint16_t port, uint64_t s)
{
	struct flow flow = {.start_ns = s * NS_PER_S, .flags = FLOW_CLIENT_IS_LO};

	flow.key.lo = ip_addr_v4((const uint8_t[]){10, 0, 0, 1});
	flow.key.hi = ip_addr_v4((const uint8_t[]){10, 0, 9, server});
	flow.key.hi_port = port;
	flow.key.ip_version = 4;
	flow.key.protocol = IPPROTO_TCP;
	flow.key.point = SESSION_NONE & FLOW_POINT_MASK;
	return flow;
}

static void answer(struct listeners *l, uint8_t server, uint16_t port, uint64_t s)
{
	struct listener_fact fact = {.about.now_ns = s * NS_PER_S};

	fact.about.sight.flow = flow_of(server, port, s);
	fact.about.key.addr = fact.about.sight.flow.key.hi;
	fact.about.key.port = port;
	strcpy(fact.about.tenant, "blue");
	listeners_add(l, &fact);
}

static void live_each_is_told_at_once(void)
{
	struct listeners *l = open_listeners();

	answer(l, 5, 443, 100);
	listeners_judge(l);
	answer(l, 5, 22, 159);
	listeners_judge(l);
	CU_ASSERT_EQUAL(ear.n, 0);
	answer(l, 5, 4444, 160);
	listeners_judge(l);
	CU_ASSERT_EQUAL(ear.n, 1);
	CU_ASSERT_TRUE(ear.by_title);
	CU_ASSERT_STRING_EQUAL(ear.words,
		"5 160-160 x1 s3|new_listener|listener|New listener 10.0.9.5:4444|"
		"TCP port 4444 answers for the first time, 60 s after the first answer of any|"
		"listener|10.0.9.5:4444|blue");
	answer(l, 5, 4444, 170);
	answer(l, 5, 443, 170);
	listeners_judge(l);
	CU_ASSERT_EQUAL(ear.n, 1);
	answer(l, 6, 443, 170);
	listeners_judge(l);
	CU_ASSERT_EQUAL(ear.n, 2);
	listeners_destroy(l);
}

/* Whoever told what, in replay the earliest answers decide. */
static void at_the_end_the_earliest_decide(void)
{
	struct listeners *l = open_listeners();

	answer(l, 5, 4444, 170);
	answer(l, 5, 22, 165);
	answer(l, 5, 443, 100);
	answer(l, 5, 22, 159);
	answer(l, 5, 4444, 161);
	listeners_judge(l);
	CU_ASSERT_EQUAL(ear.n, 1);
	CU_ASSERT_EQUAL(ear.start_ns, 161 * NS_PER_S);
	CU_ASSERT_PTR_NOT_NULL(strstr(ear.words,
		"5 161-161 x1 s3|new_listener|listener|New listener 10.0.9.5:4444|"));
	listeners_destroy(l);
}

static void there_is_a_bound(void)
{
	struct listeners *l = open_listeners();

	for (unsigned n = 0; n < LISTENERS_MAX + 7; n++)
		answer(l, (uint8_t)(n >> 16), (uint16_t)n, 100);
	CU_ASSERT_EQUAL(listeners_overflow(l), 7);
	answer(l, 9, 9, 500);
	CU_ASSERT_EQUAL(listeners_overflow(l), 8);
	listeners_judge(l);
	CU_ASSERT_EQUAL(ear.n, 0);
	listeners_destroy(l);
}

static struct {
	bool refuses;
	unsigned n;
	union {
		struct record head;
		struct listener_fact fact;
		char bytes[1024];
	} last;
} outbox;

static struct record *take(void *ctx, enum record_type type, size_t len)
{
	(void)ctx;
	CU_ASSERT_TRUE_FATAL(type == RECORD_LISTENER_FACT && len <= sizeof(outbox.last));
	if (outbox.refuses)
		return NULL;
	memset(&outbox.last, 0xa5, sizeof(outbox.last));
	outbox.last.head = (struct record){.len = (uint32_t)len, .type = (uint16_t)type};
	outbox.n++;
	return &outbox.last.head;
}

static struct recent *known;

/* Whether a segment of these flags, of a flow in that direction, is told of. */
static uint64_t packet_ns = 77;

static bool is_told(uint8_t flags, enum direction direction, uint16_t port)
{
	const struct listener_watch watch = {{NULL, take}, NULL, &settings, known};
	struct packet p = {.protocol = IPPROTO_TCP, .tcp_flags = flags, .time_ns = packet_ns};
	struct flow flow = flow_of(5, port, 1);
	unsigned before = outbox.n;

	flow.flags |= (uint16_t)((unsigned)direction * (FLOW_DIRECTION / 3));
	CU_ASSERT_EQUAL(listener_watch_packet(&watch, 3, &flow, &p) == LISTENER_TOLD,
		outbox.n > before);
	before = outbox.n - before;
	p.protocol = IPPROTO_UDP;
	CU_ASSERT_EQUAL(listener_watch_packet(&watch, 3, &flow, &p), LISTENER_NOTHING);
	return before > 0;
}

static void what_a_worker_tells_of(void)
{
	known = listener_watch_known();
	CU_ASSERT_PTR_NOT_NULL_FATAL(known);
	CU_ASSERT_FALSE(is_told(TCP_SYN, DIRECTION_INGRESS, 80));
	CU_ASSERT_FALSE(is_told(TCP_RST | TCP_ACK, DIRECTION_INGRESS, 80));
	CU_ASSERT_FALSE(is_told(TCP_SYN | TCP_ACK | TCP_RST, DIRECTION_INGRESS, 80));
	CU_ASSERT_FALSE(is_told(TCP_SYN | TCP_ACK, DIRECTION_EGRESS, 80));
	CU_ASSERT_FALSE(is_told(TCP_SYN | TCP_ACK, DIRECTION_UNKNOWN, 80));
	CU_ASSERT_TRUE(is_told(TCP_SYN | TCP_ACK, DIRECTION_INGRESS, 80));
	CU_ASSERT_EQUAL(outbox.last.fact.about.now_ns, 77);
	CU_ASSERT_EQUAL(outbox.last.fact.about.fact.number, 3);
	CU_ASSERT_EQUAL(outbox.last.fact.about.key.port, 80);
	CU_ASSERT_EQUAL(outbox.last.fact.about.key.addr.byte[15], 5);
	packet_ns = 78;
	CU_ASSERT_FALSE(is_told(TCP_SYN | TCP_ACK, DIRECTION_INGRESS, 80));
	/* An earlier answer is told of, too; one that found no room is told of again. */
	packet_ns = 76;
	outbox.refuses = true;
	CU_ASSERT_FALSE(is_told(TCP_SYN | TCP_ACK, DIRECTION_INGRESS, 80));
	outbox.refuses = false;
	packet_ns = 79;
	CU_ASSERT_TRUE(is_told(TCP_SYN | TCP_ACK, DIRECTION_INGRESS, 80));
	packet_ns = 80;
	/* The oldest of too many is forgotten, and told of again. */
	for (unsigned port = 81; port < 80 + LISTENERS_KNOWN; port++)
		CU_ASSERT_TRUE(is_told(TCP_SYN | TCP_ACK, DIRECTION_INGRESS, (uint16_t)port));
	packet_ns = 81;
	CU_ASSERT_FALSE(is_told(TCP_SYN | TCP_ACK, DIRECTION_INGRESS, 81));
	CU_ASSERT_TRUE(is_told(TCP_SYN | TCP_ACK, DIRECTION_INGRESS, 60000));
	CU_ASSERT_TRUE(is_told(TCP_SYN | TCP_ACK, DIRECTION_INGRESS, 80));
	recent_destroy(known);
}

void suite_listeners(void);
void suite_listeners(void)
{
	CU_pSuite s = CU_add_suite("listeners", setup, teardown);

	CU_ADD_TEST(s, live_each_is_told_at_once);
	CU_ADD_TEST(s, at_the_end_the_earliest_decide);
	CU_ADD_TEST(s, there_is_a_bound);
	CU_ADD_TEST(s, what_a_worker_tells_of);
}
