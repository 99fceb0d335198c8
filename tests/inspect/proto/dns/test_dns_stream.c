/* DNS over TCP (RFC 1035, 4.2.2), segment by segment, and what a flow makes of it. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/proto/dns/dns_stream.h"
#include "inspect/support/open_dpi.h"
#include "support/hex.h"
#include "support/random.h"
#include "support/talk.h"

enum { STREAM_MAX = 70000, MESSAGES_MAX = 8, HEADERS = 40, MALFORMED_PACKET = 17 };

struct stage {
	struct memory memory;
	struct memory_list list;
	struct dns_stream stream;
	struct dns_sink sink;
	uint8_t bytes[STREAM_MAX]; /* of the stream */
	uint32_t len;
	uint8_t packet[HEADERS + STREAM_MAX];
	unsigned n;
	struct {
		uint16_t id;
		uint32_t cap, wire;
	} found[MESSAGES_MAX];
	bool refuse;
};

static bool keep(void *ctx, const uint8_t *data, uint32_t cap, uint32_t wire)
{
	struct stage *s = ctx;

	CU_ASSERT_TRUE_FATAL(cap && cap <= wire && s->n < MESSAGES_MAX);
	s->found[s->n].id = (uint16_t)(cap > 1 ? data[0] << 8 | data[1] : 0);
	s->found[s->n].cap = cap;
	s->found[s->n++].wire = wire;
	return !s->refuse;
}

static struct stage *stage_make(void)
{
	struct stage *s = calloc(1, sizeof(*s));

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	s->sink = (struct dns_sink){keep, s};
	return s;
}

static void stage_free(struct stage *s)
{
	memory_sweep(&s->list);
	CU_ASSERT_EQUAL(s->memory.used, 0);
	memory_trim(&s->memory);
	free(s);
}

static void stage_again(struct stage *s)
{
	memory_sweep(&s->list);
	s->stream = (struct dns_stream){.want = 0};
	s->n = 0;
}

/* Message `id` of `len` bytes, with its length before it. */
static void add(struct stage *s, uint16_t id, uint32_t len)
{
	uint8_t *at = s->bytes + s->len;

	at[0] = (uint8_t)(len >> 8);
	at[1] = (uint8_t)len;
	at[2] = (uint8_t)(id >> 8);
	at[3] = (uint8_t)id;
	at[4] = 1;
	at[7] = 1;
	s->len += 2 + len;
}

/* The segment of the stream's bytes from `from` up to `to`, of which `cap` arrived; the first sequence
 * number is near the end, so that they go round. */
static void give_cut(struct stage *s, uint32_t from, uint32_t to, uint32_t cap)
{
	struct piece piece = {.ip = s->packet,
		.cap = HEADERS + cap,
		.wire = HEADERS + to - from,
		.payload = HEADERS,
		.protocol = 6,
		.seq = UINT32_MAX - 20 + from,
		.whole = cap == to - from};

	memcpy(s->packet + HEADERS, s->bytes + from, cap);
	dns_stream_add(&s->stream, &s->memory, &s->list, &piece, &s->sink);
}

static void give(struct stage *s, uint32_t from, uint32_t to)
{
	give_cut(s, from, to, to - from);
}

static bool found(const struct stage *s, unsigned i, uint16_t id, uint32_t cap, uint32_t wire)
{
	return i < s->n && s->found[i].id == id && s->found[i].cap == cap &&
	       s->found[i].wire == wire;
}

static void messages_begin_and_end_anywhere(void)
{
	struct stage *s = stage_make();

	add(s, 1, 30);
	add(s, 2, 12);
	add(s, 3, 41);
	for (uint32_t a = 0; a <= s->len; a++)
		for (uint32_t b = a; b <= s->len; b++) {
			stage_again(s);
			give(s, 0, a);
			give(s, a, b);
			give(s, b, s->len);
			CU_ASSERT_EQUAL(s->n, 3);
			CU_ASSERT_TRUE(found(s, 0, 1, 30, 30) && found(s, 1, 2, 12, 12) &&
				       found(s, 2, 3, 41, 41));
			CU_ASSERT_PTR_NULL(s->stream.message.bytes);
		}
	stage_again(s);
	for (uint32_t at = 0; at < s->len; at++) {
		give(s, at, at + 1);
		give(s, at, at + 1);              /* again */
		give(s, at > 5 ? at - 5 : 0, at); /* and what was before */
	}
	CU_ASSERT_EQUAL(s->n, 3);
	CU_ASSERT_TRUE(found(s, 2, 3, 41, 41));
	stage_free(s);
}

