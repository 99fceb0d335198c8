/* Flows of packets that were sent to Suricata: found by number, told apart by tags, forgotten in order; and a naive
 * twin. */
#include <CUnit/Basic.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/detect/suricata/sent_flows.h"
#include "support/random.h"

static struct packet packet_of(uint8_t src, uint16_t src_port, uint8_t dst, uint16_t dst_port)
{
	return (struct packet){
		.ip_version = 4,
		.protocol = IPPROTO_TCP,
		.src = ip_addr_v4((const uint8_t[]){10, 0, 0, src}),
		.dst = ip_addr_v4((const uint8_t[]){10, 0, 0, dst}),
		.src_port = src_port,
		.dst_port = dst_port,
	};
}

static const struct sent_vlans tag = {2, {1, 7}}, other_tag = {2, {1, 8}},
			       inner = {3, {1, 7, 5}};

static uint64_t id_of(struct sent_flows *f, uint64_t number, const struct sent_vlans *vlans,
	const struct packet *p)
{
	struct sent_flow flow = {0};

	return sent_flows_find(f, number, vlans, p, &flow) ? flow.flow_id : UINT64_MAX;
}

static void both_directions_are_one(void)
{
	struct sent_flows *f = sent_flows_create(16);
	const struct packet there = packet_of(1, 4000, 2, 80), back = packet_of(2, 80, 1, 4000),
			    none = packet_of(1, 4000, 2, 81);
	struct sent_flow flow = {
		.flow_id = 77, .time_ns = 5, .direction = DIRECTION_EGRESS, .is_tagged = true};

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	sent_flows_add(f, 1, &tag, &there, &flow);
	flow.direction = DIRECTION_INGRESS;
	flow.time_ns = 6;
	sent_flows_add(f, 2, &tag, &back, &flow);
	memset(&flow, 0xa5, sizeof(flow));
	CU_ASSERT_TRUE_FATAL(sent_flows_find(f, 2, &tag, &there, &flow));
	CU_ASSERT_EQUAL(flow.flow_id, 77);
	CU_ASSERT_EQUAL(flow.time_ns, 5);
	CU_ASSERT_EQUAL(flow.direction, DIRECTION_EGRESS);
	CU_ASSERT_TRUE(flow.is_tagged);
	CU_ASSERT_TRUE_FATAL(sent_flows_find(f, 0, &tag, &back, &flow));
	CU_ASSERT_EQUAL(flow.direction, DIRECTION_INGRESS);
	CU_ASSERT_EQUAL(id_of(f, 2, &other_tag, &there), UINT64_MAX);
	CU_ASSERT_EQUAL(id_of(f, 2, &inner, &there), UINT64_MAX);
	CU_ASSERT_EQUAL(id_of(f, 2, &tag, &none), UINT64_MAX);
	CU_ASSERT_EQUAL(sent_flows_forgotten(f), 0);
	sent_flows_destroy(f);
}

/* Ports are used again: an alert is of the flow that its packet belonged to. */
static void by_number(void)
{
	struct sent_flows *f = sent_flows_create(16);
	const struct packet p = packet_of(1, 4000, 2, 80);
	struct sent_flow flow = {.flow_id = 1};

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	sent_flows_add(f, 10, &tag, &p, &flow);
	sent_flows_add(f, 11, &tag, &p, &flow);
	flow.flow_id = 2;
	sent_flows_add(f, 20, &tag, &p, &flow);
	CU_ASSERT_EQUAL(id_of(f, 9, &tag, &p), UINT64_MAX);
	CU_ASSERT_EQUAL(id_of(f, 10, &tag, &p), 1);
	CU_ASSERT_EQUAL(id_of(f, 19, &tag, &p), 1);
	CU_ASSERT_EQUAL(id_of(f, 20, &tag, &p), 2);
	CU_ASSERT_EQUAL(id_of(f, 0, &tag, &p), 2);
	sent_flows_destroy(f);
}

/* Suricata says of a ping no more than its type. */
static void pings(void)
{
	struct sent_flows *f = sent_flows_create(16);
	struct packet ask = packet_of(1, 0, 2, 0), answer = packet_of(2, 0, 1, 0);
	const struct sent_flow flow = {.flow_id = 5};

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	ask.protocol = answer.protocol = IPPROTO_ICMP;
	ask.icmp_type = 8;
	ask.icmp_id = 4711;
	sent_flows_add(f, 1, &tag, &ask, &flow);
	CU_ASSERT_EQUAL(id_of(f, 1, &tag, &answer), 5);
	answer.icmp_type = 3;
	CU_ASSERT_EQUAL(id_of(f, 1, &tag, &answer), UINT64_MAX);
	sent_flows_destroy(f);
}

enum { KEYS = 6, CAPACITY = 32, ADDED = 3000 };

/* All that was ever taken, looked through from the end. */
struct twin {
	struct {
		unsigned key;
		uint64_t since, id;
	} row[ADDED];
	unsigned n;
};

static uint64_t twin_find(const struct twin *t, unsigned key, uint64_t number)
{
	for (unsigned i = t->n, held = 0; i > 0 && held < CAPACITY; i--, held++)
		if (t->row[i - 1].key == key && t->row[i - 1].since <= number)
			return t->row[i - 1].id;
	return UINT64_MAX;
}

static void agrees_with_a_naive_twin(void)
{
	struct sent_flows *f = sent_flows_create(CAPACITY);
	struct twin *t = calloc(1, sizeof(*t));
	struct random random = random_seeded(11);

	CU_ASSERT_TRUE_FATAL(f != NULL && t != NULL);
	for (uint64_t number = 1; number <= ADDED; number++) {
		unsigned key = random_below(&random, KEYS);
		struct packet p = packet_of(1, (uint16_t)key, 2, 80);
		struct sent_flow flow = {.flow_id = random_below(&random, 3)};
		uint64_t asked = number - random_below(&random, 60) % number;

		if (twin_find(t, key, number) != flow.flow_id) {
			t->row[t->n].key = key;
			t->row[t->n].since = number;
			t->row[t->n++].id = flow.flow_id;
		}
		sent_flows_add(f, number, &tag, &p, &flow);
		p = packet_of(1, (uint16_t)random_below(&random, KEYS), 2, 80);
		CU_ASSERT_EQUAL(id_of(f, asked, &tag, &p), twin_find(t, p.src_port, asked));
	}
	CU_ASSERT_TRUE(t->n > 10 * CAPACITY);
	CU_ASSERT_EQUAL(sent_flows_forgotten(f), t->n - CAPACITY);
	free(t);
	sent_flows_destroy(f);
}

void suite_sent_flows(void);
void suite_sent_flows(void)
{
	CU_pSuite s = CU_add_suite("sent_flows", NULL, NULL);

	CU_ADD_TEST(s, both_directions_are_one);
	CU_ADD_TEST(s, by_number);
	CU_ADD_TEST(s, pings);
	CU_ADD_TEST(s, agrees_with_a_naive_twin);
}
