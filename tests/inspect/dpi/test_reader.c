/* Which of our parsers reads a flow, until when, and the transactions that it tells. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "inspect/dpi/dpi.h"
#include "inspect/support/open_dpi.h"
#include "inspect/support/tls_talks.h"
#include "support/hex.h"
#include "support/talk.h"

enum { TOLD_MAX = 64, ALL = (1 << TRANSACTIONS) - 1 };

/* What was told: kind, what it is recognised by, and its answer. */
struct told {
	char text[TOLD_MAX][160];
	uint64_t time_ns[TOLD_MAX];
	unsigned n, empty;
	bool lacks; /* memory: some may not have been told */
};

static void add_string(const struct details *details, enum detail detail, char *text)
{
	size_t len = 0, at = strlen(text);
	const char *found = details_string(details, detail, &len);

	snprintf(text + at, 160 - at, " %.*s", (int)(found ? len : 1), found ? found : "-");
}

static void hear(void *ctx, const struct flow *flow, enum transaction kind, uint64_t time_ns,
	uint32_t before, const struct details *details)
{
	static const enum detail shown[TRANSACTIONS][2] = {
		[TRANSACTION_DNS] = {DETAIL_dns_query, DETAIL_dns_rcode},
		[TRANSACTION_HTTP] = {DETAIL_http_url, DETAIL_http_content_type},
		[TRANSACTION_TLS] = {DETAIL_tls_sni, DETAIL_tls_version},
		[TRANSACTION_QUIC] = {DETAIL_quic_version, DETAIL_tls_sni},
		[TRANSACTION_SSH] = {DETAIL_ssh_client, DETAIL_ssh_server},
	};
	struct told *told = ctx;

	CU_ASSERT_PTR_NOT_NULL(flow);
	if (!details) {
		told->empty++;
		return;
	}
	CU_ASSERT_TRUE(before == told->n || told->lacks);
	CU_ASSERT_TRUE_FATAL(told->n < TOLD_MAX);
	snprintf(told->text[told->n], sizeof(told->text[0]), "%s", transaction_name(kind));
	add_string(details, shown[kind][0], told->text[told->n]);
	add_string(details, shown[kind][1], told->text[told->n]);
	told->time_ns[told->n++] = time_ns;
}

static struct dpi *open_telling(struct told *told, uint32_t kinds, uint32_t per_flow)
{
	struct transaction_sink sink = {told, hear, kinds, per_flow, NULL, NULL, NULL};
	struct dpi *dpi = open_usual_dpi();

	*told = (struct told){.n = 0};
	dpi_tell(dpi, &sink);
	return dpi;
}

static void give(struct dpi *dpi, struct packet *p)
{
	p->flow->last_ns = p->time_ns;
	dpi_packet(dpi, p->flow, p);
}

static void open_tcp(struct dpi *dpi, struct talk *t, uint16_t server_port)
{
	talk_open(t, 6, 1, 40000, 2, server_port);
	for (unsigned step = 0; step < 3; step++)
		give(dpi, talk_handshake(t, step));
}

static void say(struct dpi *dpi, struct talk *t, unsigned side, const char *text)
{
	give(dpi, talk_say(t, side, text, strlen(text)));
}

static void say_hex(struct dpi *dpi, struct talk *t, unsigned side, const char *hex)
{
	uint8_t bytes[1024];

	give(dpi, talk_say(t, side, bytes, hex_read(hex, bytes, sizeof(bytes))));
}

static void end(struct dpi *dpi, struct talk *t)
{
	dpi_conclude(dpi, &t->flow);
	CU_ASSERT_PTR_NULL(t->flow.dpi);
	dpi_release(dpi, &t->flow);
	CU_ASSERT_EQUAL(dpi_stats(dpi).refused_flows, 0);
}

