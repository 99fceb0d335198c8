/* Out of order delivery and IP fragments: the label, and what is read, are those of the same
 * conversation in order and in one piece. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/stream/overlap.h"
#include "inspect/stream/reorder.h"
#include "inspect/support/open_dpi.h"
#include "support/hex.h"
#include "support/talk.h"

enum { PACKETS_MAX = 16 };

/* A conversation as packets that may be given in any order. */
struct script {
	struct talk talk;
	unsigned count;
	struct packet packet[PACKETS_MAX];
	uint8_t bytes[PACKETS_MAX][2048];
};

static struct script script;

static void keep(void)
{
	struct packet *p = &script.packet[script.count];

	CU_ASSERT_TRUE_FATAL(script.count < PACKETS_MAX);
	*p = script.talk.packet;
	memcpy(script.bytes[script.count], p->ip, p->ip_len);
	p->ip = p->frame = p->data = script.bytes[script.count];
	script.count++;
}

static void say(unsigned side, const void *payload, size_t len)
{
	talk_say(&script.talk, side, payload, len);
	keep();
}

static void begin(uint8_t protocol, uint16_t port, bool with_handshake)
{
	script.count = 0;
	talk_open(&script.talk, protocol, 1, 40003, 2, port);
	for (unsigned step = 0; with_handshake && step < 3; step++) {
		talk_handshake(&script.talk, step);
		keep();
	}
}

static const char hello[] =
	"16 0301 006a 01 000066 0303"
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 00"
	"0004 1301 c02f 01 00 0039"
	"0000 0013 0011 00 000e 7777772e676f6f676c652e636f6d"
	"000a 0006 0004 001d 0017 000b 0002 01 00"
	"0010 000e 000c 02 6832 08 687474702f312e31";

/* 0 SYN, 1 SYN-ACK, 2 ACK, 3 and 4 the ClientHello in two segments. */
static void begin_tls(bool with_handshake)
{
	uint8_t bytes[256];
	size_t len = hex_read(hello, bytes, sizeof(bytes));

	begin(6, 443, with_handshake);
	say(0, bytes, 70);
	say(0, bytes + 70, len - 70);
}

/* 3 the request, 4 the response. */
static void begin_http(bool with_handshake)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: www.example.com\r\n"
				      "User-Agent: tester/1.0\r\n\r\n";
	static const char response[] = "HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n";

	begin(6, 8000, with_handshake);
	say(0, request, strlen(request));
	say(1, response, strlen(response));
}

/* Gives the packets in the order of `order`, one hexadecimal digit each. */
static void give(struct dpi *dpi, const char *order)
{
	struct flow *flow = &script.talk.flow;

	for (; *order; order++) {
		char digit[2] = {*order, 0};
		struct packet *p = &script.packet[strtoul(digit, NULL, 16)];

		dpi_packet(dpi, flow, p);
	}
}

static void expect(const struct dpi *dpi, const char *app, enum detail detail, const char *text)
{
	const struct flow *flow = &script.talk.flow;
	char name[64];
	size_t len = 0;
	const char *found = details_string(flow->details, detail, &len);

	CU_ASSERT_STRING_EQUAL(
		dpi_app(dpi, flow->app_master, flow->app, name, sizeof(name)), app);
	CU_ASSERT_EQUAL(!text, !found);
	if (text && found)
		CU_ASSERT_TRUE(len == strlen(text) && !memcmp(found, text, len));
}

static void finish(struct dpi *dpi)
{
	dpi_release(dpi, &script.talk.flow);
	dpi_destroy(dpi);
}

static void segments_may_change_places(void)
{
	static const char *const orders[] = {
		"01234", "01243", "10243", "02143", "0124143", "12304"};

	for (unsigned i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
		struct dpi *dpi = open_usual_dpi();

		begin_tls(true);
		give(dpi, orders[i]);
		dpi_conclude(dpi, &script.talk.flow);
		expect(dpi, "TLS.Google", DETAIL_tls_sni, "www.google.com");
		finish(dpi);
	}
}

