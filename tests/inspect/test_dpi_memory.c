#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/dpi/dpi.h"
#include "inspect/dpi/memory.h"
#include "support/talk.h"

#define X100 \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* One field is larger than all the others: it can be refused while they fit. */
static const char request[] =
	"GET /some/path HTTP/1.1\r\nHost: www.example.com\r\n"
	"User-Agent: tester/1.0 " X100 X100 X100 X100 X100 X100 "\r\n\r\n";
static const char response[] = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
			       "Content-Length: 2\r\n\r\nok";

static void a_list_gives_back_all_that_is_left(void)
{
	struct memory memory = {0};
	struct memory_list list = {0}, other = {0};
	void *a = memory_take(&memory, &list, 10), *b = memory_take(&memory, &list, 1000);
	void *c = memory_take(&memory, &other, 50);
	size_t used;

	CU_ASSERT_TRUE(a && b && c);
	CU_ASSERT_TRUE(memory.used >= 1060);
	memory_give(a);
	memory_give(NULL);
	used = memory.used;
	CU_ASSERT_TRUE(used >= 1050 && memory.peak > used);
	memory_sweep(&list);
	CU_ASSERT_TRUE(memory.used >= 50 && memory.used < 1000);
	memory_give(c);
	CU_ASSERT_EQUAL(memory.used, 0);
	memory_sweep(&list);
	memory_trim(&memory);
}

/* What was given back serves again, and is only kept up to a bound. */
static void blocks_are_used_again_within_a_bound(void)
{
	enum { BLOCKS = 1000, SIZE = 2000 };
	struct memory memory = {0};
	struct memory_list list = {0};
	void *first = memory_take(&memory, &list, 100);
	size_t used = memory.used;

	memset(first, 1, 100);
	memory_give(first);
	CU_ASSERT_TRUE(memory.idle_bytes >= 100);
	CU_ASSERT_PTR_EQUAL(memory_take(&memory, &list, 97), first);
	CU_ASSERT_EQUAL(memory.used, used);
	CU_ASSERT_EQUAL(memory.idle_bytes, 0);
	memset(first, 2, 97);
	CU_ASSERT_PTR_NOT_EQUAL(memory_take(&memory, &list, 97), first);
	for (unsigned i = 0; i < BLOCKS; i++)
		memset(memory_take(&memory, &list, SIZE), 3, SIZE);
	CU_ASSERT_TRUE(memory.used >= BLOCKS * SIZE);
	memory_sweep(&list);
	CU_ASSERT_EQUAL(memory.used, 0);
	CU_ASSERT_TRUE(memory.idle_bytes >= 512 * 1024 && memory.idle_bytes <= 1024 * 1024);
	memory_trim(&memory);
	CU_ASSERT_EQUAL(memory.idle_bytes, 0);
}

static void no_more_than_the_limit_is_taken(void)
{
	struct memory memory = {0};
	struct memory_list list = {0};
	size_t base;

	memory_take(&memory, &list, 5000); /* before there is a limit */
	base = memory.used;
	memory_set_limit(&memory, 1000);
	for (unsigned i = 0; i < 100; i++)
		memory_take(&memory, &list, 90);
	CU_ASSERT_TRUE(memory.used > base + 800 && memory.used <= base + 1000);
	CU_ASSERT_TRUE(memory.refused >= 90);
	CU_ASSERT_PTR_NULL(memory_take(&memory, &list, SIZE_MAX));
	memory_sweep(&list);
	CU_ASSERT_EQUAL(memory.used, 0);
	memory_trim(&memory);
}

static struct dpi *open_dpi(size_t limit, bool correlate)
{
	struct dpi_params params = {.max_packets_tcp = 80,
		.max_packets_udp = 24,
		.correlate = correlate,
		.memory_limit = limit};
	char error[128];
	struct dpi *dpi = dpi_create(&params, error, sizeof(error));

	CU_ASSERT_PTR_NOT_NULL_FATAL(dpi);
	return dpi;
}

static void browse(struct dpi *dpi, struct talk *t, uint8_t client)
{
	talk_open(t, 6, client, 40000, 2, 80);
	for (unsigned step = 0; step < 3; step++)
		dpi_packet(dpi, &t->flow, talk_handshake(t, step));
	dpi_packet(dpi, &t->flow, talk_say(t, 0, request, strlen(request)));
	dpi_packet(dpi, &t->flow, talk_say(t, 1, response, strlen(response)));
	dpi_conclude(dpi, &t->flow);
}