static void expect(const struct told *told, const char *const *texts, unsigned n)
{
	CU_ASSERT_EQUAL(told->n, n);
	for (unsigned i = 0; i < n && i < told->n; i++) {
		CU_ASSERT_STRING_EQUAL(told->text[i], texts[i]);
		if (strcmp(told->text[i], texts[i]) != 0)
			printf("\n%u: want %s\n  got %s", i, texts[i], told->text[i]);
	}
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: shop.example\r\n\r\n"
#define OK(type) "HTTP/1.1 200 OK\r\nContent-Type: " type "\r\nContent-Length: 2\r\n\r\nno"

/* Long after nDPI has its verdict, on any port; the flow keeps the first one. */
static void every_request_is_told(void)
{
	static const char *const want[] = {"http shop.example/1 text/html",
		"http shop.example/2 image/png", "http shop.example/3 text/css",
		"http shop.example/4 -"};
	struct told told;
	struct dpi *dpi = open_telling(&told, ALL, UINT32_MAX);
	struct talk t;
	size_t len = 0;
	uint64_t packets;

	open_tcp(dpi, &t, 8081);
	say(dpi, &t, 0, GET("/1"));
	say(dpi, &t, 1, OK("text/html"));
	CU_ASSERT_EQUAL(told.n, 1);
	packets = dpi_stats(dpi).packets;
	say(dpi, &t, 0, GET("/2") GET("/3"));
	say(dpi, &t, 1, OK("image/png") OK("text/css"));
	CU_ASSERT_EQUAL(told.n, 3);
	say(dpi, &t, 0, GET("/4"));
	CU_ASSERT_EQUAL(dpi_stats(dpi).packets, packets);
	dpi_conclude(dpi, &t.flow);
	expect(&told, want, 4);
	CU_ASSERT_PTR_NOT_NULL_FATAL(details_string(t.flow.details, DETAIL_http_url, &len));
	CU_ASSERT_EQUAL(len, strlen("shop.example/1"));
	CU_ASSERT_EQUAL(memcmp(details_string(t.flow.details, DETAIL_http_url, &len),
				"shop.example/1", len),
		0);
	end(dpi, &t);
	dpi_destroy(dpi);
}

/* By its version, where nothing else in it is as usual. */
static void any_target_begins_http(void)
{
	static const char *const lines[][2] = {{"GET . HTTP/1.0\r\n\r\n", "http . -"},
		{"GET ../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n",
			"http a../../etc/passwd -"},
		{"GET . HTTP/1.\r\n\r\n", NULL}, {"GET . RTSP/1.0\r\n\r\n", NULL},
		{"GET . HTTP/1.1 \r\n\r\n", NULL}, {"GET .", NULL}};
	struct told told;
	struct talk t;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct dpi *dpi = open_telling(&told, ALL, UINT32_MAX);

		open_tcp(dpi, &t, 8081);
		say(dpi, &t, 0, lines[i][0]);
		end(dpi, &t);
		expect(&told, &lines[i][1], lines[i][1] ? 1 : 0);
		dpi_destroy(dpi);
	}
}

/* So many of a flow are made; the others are told without what they say, to be counted. */
static void more_than_a_flow_may_have_are_counted(void)
{
	struct told told;
	struct dpi *dpi = open_telling(&told, ALL, 2);
	struct talk t;

	open_tcp(dpi, &t, 80);
	for (unsigned i = 0; i < 5; i++) {
		say(dpi, &t, 0, GET("/"));
		say(dpi, &t, 1, OK("text/html"));
	}
	end(dpi, &t);
	CU_ASSERT_EQUAL(told.n, 2);
	CU_ASSERT_EQUAL(told.empty, 3);
	dpi_destroy(dpi);
}

#define QUESTION(id, letter) \
	id "0100 0001 0000 0000 0000 01" letter "07 6578616d706c65 00 0001 0001"
#define ANSWER(id, letter, rcode) \
	id "818" rcode "0001 0001 0000 0000 01" letter "07 6578616d706c65 00 0001 0001" \
	   "c00c 0001 0001 0000003c 0004 c0000201"

/* Over TCP with its length. */
static void say_dns(struct dpi *dpi, struct talk *t, unsigned side, const char *hex)
{
	uint8_t bytes[256];
	size_t n = hex_read(hex, bytes + 2, sizeof(bytes) - 2);

	bytes[0] = 0;
	bytes[1] = (uint8_t)n;
	if (t->flow.key.protocol == 6)
		give(dpi, talk_say(t, side, bytes, n + 2));
	else
		give(dpi, talk_say(t, side, bytes + 2, n));
}

