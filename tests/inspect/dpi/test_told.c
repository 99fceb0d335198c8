/* When a flow's label is told, once; how many transactions it is said to have had; and its risks, at the
 * packet that shows them. */
#include <CUnit/Basic.h>
#include <string.h>

#include "inspect/dpi/dpi.h"
#include "inspect/support/open_dpi.h"
#include "support/hex.h"
#include "support/talk.h"

enum { ALL = (1 << TRANSACTIONS) - 1, APP_UNKNOWN = 0, APP_DNS = 5, APP_HTTP = 7 };

struct told {
	unsigned starts, transactions;
	uint16_t app;
	uint64_t time_ns;
	struct risk_set risks;
	unsigned risk_tellings;
	uint64_t risks_ns;
};

static void hear(void *ctx, const struct flow *flow, enum transaction kind, uint64_t time_ns,
	uint32_t before, const struct details *details)
{
	struct told *told = ctx;

	(void)kind;
	(void)time_ns;
	(void)before;
	(void)details;
	told->transactions++;
	CU_ASSERT_PTR_NOT_NULL(flow);
}

static void hear_start(void *ctx, const struct flow *flow, uint64_t time_ns)
{
	struct told *told = ctx;

	told->starts++;
	told->app = flow->app_master ? flow->app_master : flow->app;
	told->time_ns = time_ns;
}

/* None twice; and the flow's details say why. */
static void hear_risks(
	void *ctx, const struct flow *flow, const struct risk_set *fresh, uint64_t time_ns)
{
	struct told *told = ctx;
	struct risk_set has = details_risks(flow->details);

	CU_ASSERT_FALSE(risk_set_is_empty(fresh));
	CU_ASSERT_FALSE(told->risks.ndpi & fresh->ndpi || told->risks.own & fresh->own);
	told->risks.ndpi |= fresh->ndpi;
	told->risks.own |= fresh->own;
	CU_ASSERT_EQUAL(told->risks.ndpi, has.ndpi);
	CU_ASSERT_EQUAL(told->risks.own, has.own);
	told->risk_tellings++;
	told->risks_ns = time_ns;
}

static struct dpi *open_telling(struct told *told, struct dpi_params params, uint32_t kinds)
{
	const struct transaction_sink sink = {
		told, hear, kinds, UINT32_MAX, hear_start, hear_risks, NULL};
	struct dpi *dpi = open_dpi(params);

	*told = (struct told){.starts = 0};
	dpi_tell(dpi, &sink);
	return dpi;
}

static void give(struct dpi *dpi, struct packet *p)
{
	p->flow->last_ns = p->time_ns;
	dpi_packet(dpi, p->flow, p);
}

static void say(struct dpi *dpi, struct talk *t, unsigned side, const char *text)
{
	give(dpi, talk_say(t, side, text, strlen(text)));
}

static void say_hex(struct dpi *dpi, struct talk *t, unsigned side, const char *hex)
{
	uint8_t bytes[256];

	give(dpi, talk_say(t, side, bytes, hex_read(hex, bytes, sizeof(bytes))));
}

static void say_cut(struct dpi *dpi, struct talk *t, const char *hex)
{
	uint8_t bytes[256];
	struct packet *p = talk_say(t, 0, bytes, hex_read(hex, bytes, sizeof(bytes)));

	talk_cut(t, p->ip_len - 1);
	give(dpi, p);
}

static void expect_counts(const struct talk *t, uint32_t dns, uint32_t http)
{
	const struct details *details = t->flow.details;

	CU_ASSERT_EQUAL(details_transactions(details, TRANSACTION_DNS), dns);
	CU_ASSERT_EQUAL(details_transactions(details, TRANSACTION_HTTP), http);
	CU_ASSERT_EQUAL(details_transactions(details, TRANSACTION_TLS), 0);
	CU_ASSERT_EQUAL(details_transactions(details, TRANSACTION_QUIC), 0);
	CU_ASSERT_EQUAL(details_transactions(details, TRANSACTION_SSH), 0);
}

/* The flow's end changes nothing of what was told. */
static void expect_label(struct dpi *dpi, struct talk *t, const struct told *told, uint16_t app)
{
	CU_ASSERT_EQUAL(told->starts, 1);
	CU_ASSERT_EQUAL(told->app, app);
	dpi_conclude(dpi, &t->flow);
	CU_ASSERT_EQUAL(told->starts, 1);
}

static void close_all(struct dpi *dpi, struct talk *t)
{
	dpi_release(dpi, &t->flow);
	dpi_destroy(dpi);
}

#define GET "GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n"
#define OK "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nno"
#define QUESTION(id) id "0100 0001 0000 0000 0000 0161 07 6578616d706c65 00 0001 0001"
#define ANSWER(id) \
	id "8180 0001 0001 0000 0000 0161 07 6578616d706c65 00 0001 0001" \
	   "c00c 0001 0001 0000003c 0004 c0000201"