static void without_memory_flows_go_on_uninspected(void)
{
	struct dpi *dpi = open_dpi(1, false);
	size_t base = dpi_stats(dpi).memory;
	struct talk t[3];

	for (uint8_t i = 0; i < 3; i++) {
		browse(dpi, &t[i], i);
		CU_ASSERT_TRUE(t[i].flow.flags & FLOW_DPI_NONE);
		CU_ASSERT_PTR_NULL(t[i].flow.dpi);
		CU_ASSERT_PTR_NULL(t[i].flow.details);
		CU_ASSERT_EQUAL(t[i].flow.app, 0);
	}
	CU_ASSERT_EQUAL(dpi_stats(dpi).refused_flows, 3);
	CU_ASSERT_EQUAL(dpi_stats(dpi).packets, 0);
	CU_ASSERT_EQUAL(dpi_stats(dpi).memory_peak, dpi_stats(dpi).memory);
	CU_ASSERT_EQUAL(dpi_stats(dpi).memory, base);
	for (unsigned i = 0; i < 3; i++)
		dpi_release(dpi, &t[i].flow);
	dpi_destroy(dpi);
}

/* Each limit lets nDPI get a little further before an allocation fails: strings of its own, then
 * the details. Nothing breaks, the limit holds, and every flow that lacks something is counted. */
static void every_allocation_may_fail(void)
{
	bool complete = false;

	for (size_t limit = 100; limit < 4000; limit += 61) {
		struct dpi *dpi = open_dpi(limit, false);
		size_t base = dpi_stats(dpi).memory, len;
		struct talk t;

		browse(dpi, &t, 1);
		CU_ASSERT_TRUE(dpi_stats(dpi).memory_peak <= base + limit);
		complete = t.flow.details &&
			   details_string(t.flow.details, DETAIL_http_user_agent, &len) &&
			   details_string(t.flow.details, DETAIL_http_url, &len) &&
			   details_number(t.flow.details, DETAIL_http_status) == 200;
		CU_ASSERT_EQUAL(dpi_stats(dpi).refused_flows, complete ? 0 : 1);
		dpi_release(dpi, &t.flow);
		dpi_destroy(dpi);
	}
	CU_ASSERT_TRUE(complete);
}

/* Twenty flows at a time, a thousand in all: no more memory than the first twenty needed. */
static void grow(bool correlate)
{
	struct dpi *dpi = open_dpi(0, correlate);
	struct talk *t = calloc(20, sizeof(*t));
	size_t first = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	for (unsigned round = 0; round < 50; round++) {
		for (uint8_t i = 0; i < 20; i++)
			browse(dpi, &t[i], i);
		for (unsigned i = 0; i < 20; i++)
			dpi_release(dpi, &t[i].flow);
		if (!round)
			first = dpi_stats(dpi).memory_peak;
	}
	CU_ASSERT_EQUAL(dpi_stats(dpi).memory_peak, first);
	CU_ASSERT_EQUAL(dpi_stats(dpi).refused_flows, 0);
	free(t);
	dpi_destroy(dpi);
}

static void memory_does_not_grow_with_flows(void)
{
	grow(false);
	grow(true);
}

/* A flow may be ended and released at any point, with or without a verdict. */
static void a_flow_may_end_at_any_packet(void)
{
	struct dpi *dpi = open_dpi(0, false);
	size_t before;
	struct talk t;

	browse(dpi, &t, 1);
	dpi_release(dpi, &t.flow);
	before = dpi_stats(dpi).memory;
	for (unsigned packets = 0; packets < 5; packets++) {
		talk_open(&t, 6, 1, 40000, 2, 80);
		for (unsigned i = 0; i < packets && i < 3; i++)
			dpi_packet(dpi, &t.flow, talk_handshake(&t, i));
		if (packets > 3)
			dpi_packet(dpi, &t.flow, talk_say(&t, 0, request, strlen(request)));
		dpi_release(dpi, &t.flow);
		CU_ASSERT_PTR_NULL(t.flow.dpi);
		CU_ASSERT_EQUAL(dpi_stats(dpi).memory, before);
	}
	dpi_destroy(dpi);
}

void suite_dpi_memory(void);
void suite_dpi_memory(void)
{
	CU_pSuite s = CU_add_suite("dpi_memory", NULL, NULL);

	CU_ADD_TEST(s, a_list_gives_back_all_that_is_left);
	CU_ADD_TEST(s, blocks_are_used_again_within_a_bound);
	CU_ADD_TEST(s, no_more_than_the_limit_is_taken);
	CU_ADD_TEST(s, without_memory_flows_go_on_uninspected);
	CU_ADD_TEST(s, every_allocation_may_fail);
	CU_ADD_TEST(s, memory_does_not_grow_with_flows);
	CU_ADD_TEST(s, a_flow_may_end_at_any_packet);
}