/* The inspection ends with the first answer, and begins anew with the second question. */
static void every_question_is_told(uint8_t protocol, uint16_t port)
{
	static const char *const want[] = {"dns a.example NOERROR", "dns c.example NXDOMAIN",
		"dns b.example REFUSED", "dns d.example NOERROR", "dns e.example -"};
	struct told told;
	struct dpi *dpi = open_telling(&told, ALL, UINT32_MAX);
	struct talk t;
	const char *const lines[][2] = {{"0", QUESTION("0001", "61")},
		{"1", ANSWER("0001", "61", "0")}, {"0", QUESTION("0002", "62")},
		{"0", QUESTION("0003", "63")}, {"1", ANSWER("0003", "63", "3")},
		{"1", ANSWER("0002", "62", "5")}, {"0", QUESTION("0004", "64")},
		{"1", ANSWER("0004", "64", "0")}, {"0", QUESTION("0005", "65")}};

	if (protocol == 6)
		open_tcp(dpi, &t, port);
	else
		talk_open(&t, 17, 1, 40000, 2, port);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		say_dns(dpi, &t, lines[i][0][0] == '1', lines[i][1]);
		if (i == 1)
			CU_ASSERT_EQUAL(t.flow.dpi == NULL, protocol == 17 && port == 53);
	}
	end(dpi, &t);
	expect(&told, want, 5);
	dpi_destroy(dpi);
}

/* The answers tell what was asked; a question that comes behind its own is no other one. */
static void questions_behind_their_answers_are_told_once(void)
{
	static const char *const want[] = {"dns a.example NOERROR", "dns b.example REFUSED",
		"dns c.example NXDOMAIN", "dns d.example -"};
	static const uint16_t ports[] = {53, 443};

	for (unsigned i = 0; i < 2; i++) {
		struct told told;
		struct dpi *dpi = open_telling(&told, ALL, UINT32_MAX);
		struct talk t;

		talk_open(&t, 17, 1, 40000, 2, ports[i]);
		say_dns(dpi, &t, 1, ANSWER("0001", "61", "0"));
		say_dns(dpi, &t, 1, ANSWER("0002", "62", "5"));
		say_dns(dpi, &t, 0, QUESTION("0002", "62"));
		say_dns(dpi, &t, 0, QUESTION("0001", "61"));
		say_dns(dpi, &t, 0, QUESTION("0003", "63"));
		say_dns(dpi, &t, 1, ANSWER("0003", "63", "3"));
		say_dns(dpi, &t, 0, QUESTION("0004", "64"));
		end(dpi, &t);
		expect(&told, want, 4);
		dpi_destroy(dpi);
	}
}

static void every_question_over_udp_is_told(void)
{
	every_question_is_told(17, 53);
}

/* By their looks: nDPI 4.2 has no name for such a flow. */
static void questions_on_any_port_are_told(void)
{
	every_question_is_told(17, 443);
	every_question_is_told(17, 5300);
}

static void every_question_over_tcp_is_told(void)
{
	every_question_is_told(6, 53);
}

/* Each limit lets a question or two be read; a flow of which one is missing is counted. */
static void questions_without_memory_are_counted(void)
{
	uint64_t refused = 1;
	struct told told;

	for (size_t limit = 100; limit < 6000; limit += 61) {
		struct transaction_sink sink = {&told, hear, ALL, UINT32_MAX, NULL, NULL, NULL};
		struct dpi *dpi = open_dpi((struct dpi_params){.memory_limit = limit});
		struct talk t;

		told = (struct told){.lacks = true};
		dpi_tell(dpi, &sink);
		talk_open(&t, 17, 1, 40000, 2, 53);
		for (unsigned i = 0; i < 2; i++) {
			say_dns(dpi, &t, 0,
				i ? QUESTION("0002", "62") : QUESTION("0001", "61"));
			say_dns(dpi, &t, 1,
				i ? ANSWER("0002", "62", "0") : ANSWER("0001", "61", "0"));
		}
		dpi_conclude(dpi, &t.flow);
		refused = dpi_stats(dpi).refused_flows;
		CU_ASSERT_TRUE(refused == 1 || (told.n == 2 && refused == 0));
		dpi_release(dpi, &t.flow);
		dpi_destroy(dpi);
	}
	CU_ASSERT_TRUE(told.n == 2 && refused == 0);
}

