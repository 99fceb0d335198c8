#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/flow/memory.h"
#include "inspect/support/open_dpi.h"
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
	void *a = memory_alloc(&memory, &list, 10), *b = memory_alloc(&memory, &list, 1000);
	void *c = memory_alloc(&memory, &other, 50);
	size_t used;

	CU_ASSERT_TRUE(a && b && c);
	CU_ASSERT_TRUE(memory.used >= 1060);
	memory_free(a);
	memory_free(NULL);
	used = memory.used;
	CU_ASSERT_TRUE(used >= 1050 && memory.peak > used);
	memory_sweep(&list);
	CU_ASSERT_TRUE(memory.used >= 50 && memory.used < 1000);
	memory_free(c);
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
	void *first = memory_alloc(&memory, &list, 100);
	size_t used = memory.used;

	memset(first, 1, 100);
	memory_free(first);
	CU_ASSERT_TRUE(memory.idle_bytes >= 100);
	CU_ASSERT_PTR_EQUAL(memory_alloc(&memory, &list, 97), first);
	CU_ASSERT_EQUAL(memory.used, used);
	CU_ASSERT_EQUAL(memory.idle_bytes, 0);
	memset(first, 2, 97);
	CU_ASSERT_PTR_NOT_EQUAL(memory_alloc(&memory, &list, 97), first);
	for (unsigned i = 0; i < BLOCKS; i++)
		memset(memory_alloc(&memory, &list, SIZE), 3, SIZE);
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

	memory_alloc(&memory, &list, 5000); /* before there is a limit */
	base = memory.used;
	CU_ASSERT_TRUE(memory_share(&memory, 1000, &(struct quota_params){0}));
	for (unsigned i = 0; i < 100; i++)
		memory_alloc(&memory, &list, 90);
	CU_ASSERT_TRUE(memory.used > base + 800 && memory.used <= base + 1000);
	CU_ASSERT_TRUE(memory.refused >= 90);
	CU_ASSERT_PTR_NULL(memory_alloc(&memory, &list, SIZE_MAX));
	memory_sweep(&list);
	CU_ASSERT_EQUAL(memory.used, 0);
	memory_trim(&memory);
}

static void browse_from(struct dpi *dpi, struct talk *t, uint8_t client, uint32_t point)
{
	talk_open(t, 6, client, 40000, 2, 80);
	t->flow.key.point = point & (unsigned)FLOW_POINT_MASK;
	for (unsigned step = 0; step < 3; step++)
		dpi_packet(dpi, &t->flow, talk_handshake(t, step));
	dpi_packet(dpi, &t->flow, talk_say(t, 0, request, strlen(request)));
	dpi_packet(dpi, &t->flow, talk_say(t, 1, response, strlen(response)));
	dpi_conclude(dpi, &t->flow);
}

static void browse(struct dpi *dpi, struct talk *t, uint8_t client)
{
	browse_from(dpi, t, client, SESSION_NONE);
}

static void without_memory_flows_go_on_uninspected(void)
{
	struct dpi *dpi = open_dpi((struct dpi_params){.memory_limit = 1});
	size_t base = dpi_stats(dpi).memory_bytes;
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
	CU_ASSERT_EQUAL(dpi_stats(dpi).memory_peak_bytes, dpi_stats(dpi).memory_bytes);
	CU_ASSERT_EQUAL(dpi_stats(dpi).memory_bytes, base);
	for (unsigned i = 0; i < 3; i++)
		dpi_release(dpi, &t[i].flow);
	dpi_destroy(dpi);
}

/* Each limit lets inspection get a little further before an allocation fails: nDPI's strings, our parser, the
 * details. Nothing breaks, the limit holds, and every flow that lacks something is counted: one with all its
 * details, too, when nDPI lacks a string of its own. */
static void every_allocation_may_fail(void)
{
	bool complete = false;
	uint64_t refused = 1;

	for (size_t limit = 100; limit < 6000; limit += 61) {
		struct dpi *dpi = open_dpi((struct dpi_params){.memory_limit = limit});
		size_t base = dpi_stats(dpi).memory_bytes, len;
		struct talk t;

		browse(dpi, &t, 1);
		CU_ASSERT_TRUE(dpi_stats(dpi).memory_peak_bytes <= base + limit);
		complete = t.flow.details &&
			   details_string(t.flow.details, DETAIL_http_user_agent, &len) &&
			   details_string(t.flow.details, DETAIL_http_url, &len) &&
			   details_number(t.flow.details, DETAIL_http_status) == 200;
		refused = dpi_stats(dpi).refused_flows;
		CU_ASSERT_TRUE(refused == 1 || (complete && refused == 0));
		dpi_release(dpi, &t.flow);
		dpi_destroy(dpi);
	}
	CU_ASSERT_TRUE(complete && refused == 0);
}