/* What is missing of a message takes nothing from the next, as long as its length was seen. */
static void what_is_missing_is_stepped_over(void)
{
	struct stage *s = stage_make();

	add(s, 1, 100);
	add(s, 2, 20);
	give(s, 0, 50);
	give(s, 60, s->len);
	CU_ASSERT_EQUAL(s->n, 2);
	CU_ASSERT_TRUE(found(s, 0, 1, 48, 100) && found(s, 1, 2, 20, 20));

	stage_again(s);
	give_cut(s, 0, 110, 40);
	give(s, 110, s->len);
	/* The second message's length is lost: what follows is taken for a message's begin. */
	CU_ASSERT_EQUAL(s->n, 1);
	CU_ASSERT_TRUE(found(s, 0, 1, 38, 100));

	stage_again(s);
	give_cut(s, 0, 102, 40);
	give_cut(s, 102, s->len, 10);
	CU_ASSERT_EQUAL(s->n, 2);
	CU_ASSERT_TRUE(found(s, 0, 1, 38, 100) && found(s, 1, 2, 8, 20));

	/* A gap over the whole of it. */
	stage_again(s);
	give(s, 0, 1);
	give(s, 102, s->len);
	CU_ASSERT_EQUAL(s->n, 1);
	CU_ASSERT_TRUE(found(s, 0, 2, 20, 20));
	stage_free(s);
}

static void memory_is_bounded(void)
{
	struct stage *s = stage_make();

	add(s, 1, 60000);
	add(s, 2, 20);
	for (uint32_t at = 0; at < s->len; at += 1000)
		give(s, at, at + 1000 < s->len ? at + 1000 : s->len);
	CU_ASSERT_EQUAL(s->n, 2);
	CU_ASSERT_TRUE(found(s, 0, 1, DNS_STREAM_MAX - 2, 60000) && found(s, 1, 2, 20, 20));
	CU_ASSERT_TRUE(s->memory.peak <= 4 * DNS_STREAM_MAX);
	CU_ASSERT_EQUAL(s->memory.used, 0);

	stage_again(s);
	CU_ASSERT_TRUE(memory_share(&s->memory, 500, &(struct quota_params){0}));
	for (uint32_t at = 0; at < s->len; at += 100)
		give(s, at, at + 100 < s->len ? at + 100 : s->len);
	CU_ASSERT_EQUAL(s->n, 2);
	CU_ASSERT_TRUE(s->found[0].cap < 500 && found(s, 1, 2, 20, 20));
	stage_free(s);
}

/* What is no message does not make the stream wait: the next segment begins one. */
static void a_stream_finds_its_messages_again(void)
{
	static const char *const no[] = {"0000", "000b 1234",
		"5353482d322e302d4f70656e5353485f392e36", "ffff 1234 7800 0001 0000 0000 0000"};
	struct stage *s = stage_make();

	add(s, 7, 25);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		uint8_t bytes[64];
		uint32_t len = (uint32_t)hex_read(no[i], bytes, sizeof(bytes));
		struct piece piece = {.ip = s->packet,
			.cap = HEADERS + len,
			.wire = HEADERS + len,
			.payload = HEADERS,
			.protocol = 6,
			.seq = UINT32_MAX - 20 - len,
			.whole = true};

		stage_again(s);
		memcpy(s->packet + HEADERS, bytes, len);
		dns_stream_add(&s->stream, &s->memory, &s->list, &piece, &s->sink);
		CU_ASSERT_PTR_NULL(s->stream.message.bytes);
		give(s, 0, s->len);
		CU_ASSERT_EQUAL(s->n, 1);
		CU_ASSERT_TRUE(found(s, 0, 7, 25, 25));
	}
	/* The sink says so, too: the rest of the segment goes. */
	stage_again(s);
	s->refuse = true;
	add(s, 8, 25);
	give(s, 0, s->len);
	CU_ASSERT_EQUAL(s->n, 1);
	stage_free(s);
}

