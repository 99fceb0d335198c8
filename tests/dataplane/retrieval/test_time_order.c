/* Packets in time order, beside a sort of all of them. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/now.h"
#include "dataplane/retrieval/time_order.h"
#include "support/random.h"

void suite_time_order(void);

enum { PACKETS = 3000, FRAME = 40 };

struct row {
	uint64_t time_ns;
	uint32_t number;
};

struct taken {
	struct row rows[PACKETS];
	uint32_t n, enough; /* 0: all */
};

/* The number stands in the frame, too, which is a copy by then. */
static bool take(void *ctx, const struct retrieved *r)
{
	struct taken *taken = ctx;
	struct row *row = &taken->rows[taken->n++];

	memcpy(&row->number, r->record->frame, sizeof(row->number));
	row->time_ns = r->record->time_ns;
	CU_ASSERT_EQUAL(r->record->rule_number, row->number);
	CU_ASSERT_EQUAL(r->flow->flow_id, row->number);
	CU_ASSERT_PTR_EQUAL(r->packet->frame, r->record->frame);
	CU_ASSERT_PTR_EQUAL(r->packet->ip, r->record->frame + 14);
	return taken->n != taken->enough;
}

static bool put(struct time_order *order, uint64_t time_ns, uint32_t number)
{
	uint8_t frame[FRAME] = {0};
	struct packet packet;
	struct packet_record record;
	struct index_flow flow;
	const struct retrieved r = {&packet, &record, &flow};

	memset(&packet, 0, sizeof(packet));
	memset(&record, 0, sizeof(record));
	memset(&flow, 0, sizeof(flow));
	memcpy(frame, &number, sizeof(number));
	packet.frame = record.frame = frame;
	packet.ip = frame + 14;
	record.cap = record.wire = packet.frame_cap = FRAME;
	record.time_ns = time_ns;
	record.rule_number = number;
	flow.flow_id = number;
	return time_order_put(order, &r);
}

static int by_time(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return x->number < y->number ? -1 : 1;
}

static void check(const struct row *wanted, const struct taken *taken, uint32_t n)
{
	CU_ASSERT_EQUAL_FATAL(taken->n, n);
	for (uint32_t i = 0; i < n; i++) {
		CU_ASSERT_EQUAL(taken->rows[i].time_ns, wanted[i].time_ns);
		CU_ASSERT_EQUAL(taken->rows[i].number, wanted[i].number);
	}
}

/* Within a second of disorder, with many ties. */
static void disorder(void)
{
	static struct row wanted[PACKETS];
	static struct taken taken;
	struct random random = random_seeded(3);

	for (int turn = 0; turn < 20; turn++) {
		struct time_order *order = time_order_create(&taken, take);

		taken.n = taken.enough = 0;
		for (uint32_t i = 0; i < PACKETS; i++) {
			uint64_t tick = i / 10 + random_below(&random, 20);

			wanted[i] = (struct row){tick * (NS_PER_S / 20), i};
			CU_ASSERT_TRUE(put(order, wanted[i].time_ns, i));
		}
		CU_ASSERT_TRUE(time_order_end(order));
		CU_ASSERT_EQUAL(time_order_backwards(order), 0);
		qsort(wanted, PACKETS, sizeof(wanted[0]), by_time);
		check(wanted, &taken, PACKETS);
		time_order_destroy(order);
	}
}

/* A clock that is set back by more than that: what was before comes first, and each part is in order. */
static void steps(void)
{
	static const struct row in[] = {{100 * NS_PER_S, 0}, {100 * NS_PER_S - 5, 1},
		{50 * NS_PER_S, 2}, {50 * NS_PER_S - NS_PER_S, 3}, {51 * NS_PER_S, 4}, {1, 5},
		{0, 6}, {UINT64_C(3000000000) * NS_PER_S, 7}, {2, 8}};
	static const struct row out[] = {{100 * NS_PER_S - 5, 1}, {100 * NS_PER_S, 0},
		{50 * NS_PER_S - NS_PER_S, 3}, {50 * NS_PER_S, 2}, {51 * NS_PER_S, 4}, {0, 6},
		{1, 5}, {UINT64_C(3000000000) * NS_PER_S, 7}, {2, 8}};
	static struct taken taken;
	struct time_order *order = time_order_create(&taken, take);

	taken.n = taken.enough = 0;
	for (uint32_t i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		CU_ASSERT_TRUE(put(order, in[i].time_ns, in[i].number));
	CU_ASSERT_TRUE(time_order_end(order));
	check(out, &taken, sizeof(out) / sizeof(out[0]));
	CU_ASSERT_EQUAL(time_order_backwards(order), 3);
	time_order_destroy(order);
}

/* What is a second old is given while packets still come. */
static void soon(void)
{
	static struct taken taken;
	struct time_order *order = time_order_create(&taken, take);

	taken.n = taken.enough = 0;
	CU_ASSERT_TRUE(put(order, 5, 0));
	CU_ASSERT_TRUE(put(order, 5 + NS_PER_S, 1));
	CU_ASSERT_EQUAL(taken.n, 0);
	CU_ASSERT_TRUE(put(order, 6 + NS_PER_S, 2));
	CU_ASSERT_EQUAL(taken.n, 1);
	time_order_destroy(order); /* with two of them inside */
}

/* More packets of one second than are held. */
static bool count(void *ctx, const struct retrieved *r)
{
	(void)r;
	++*(uint32_t *)ctx;
	return true;
}

static void bound(void)
{
	uint32_t n = 0;
	struct time_order *order = time_order_create(&n, count);

	for (uint32_t i = 0; i < TIME_ORDER_PACKETS + 10; i++)
		CU_ASSERT_TRUE(put(order, 1000, i));
	CU_ASSERT_EQUAL(n, 11);
	CU_ASSERT_TRUE(put(order, 1, 0)); /* too late, and still the next */
	CU_ASSERT_TRUE(time_order_end(order));
	CU_ASSERT_EQUAL(n, TIME_ORDER_PACKETS + 11);
	CU_ASSERT_EQUAL(time_order_backwards(order), 1);
	time_order_destroy(order);
}

static void enough(void)
{
	static struct taken taken;
	struct time_order *order = time_order_create(&taken, take);

	taken.n = 0;
	taken.enough = 2;
	CU_ASSERT_TRUE(put(order, 1, 0));
	CU_ASSERT_TRUE(put(order, 2, 1));
	CU_ASSERT_TRUE(put(order, 3, 2));
	CU_ASSERT_FALSE(put(order, 9 * NS_PER_S, 3));
	CU_ASSERT_EQUAL(taken.n, 2);
	time_order_destroy(order);
}

void suite_time_order(void)
{
	CU_pSuite suite = CU_add_suite("time_order", NULL, NULL);

	CU_add_test(suite, "disorder within a second", disorder);
	CU_add_test(suite, "a clock that is set back", steps);
	CU_add_test(suite, "given while packets come", soon);
	CU_add_test(suite, "more than are held", bound);
	CU_add_test(suite, "as many as are wanted", enough);
}