/* Twenty flows at a time, a thousand in all: no more memory than the first twenty needed. */
static void grow(bool correlate)
{
	struct dpi *dpi = open_dpi((struct dpi_params){.correlate = correlate});
	struct talk *t = calloc(20, sizeof(*t));
	size_t first = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	for (unsigned round = 0; round < 50; round++) {
		for (uint8_t i = 0; i < 20; i++)
			browse(dpi, &t[i], i);
		for (unsigned i = 0; i < 20; i++)
			dpi_release(dpi, &t[i].flow);
		if (!round)
			first = dpi_stats(dpi).memory_peak_bytes;
	}
	CU_ASSERT_EQUAL(dpi_stats(dpi).memory_peak_bytes, first);
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
	struct dpi *dpi = open_usual_dpi();
	size_t before;
	struct talk t;

	browse(dpi, &t, 1);
	dpi_release(dpi, &t.flow);
	before = dpi_stats(dpi).memory_bytes;
	for (unsigned packets = 0; packets < 5; packets++) {
		talk_open(&t, 6, 1, 40000, 2, 80);
		for (unsigned i = 0; i < packets && i < 3; i++)
			dpi_packet(dpi, &t.flow, talk_handshake(&t, i));
		if (packets > 3)
			dpi_packet(dpi, &t.flow, talk_say(&t, 0, request, strlen(request)));
		dpi_release(dpi, &t.flow);
		CU_ASSERT_PTR_NULL(t.flow.dpi);
		CU_ASSERT_EQUAL(dpi_stats(dpi).memory_bytes, before);
	}
	dpi_destroy(dpi);
}

/* ---- fragments, and shares ---- */

enum { FLOOD = 2000, FRAGMENT = 1200, NOTED = 128 }; /* bytes: of its entropy */

/* The first fragment of a datagram whose others never come, of a flow of its own. */
static void flood(struct dpi *dpi, struct talk *t, unsigned n, uint32_t point)
{
	static const char data[FRAGMENT] = "";
	struct packet *p;

	talk_open(t, 17, (uint8_t)n, (uint16_t)(1024 + n), 9, 9999);
	t->flow.key.point = point & (unsigned)FLOW_POINT_MASK;
	p = talk_say(t, 0, data, sizeof(data));
	t->bytes[6] |= 0x20; /* more fragments */
	p->flags |= PACKET_FRAGMENT;
	dpi_packet(dpi, &t->flow, p);
}

static bool is_http(const struct dpi *dpi, const struct talk *t)
{
	char text[64];

	return !strcmp(
		dpi_app(dpi, t->flow.app_master, t->flow.app, text, sizeof(text)), "HTTP");
}

static struct dpi *open_shared(size_t limit, size_t fragments, struct quota_params quota)
{
	return open_dpi((struct dpi_params){
		.memory_limit = limit, .fragment_limit = fragments, .quota = quota});
}

static void flood_end(struct dpi *dpi, struct talk *t)
{
	for (unsigned i = 0; i < FLOOD; i++)
		dpi_release(dpi, &t[i].flow);
	free(t);
	dpi_destroy(dpi);
}

/* Whatever point they come from: the oldest go, within a bound of their own or for want of memory, and
 * flows that follow are inspected. */