/* RFC 9293, 3.4: a FIN takes a sequence number, as a SYN does. What acknowledges it is no sign of data
 * that were not seen; what acknowledges one byte more is. */
static void syn_and_fin_take_a_number(void)
{
	enum { FIN = 1, SYN = 2, ACK = 16 };
	const struct piece seen[] = {
		{.protocol = 6, .seq = 100, .tcp_flags = SYN},
		{.protocol = 6,
			.seq = 500,
			.ack = 101,
			.tcp_flags = SYN | ACK,
			.from_hi = true},
		{.protocol = 6,
			.seq = 101,
			.ack = 501,
			.tcp_flags = FIN | ACK,
			.payload = 40,
			.wire = 50},
	};
	struct piece answer = {.protocol = 6,
		.seq = 501,
		.tcp_flags = ACK,
		.from_hi = true,
		.payload = 40,
		.wire = 60};
	struct reorder order = {0};

	for (int i = 0; i < 3; i++)
		reorder_saw(&order, &seen[i]);
	for (answer.ack = 101; answer.ack <= 112; answer.ack++)
		CU_ASSERT_FALSE(reorder_is_early(&order, &answer));
	CU_ASSERT_TRUE(reorder_is_early(&order, &answer));
	answer.ack = 112;
	answer.seq = 502;
	CU_ASSERT_TRUE(reorder_is_early(&order, &answer));
}

static void an_answer_may_come_before_its_question(void)
{
	struct dpi *dpi = open_usual_dpi();

	begin_http(true);
	give(dpi, "0124");
	CU_ASSERT_EQUAL(dpi_stats(dpi).packets, 0);
	give(dpi, "3");
	CU_ASSERT_EQUAL(dpi_stats(dpi).packets, 5);
	expect(dpi, "HTTP", DETAIL_http_host, "www.example.com");
	CU_ASSERT_EQUAL(details_number(script.talk.flow.details, DETAIL_http_status), 204);
	finish(dpi);
}

static void a_flow_may_begin_in_the_middle_and_out_of_order(void)
{
	static const char *const orders[] = {"01", "10"};

	for (unsigned i = 0; i < 2; i++) {
		struct dpi *dpi = open_usual_dpi();

		begin_http(false);
		give(dpi, orders[i]);
		dpi_conclude(dpi, &script.talk.flow);
		expect(dpi, "HTTP", DETAIL_http_host, "www.example.com");
		CU_ASSERT_EQUAL(
			details_number(script.talk.flow.details, DETAIL_http_status), 204);
		finish(dpi);
	}
}

static void what_never_comes_is_not_waited_for(void)
{
	struct dpi *dpi = open_usual_dpi();

	/* The first half of the hello is lost: what came is given at the end ... */
	begin_tls(true);
	give(dpi, "0124");
	CU_ASSERT_EQUAL(dpi_stats(dpi).packets, 0);
	dpi_conclude(dpi, &script.talk.flow);
	CU_ASSERT_EQUAL(dpi_stats(dpi).packets, 4);
	CU_ASSERT_TRUE(script.talk.flow.flags & FLOW_DPI_DONE);
	dpi_release(dpi, &script.talk.flow);

	CU_ASSERT_EQUAL(dpi_stats(dpi).gaps_given_up, 1);

	/* ... or when more bytes wait than may. */
	dpi_destroy(dpi);
	dpi = open_dpi((struct dpi_params){.reorder_limit = 700});
	begin(6, 40000, true);
	for (unsigned i = 0; i < 10; i++)
		say(0, "\xf0\xf1\xf2", 3);
	give(dpi, "0124567");
	CU_ASSERT_EQUAL(dpi_stats(dpi).packets, 0);
	give(dpi, "89abc");
	CU_ASSERT_EQUAL(dpi_stats(dpi).packets, 3 + 9);
	CU_ASSERT_EQUAL(dpi_stats(dpi).gaps_given_up, 1);

	/* Held packets are freed with their flow. */
	dpi_release(dpi, &script.talk.flow);
	begin_tls(true);
	give(dpi, "0124");
	finish(dpi);
}

