/* Packets without payload wait for one with payload. The naive twin gives nDPI each packet when
 * it comes; both must say the same, for every beginning of a conversation. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"
#include "inspect/dpi/backlog.h"
#include "inspect/dpi/dpi.h"
#include "inspect/dpi/engine.h"
#include "inspect/support/open_dpi.h"
#include "support/talk.h"

enum { STATE_MAX = 4096 };

struct twin {
	struct memory memory;
	struct engine *engine;
	_Alignas(16) uint8_t state[STATE_MAX];
	struct engine_label label;
	struct draft draft;
	bool done;
};

static struct engine_flow *twin_flow(struct twin *twin)
{
	return (struct engine_flow *)(void *)twin->state;
}

static void twin_packet(struct twin *twin, const struct packet *p)
{
	enum engine_status status;

	if (twin->done)
		return;
	status = engine_packet(twin->engine, twin_flow(twin), p->ip, (uint16_t)p->ip_len,
		p->time_ns / 1000000, &twin->label);
	if (status == ENGINE_SPENT)
		engine_giveup(twin->engine, twin_flow(twin), &twin->label);
	twin->done = status != ENGINE_MORE;
}

static void twin_end(struct twin *twin)
{
	if (!twin->done)
		engine_giveup(twin->engine, twin_flow(twin), &twin->label);
	draft_reset(&twin->draft);
	engine_collect(twin->engine, twin_flow(twin), false, true, &twin->draft);
	engine_flow_fini(twin->engine, twin_flow(twin));
}

static const char request[] = "GET /a HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
static const char response[] = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nhello";

/* What is said, a letter a packet: the three of a handshake, a bare acknowledgement, request and
 * response. */
static struct packet *say(struct talk *t, char what)
{
	switch (what) {
	case 'S':
		return talk_handshake(t, 0);
	case 'R':
		return talk_handshake(t, 1);
	case 'A':
		return talk_handshake(t, 2);
	case 'q':
		return talk_say(t, 0, request, strlen(request));
	default:
		return talk_say(t, 1, response, strlen(response));
	}
}

static const char *const talks[] = {"S", "SR", "SRA", "SSSSSSS", "A", "AA", "R", "SRAq",
	"SRAqr", "SRAAAAAqAr", "Sq", "SqrA", "RAqr", "SRAAq"};

static void compare(struct dpi *dpi, struct twin *twin, const char *script, uint16_t port)
{
	struct talk t;

	memset(twin->state, 0, sizeof(twin->state));
	engine_flow_init(twin_flow(twin));
	twin->done = false;
	talk_open(&t, 6, 1, 40000, 2, port);
	for (; *script; script++) {
		dpi_packet(dpi, &t.flow, say(&t, *script));
		twin_packet(twin, &t.packet);
	}
	dpi_conclude(dpi, &t.flow);
	twin_end(twin);
	CU_ASSERT_EQUAL(t.flow.app_master, twin->label.master);
	CU_ASSERT_EQUAL(t.flow.app, twin->label.app);
	CU_ASSERT_EQUAL(t.flow.category, twin->label.category);
	CU_ASSERT_EQUAL(!!(t.flow.flags & FLOW_DPI_GUESSED), twin->label.guessed);
	CU_ASSERT_EQUAL(details_risks(t.flow.details).ndpi, twin->draft.risks.ndpi);
	dpi_release(dpi, &t.flow);
}