/* An overloaded worker does not begin anew, says so, and the label stays. */
static void shed_questions_are_counted(void)
{
	struct told told;
	struct dpi *dpi = open_telling(&told, ALL, UINT32_MAX);
	struct talk t;

	talk_open(&t, 17, 1, 40000, 2, 53);
	say_dns(dpi, &t, 0, QUESTION("0001", "61"));
	say_dns(dpi, &t, 1, ANSWER("0001", "61", "0"));
	dpi_shed(dpi, true);
	for (unsigned i = 0; i < 3; i++)
		say_dns(dpi, &t, 0, QUESTION("0002", "62"));
	CU_ASSERT_EQUAL(dpi_stats(dpi).shed_flows, 1);
	CU_ASSERT_TRUE(t.flow.flags & FLOW_DPI_DONE && t.flow.flags & FLOW_DPI_SHED);
	CU_ASSERT_EQUAL(told.n, 1);
	end(dpi, &t);
	dpi_destroy(dpi);
}

#define CLIENT_HELLO \
	"16 0301 0043 01 00003f 0303" \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 00" \
	"0002 c02f 01 00 0014" \
	"0000 0010 000e 00 000b 6e616d652e6578616d706c"
#define SERVER_HELLO \
	"16 0303 002a 02 000026 0303" \
	"202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f 00 c02f 00"

/* What a proxy passes on is read by its own parser. */
static void tls_in_a_tunnel_is_read(void)
{
	static const char *const want[] = {"http name.exampl:443 -", "tls name.exampl TLSv1.2"};
	struct told told;
	struct dpi *dpi = open_telling(&told, ALL, UINT32_MAX);
	struct talk t;

	open_tcp(dpi, &t, 3128);
	say(dpi, &t, 0, "CONNECT name.exampl:443 HTTP/1.1\r\n\r\n");
	say(dpi, &t, 1, "HTTP/1.1 200 OK\r\n\r\n");
	say_hex(dpi, &t, 0, CLIENT_HELLO);
	say_hex(dpi, &t, 1, SERVER_HELLO);
	end(dpi, &t);
	expect(&told, want, 2);
	dpi_destroy(dpi);
}

/* nDPI knows FTP before TLS begins. */
static void tls_that_begins_later_is_read(void)
{
	static const char *const want[] = {"tls name.exampl TLSv1.2"};
	struct told told;
	struct dpi *dpi = open_telling(&told, ALL, UINT32_MAX);
	struct talk t;

	open_tcp(dpi, &t, 21);
	say(dpi, &t, 1, "220 FTP server ready\r\n");
	say(dpi, &t, 0, "AUTH TLS\r\n");
	say(dpi, &t, 1, "234 AUTH TLS successful\r\n");
	say_hex(dpi, &t, 0, CLIENT_HELLO);
	say_hex(dpi, &t, 1, SERVER_HELLO);
	end(dpi, &t);
	expect(&told, want, 1);
	dpi_destroy(dpi);
}

static void dtls_is_read(void)
{
	static const char *const want[] = {"tls dtls.example.com DTLSv1.2"};
	struct told told;
	struct dpi *dpi = open_telling(&told, ALL, UINT32_MAX);
	struct talk t;
	char text[160] = "";

	talk_open(&t, 17, 1, 40000, 2, 45443);
	for (unsigned i = 0; i < DTLS_SERVER_N; i++) {
		if (i < DTLS_CLIENT_N)
			say_hex(dpi, &t, 0, dtls_client[i]);
		say_hex(dpi, &t, 1, dtls_server[i]);
	}
	dpi_conclude(dpi, &t.flow);
	add_string(t.flow.details, DETAIL_tls_subject, text);
	CU_ASSERT_STRING_EQUAL(text, " C=DE, O=Example, CN=dtls.example.com");
	end(dpi, &t);
	expect(&told, want, 1);
	dpi_destroy(dpi);
}

