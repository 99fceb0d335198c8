/* Conversations of HTTP/1 after RFC 9112 and 9110: each message as it stands, whatever parts it comes in. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/proto/details_draft.h"
#include "inspect/proto/http/http_pair.h"

enum { SAYS_MAX = 8, TOLD_MAX = 12, TEXT_MAX = 512, CLIENT = 0, SERVER = 1, NONE = -1 };

/* One message of either side. */
struct say {
	unsigned side;
	const char *text;
};

/* A transaction: which messages it is of, and "method target host|user agent|referer 1.minor > status
 * type 1.minor", with - for what is missing. */
struct told {
	int request, response;
	const char *text;
};

struct row {
	struct say says[SAYS_MAX];
	struct told told[TOLD_MAX];
	enum http_next next;
};

#define HELLO "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello"
#define GET(target) "GET " target " HTTP/1.1\r\nHost: a\r\n\r\n"
#define TOLD_HELLO " > 200 text/html 1.1"

static const struct row rows[] = {
	{.says = {{CLIENT,
			  "GET /index.html HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: curl/8\r\n\r\n"},
		 {SERVER, HELLO}},
		.told = {{0, 1, "GET /index.html shop.example|curl/8|- 1.1" TOLD_HELLO}}},
	/* Without Host, of HTTP/1.0. */
	{.says = {{CLIENT, "GET /index.php HTTP/1.0\r\nUser-Agent: Mozilla/5.0\r\n\r\n"},
		 {SERVER, HELLO}},
		.told = {{0, 1, "GET /index.php -|Mozilla/5.0|- 1.0" TOLD_HELLO}}},
	/* Names in any case, white space around values, values that are empty or come twice; any method, any
	 * target; an IPv6 host; lines that end with LF alone; empty lines before. */
	{.says = {{CLIENT, "M-SEARCH * HTTP/1.1\nhOST:\t [2001:db8::1]:8080 \t\nReferer:\n"
			   "User-agent: a b\nUser-Agent: c\nX\n: y\n\n"},
		 {SERVER, "HTTP/1.1 204\n\n"}, {CLIENT, "REPORT http://h/a b?c HTTP/1.1 \n\n"},
		 {SERVER, "HTTP/1.1 404 \nContent-Length: 0\n\n"}},
		.told = {{0, 1, "M-SEARCH * [2001:db8::1]:8080|a b|- 1.1 > 204 - 1.1"},
			{2, 3, "REPORT http://h/a b?c -|-|- 1.1 > 404 - 1.1"}}},
	/* Bodies of requests; responses that have none whatever they say; one up to the end. */
	{.says = {{CLIENT, "POST /a HTTP/1.1\r\nContent-Length: 12\r\n\r\nGET / HTTP/1"},
		 {SERVER, "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n"},
		 {CLIENT, "HEAD /b HTTP/1.1\r\n\r\n"},
		 {SERVER,
			 "HTTP/1.1 200 OK\r\nContent-Length: 500\r\nContent-Type: a/b\r\n\r\n"},
		 {CLIENT, "DELETE /c HTTP/1.1\r\n\r\n"},
		 {SERVER, "HTTP/1.0 200 OK\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n"}},
		.told = {{0, 1, "POST /a -|-|- 1.1 > 304 - 1.1"},
			{2, 3, "HEAD /b -|-|- 1.1 > 200 a/b 1.1"},
			{4, 5, "DELETE /c -|-|- 1.1 > 200 - 1.0"}}},
	/* Chunks with extensions, a size of either case, trailers; Transfer-Encoding overrides a length. */
	{.says = {{CLIENT,
			  "PUT /a HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\n"
			  "Content-Length: 3\r\n\r\n"
			  "a;x=\"y\"\r\n0123456789\r\n0B \r\nGET / HTTP\n\r\n0\r\nHost: trailer\r\n\r\n"},
		 {SERVER, "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
			  "1\r\n\r\r\n0000\r\n\r\n"},
		 {CLIENT, GET("/b")}, {SERVER, HELLO}},
		.told = {{0, 1, "PUT /a -|-|- 1.1 > 201 - 1.1"},
			{2, 3, "GET /b a|-|- 1.1" TOLD_HELLO}}},
	/* Interim responses are none of their own. */
	{.says = {{CLIENT,
			  "POST /u HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"},
		 {SERVER, "HTTP/1.1 100 Continue\r\n\r\n"},
		 {SERVER, "HTTP/1.1 103 Early Hints\r\nLink: </s>\r\n\r\n"}, {SERVER, HELLO}},
		.told = {{0, 3, "POST /u -|-|- 1.1" TOLD_HELLO}}},
	/* Requests and responses one after the other: the first is answered first. The last has no answer. */
	{.says = {{CLIENT, GET("/1")}, {CLIENT, "HEAD /2 HTTP/1.1\r\n\r\n"},
		 {CLIENT, GET("/3")}, {CLIENT, GET("/4")}, {SERVER, HELLO},
		 {SERVER, "HTTP/1.1 404 Not Found\r\nContent-Length: 7\r\n\r\n"},
		 {SERVER, HELLO}},
		.told = {{0, 4, "GET /1 a|-|- 1.1" TOLD_HELLO},
			{1, 5, "HEAD /2 -|-|- 1.1 > 404 - 1.1"},
			{2, 6, "GET /3 a|-|- 1.1" TOLD_HELLO},
			{3, NONE, "GET /4 a|-|- 1.1 > -"}}},
	/* One side alone. */
	{.says = {{SERVER, HELLO}, {SERVER, HELLO}},
		.told = {{NONE, 0, "-" TOLD_HELLO}, {NONE, 1, "-" TOLD_HELLO}}},
	/* The other side asks. */
	{.says = {{SERVER, GET("/1")}, {CLIENT, HELLO}},
		.told = {{0, 1, "GET /1 a|-|- 1.1" TOLD_HELLO}}},
	/* A side does not answer itself. */
	{.says = {{CLIENT, GET("/1")}, {CLIENT, HELLO}, {SERVER, HELLO}},
		.told = {{NONE, 1, "-" TOLD_HELLO}, {0, 2, "GET /1 a|-|- 1.1" TOLD_HELLO}}},
	/* Folded lines go on with the value before; one that is no value goes on with nothing. */
	{.says = {{CLIENT,
			  "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent:\r\n b\r\n\tc \r\n \r\nX: y\r\n z\r\n"
			  "Host: no\r\n no\r\nContent-Length:\r\n 2\r\n\r\nab"},
		 {SERVER,
			 "HTTP/1.1 200 OK\r\nTransfer-Encoding: x,\r\n chunked\r\nContent-Type: a/b;\r\n"
			 " c=d\r\n\r\n0\r\n\r\n"}},
		.told = {{0, 1, "GET / a|b c|- 1.1 > 200 a/b; c=d 1.1"}}},
	/* The same length several times is one; several lengths are none: what follows is looked for. */
	{.says = {{CLIENT,
			  "POST /a HTTP/1.1\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nab"},
		 {SERVER, HELLO}, {CLIENT, "POST /b HTTP/1.1\r\nContent-Length: 2, 3\r\n\r\n"},
		 {SERVER, HELLO}, {CLIENT, "POST /c HTTP/1.1\r\nContent-Length: +2\r\n\r\n"},
		 {SERVER, HELLO},
		 {CLIENT, "POST /d HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"},
		 {SERVER, HELLO}},
		.told = {{0, 1, "POST /a -|-|- 1.1" TOLD_HELLO},
			{2, 3, "POST /b -|-|- 1.1" TOLD_HELLO},
			{4, 5, "POST /c -|-|- 1.1" TOLD_HELLO},
			{6, 7, "POST /d -|-|- 1.1" TOLD_HELLO}}},
	/* A coding that is not `chunked` at the end: a response goes up to the end, a request nowhere. */
	{.says = {{CLIENT, "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n"},
		 {SERVER,
			 "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\n"
			 "abcdef\nHTTP/1.1 404 No\r\n\r\n"}},
		.told = {{0, 1, "POST /a -|-|- 1.1 > 200 - 1.1"}}},
	/* What follows is no HTTP. A refused CONNECT is a request like others. */
	{.says = {{CLIENT,
			  "CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example:443\r\n\r\n"},
		 {SERVER, "HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno"},
		 {CLIENT, "CONNECT shop.example:443 HTTP/1.1\r\n\r\n"},
		 {SERVER,
			 "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\n"}},
		.told = {{0, 1, "CONNECT shop.example:443 shop.example:443|-|- 1.1 > 407 - 1.1"},
			{2, 3, "CONNECT shop.example:443 -|-|- 1.1" TOLD_HELLO}},
		.next = HTTP_CONNECTED},
	{.says = {{CLIENT, "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
			   "Connection: Upgrade\r\n\r\n"},
		 {SERVER, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\n\r\n"}},
		.told = {{0, 1, "GET /chat a|-|- 1.1 > 101 - 1.1"}},
		.next = HTTP_WEBSOCKET},
	{.says = {{CLIENT, "OPTIONS * HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n\r\n"},
		 {SERVER, "HTTP/1.1 101 \r\nUpgrade: h2c\r\n\r\n"}},
		.told = {{0, 1, "OPTIONS * a|-|- 1.1 > 101 - 1.1"}},
		.next = HTTP_H2},
	{.says = {{CLIENT, GET("/")}, {SERVER, "HTTP/1.1 101 \r\nUpgrade: TLS/1.0\r\n\r\n"}},
		.told = {{0, 1, "GET / a|-|- 1.1 > 101 - 1.1"}},
		.next = HTTP_UPGRADED},
	/* HTTP/2 from the beginning: the two lines after the preface's first are the next reader's. */
	{.says = {{CLIENT, "PRI * HTTP/2.0\r\n"}}, .next = HTTP_H2},
	/* No HTTP/1: HTTP/0.9, other protocols that look like it, no target, no token, bytes that are no text, a
	 * method that is too long. */
	{.says = {{CLIENT, "GET /\r\n"}, {SERVER, "<html>\r\n"}}, .next = HTTP_GIVEN_UP},
	{.says = {{CLIENT, "OPTIONS rtsp://a RTSP/1.0\r\n"}, {SERVER, "RTSP/1.0 200 OK\r\n"}},
		.next = HTTP_GIVEN_UP},
	{.says = {{CLIENT, "GET  HTTP/1.1\r\n"}, {SERVER, "HTTP/1.1 20 OK\r\n"}},
		.next = HTTP_GIVEN_UP},
	{.says = {{CLIENT, "G(T / HTTP/1.1\r\n"}, {SERVER, "HTTP/1.1 2000 OK\r\n"}},
		.next = HTTP_GIVEN_UP},
	{.says = {{CLIENT, "GET /\001 HTTP/1.1\r\n"}, {SERVER, "HTTP/2.0 200 OK\r\n"}},
		.next = HTTP_GIVEN_UP},
	{.says = {{CLIENT, "\026\003\001\002"}, {SERVER, "\026\003\003"}},
		.next = HTTP_GIVEN_UP},
	{.says = {{CLIENT, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1\r\n"},
		 {SERVER, " \r\n"}},
		.next = HTTP_GIVEN_UP},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

struct stage {
	struct memory memory;
	struct memory_list list;
	struct http_pair pair;
	struct http_pair_sink sink;
	enum http_next next;
	unsigned n, answered, with_response;
	char told[TOLD_MAX][TEXT_MAX];
	uint64_t bytes[TOLD_MAX][2];
	const struct stage *whole; /* every value that is told must stand there */
};

static const char *print(char *at, struct http_slice s)
{
	snprintf(at, TEXT_MAX / 4, "%.*s", s.bytes ? (int)s.len : 1,
		s.bytes ? (const char *)s.bytes : "-");
	return at;
}

static const char *minor(char *at, int8_t n)
{
	snprintf(at, 8, n < 0 ? "-" : "1.%d", n);
	return at;
}

static void print_told(char *text, const struct http_transaction *t)
{
	char a[6][TEXT_MAX / 4], version[8];
	size_t n;

	snprintf(text, TEXT_MAX, "-");
	if (t->has_request)
		snprintf(text, TEXT_MAX, "%s %s %s|%s|%s %s", print(a[0], t->method),
			print(a[1], t->target), print(a[2], t->host),
			print(a[3], t->user_agent), print(a[4], t->referer),
			minor(version, t->request_minor));
	n = strlen(text);
	if (t->has_response)
		snprintf(text + n, TEXT_MAX - n, " > %u %s %s", t->status,
			print(a[5], t->content_type), minor(version, t->response_minor));
	else
		snprintf(text + n, TEXT_MAX - n, " > -");
}

static void expect_known(const struct stage *whole, struct http_slice s)
{
	char value[TEXT_MAX / 4];

	if (!s.bytes)
		return;
	print(value, s);
	for (unsigned i = 0; i < whole->n; i++)
		if (strstr(whole->told[i], value))
			return;
	CU_FAIL("a value that the whole does not have");
}

static void take_told(void *ctx, const struct http_transaction *t)
{
	struct stage *s = ctx;

	CU_ASSERT_TRUE_FATAL(s->n < TOLD_MAX);
	if (s->whole) {
		/* Of what is no HTTP when it is whole the beginning may look like it. */
		if (s->whole->n)
			expect_known(s->whole, t->method);
		expect_known(s->whole, t->target);
		expect_known(s->whole, t->host);
		expect_known(s->whole, t->content_type);
	}
	s->with_response += t->has_response;
	s->bytes[s->n][0] = t->request_bytes;
	s->bytes[s->n][1] = t->response_bytes;
	print_told(s->told[s->n++], t);
}

static void take_answered(void *ctx, const struct http_transaction *t)
{
	CU_ASSERT_TRUE(t->has_response && t->response_bytes > 0);
	((struct stage *)ctx)->answered++;
}

static void stage_clear(struct stage *s)
{
	const struct stage *whole = s->whole;

	*s = (struct stage){.whole = whole, .sink = {NULL, take_answered, take_told, s}};
}

static void stage_end(struct stage *s)
{
	http_pair_end(&s->pair, &s->memory, &s->list, &s->sink);
	CU_ASSERT_EQUAL(s->memory.used, 0);
	memory_trim(&s->memory);
}

/* In a buffer of just its size: a sanitizer sees any read past it. What is left is what HTTP did not take. */
static uint32_t give_cut(
	struct stage *s, unsigned side, const char *text, uint32_t cap, uint32_t wire)
{
	uint8_t *exact = malloc(cap ? cap : 1);
	struct http_segment segment = {.side = side, .time_ns = 1};

	CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
	memcpy(exact, text, cap);
	segment.part.bytes = cursor_make(exact, cap, wire);
	s->next = http_pair_add(&s->pair, &s->memory, &s->list, &segment, &s->sink);
	CU_ASSERT_TRUE(segment.part.bytes.cap <= cap && segment.part.bytes.wire <= wire);
	free(exact);
	return segment.part.bytes.wire;
}

static uint32_t give(struct stage *s, unsigned side, const char *text, uint32_t len)
{
	return give_cut(s, side, text, len, len);
}

static void give_gap(struct stage *s, unsigned side, uint32_t gap, const char *text)
{
	struct http_segment segment = {.side = side, .part = {.gap = gap}};
	uint32_t len = (uint32_t)strlen(text);

	segment.part.bytes = cursor_make((const uint8_t *)text, len, len);
	s->next = http_pair_add(&s->pair, &s->memory, &s->list, &segment, &s->sink);
}

static uint64_t len_of(const struct row *row, int say)
{
	return say == NONE ? 0 : strlen(row->says[say].text);
}

static void expect_row(const struct stage *s, const struct row *row)
{
	unsigned n = 0;

	for (; row->told[n].text; n++) {
		if (n >= s->n)
			continue;
		CU_ASSERT_STRING_EQUAL(s->told[n], row->told[n].text);
		CU_ASSERT_EQUAL(s->bytes[n][0], len_of(row, row->told[n].request));
		CU_ASSERT_EQUAL(s->bytes[n][1], len_of(row, row->told[n].response));
	}
	CU_ASSERT_EQUAL(s->n, n);
	CU_ASSERT_EQUAL(s->answered, s->with_response);
	CU_ASSERT_EQUAL(s->next, row->next);
}

/* The row's messages, of which message `at` comes in parts that end at `a` and `b`. */
static void say_row(struct stage *s, const struct row *row, unsigned at, uint32_t a, uint32_t b)
{
	enum http_next next = HTTP_GOES_ON;

	stage_clear(s);
	for (unsigned i = 0; i < SAYS_MAX && row->says[i].text; i++) {
		const struct say *say = &row->says[i];
		uint32_t len = (uint32_t)strlen(say->text);

		if (i == at) {
			give(s, say->side, say->text, a);
			give(s, say->side, say->text + a, b - a);
			give(s, say->side, say->text + b, len - b);
		} else {
			give(s, say->side, say->text, len);
		}
		next = s->next;
	}
	stage_end(s);
	s->next = next;
}

static void reads_conversations_in_parts_of_any_size(void)
{
	struct stage *s = calloc(1, sizeof(*s));

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	for (const struct row *row = rows; row < rows + ROWS; row++)
		for (unsigned at = 0; at < SAYS_MAX && row->says[at].text; at++) {
			uint32_t len = (uint32_t)strlen(row->says[at].text);

			for (uint32_t a = 0; a <= len; a++)
				for (uint32_t b = a; b <= len; b++) {
					say_row(s, row, at, a, b);
					expect_row(s, row);
				}
		}
	free(s);
}

/* What one side says without a pause in one part, and byte by byte. */
static void messages_begin_and_end_anywhere(void)
{
	struct stage *s = calloc(1, sizeof(*s));

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	for (unsigned i = 0; i < 2 * ROWS; i++) {
		const struct row *row = &rows[i / 2];
		enum http_next next = HTTP_GOES_ON;
		char text[4096] = "";

		stage_clear(s);
		for (unsigned k = 0; k < SAYS_MAX && row->says[k].text; k++) {
			unsigned side = row->says[k].side;

			strcat(text, row->says[k].text);
			if (k + 1 < SAYS_MAX && row->says[k + 1].text &&
				row->says[k + 1].side == side)
				continue;
			if (i & 1)
				for (const char *byte = text; *byte; byte++)
					give(s, side, byte, 1);
			else
				give(s, side, text, (uint32_t)strlen(text));
			*text = '\0';
			next = s->next;
		}
		stage_end(s);
		s->next = next;
		expect_row(s, row);
	}
	free(s);
}

/* Each message cut at every byte, as a mirror does: what is told is what the whole says, or less. */
static void what_is_left_of_cut_messages_is_told(void)
{
	struct stage *s = calloc(2, sizeof(*s)), *whole = s + 1;

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	for (const struct row *row = rows; row < rows + ROWS; row++) {
		say_row(whole, row, SAYS_MAX, 0, 0);
		s->whole = whole;
		for (unsigned at = 0; at < SAYS_MAX && row->says[at].text; at++)
			for (uint32_t cap = 0; cap < strlen(row->says[at].text); cap++) {
				stage_clear(s);
				for (unsigned i = 0; i < SAYS_MAX && row->says[i].text; i++) {
					uint32_t len = (uint32_t)strlen(row->says[i].text);

					give_cut(s, row->says[i].side, row->says[i].text,
						i == at ? cap : len, len);
				}
				stage_end(s);
			}
	}
	free(s);
}

static void expect_told(struct stage *s, const char *const *told)
{
	unsigned n = 0;

	stage_end(s);
	for (; told[n]; n++)
		if (n < s->n)
			CU_ASSERT_STRING_EQUAL(s->told[n], told[n]);
	CU_ASSERT_EQUAL(s->n, n);
}

/* The packets of a session with packet length: head and body are cut, each time the first 56 bytes arrive. */
static void heads_that_were_cut_say_what_arrived_whole(void)
{
	static const char request[] =
		"GET /index.html HTTP/1.1\r\nHost: shop.example\r\nUser-Agent";
	static const char response[] =
		"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length";
	struct stage *s = calloc(1, sizeof(*s));

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	stage_clear(s);
	for (unsigned i = 0; i < 2; i++) {
		give_cut(s, CLIENT, request, sizeof(request) - 1, 68);
		give_cut(s, SERVER, response, sizeof(response) - 1, 1400);
		give_cut(s, SERVER, "some text\nGET it\n", 17, 1400);
	}
	/* The line itself: no target is told that may be longer. */
	give_cut(s, CLIENT, "POST /a", 7, 100);
	give_cut(s, SERVER, "HTTP/1.1 404 N", 14, 100);
	give_cut(s, CLIENT, "GET", 3, 100);
	give_cut(s, SERVER, "HTTP/1.1 404", 12, 100);
	/* One that the version follows is whole. */
	give_cut(s, CLIENT, "GET /b H", 8, 100);
	give_cut(s, SERVER, "HTTP/1.1 200 O", 14, 100);
	give_cut(s, CLIENT, "GET /c HTTP/1.", 14, 100);
	give_cut(s, SERVER, "HTTP/1.1 200 O", 14, 100);
	give_cut(s, CLIENT, "GET /d ", 7, 100);
	give_cut(s, SERVER, "HTTP/1.1 200 O", 14, 100);
	give_cut(s, CLIENT, "GET /e X", 8, 100);
	give_cut(s, SERVER, "HTTP/1.1 200 O", 14, 100);
	expect_told(
		s, (const char *[]){"GET /index.html shop.example|-|- 1.1 > 200 text/html 1.1",
			   "GET /index.html shop.example|-|- 1.1 > 200 text/html 1.1",
			   "POST - -|-|- - > 404 - 1.1", "GET /b -|-|- - > 200 - 1.1",
			   "GET /c -|-|- - > 200 - 1.1", "GET - -|-|- - > 200 - 1.1",
			   "GET - -|-|- - > 200 - 1.1", NULL});
	CU_ASSERT_EQUAL(s->bytes[0][0], 46);
	CU_ASSERT_EQUAL(s->bytes[0][1], 42);
	free(s);
}

static void gaps_take_nothing_from_the_next_message(void)
{
	struct stage *s = calloc(1, sizeof(*s));

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	/* Inside a body of known length, and up to its end. */
	stage_clear(s);
	give(s, CLIENT, GET("/1") GET("/2"), 2 * sizeof(GET("/1")) - 2);
	give(s, SERVER, HELLO, sizeof(HELLO) - 4);
	give_gap(s, SERVER, 3, HELLO);
	expect_told(s, (const char *[]){"GET /1 a|-|- 1.1" TOLD_HELLO,
			       "GET /2 a|-|- 1.1" TOLD_HELLO, NULL});
	CU_ASSERT_EQUAL(s->bytes[0][1], sizeof(HELLO) - 1);

	/* Over its end: whose the next response is cannot be known. The next request's is. */
	stage_clear(s);
	give(s, CLIENT, GET("/1") GET("/2"), 2 * sizeof(GET("/1")) - 2);
	give(s, SERVER, HELLO, sizeof(HELLO) - 4);
	give_gap(s, SERVER, 4, "nsense\r\n" HELLO);
	give(s, CLIENT, GET("/3"), sizeof(GET("/3")) - 1);
	give(s, SERVER, HELLO, sizeof(HELLO) - 1);
	expect_told(s, (const char *[]){"GET /1 a|-|- 1.1" TOLD_HELLO, "GET /2 a|-|- 1.1 > -",
			       "-" TOLD_HELLO, "GET /3 a|-|- 1.1" TOLD_HELLO, NULL});

	/* In a chunk, and from there over the next chunk's size. */
	stage_clear(s);
	give(s, SERVER, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nab", 52);
	give_gap(s, SERVER, 6, "\r\n3\r\na");
	give_gap(s, SERVER, 6, "x\r\nHTTP/1.1 404 No\r\n\r\n");
	expect_told(s, (const char *[]){"- > 200 - 1.1", "- > 404 - 1.1", NULL});
	CU_ASSERT_EQUAL(s->bytes[0][1], 47 + 3 + 8 + 2 + 3 + 3);
	free(s);
}

static void a_stream_that_began_before_is_found_into(void)
{
	static const char middle[] = "dle of a body\r\nfoo bar\r\nHTTP/1.1 x\n" HELLO;
	struct stage *s = calloc(1, sizeof(*s));

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	stage_clear(s);
	s->pair.stream[SERVER].is_late = true;
	give(s, SERVER, middle, sizeof(middle) - 1);
	expect_told(s, (const char *[]){"-" TOLD_HELLO, NULL});

	/* Not without an end. */
	stage_clear(s);
	s->pair.stream[SERVER].is_late = true;
	for (unsigned i = 0; i <= HTTP_LOST_MAX / 8; i++)
		give(s, SERVER, i & 1 ? "of text\n" : "a line\r\n", 8);
	give(s, SERVER, HELLO, sizeof(HELLO) - 1);
	expect_told(s, (const char *[]){NULL});
	free(s);
}

/* What follows HTTP is left to who reads it. */
static void what_follows_is_not_taken(void)
{
	struct stage *s = calloc(1, sizeof(*s));

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	stage_clear(s);
	give(s, CLIENT, "CONNECT a:443 HTTP/1.1\r\n\r\n", 26);
	CU_ASSERT_EQUAL(give(s, SERVER, "HTTP/1.1 200 OK\r\n\r\nhello", 24), 5);
	CU_ASSERT_EQUAL(s->next, HTTP_CONNECTED);
	CU_ASSERT_EQUAL(s->n, 1);
	CU_ASSERT_EQUAL(s->memory.used, 0);
	CU_ASSERT_EQUAL(give(s, CLIENT, "\026\003\001", 3), 3);
	stage_end(s);
	free(s);
}

struct counted {
	uint64_t told, answered, requests;
	uint32_t target_bytes, target_len, value_len;
	const char *end;
};

static void count_told(void *ctx, const struct http_transaction *t)
{
	struct counted *counted = ctx;

	counted->told++;
	counted->requests += t->has_request;
	counted->answered += t->has_response;
	counted->target_bytes = t->target_bytes;
	counted->target_len = t->target.len;
	counted->value_len = t->user_agent.len;
}

struct flood {
	struct memory memory;
	struct memory_list list;
	struct http_pair pair;
	struct counted counted;
	struct http_pair_sink sink;
};

static struct flood *flood_begin(struct flood *f)
{
	*f = (struct flood){.sink = {NULL, NULL, count_told, &f->counted}};
	return f;
}

static void flood_give(struct flood *f, unsigned side, const char *text)
{
	struct http_segment segment = {.side = side};
	uint32_t len = (uint32_t)strlen(text);

	segment.part.bytes = cursor_make((const uint8_t *)text, len, len);
	http_pair_add(&f->pair, &f->memory, &f->list, &segment, &f->sink);
}

static void flood_end(struct flood *f)
{
	http_pair_end(&f->pair, &f->memory, &f->list, &f->sink);
	CU_ASSERT_EQUAL(f->memory.used, 0);
	memory_trim(&f->memory);
}

/* A text of `len` times `byte`, freed by the caller. */
static char *many(char byte, size_t len)
{
	char *text = malloc(len + 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	memset(text, byte, len);
	text[len] = '\0';
	return text;
}

/* In one part, and in parts of 100 bytes. */
static void flood_say(struct flood *f, const char *text, bool in_parts)
{
	char part[101];

	if (!in_parts)
		flood_give(f, CLIENT, text);
	for (size_t at = 0; in_parts && at < strlen(text); at += 100) {
		snprintf(part, sizeof(part), "%s", text + at);
		flood_give(f, CLIENT, part);
	}
}

static void long_targets_and_values_are_kept_up_to_a_bound(void)
{
	char *path = many('p', 40000), *value = many('v', 9000), *text = many('-', 60000);
	struct flood f;

	for (unsigned in_parts = 0; in_parts < 2; in_parts++) {
		flood_begin(&f);
		snprintf(
			text, 60000, "GET /%s HTTP/1.1\r\nUser-Agent: %s\r\n\r\n", path, value);
		flood_say(&f, text, in_parts);
		flood_give(&f, SERVER, HELLO);
		CU_ASSERT_EQUAL(f.counted.answered, 1);
		CU_ASSERT_EQUAL(f.counted.target_bytes, 40001);
		CU_ASSERT_EQUAL(f.counted.target_len, HTTP_TARGET_MAX);
		CU_ASSERT_EQUAL(f.counted.value_len, HTTP_VALUE_MAX);
		CU_ASSERT_TRUE(f.memory.peak < 48 * 1024);
		flood_end(&f);

		/* A line that does not end, in the first place and among the fields. */
		flood_begin(&f);
		flood_say(&f, "GET /", in_parts);
		for (unsigned i = 0; i < 10; i++)
			flood_say(&f, path, in_parts);
		CU_ASSERT_EQUAL(f.pair.stream[CLIENT].state, HTTP_OVER);
		flood_end(&f);
		CU_ASSERT_EQUAL(f.counted.told, 0);
		flood_begin(&f);
		flood_say(&f, "GET / HTTP/1.1\r\nHost: ", in_parts);
		for (unsigned i = 0; i < 10; i++)
			flood_say(&f, path, in_parts);
		flood_say(&f, "\n" GET("/2"), in_parts);
		flood_end(&f);
		CU_ASSERT_EQUAL(f.counted.told, 2);
		CU_ASSERT_TRUE(f.memory.peak < 24 * 1024);
	}
	free(path);
	free(value);
	free(text);
}

/* One packet as a host hands it to its interface: the body of 3,000 bytes is stepped over. */
static void a_request_with_its_body_in_one_part(void)
{
	static const char head[] = "POST /upload HTTP/1.1\r\nHost: shop.example\r\n"
				   "User-Agent: app/1\r\nContent-Length: 3000\r\n\r\n";
	uint32_t len = sizeof(head) - 1;
	struct stage *s = calloc(1, sizeof(*s));
	char *text = many('q', len + 3000);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	memcpy(text, head, len);
	for (uint32_t cap = len; cap <= len + 3000; cap += 1000) {
		stage_clear(s);
		give_cut(s, CLIENT, text, cap, len + 3000);
		give(s, SERVER, HELLO, sizeof(HELLO) - 1);
		CU_ASSERT_EQUAL(s->bytes[0][0], 3086);
		expect_told(
			s, (const char *[]){
				   "POST /upload shop.example|app/1|- 1.1" TOLD_HELLO, NULL});
	}
	free(text);
	free(s);
}

/* Heads of very many fields end; memory does not grow with them, nor with folded lines. */
static void fields_and_folds_are_bounded(void)
{
	struct flood f;

	for (unsigned kind = 0; kind < 2; kind++) {
		flood_begin(&f);
		flood_give(&f, CLIENT, "GET / HTTP/1.1\r\nUser-Agent: a\r\n");
		for (unsigned i = 0; i < 100000; i++)
			flood_give(&f, CLIENT, kind ? " folded\r\n" : "a:b\r\n");
		CU_ASSERT_EQUAL(f.counted.told, 0);
		CU_ASSERT_EQUAL(f.pair.stream[CLIENT].state, HTTP_LOST);
		CU_ASSERT_TRUE(f.memory.peak < 8192);
		flood_give(&f, CLIENT, "\r\n" GET("/2"));
		flood_end(&f);
		CU_ASSERT_EQUAL(f.counted.told, 2);
	}
}

/* Requests without end and without answers: each is told once. */
static void open_requests_are_bounded(void)
{
	struct flood f;

	flood_begin(&f);
	for (unsigned i = 0; i < 1000; i++)
		flood_give(&f, CLIENT, GET("/"));
	CU_ASSERT_EQUAL(f.pair.n_open, HTTP_OPEN_MAX);
	CU_ASSERT_EQUAL(f.counted.requests, 1000 - HTTP_OPEN_MAX);
	/* All are answered: the first ones are told so, and then a new one. */
	for (unsigned i = 0; i < 1000; i++)
		flood_give(&f, SERVER, HELLO);
	CU_ASSERT_EQUAL(f.counted.answered, HTTP_OPEN_MAX);
	CU_ASSERT_EQUAL(f.counted.told, 1000);
	flood_give(&f, CLIENT, GET("/"));
	flood_give(&f, SERVER, HELLO);
	CU_ASSERT_EQUAL(f.counted.answered, HTTP_OPEN_MAX + 1);
	flood_end(&f);
	CU_ASSERT_EQUAL(f.counted.told, 1001);
}

/* Without memory nothing of a head in one part is lost but the pair of request and response. */
static void no_memory_is_no_error(void)
{
	struct flood f;

	flood_begin(&f);
	CU_ASSERT_TRUE(memory_share(&f.memory, 1, &(struct quota_params){0}));
	for (unsigned i = 0; i < 3; i++) {
		flood_give(&f, CLIENT, GET("/"));
		flood_give(&f, SERVER, HELLO);
	}
	flood_give(&f, CLIENT, "GET / HTT");
	flood_give(&f, CLIENT, "P/1.1\r\nHost: a");
	flood_give(&f, CLIENT, "\r\n\r\n" GET("/"));
	flood_end(&f);
	CU_ASSERT_EQUAL(f.counted.requests, 4);
}

/* ---- details ---- */

struct draft_row {
	const char *request, *host, *url; /* the lines of the request */
};

/* As they were with nDPI's parser, but for IPv6 hosts, which it cut at the first colon, and for targets that
 * name the host themselves. */
static const struct draft_row draft_rows[] = {
	{"GET /x HTTP/1.1\r\nHost: Shop.EXAMPLE:8080", "shop.example", "Shop.EXAMPLE:8080/x"},
	{"GET /x HTTP/1.1\r\nHost: [2001:DB8::1]:8080", "[2001:db8::1]",
		"[2001:DB8::1]:8080/x"},
	{"GET http://h.example/p?q HTTP/1.1\r\nHost: o.example", "o.example",
		"http://h.example/p?q"},
	{"GET HTTP://H.example:80/p HTTP/1.1", "h.example", "HTTP://H.example:80/p"},
	{"GET /?u=http://h/ HTTP/1.1\r\nHost: o", "o", "o/?u=http://h/"},
	{"CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example:443", "shop.example",
		"shop.example:443"},
	{"CONNECT shop.example:443 HTTP/1.1", "shop.example", "shop.example:443"},
	{"OPTIONS * HTTP/1.1\r\nHost: o", "o", "o*"},
	{"GET /index.php HTTP/1.0", NULL, "/index.php"},
};

static struct draft draft;

static void take_draft(void *ctx, const struct http_transaction *t)
{
	(void)ctx;
	draft_http(&draft, t);
}

static struct details *details_of(const char *request, const char *response,
	struct memory *memory, struct memory_list *list)
{
	struct http_pair pair = {.n_open = 0};
	const struct http_pair_sink sink = {NULL, NULL, take_draft, NULL};
	const char *const texts[] = {request, response};

	for (unsigned side = 0; side < 2; side++) {
		struct http_segment segment = {.side = side};
		uint32_t len = (uint32_t)strlen(texts[side]);

		segment.part.bytes = cursor_make((const uint8_t *)texts[side], len, len);
		http_pair_add(&pair, memory, list, &segment, &sink);
	}
	http_pair_end(&pair, memory, list, &sink);
	return draft_finish(&draft, memory, list);
}

static void expect_detail(const struct details *details, enum detail detail, const char *text)
{
	size_t len = 0;
	const char *at = details_string(details, detail, &len);

	CU_ASSERT_EQUAL(!at, !text);
	if (at && text) {
		CU_ASSERT_EQUAL(len, strlen(text));
		CU_ASSERT_TRUE(len == strlen(text) && !memcmp(at, text, len));
	}
}

static void details_are_those_of_the_transaction(void)
{
	struct memory memory = {0};
	struct memory_list list = {0};
	struct details *details;
	char text[256];

	for (unsigned i = 0; i < sizeof(draft_rows) / sizeof(draft_rows[0]); i++) {
		snprintf(text, sizeof(text), "%s\r\n\r\n", draft_rows[i].request);
		details = details_of(text, "", &memory, &list);
		expect_detail(details, DETAIL_http_host, draft_rows[i].host);
		expect_detail(details, DETAIL_http_url, draft_rows[i].url);
		CU_ASSERT_EQUAL(details_number(details, DETAIL_http_request_bytes),
			(int64_t)strlen(text));
		CU_ASSERT_EQUAL(details_number(details, DETAIL_http_status), -1);
		CU_ASSERT_EQUAL(details_number(details, DETAIL_http_response_bytes), -1);
		memory_free(details);
	}
	details = details_of("POST /upload HTTP/1.0\r\nUser-Agent: app/1\r\nReferer: r\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Type: text/html ; charset=utf-8\r\n\r\nabc",
		&memory, &list);
	expect_detail(details, DETAIL_http_method, "POST");
	expect_detail(details, DETAIL_http_version, "1.0");
	expect_detail(details, DETAIL_http_user_agent, "app/1");
	expect_detail(details, DETAIL_http_referer, "r");
	expect_detail(details, DETAIL_http_content_type, "text/html");
	CU_ASSERT_EQUAL(details_number(details, DETAIL_http_status), 200);
	CU_ASSERT_EQUAL(details_number(details, DETAIL_http_request_bytes), 56);
	CU_ASSERT_EQUAL(details_number(details, DETAIL_http_response_bytes), 63);
	memory_free(details);
	details = details_of("", "HTTP/1.1 500 \r\n\r\n", &memory, &list);
	expect_detail(details, DETAIL_http_version, "1.1");
	CU_ASSERT_EQUAL(details_number(details, DETAIL_http_request_bytes), -1);
	memory_free(details);
	CU_ASSERT_EQUAL(memory.used, 0);
	memory_trim(&memory);
}

void suite_http(void);
void suite_http(void)
{
	CU_pSuite s = CU_add_suite("http", NULL, NULL);

	CU_add_test(s, "reads conversations in parts of any size",
		reads_conversations_in_parts_of_any_size);
	CU_add_test(s, "messages begin and end anywhere", messages_begin_and_end_anywhere);
	CU_add_test(s, "what is left of cut messages is told",
		what_is_left_of_cut_messages_is_told);
	CU_add_test(s, "heads that were cut say what arrived whole",
		heads_that_were_cut_say_what_arrived_whole);
	CU_add_test(s, "gaps take nothing from the next message",
		gaps_take_nothing_from_the_next_message);
	CU_add_test(s, "a stream that began before is found into",
		a_stream_that_began_before_is_found_into);
	CU_add_test(s, "what follows is not taken", what_follows_is_not_taken);
	CU_add_test(s, "long targets and values are kept up to a bound",
		long_targets_and_values_are_kept_up_to_a_bound);
	CU_add_test(
		s, "a request with its body in one part", a_request_with_its_body_in_one_part);
	CU_add_test(s, "fields and folds are bounded", fields_and_folds_are_bounded);
	CU_add_test(s, "open requests are bounded", open_requests_are_bounded);
	CU_add_test(s, "no memory is no error", no_memory_is_no_error);
	CU_add_test(s, "details are those of the transaction",
		details_are_those_of_the_transaction);
}