/* Makes a fragment of packet `n` out of its data from `offset` on; appends it to the script. */
static void cut_fragment(unsigned n, uint32_t offset, uint32_t len, bool more)
{
	struct packet *p = &script.packet[script.count];
	uint8_t *ip = script.bytes[script.count++];

	CU_ASSERT_TRUE_FATAL(script.count <= PACKETS_MAX);
	*p = script.packet[n];
	memcpy(ip, script.bytes[n], 20);
	memcpy(ip + 20, script.bytes[n] + 20 + offset, len);
	ip[0] = 0x45;
	ip[4] = 0;
	ip[5] = 77; /* the datagram's number */
	ip[2] = (uint8_t)((20 + len) >> 8);
	ip[3] = (uint8_t)(20 + len);
	ip[6] = (uint8_t)((more ? 0x20 : 0) | offset / 8 >> 8);
	ip[7] = (uint8_t)(offset / 8);
	p->ip = p->frame = p->data = ip;
	p->cap = p->wire = p->frame_cap = p->frame_wire = p->ip_cap = p->ip_len = 20 + len;
	p->flags |= PACKET_FRAGMENT | (offset ? PACKET_LATER_FRAGMENT : 0);
}

/* Gives packets of the script to `dpi`, where what comes before the datagram's first fragment (packet 1)
 * is known to. */
static void give_ahead(struct dpi *dpi, const char *order)
{
	size_t before = strcspn(order, "1");

	for (size_t i = 0; order[i]; i++) {
		struct packet *p = &script.packet[order[i] - '0'];
		const char one[] = {order[i], 0};
		uint16_t flags = p->flags;

		if (i < before && order[before])
			p->flags |= PACKET_FIRST_AHEAD | PACKET_PORTS_LEARNED;
		give(dpi, one);
		p->flags = flags;
	}
}

/* 0: a DNS answer with three records. 1, 2, 3: it in three fragments. 4: one that overlaps 1 and
 * 2; with 5 its bytes make up for those of 2, though there is a hole. */
static void begin_fragments(void)
{
	uint8_t bytes[256];

	begin(17, 53, false);
	say(1, bytes,
		hex_read(
			"1234 8180 0001 0003 0000 0000 03 777777 07 6578616d706c65 03 636f6d 00"
			"0001 0001 c00c 0001 0001 0000003c 0004 5db8d822"
			"c00c 0010 0001 0000003c 0020 1f"
			"61616161616161616161616161616161616161616161616161616161616161"
			"c00c 0001 0001 0000003c 0004 c0000201",
			bytes, sizeof(bytes)));
	CU_ASSERT_EQUAL_FATAL(script.packet[0].ip_len, 20 + 117);
	cut_fragment(0, 0, 48, true);
	cut_fragment(0, 48, 32, true);
	cut_fragment(0, 80, 37, false);
	cut_fragment(0, 40, 16, true);
	cut_fragment(0, 64, 16, true);
}

static void expect_answers(const struct dpi *dpi, unsigned count)
{
	const struct details *details = script.talk.flow.details;
	size_t len;
	const char *at = details_string(details, DETAIL_dns_answers, &len);
	unsigned n = 0;

	expect(dpi, "DNS", DETAIL_dns_query, "www.example.com");
	for (; at; at = details_next(details, DETAIL_dns_answers, at, &len))
		n++;
	CU_ASSERT_EQUAL(n, count);
}

static void expect_risk(enum own_risk risk, bool is_there)
{
	struct risk_set risks = details_risks(script.talk.flow.details);

	CU_ASSERT_EQUAL(risk_set_has(&risks, NDPI_RISKS + risk), is_there);
}