static void open_tcp(struct dpi *dpi, struct talk *t)
{
	talk_open(t, 6, 1, 40000, 2, 80);
	for (unsigned step = 0; step < 3; step++)
		give(dpi, talk_handshake(t, step));
}

/* As soon as nDPI has it, while requests are still read. */
static void a_label_is_told_when_it_is_known(void)
{
	struct told told;
	struct dpi *dpi = open_telling(&told, (struct dpi_params){.max_packets_tcp = 80}, ALL);
	struct talk t;
	uint64_t time_ns;

	open_tcp(dpi, &t);
	CU_ASSERT_EQUAL(told.starts, 0);
	say(dpi, &t, 0, GET);
	say(dpi, &t, 1, OK);
	CU_ASSERT_EQUAL_FATAL(told.starts, 1);
	time_ns = told.time_ns;
	CU_ASSERT_EQUAL(time_ns, t.flow.last_ns);
	for (unsigned i = 0; i < 3; i++) {
		say(dpi, &t, 0, GET);
		say(dpi, &t, 1, OK);
	}
	CU_ASSERT_TRUE(t.flow.last_ns > time_ns);
	CU_ASSERT_EQUAL(told.time_ns, time_ns);
	expect_label(dpi, &t, &told, APP_HTTP);
	CU_ASSERT_EQUAL(told.transactions, 4);
	expect_counts(&t, 0, 4);
	close_all(dpi, &t);
}

/* Nor does a state that is made for further questions tell it again, and counts go on. */
static void further_questions_tell_no_label(void)
{
	struct told told;
	struct dpi *dpi = open_telling(&told, (struct dpi_params){.max_packets_udp = 24}, ALL);
	struct talk t;

	talk_open(&t, 17, 1, 40000, 2, 53);
	say_hex(dpi, &t, 0, QUESTION("0001"));
	say_hex(dpi, &t, 1, ANSWER("0001"));
	CU_ASSERT_PTR_NULL(t.flow.dpi);
	expect_counts(&t, 1, 0);
	say_hex(dpi, &t, 0, QUESTION("0002"));
	say_hex(dpi, &t, 1, ANSWER("0002"));
	say_hex(dpi, &t, 0, QUESTION("0003"));
	CU_ASSERT_PTR_NOT_NULL(t.flow.dpi);
	expect_label(dpi, &t, &told, APP_DNS);
	expect_counts(&t, 3, 0);
	close_all(dpi, &t);
}

static void a_flow_that_says_nothing_is_told_at_its_end(void)
{
	struct told told;
	struct dpi *dpi = open_telling(&told, (struct dpi_params){.max_packets_tcp = 80}, ALL);
	struct talk t;

	open_tcp(dpi, &t);
	CU_ASSERT_EQUAL(told.starts, 0);
	dpi_conclude(dpi, &t.flow);
	CU_ASSERT_EQUAL(told.starts, 1);
	CU_ASSERT_PTR_NULL(t.flow.details);
	close_all(dpi, &t);
}

/* A label of cut packets is told; that of a whole one, which comes later and may be another, is not. */
static void a_second_look_tells_nothing(void)
{
	struct told told;
	struct dpi *dpi = open_telling(&told, (struct dpi_params){.max_packets_udp = 24}, ALL);
	struct talk t;

	talk_open(&t, 17, 1, 40000, 2, 53);
	say_cut(dpi, &t, QUESTION("0001"));
	dpi_conclude(dpi, &t.flow);
	CU_ASSERT_TRUE(t.flow.flags & FLOW_DPI_CUT);
	CU_ASSERT_EQUAL(told.starts, 1);
	say_hex(dpi, &t, 1, ANSWER("0001"));
	dpi_conclude(dpi, &t.flow);
	CU_ASSERT_FALSE(t.flow.flags & FLOW_DPI_CUT);
	CU_ASSERT_EQUAL(told.starts, 1);
	close_all(dpi, &t);
}

static void flows_that_are_not_inspected_are_told_at_once(void)
{
	struct told told;
	struct dpi *dpi = open_telling(&told, (struct dpi_params){.max_packets_udp = 24}, ALL);
	struct talk t;

	dpi_shed(dpi, true);
	talk_open(&t, 17, 1, 40000, 2, 53);
	say_hex(dpi, &t, 0, QUESTION("0001"));
	CU_ASSERT_TRUE(t.flow.flags & FLOW_DPI_SHED);
	expect_label(dpi, &t, &told, APP_UNKNOWN);
	expect_counts(&t, 0, 0);
	close_all(dpi, &t);
}