/* Any segments in any order, in buffers of just their size. */
static bool take_any(void *ctx, const uint8_t *data, uint32_t cap, uint32_t wire)
{
	uint32_t *sum = ctx;

	CU_ASSERT_TRUE(cap <= wire);
	for (uint32_t i = 0; i < cap; i++)
		*sum += data[i];
	return *sum & 3;
}

static void stays_in_bounds_on_any_segments(void)
{
	struct memory memory = {0};
	struct memory_list list = {0};
	struct dns_stream stream = {.want = 0};
	struct random random = random_seeded(1);
	uint32_t sum = 0;
	const struct dns_sink sink = {take_any, &sum};

	for (unsigned round = 0; round < 100000; round++) {
		uint32_t cap = random_below(&random, 40);
		struct piece piece = {.cap = cap,
			.wire = cap +
				(random_below(&random, 4) ? 0 : random_below(&random, 90)),
			.payload = (uint16_t)random_below(&random, 30),
			.protocol = 6,
			.tcp_flags = random_below(&random, 64) ? 16 : 2,
			.seq = stream.stream.next - 10 + random_below(&random, 20)};
		uint8_t *bytes = malloc(cap ? cap : 1);

		CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
		for (uint32_t i = 0; i < cap; i++)
			bytes[i] = (uint8_t)(random_below(&random, 3)
						     ? 0
						     : random_below(&random, 256));
		piece.ip = bytes;
		dns_stream_add(&stream, &memory, &list, &piece, &sink);
		CU_ASSERT_TRUE(stream.message.have <= DNS_STREAM_MAX &&
			       stream.message.have <= stream.message.room);
		free(bytes);
	}
	CU_ASSERT_TRUE(memory.peak <= 4 * DNS_STREAM_MAX);
	memory_sweep(&list);
	memory_trim(&memory);
}

/* ---- flows ---- */

#define NAME(first) "03 " first " 07 6578616d706c65 03 636f6d 00"
#define QUERY(id, name) id " 0100 0001 0000 0000 0000" name "0001 0001"
#define ANSWER(id, name, address) \
	id " 8180 0001 0001 0000 0000" name "0001 0001 c00c 0001 0001 0000003c 0004 " address
#define ONE NAME("6f6e65")
#define TWO NAME("74776f")

static void say(struct dpi *dpi, struct talk *t, unsigned side, const char *hex)
{
	uint8_t bytes[1024];

	dpi_packet(
		dpi, &t->flow, talk_say(t, side, bytes, hex_read(hex, bytes, sizeof(bytes))));
}

static bool says(const struct talk *t, enum detail detail, const char *text)
{
	size_t len = 0;
	const char *at = details_string(t->flow.details, detail, &len);

	return text ? at && len == strlen(text) && !memcmp(at, text, len) : !at;
}

static void expect(struct dpi *dpi, struct talk *t, const char *query, const char *rcode,
	const char *answer)
{
	char app[64];

	dpi_conclude(dpi, &t->flow);
	CU_ASSERT_STRING_EQUAL(
		dpi_app(dpi, t->flow.app_master, t->flow.app, app, sizeof(app)), "DNS");
	CU_ASSERT_FALSE(t->flow.flags & FLOW_DPI_GUESSED);
	CU_ASSERT_FALSE(details_risks(t->flow.details).ndpi >> MALFORMED_PACKET & 1);
	CU_ASSERT_TRUE(says(t, DETAIL_dns_query, query));
	CU_ASSERT_TRUE(says(t, DETAIL_dns_rcode, rcode));
	CU_ASSERT_TRUE(says(t, DETAIL_dns_answers, answer));
	CU_ASSERT_PTR_NULL(t->flow.dpi);
	dpi_release(dpi, &t->flow);
}

/* Of the messages of a segment, too, only so many are looked at: `others` of 14 bytes come before the
 * answer. */