static void fragments_are_put_together(void)
{
	static const char *const orders[] = {"0", "123", "132", "213", "231", "312", "321",
		"1223", "1123", "2213", "3312", "1243"}; /* bytes may come again */

	for (unsigned i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
		struct dpi *dpi = open_usual_dpi();

		begin_fragments();
		give_ahead(dpi, orders[i]);
		CU_ASSERT_TRUE(script.talk.flow.flags & FLOW_DPI_DONE);
		CU_ASSERT_EQUAL(dpi_stats(dpi).packets, 1);
		expect_answers(dpi, 3);
		expect_risk(OWN_RISK_ip_fragment_overlap, false);
		/* The second one has 32 bytes. */
		expect_risk(OWN_RISK_ip_fragment_tiny, i > 0);
		CU_ASSERT_EQUAL(dpi_stats(dpi).datagrams_unjoined, 0);
		finish(dpi);
	}
}

static void expect_tiny_bytes(const char *bytes)
{
	static const char before[] = "fragment that is not the last of its datagram, with ";
	const unsigned risk = NDPI_RISKS + OWN_RISK_ip_fragment_tiny;
	size_t len = 0, skip = strlen(before), n = strlen(bytes);
	const char *why = details_why(script.talk.flow.details, risk, &len);

	CU_ASSERT_TRUE_FATAL(why && len > skip + n);
	CU_ASSERT_TRUE(!memcmp(why, before, skip) && !memcmp(why + skip, bytes, n) &&
		       why[skip + n] == ' ');
}

/* Fewer than 48 bytes behind an IPv4 header without options; the last one may have as few as it has, and tells of
 * the one before it. */
static void a_fragment_smaller_than_links_make_is_a_risk(void)
{
	static const struct {
		uint32_t offset, len;
		bool more;
		const char *bytes; /* NULL: it is not tiny */
	} cases[] = {{0, 8, true, "8"}, {0, 40, true, "40"}, {0, 48, true, NULL},
		{40, 32, false, "40"}, {48, 40, true, "40"}, {48, 37, false, NULL},
		{8, 48, true, "8"}, {8, 24, true, "24"}};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct dpi *dpi = open_usual_dpi();

		begin_fragments();
		cut_fragment(0, cases[i].offset, cases[i].len, cases[i].more);
		give(dpi, cases[i].offset ? "16" : "6");
		dpi_conclude(dpi, &script.talk.flow);
		expect_risk(OWN_RISK_ip_fragment_tiny, cases[i].bytes);
		if (cases[i].bytes)
			expect_tiny_bytes(cases[i].bytes);
		finish(dpi);
	}
}

/* 3 a request, 4 it again, 5 it again with other bytes; 6 what follows, 7 both in one segment, the first again
 * otherwise; 8 what follows, otherwise. A part of 7 that comes again is not compared. */
static void begin_overlaps(void)
{
	uint32_t seq;

	begin(6, 8000, true);
	say(0, "GET /a HTTP/1.1\r\n", 17);
	seq = script.packet[3].tcp_seq;
	say(0, "GET /a HTTP/1.1\r\n", 17);
	say(0, "GET /b HTTP/1.1\r\n", 17);
	say(0, "Host: a\r\n\r\n", 11);
	say(0, "GET /c HTTP/1.1\r\nHost: a\r\n\r\n", 28);
	say(0, "Host: b\r\n\r\n", 11);
	for (unsigned i = 4; i < 9; i++)
		script.packet[i].tcp_seq = i == 6 || i == 8 ? seq + 17 : seq;
}

static void other_bytes_at_the_same_place_are_a_risk(void)
{
	static const struct {
		const char *order;
		bool is_risk;
	} cases[] = {{"01236", false}, {"01234646", false}, {"012356", true}, {"012365", true},
		{"012367", true}, {"012667", false}, {"01263", false}, {"012673", false},
		{"012683", true}, {"012638", true}};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct dpi *dpi = open_usual_dpi();
		size_t len;

		begin_overlaps();
		give(dpi, cases[i].order);
		dpi_conclude(dpi, &script.talk.flow);
		expect_risk(OWN_RISK_tcp_overlap, cases[i].is_risk);
		if (cases[i].is_risk)
			CU_ASSERT_PTR_NOT_NULL(details_why(script.talk.flow.details,
				NDPI_RISKS + OWN_RISK_tcp_overlap, &len));
		finish(dpi);
	}
}