/* The ClientHello comes in parts and out of order, on a port of another protocol. */
static void order_and_port_do_not_matter(void)
{
	static const char *const want[] = {"tls name.exampl TLSv1.2"};
	struct told told;
	struct dpi *dpi = open_telling(&told, ALL, UINT32_MAX);
	struct talk t;
	struct packet late;
	uint8_t bytes[256], kept[2048];
	size_t n = hex_read(CLIENT_HELLO, bytes, sizeof(bytes));

	open_tcp(dpi, &t, 25);
	give(dpi, talk_say(&t, 0, bytes, 20));
	late = *talk_say(&t, 0, bytes + 20, 30);
	memcpy(kept, t.bytes, sizeof(kept));
	late.ip = kept + (late.ip - t.bytes);
	give(dpi, talk_say(&t, 0, bytes + 50, n - 50));
	give(dpi, &late);
	say_hex(dpi, &t, 1, SERVER_HELLO);
	end(dpi, &t);
	expect(&told, want, 1);
	dpi_destroy(dpi);
}

/* One half of a handshake is told, at the flow's end or when only the other side goes on. */
static void half_a_handshake_is_told_once(void)
{
	static const char *const want[] = {"ssh SSH-2.0-x -"};
	struct told told;
	struct dpi *dpi = open_telling(&told, ALL, UINT32_MAX);
	struct talk t;

	open_tcp(dpi, &t, 2222);
	say(dpi, &t, 0, "SSH-2.0-x\r\n");
	end(dpi, &t);
	expect(&told, want, 1);
	dpi_destroy(dpi);
}

/* Kinds that nobody asked for are not told, and details are the same. */
static void who_does_not_ask_is_not_told(void)
{
	struct told told;
	struct dpi *dpi = open_telling(&told, ALL & ~(1u << TRANSACTION_HTTP), UINT32_MAX);
	struct talk t;

	open_tcp(dpi, &t, 80);
	say(dpi, &t, 0, GET("/1"));
	CU_ASSERT_PTR_NOT_NULL(t.flow.dpi);
	say(dpi, &t, 1, OK("text/html"));
	CU_ASSERT_PTR_NULL(t.flow.dpi); /* what follows is nobody's */
	say(dpi, &t, 0, GET("/2"));
	dpi_conclude(dpi, &t.flow);
	CU_ASSERT_EQUAL(details_number(t.flow.details, DETAIL_http_status), 200);
	end(dpi, &t);
	CU_ASSERT_EQUAL(told.n + told.empty, 0);
	dpi_destroy(dpi);
}

/* What is asked for, as it is seen: "dns.query=a", before any transaction was told. */
struct seen {
	struct told told;
	char text[512];
};

static void see(void *ctx, const struct flow *flow, uint64_t rows, uint64_t time_ns,
	const struct details *details)
{
	static const enum detail shown[] = {DETAIL_dns_query, DETAIL_http_url, DETAIL_tls_sni};
	struct seen *seen = ctx;

	CU_ASSERT_TRUE(time_ns == flow->last_ns && rows != 0);
	CU_ASSERT_EQUAL(rows & ~details_rows(details), 0);
	for (unsigned i = 0; i < 3; i++) {
		size_t len, at = strlen(seen->text);
		const char *text = details_string(details, shown[i], &len);

		if (rows >> shown[i] & 1)
			snprintf(seen->text + at, sizeof(seen->text) - at, "%u:%.*s ",
				seen->told.n, (int)len, text);
	}
}

static struct dpi *open_seeing(struct seen *seen)
{
	struct dpi *dpi = open_usual_dpi();

	*seen = (struct seen){.text = ""};
	dpi_tell(dpi, &(struct transaction_sink){.ctx = seen,
			      .transaction = hear,
			      .kinds = ALL,
			      .per_flow = UINT32_MAX,
			      .seen = see});
	return dpi;
}