static bool finds_the_answer_behind(unsigned others)
{
	static const uint8_t other[14] = {0, 12, 0, 9, 0x81, 0x80};
	struct dpi *dpi = open_usual_dpi();
	uint8_t query[64], answer[128], many[1988];
	uint32_t n = (uint32_t)hex_read("0021" QUERY("0007", ONE), query, sizeof(query));
	uint32_t m = (uint32_t)hex_read(
		"0031" ANSWER("0007", ONE, "c0000207"), answer, sizeof(answer));
	struct talk t;
	bool found;

	for (unsigned i = 0; i < sizeof(many) / sizeof(other); i++)
		memcpy(many + i * sizeof(other), other, sizeof(other));
	talk_open(&t, 6, 1, 40000, 2, 53);
	for (unsigned step = 0; step < 3; step++)
		dpi_packet(dpi, &t.flow, talk_handshake(&t, step));
	dpi_packet(dpi, &t.flow, talk_say(&t, 0, query, n));
	while (others > 0) {
		unsigned now = others < 140 ? others : 140;

		dpi_packet(dpi, &t.flow, talk_say(&t, 1, many, now * sizeof(other)));
		others -= now;
	}
	dpi_packet(dpi, &t.flow, talk_say(&t, 1, answer, m));
	dpi_conclude(dpi, &t.flow);
	found = says(&t, DETAIL_dns_rcode, "NOERROR");
	CU_ASSERT_TRUE(says(&t, DETAIL_dns_query, "one.example.com"));
	dpi_release(dpi, &t.flow);
	dpi_destroy(dpi);
	return found;
}

static void a_segment_of_many_messages_is_not_read_to_its_end(void)
{
	CU_ASSERT_TRUE(finds_the_answer_behind(0));
	CU_ASSERT_TRUE(finds_the_answer_behind(250));
	CU_ASSERT_FALSE(finds_the_answer_behind(260));
}

/* Also to nDPI, which takes each segment for a message. */
static void a_split_message_is_one_message(void)
{
	struct dpi *dpi = open_usual_dpi();
	size_t memory = dpi_stats(dpi).memory_bytes;
	uint8_t query[64], answer[128];
	uint32_t n = (uint32_t)hex_read("0021" QUERY("0007", ONE), query, sizeof(query));
	uint32_t m = (uint32_t)hex_read(
		"0031" ANSWER("0007", ONE, "c0000207"), answer, sizeof(answer));
	struct talk t;

	CU_ASSERT_EQUAL_FATAL(n, 0x21 + 2);
	CU_ASSERT_EQUAL_FATAL(m, 0x31 + 2);
	for (uint32_t a = 0; a < n; a++) {
		uint32_t b = 1 + a % (m - 1);

		talk_open(&t, 6, 1, 40000, 2, 53);
		for (unsigned step = 0; step < 3; step++)
			dpi_packet(dpi, &t.flow, talk_handshake(&t, step));
		if (a)
			dpi_packet(dpi, &t.flow, talk_say(&t, 0, query, a));
		dpi_packet(dpi, &t.flow, talk_say(&t, 0, query + a, n - a));
		dpi_packet(dpi, &t.flow, talk_say(&t, 1, answer, b));
		dpi_packet(dpi, &t.flow, talk_say(&t, 0, "", 0));
		dpi_packet(dpi, &t.flow, talk_say(&t, 1, answer + b, m - b));
		expect(dpi, &t, "one.example.com", "NOERROR", "192.0.2.7");
	}
	CU_ASSERT_EQUAL(dpi_stats(dpi).memory_bytes, memory);
	/* What never comes to its end is nDPI's in the end, as it came. */
	talk_open(&t, 6, 1, 40000, 2, 53);
	for (unsigned step = 0; step < 3; step++)
		dpi_packet(dpi, &t.flow, talk_handshake(&t, step));
	dpi_packet(dpi, &t.flow, talk_say(&t, 0, query, 20));
	dpi_conclude(dpi, &t.flow);
	CU_ASSERT_EQUAL(t.flow.flags & FLOW_DPI_DONE, FLOW_DPI_DONE);
	dpi_release(dpi, &t.flow);
	dpi_destroy(dpi);
}

static void two_questions_in_one_segment_are_two(void)
{
	struct dpi *dpi = open_usual_dpi();
	struct talk t;

	talk_open(&t, 6, 1, 40000, 2, 53);
	for (unsigned step = 0; step < 3; step++)
		dpi_packet(dpi, &t.flow, talk_handshake(&t, step));
	say(dpi, &t, 0, "0021" QUERY("0001", ONE) "0021" QUERY("0002", TWO));
	/* The answers come the other way round, in one segment, too. */
	say(dpi, &t, 1,
		"0031" ANSWER("0002", TWO, "c0000202") "0031" ANSWER("0001", ONE, "c0000201"));
	expect(dpi, &t, "one.example.com", "NOERROR", "192.0.2.1");
	dpi_destroy(dpi);
}