/* Of two sequence numbers that are 2^31 apart each is before the other. */
static void numbers_may_be_as_far_apart_as_can_be(void)
{
	static const char *const orders[] = {"01", "02", "012", "0121"};

	for (unsigned i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
		struct dpi *dpi = open_usual_dpi();

		begin(6, 8000, false);
		say(0, "abc", 3);
		say(0, "", 0);
		say(0, "def", 3);
		script.packet[1].tcp_seq = script.packet[0].tcp_seq + (1u << 31);
		script.packet[2].tcp_seq = script.packet[0].tcp_seq + (1u << 31);
		give(dpi, orders[i]);
		dpi_conclude(dpi, &script.talk.flow);
		expect_risk(OWN_RISK_tcp_overlap, false);
		CU_ASSERT_EQUAL(dpi_stats(dpi).packets, strlen(orders[i]));
		finish(dpi);
	}
}

static bool says(struct overlap *overlap, uint32_t seq, const char *bytes)
{
	uint32_t len = (uint32_t)strlen(bytes);
	const struct piece piece = {.ip = (const uint8_t *)bytes,
		.cap = len,
		.wire = len,
		.protocol = 6,
		.seq = seq};

	return overlap_add(overlap, &piece, 1000);
}

/* RFC 9293, 3.8.4: its one byte means nothing. */
static void a_keep_alive_is_no_overlap(void)
{
	struct overlap overlap;

	overlap_init(&overlap);
	CU_ASSERT_FALSE(says(&overlap, 0, "a"));
	CU_ASSERT_FALSE(says(&overlap, 1, "b"));
	CU_ASSERT_FALSE(says(&overlap, 1, "x"));
	CU_ASSERT_TRUE(says(&overlap, 0, "x"));
	CU_ASSERT_TRUE(says(&overlap, 0, "ax"));
	CU_ASSERT_FALSE(says(&overlap, 0, "ab"));
}

/* A SYN takes a number before its data (RFC 9293, 3.4): the same bytes without it, while the SYN waits, are the same. */
static void data_of_a_syn_begin_after_it(void)
{
	static const uint8_t ip[2][8] = {"abcdef", "bcdef"};
	struct piece syn = {.ip = ip[0],
		.cap = 6,
		.wire = 6,
		.protocol = 6,
		.seq = UINT32_MAX,
		.tcp_flags = TCP_SYN | TCP_ACK};
	struct piece again = {.ip = ip[0], .cap = 6, .wire = 6, .protocol = 6, .seq = 0};
	struct memory memory = {0};
	struct memory_list list = {0};
	struct reorder order = {0};

	CU_ASSERT_TRUE(reorder_hold(&order, &memory, &list, &syn, 1000));
	CU_ASSERT_FALSE(reorder_differs(&order, &again));
	again = (struct piece){.ip = ip[1], .cap = 5, .wire = 5, .protocol = 6, .seq = 1};
	CU_ASSERT_FALSE(reorder_differs(&order, &again));
	again.seq = 0;
	CU_ASSERT_TRUE(reorder_differs(&order, &again));
	again.seq = 5; /* its last byte alone */
	CU_ASSERT_TRUE(reorder_differs(&order, &again));
	again.seq = 6;
	CU_ASSERT_FALSE(reorder_differs(&order, &again));
	memory_sweep(&list);
	memory_trim(&memory);
}