static void fragments_are_given_up_first(void)
{
	static const size_t bounds[][2] = {
		{1 << 20, 1 << 16}, {1 << 18, 0}, {1 << 18, 1 << 20}};

	for (unsigned i = 0; i < 3; i++) {
		struct dpi *dpi =
			open_shared(bounds[i][0], bounds[i][1], (struct quota_params){0});
		struct talk *t = calloc(FLOOD, sizeof(*t)), other;
		size_t base = dpi_stats(dpi).memory_bytes, held;

		CU_ASSERT_PTR_NOT_NULL_FATAL(t);
		for (unsigned n = 0; n < FLOOD; n++)
			flood(dpi, &t[n], n, SESSION_NONE);
		held = dpi_stats(dpi).memory_bytes - base;
		/* A little more: each has a state, or what was noticed of it, and blocks have headers. */
		CU_ASSERT_TRUE(
			held <= (i == 0 ? bounds[i][1] * 3 / 2 + FLOOD * NOTED : bounds[i][0]));
		CU_ASSERT_EQUAL(dpi_stats(dpi).refused_flows, 0);
		CU_ASSERT_TRUE(dpi_stats(dpi).fragments_given_up > FLOOD / 2);
		CU_ASSERT_TRUE(t[0].flow.flags & FLOW_DPI_DONE && !t[0].flow.dpi);
		CU_ASSERT_PTR_NOT_NULL(t[FLOOD - 1].flow.dpi);
		browse(dpi, &other, 1);
		CU_ASSERT_TRUE(is_http(dpi, &other));
		CU_ASSERT_EQUAL(dpi_stats(dpi).refused_flows, 0);
		dpi_release(dpi, &other.flow);
		flood_end(dpi, t);
	}
}

/* Two configured sessions, points 0 and 1; the flood comes from the first or from an unknown point, and
 * its flows are not given up: they are of TCP and wait for their first payload. */
static void a_share_of_memory_cannot_be_taken(void)
{
	static const uint32_t from[] = {0, 7, SESSION_NONE};
	const struct quota_params quota = {.sessions = 50, .unknown = 5, .points = 16};

	for (unsigned i = 0; i < 3; i++) {
		struct session_table *sessions = session_table_create(16);
		struct dpi *dpi = open_shared(1 << 18, 0, quota);
		struct talk *t = calloc(FLOOD, sizeof(*t)), other[8];

		CU_ASSERT_TRUE_FATAL(t && sessions);
		for (uint32_t vni = 0; vni < 2; vni++)
			session_table_add(sessions, &(struct session_key){.vni = vni});
		dpi_bind(dpi, sessions);
		for (unsigned n = 0; n < FLOOD; n++) {
			talk_open(&t[n], 6, (uint8_t)n, (uint16_t)(1024 + n), 9, 80);
			t[n].flow.key.point = from[i] & (unsigned)FLOW_POINT_MASK;
			dpi_packet(dpi, &t[n].flow, talk_handshake(&t[n], 0));
		}
		CU_ASSERT_TRUE(dpi_stats(dpi).refused_flows > 0);
		CU_ASSERT_EQUAL(dpi_stats(dpi).refused_unknown_flows,
			from[i] ? dpi_stats(dpi).refused_flows : 0);
		for (unsigned n = 0; n < 8; n++) {
			browse_from(dpi, &other[n], (uint8_t)n, 1);
			CU_ASSERT_TRUE(is_http(dpi, &other[n]));
			CU_ASSERT_FALSE(other[n].flow.flags & FLOW_DPI_NONE);
		}
		for (unsigned n = 0; n < 8; n++)
			dpi_release(dpi, &other[n].flow);
		flood_end(dpi, t);
		session_table_destroy(sessions);
	}
}

/* A share of the room for fragments, too: a flood of another session gives up its own. */
static void a_datagram_outlives_the_fragments_of_others(void)
{
	const struct quota_params quota = {.sessions = 50, .unknown = 5, .points = 16};
	struct session_table *sessions = session_table_create(16);
	struct dpi *dpi = open_shared(1 << 20, 1 << 16, quota);
	struct talk *t = calloc(FLOOD, sizeof(*t));

	CU_ASSERT_TRUE_FATAL(t && sessions);
	for (uint32_t vni = 0; vni < 2; vni++)
		session_table_add(sessions, &(struct session_key){.vni = vni});
	dpi_bind(dpi, sessions);
	for (unsigned n = 0; n < FLOOD; n++)
		flood(dpi, &t[n], n, n == 0);
	CU_ASSERT_PTR_NOT_NULL(t[0].flow.dpi);
	CU_ASSERT_PTR_NULL(t[1].flow.dpi);
	CU_ASSERT_TRUE(dpi_stats(dpi).fragments_given_up > FLOOD / 2);
	CU_ASSERT_EQUAL(dpi_stats(dpi).refused_flows, 0);
	flood_end(dpi, t);
	session_table_destroy(sessions);
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
	CU_ADD_TEST(s, fragments_are_given_up_first);
	CU_ADD_TEST(s, a_share_of_memory_cannot_be_taken);
	CU_ADD_TEST(s, a_datagram_outlives_the_fragments_of_others);
}