static void says_what_the_naive_twin_says(void)
{
	static const uint16_t ports[] = {80, 443, 22, 6379, 8080, 40001, 1883};
	struct dpi *dpi = open_usual_dpi();
	struct twin *twin = calloc(1, sizeof(*twin));
	struct error error;

	CU_ASSERT_PTR_NOT_NULL_FATAL(twin);
	CU_ASSERT_TRUE_FATAL(engine_flow_size() <= STATE_MAX);
	twin->engine = engine_create(&twin->memory, false, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(twin->engine);
	for (size_t i = 0; i < sizeof(talks) / sizeof(talks[0]); i++)
		for (size_t port = 0; port < sizeof(ports) / sizeof(ports[0]); port++)
			compare(dpi, twin, talks[i], ports[port]);
	engine_destroy(twin->engine);
	memory_trim(&twin->memory);
	free(twin);
	dpi_destroy(dpi);
}

/* A flow of one SYN costs less than nDPI's state, and nDPI sees it in the end. */
static void a_scan_costs_little(void)
{
	struct dpi *dpi = open_usual_dpi();
	size_t base = dpi_stats(dpi).memory_bytes;
	struct talk t;

	talk_open(&t, 6, 1, 40000, 2, 443);
	dpi_packet(dpi, &t.flow, say(&t, 'S'));
	CU_ASSERT_TRUE(dpi_stats(dpi).memory_bytes - base < engine_flow_size() / 2);
	CU_ASSERT_EQUAL(t.flow.dpi_packets, 1);
	CU_ASSERT_EQUAL(dpi_stats(dpi).packets, 0);
	dpi_conclude(dpi, &t.flow);
	CU_ASSERT_EQUAL(dpi_stats(dpi).packets, 1);
	CU_ASSERT_TRUE(t.flow.flags & FLOW_DPI_GUESSED);
	dpi_release(dpi, &t.flow);
	CU_ASSERT_EQUAL(dpi_stats(dpi).memory_bytes, base);
	dpi_destroy(dpi);
}

/* There was memory for the SYN, there is none for nDPI's state. */
static void refused_when_its_time_comes(void)
{
	struct dpi *dpi = open_dpi((struct dpi_params){.memory_limit = engine_flow_size() / 2});
	struct talk t;

	talk_open(&t, 6, 1, 40000, 2, 443);
	dpi_packet(dpi, &t.flow, say(&t, 'S'));
	CU_ASSERT_FALSE(t.flow.flags & FLOW_DPI_NONE);
	dpi_conclude(dpi, &t.flow);
	CU_ASSERT_TRUE(t.flow.flags & FLOW_DPI_NONE);
	CU_ASSERT_PTR_NULL(t.flow.dpi);
	CU_ASSERT_EQUAL(t.flow.app, 0);
	CU_ASSERT_EQUAL(dpi_stats(dpi).refused_flows, 1);
	dpi_release(dpi, &t.flow);
	dpi_destroy(dpi);
}

static void keeps_what_fits_in_order(void)
{
	uint8_t bytes[BACKLOG_BYTES_MAX + 1] = {0};
	struct piece piece = {.ip = bytes, .cap = 40, .wire = 40, .payload = 40, .protocol = 6};
	struct memory memory = {0};
	struct memory_list list = {0};
	struct backlog backlog = {0};
	struct piece *kept;

	for (uint32_t i = 0; i < BACKLOG_MAX; i++) {
		piece.seq = i;
		bytes[4] = (uint8_t)i;
		CU_ASSERT_TRUE(backlog_add(&backlog, &memory, &list, &piece));
	}
	CU_ASSERT_FALSE(backlog_add(&backlog, &memory, &list, &piece));
	for (uint32_t i = 0; i < BACKLOG_MAX; i++) {
		kept = backlog_next(&backlog);
		CU_ASSERT_PTR_NOT_NULL_FATAL(kept);
		CU_ASSERT_EQUAL(kept->seq, i);
		CU_ASSERT_EQUAL(kept->ip[4], i);
		memory_free(kept);
	}
	CU_ASSERT_PTR_NULL(backlog_next(&backlog));
	piece.cap = piece.wire = piece.payload = BACKLOG_BYTES_MAX + 1;
	CU_ASSERT_FALSE(backlog_add(&backlog, &memory, &list, &piece));
	piece.cap = piece.wire = 60;
	piece.payload = 40;
	CU_ASSERT_FALSE(backlog_add(&backlog, &memory, &list, &piece));
	CU_ASSERT_EQUAL(memory.used, 0);
	memory_trim(&memory);
}

void suite_dpi_backlog(void);
void suite_dpi_backlog(void)
{
	CU_pSuite s = CU_add_suite("dpi_backlog", NULL, NULL);

	CU_ADD_TEST(s, says_what_the_naive_twin_says);
	CU_ADD_TEST(s, a_scan_costs_little);
	CU_ADD_TEST(s, refused_when_its_time_comes);
	CU_ADD_TEST(s, keeps_what_fits_in_order);
}