/* Numbers are those of the transactions told before. The second question of a flow over UDP is told with its answer. */
static void what_is_asked_for_is_seen_at_once(void)
{
	struct seen seen;
	struct dpi *dpi = open_seeing(&seen);
	struct talk t;

	talk_open(&t, 17, 1, 40000, 2, 53);
	say_dns(dpi, &t, 0, QUESTION("0001", "61"));
	CU_ASSERT_STRING_EQUAL(seen.text, "0:a.example ");
	say_dns(dpi, &t, 1, ANSWER("0001", "61", "0"));
	CU_ASSERT_EQUAL(seen.told.n, 1);
	CU_ASSERT_STRING_EQUAL(seen.text, "0:a.example ");
	end(dpi, &t);
	dpi_destroy(dpi);

	dpi = open_seeing(&seen);
	open_tcp(dpi, &t, 80);
	say(dpi, &t, 0, GET("/1"));
	CU_ASSERT_STRING_EQUAL(seen.text, "0:shop.example/1 ");
	say(dpi, &t, 1, OK("text/html"));
	say(dpi, &t, 0, GET("/2"));
	CU_ASSERT_EQUAL(seen.told.n, 1);
	/* The first one once more, where it becomes the flow's. */
	CU_ASSERT_STRING_EQUAL(
		seen.text, "0:shop.example/1 0:shop.example/1 1:shop.example/2 ");
	end(dpi, &t);
	dpi_destroy(dpi);

	dpi = open_seeing(&seen);
	open_tcp(dpi, &t, 443);
	say_hex(dpi, &t, 0, CLIENT_HELLO);
	CU_ASSERT_STRING_EQUAL(seen.text, "0:name.exampl ");
	CU_ASSERT_EQUAL(seen.told.n, 0);
	end(dpi, &t);
	CU_ASSERT_EQUAL(seen.told.n, 1);
	dpi_destroy(dpi);
}

/* A flow that has been read for long is given up, and counted; its transactions were told. */
static void endless_flows_are_read_up_to_a_bound(void)
{
	static const char *const want[] = {"http shop.example/1 text/html"};
	struct told told = {.n = 0};
	struct dpi *dpi = open_dpi((struct dpi_params){.max_packets_parsed = 5});
	struct talk t;

	dpi_tell(dpi, &(struct transaction_sink){.transaction = hear,
			      .ctx = &told,
			      .kinds = ALL,
			      .per_flow = UINT32_MAX});
	open_tcp(dpi, &t, 80);
	say(dpi, &t, 0, GET("/1"));
	say(dpi, &t, 1, OK("text/html"));
	for (unsigned i = 0; i < 5; i++) {
		CU_ASSERT_PTR_NOT_NULL(t.flow.dpi);
		CU_ASSERT_EQUAL(dpi_stats(dpi).parsed_out_flows, 0);
		say(dpi, &t, 0, "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
	}
	CU_ASSERT_PTR_NULL(t.flow.dpi);
	CU_ASSERT_EQUAL(dpi_stats(dpi).parsed_out_flows, 1);
	CU_ASSERT_TRUE(told.n > 0);
	CU_ASSERT_STRING_EQUAL(told.text[0], want[0]);
	end(dpi, &t);
	dpi_destroy(dpi);
}

void suite_reader(void);
void suite_reader(void)
{
	CU_pSuite s = CU_add_suite("reader", NULL, NULL);

	CU_ADD_TEST(s, every_request_is_told);
	CU_ADD_TEST(s, more_than_a_flow_may_have_are_counted);
	CU_ADD_TEST(s, every_question_over_udp_is_told);
	CU_ADD_TEST(s, questions_on_any_port_are_told);
	CU_ADD_TEST(s, questions_behind_their_answers_are_told_once);
	CU_ADD_TEST(s, any_target_begins_http);
	CU_ADD_TEST(s, every_question_over_tcp_is_told);
	CU_ADD_TEST(s, questions_without_memory_are_counted);
	CU_ADD_TEST(s, shed_questions_are_counted);
	CU_ADD_TEST(s, tls_in_a_tunnel_is_read);
	CU_ADD_TEST(s, tls_that_begins_later_is_read);
	CU_ADD_TEST(s, dtls_is_read);
	CU_ADD_TEST(s, order_and_port_do_not_matter);
	CU_ADD_TEST(s, half_a_handshake_is_told_once);
	CU_ADD_TEST(s, endless_flows_are_read_up_to_a_bound);
	CU_ADD_TEST(s, who_does_not_ask_is_not_told);
	CU_ADD_TEST(s, what_is_asked_for_is_seen_at_once);
}