/* Wherever memory ends: a flow of two questions over two states, and one of cut and whole packets. */
static void memory_changes_nothing(void)
{
	for (size_t limit = 100; limit < 8000; limit += 331) {
		struct told told;
		struct dpi *dpi =
			open_telling(&told, (struct dpi_params){.memory_limit = limit}, ALL);
		struct talk t;

		talk_open(&t, 17, 1, 40000, 2, 53);
		for (unsigned i = 0; i < 2; i++) {
			say_hex(dpi, &t, 0, i ? QUESTION("0002") : QUESTION("0001"));
			say_hex(dpi, &t, 1, i ? ANSWER("0002") : ANSWER("0001"));
		}
		dpi_conclude(dpi, &t.flow);
		CU_ASSERT_EQUAL(told.starts, 1);
		CU_ASSERT_TRUE(details_transactions(t.flow.details, TRANSACTION_DNS) <=
			       told.transactions);
		dpi_release(dpi, &t.flow);
		told.starts = 0;
		talk_open(&t, 17, 1, 40001, 2, 53);
		say_cut(dpi, &t, QUESTION("0001"));
		dpi_conclude(dpi, &t.flow);
		say_hex(dpi, &t, 1, ANSWER("0001"));
		dpi_conclude(dpi, &t.flow);
		CU_ASSERT_EQUAL(told.starts, 1);
		close_all(dpi, &t);
	}
}

/* Of a kind that nobody asked for. */
static void what_is_not_told_is_not_counted(void)
{
	struct told told;
	struct dpi *dpi = open_telling(&told, (struct dpi_params){.max_packets_tcp = 80},
		ALL & ~(1u << TRANSACTION_HTTP));
	struct talk t;

	open_tcp(dpi, &t);
	say(dpi, &t, 0, GET);
	say(dpi, &t, 1, OK);
	expect_label(dpi, &t, &told, APP_HTTP);
	expect_counts(&t, 0, 0);
	close_all(dpi, &t);
}

/* nDPI's, while more of the flow is still to be looked at; nothing is taken back at its end. */
static void risks_are_told_when_they_show(void)
{
	enum { NUMERIC_HOST = 12 }; /* as ndpiReader -h lists them */
	static const char request[] =
		"GET /a HTTP/1.1\r\nHost: 192.168.7.2\r\nUser-Agent: a\r\n\r\n";
	struct told told;
	struct dpi *dpi = open_telling(&told, (struct dpi_params){.max_packets_tcp = 80}, ALL);
	struct risk_set last;
	struct talk t;
	size_t len;

	open_tcp(dpi, &t);
	CU_ASSERT_EQUAL(told.risk_tellings, 0);
	say(dpi, &t, 0, request);
	CU_ASSERT_TRUE(told.risks.ndpi >> NUMERIC_HOST & 1);
	CU_ASSERT_EQUAL(told.risks_ns, t.flow.last_ns);
	CU_ASSERT_EQUAL(told.starts, 0);
	say(dpi, &t, 1, OK);
	dpi_conclude(dpi, &t.flow);
	last = details_risks(t.flow.details);
	CU_ASSERT_EQUAL(told.risks.ndpi, last.ndpi);
	CU_ASSERT_TRUE(last.ndpi >> NUMERIC_HOST & 1);
	CU_ASSERT_PTR_NULL(details_why(t.flow.details, 0, &len));
	close_all(dpi, &t);
}

/* A segment that was sent again with other bytes; the label is long known. */
static void our_own_risks_are_told_at_once(void)
{
	static const char other[] = "GOT / HTTP/1.1\r\nHost: shop.example\r\n\r\n";
	struct told told;
	struct dpi *dpi = open_telling(
		&told, (struct dpi_params){.max_packets_tcp = 80, .reorder_limit = 16384}, ALL);
	struct talk t;
	struct packet *p;

	open_tcp(dpi, &t);
	say(dpi, &t, 0, GET);
	say(dpi, &t, 1, OK);
	say(dpi, &t, 0, GET);
	CU_ASSERT_EQUAL(told.risks.own, 0);
	p = talk_say(&t, 0, other, sizeof(other) - 1);
	p->tcp_seq -= sizeof(GET) - 1;
	give(dpi, p);
	CU_ASSERT_EQUAL(told.risks.own, 1u << OWN_RISK_tcp_overlap);
	CU_ASSERT_EQUAL(told.risks_ns, t.flow.last_ns);
	close_all(dpi, &t);
}

void suite_told(void);
void suite_told(void)
{
	CU_pSuite s = CU_add_suite("told", NULL, NULL);

	CU_ADD_TEST(s, a_label_is_told_when_it_is_known);
	CU_ADD_TEST(s, further_questions_tell_no_label);
	CU_ADD_TEST(s, a_flow_that_says_nothing_is_told_at_its_end);
	CU_ADD_TEST(s, a_second_look_tells_nothing);
	CU_ADD_TEST(s, flows_that_are_not_inspected_are_told_at_once);
	CU_ADD_TEST(s, memory_changes_nothing);
	CU_ADD_TEST(s, what_is_not_told_is_not_counted);
	CU_ADD_TEST(s, risks_are_told_when_they_show);
	CU_ADD_TEST(s, our_own_risks_are_told_at_once);
}