/* As ndpiReader, which drops later fragments: the first one alone. Overlaps are attacks. */
static void fragments_that_do_not_fit_leave_the_first(void)
{
	static const char *const orders[] = {"1", "12", "13", "14", "1423", "122", "1453", "21",
		"31", "4123", "2241", "4531", "34521"};

	for (unsigned i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
		struct dpi *dpi = open_usual_dpi();

		begin_fragments();
		give_ahead(dpi, orders[i]);
		dpi_conclude(dpi, &script.talk.flow);
		CU_ASSERT_EQUAL(dpi_stats(dpi).packets, 1);
		CU_ASSERT_NOT_EQUAL(dpi_stats(dpi).datagrams_unjoined, 0);
		expect_answers(dpi, 0);
		expect_risk(OWN_RISK_ip_fragment_overlap, strpbrk(orders[i], "45"));
		finish(dpi);
	}
}

static void a_flow_may_end_between_fragments(void)
{
	struct dpi *dpi = open_usual_dpi();

	begin_fragments();
	give(dpi, "12");
	dpi_release(dpi, &script.talk.flow);
	CU_ASSERT_PTR_NULL(script.talk.flow.dpi);
	/* The next datagram's first fragment ends the wait for this one's others. */
	begin_fragments();
	give(dpi, "12");
	script.bytes[1][5] = 78;
	give(dpi, "1");
	CU_ASSERT_EQUAL(dpi_stats(dpi).packets, 1);
	finish(dpi);
}

/* Options that are not copied into later fragments: the first one's header is longer. */
static void the_first_fragment_may_have_the_longer_header(void)
{
	static const char *const orders[] = {"123", "213", "321"};

	for (unsigned i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
		struct dpi *dpi = open_usual_dpi();
		struct packet *first;
		uint8_t *ip;

		begin_fragments();
		first = &script.packet[1];
		ip = script.bytes[1];
		memmove(ip + 24, ip + 20, first->ip_len - 20);
		memset(ip + 20, 1, 4); /* no operation */
		ip[0] = 0x46;
		ip[3] = (uint8_t)(ip[3] + 4);
		first->l4 += 4;
		first->payload += 4;
		first->ip_cap = first->ip_len += 4;
		give_ahead(dpi, orders[i]);
		CU_ASSERT_TRUE(script.talk.flow.flags & FLOW_DPI_DONE);
		expect_answers(dpi, 3);
		finish(dpi);
	}
}

/* A datagram whose first fragment is not known to come is not begun. */
static void later_fragments_alone_begin_nothing(void)
{
	struct dpi *dpi = open_usual_dpi();

	begin_fragments();
	give(dpi, "23");
	CU_ASSERT_PTR_NULL(script.talk.flow.dpi);
	give(dpi, "1");
	dpi_conclude(dpi, &script.talk.flow);
	expect_answers(dpi, 0);
	finish(dpi);
	dpi = open_usual_dpi();
	begin_fragments();
	give_ahead(dpi, "231"); /* ... and of one that ends before it comes nothing is given */
	finish(dpi);
}

void suite_dpi_order(void);
void suite_dpi_order(void)
{
	CU_pSuite s = CU_add_suite("dpi_order", NULL, NULL);

	CU_ADD_TEST(s, segments_may_change_places);
	CU_ADD_TEST(s, syn_and_fin_take_a_number);
	CU_ADD_TEST(s, an_answer_may_come_before_its_question);
	CU_ADD_TEST(s, a_flow_may_begin_in_the_middle_and_out_of_order);
	CU_ADD_TEST(s, what_never_comes_is_not_waited_for);
	CU_ADD_TEST(s, fragments_are_put_together);
	CU_ADD_TEST(s, a_fragment_smaller_than_links_make_is_a_risk);
	CU_ADD_TEST(s, other_bytes_at_the_same_place_are_a_risk);
	CU_ADD_TEST(s, numbers_may_be_as_far_apart_as_can_be);
	CU_ADD_TEST(s, a_keep_alive_is_no_overlap);
	CU_ADD_TEST(s, data_of_a_syn_begin_after_it);
	CU_ADD_TEST(s, fragments_that_do_not_fit_leave_the_first);
	CU_ADD_TEST(s, the_first_fragment_may_have_the_longer_header);
	CU_ADD_TEST(s, later_fragments_alone_begin_nothing);
	CU_ADD_TEST(s, a_flow_may_end_between_fragments);
}