static void the_first_question_stays(void)
{
	struct dpi *dpi = open_usual_dpi();
	struct talk t;

	/* The second is answered, the first is not. */
	talk_open(&t, 17, 1, 40000, 2, 53);
	say(dpi, &t, 0, QUERY("0001", ONE));
	say(dpi, &t, 0, QUERY("0002", TWO));
	say(dpi, &t, 1, ANSWER("0002", TWO, "c0000202"));
	expect(dpi, &t, "one.example.com", NULL, NULL);

	/* It is, but last. Names are the same in any case; neither an answer with another question
	 * under its id nor one from the wrong side is taken. */
	talk_open(&t, 17, 1, 40000, 2, 53);
	say(dpi, &t, 0, QUERY("0001", ONE));
	say(dpi, &t, 0, QUERY("0002", TWO));
	say(dpi, &t, 1, ANSWER("0002", TWO, "c0000202"));
	say(dpi, &t, 1, ANSWER("0001", TWO, "c0000209"));
	say(dpi, &t, 0, ANSWER("0001", ONE, "c0000208"));
	CU_ASSERT_TRUE(says(&t, DETAIL_dns_rcode, NULL));
	say(dpi, &t, 1, ANSWER("0001", NAME("4f4e45"), "c0000201"));
	CU_ASSERT_TRUE(t.flow.flags & FLOW_DPI_DONE);
	expect(dpi, &t, "ONE.example.com", "NOERROR", "192.0.2.1");

	/* An answer that does not repeat the question. */
	talk_open(&t, 17, 1, 40000, 2, 53);
	say(dpi, &t, 0, QUERY("0001", ONE));
	say(dpi, &t, 1, "0001 8185 0000 0000 0000 0000");
	expect(dpi, &t, "one.example.com", "REFUSED", NULL);

	/* The answer alone was mirrored, or came first. */
	talk_open(&t, 17, 1, 40000, 2, 53);
	say(dpi, &t, 1, ANSWER("0001", ONE, "c0000201"));
	say(dpi, &t, 0, QUERY("0002", TWO));
	expect(dpi, &t, "one.example.com", "NOERROR", "192.0.2.1");
	dpi_destroy(dpi);
}

/* The answer is waited for in a number of packets, not for ever. */
static void waiting_for_an_answer_ends(void)
{
	struct dpi *dpi = open_usual_dpi();
	size_t memory = dpi_stats(dpi).memory_bytes;
	unsigned packets = 0;
	struct talk t;

	talk_open(&t, 17, 1, 40000, 2, 53);
	for (; !(t.flow.flags & FLOW_DPI_DONE) && packets < 1000; packets++) {
		say(dpi, &t, 0, packets ? QUERY("0002", TWO) : QUERY("0001", ONE));
		say(dpi, &t, 1, ANSWER("0002", TWO, "c0000202"));
	}
	CU_ASSERT_EQUAL(packets, 32);
	say(dpi, &t, 1, ANSWER("0001", ONE, "c0000201"));
	expect(dpi, &t, "one.example.com", NULL, NULL);
	CU_ASSERT_EQUAL(dpi_stats(dpi).memory_bytes, memory);
	dpi_destroy(dpi);
}

void suite_dns_stream(void);
void suite_dns_stream(void)
{
	CU_pSuite s = CU_add_suite("dns_stream", NULL, NULL);

	CU_ADD_TEST(s, messages_begin_and_end_anywhere);
	CU_ADD_TEST(s, what_is_missing_is_stepped_over);
	CU_ADD_TEST(s, memory_is_bounded);
	CU_ADD_TEST(s, a_stream_finds_its_messages_again);
	CU_ADD_TEST(s, stays_in_bounds_on_any_segments);
	CU_ADD_TEST(s, a_segment_of_many_messages_is_not_read_to_its_end);
	CU_ADD_TEST(s, a_split_message_is_one_message);
	CU_ADD_TEST(s, two_questions_in_one_segment_are_two);
	CU_ADD_TEST(s, the_first_question_stays);
	CU_ADD_TEST(s, waiting_for_an_answer_ends);
}
