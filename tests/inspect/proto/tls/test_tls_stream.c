/* One direction of TLS, however segments cut it, and what must not be read of it. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/proto/tls/ja3.h"
#include "inspect/proto/tls/tls_names.h"
#include "inspect/proto/tls/tls_stream.h"
#include "inspect/support/tls_log.h"
#include "inspect/support/tls_talks.h"
#include "support/hex.h"

enum { STREAM_MAX = 80 * 1024 };

/* A direction, and what was told of it, a line each. */
struct stage {
	struct memory memory;
	struct memory_list list;
	struct tls_stream stream;
	struct tls_sink sink;
	uint8_t *bytes;
	uint32_t len;
	bool goes_on;
	struct tls_log log;
};

static void note_client(void *ctx, const struct tls_client_hello *hello)
{
	char text[JA3_TEXT] = "cut";

	ja3_client(hello, text);
	tls_log_add(ctx, "client %.*s %s\n", (int)hello->sni.len,
		hello->sni.len ? (const char *)hello->sni.at : "", text);
}

static void note_server(void *ctx, const struct tls_server_hello *hello)
{
	char text[JA3_TEXT] = "cut", version[TLS_NAME_TEXT];

	ja3_server(hello, text);
	tls_log_add(ctx, "server%s %s %s\n", hello->is_retry ? " retry" : "",
		tls_version_text(hello->version, version), text);
}

static void stage_again(struct stage *s)
{
	tls_stream_end(&s->stream, &s->sink);
	CU_ASSERT_EQUAL(s->memory.used, 0);
	s->stream = (struct tls_stream){.left = 0};
	s->log.len = 0;
	s->log.text[0] = '\0';
	s->goes_on = true;
}

static struct stage *stage_make(const char *hex)
{
	struct stage *s = calloc(1, sizeof(*s));

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	s->bytes = malloc(STREAM_MAX);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->bytes);
	s->len = (uint32_t)hex_read(hex, s->bytes, STREAM_MAX);
	s->sink = tls_log_sink(&s->log, note_client, note_server);
	s->goes_on = true;
	return s;
}

static void stage_free(struct stage *s)
{
	tls_stream_end(&s->stream, &s->sink);
	CU_ASSERT_EQUAL(s->memory.used, 0);
	memory_sweep(&s->list);
	memory_trim(&s->memory);
	free(s->bytes);
	free(s);
}

/* The bytes from `from` up to `to`, of which `cap` arrived, in a buffer of just that size. */
static void give_cut(struct stage *s, uint32_t gap, uint32_t from, uint32_t to, uint32_t cap)
{
	struct stream_part part = {.gap = gap};
	uint8_t *copy = malloc(cap ? cap : 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, s->bytes + from, cap);
	part.bytes = cursor_make(copy, cap, to - from);
	if (s->goes_on)
		s->goes_on = tls_stream_add(&s->stream, &s->memory, &s->list, &part, &s->sink);
	if (!s->goes_on)
		CU_ASSERT_EQUAL(s->memory.used, 0);
	free(copy);
}

static void give(struct stage *s, uint32_t from, uint32_t to)
{
	give_cut(s, 0, from, to, to - from);
}

static const struct {
	const char *const bytes;
	const char *told;
	bool goes_on; /* at the end there is still something that may come in clear */
} talks[] = {
	{tls_full_client, "client www.example.com 304734bb1c086c3453b387400cf83f11\n", false},
	{tls_full_server,
		"server TLSv1.2 e195432758194ce2d482396b82e0d48e\n"
		"certificate 0 ea86463b5deb86983a91eeb833ca2978e7a588ab\n"
		"certificate 1 6f8e625f58485361fb65fe8ba447d9717501c3a8\n"
		"new\ngroup x25519\n",
		false},
	{tls_again_client, "client www.example.com 304734bb1c086c3453b387400cf83f11\n", false},
	{tls_again_server, "server TLSv1.2 93d1391af13d019030090b7f26bac378\nresumed\n", false},
	{tls_v13_client, "client www.example.com 304734bb1c086c3453b387400cf83f11\n", false},
	{tls_v13_server, "server TLSv1.3 15af977ce25de452b96affa2addb1036\nnew\n", false},
	{tls_v13again_client, "client www.example.com 8f455a09e5590b12687541bbf0bb62e0\n",
		false},
	{tls_v13again_server, "server TLSv1.3 2253c82f03b621c5144709b393fde2c9\nresumed\n",
		false},
	{tls_retry_client,
		"client www.example.com 304734bb1c086c3453b387400cf83f11\n"
		"client www.example.com 304734bb1c086c3453b387400cf83f11\n",
		false},
	{tls_retry_server,
		"server retry TLSv1.3 15af977ce25de452b96affa2addb1036\n"
		"server TLSv1.3 15af977ce25de452b96affa2addb1036\nnew\n",
		false},
	{"1503010002 0228", "alert 2 handshake_failure\n", true},
	{"1503030002 0170 1503030002 02ff", "alert 1 unrecognized_name\nalert 2 alert_255\n",
		true},
	/* Encrypted, or no alert. */
	{"150303001a 0000000000000001 0000000000000000 0000000000000000 0000", "", true},
	{"1503030002 0370", "", true},
	/* Two messages in one record, of a type that is not read, and one over three records. */
	{"1603030008 00000000 0e000000 1603030002 1600 1603030003 000001 1603030001 aa", "",
		true},
	/* What is no TLS. */
	{"474554202f20485454502f312e31", "", false},
	{"1604000004 01000000", "", false},
	{"1603050004 01000000", "", false},
	{"1603034801", "", false},
	{"1603030000", "", false},
	{"1603030004 63000000", "", false},
	{"1603030006 010000020202", "", false},
	{"1703030005 0102030405", "", false},
	{"140303000101", "", false},
};

/* JA3 and JA3S are tshark's, fingerprints openssl's. */
static void handshakes_are_told(void)
{
	for (size_t i = 0; i < sizeof(talks) / sizeof(*talks); i++) {
		struct stage *s = stage_make(talks[i].bytes);

		give(s, 0, s->len);
		CU_ASSERT_STRING_EQUAL(s->log.text, talks[i].told);
		CU_ASSERT_EQUAL(s->goes_on, talks[i].goes_on);
		stage_free(s);
	}
}

static void segments_begin_and_end_anywhere(void)
{
	for (size_t i = 0; i < sizeof(talks) / sizeof(*talks); i++) {
		struct stage *s = stage_make(talks[i].bytes);
		uint32_t step = s->len > 100 ? 41 : 1;

		for (uint32_t a = 0; a <= s->len; a++)
			for (uint32_t b = a; b <= s->len; b += step) {
				stage_again(s);
				give(s, 0, a);
				give(s, a, b);
				give(s, b, s->len);
				CU_ASSERT_STRING_EQUAL(s->log.text, talks[i].told);
				CU_ASSERT_EQUAL(s->goes_on, talks[i].goes_on);
			}
		stage_again(s);
		for (uint32_t at = 0; at < s->len; at++)
			give(s, at, at + 1);
		CU_ASSERT_STRING_EQUAL(s->log.text, talks[i].told);
		stage_free(s);
	}
}

/* What was cut or never came is told as far as it goes, and never more than what is whole: lines are
 * those of the whole, or say that they were cut, and begin as these do. */
static void expect_part(const char *told, char *line)
{
	char *end = strstr(line, " cut");

	if (end) {
		*end = '\0';
		/* 1.3 says so at its end. */
		if (!strncmp(line, "server", 6) && strstr(line, " TLSv1.2"))
			*strstr(line, " TLSv1.2") = '\0';
	}
	CU_ASSERT_PTR_NOT_NULL(strstr(told, line));
}

static void what_arrived_is_told(void)
{
	for (size_t i = 0; i < sizeof(talks) / sizeof(*talks); i++) {
		struct stage *s = stage_make(talks[i].bytes);

		for (uint32_t cap = 0; cap < s->len; cap++) {
			stage_again(s);
			give_cut(s, 0, 0, s->len, cap);
			tls_stream_end(&s->stream, &s->sink);
			for (char *line = strtok(s->log.text, "\n"); line;
				line = strtok(NULL, "\n"))
				expect_part(talks[i].told, line);
		}
		stage_free(s);
	}
}

static void what_is_missing_is_stepped_over(void)
{
	struct stage *s = stage_make(tls_full_server);
	uint32_t hello = 5 + be16(s->bytes + 3), certificate = hello + 9;
	uint32_t key_exchange = hello + 5 + be16(s->bytes + hello + 3);

	/* In the middle of the certificates. */
	give(s, 0, certificate + 400);
	give_cut(s, 300, certificate + 700, s->len, s->len - certificate - 700);
	CU_ASSERT_STRING_EQUAL(s->log.text,
		"server TLSv1.2 e195432758194ce2d482396b82e0d48e\ncertificate 0 cut\n"
		"new\ngroup x25519\n");

	/* Beyond the end of a record: the next segment that begins with one is the next. */
	stage_again(s);
	give(s, 0, hello + 2);
	give_cut(s, 5000, certificate + 700, certificate + 800, 100);
	CU_ASSERT_TRUE(s->goes_on);
	give(s, key_exchange, s->len);
	CU_ASSERT_STRING_EQUAL(s->log.text,
		"server TLSv1.2 e195432758194ce2d482396b82e0d48e\ngroup x25519\nnew\n");
	CU_ASSERT_FALSE(s->goes_on);

	/* Whether the session is resumed is not known where what would show it is missing. */
	stage_again(s);
	give(s, 0, hello);
	give_cut(s, s->len - 51 - hello, s->len - 51, s->len, 51);
	CU_ASSERT_STRING_EQUAL(
		s->log.text, "server TLSv1.2 e195432758194ce2d482396b82e0d48e\n");
	CU_ASSERT_FALSE(s->goes_on);

	/* Not for ever. */
	stage_again(s);
	give(s, 0, hello);
	give_cut(s, 100000, 10, 12, 2);
	for (unsigned i = 0; i < TLS_SEEK_MAX - 2; i++)
		give(s, 10, 12);
	CU_ASSERT_TRUE(s->goes_on);
	give(s, 10, 12);
	CU_ASSERT_FALSE(s->goes_on);
	stage_free(s);
}

/* A ClientHello of 16 MiB, in records of 1 KiB. */
static void an_endless_hello_is_bounded(void)
{
	static const char start[] = "1603010400 01ffffff 0303";
	struct stage *s = stage_make(tls_full_client);
	uint8_t *hello = malloc(s->len);
	struct tls_client_hello found;

	CU_ASSERT_PTR_NOT_NULL_FATAL(hello);
	memcpy(hello, s->bytes, s->len);
	CU_ASSERT_TRUE(tls_client_hello_read(cursor_make(hello + 9, 508, 508), &found));
	hex_read(start, s->bytes, STREAM_MAX);
	/* All of the real one but that its last extension is too long, and then padding. */
	memcpy(s->bytes + 11, hello + 11, 506);
	s->bytes[9 + 34 + 33 + 2 + 36 + 2] = 0xff;
	give(s, 0, 5 + 1024);
	CU_ASSERT_STRING_EQUAL(s->log.text, "");
	memset(s->bytes + 5, 0, 1024);
	for (unsigned i = 0; i < 100; i++) {
		give(s, 0, 5 + 1024);
		CU_ASSERT_TRUE(s->memory.peak < 4 * TLS_MESSAGE_MAX);
		CU_ASSERT_TRUE((s->log.len == 0) == (i < 15));
	}
	CU_ASSERT_STRING_EQUAL(s->log.text, "client www.example.com cut\n");
	CU_ASSERT_EQUAL(s->memory.used, 0);
	free(hello);
	stage_free(s);
}

static void memory_may_be_refused(void)
{
	struct stage *s = stage_make(tls_full_server);

	CU_ASSERT_TRUE(memory_share(&s->memory, 200, &(struct quota_params){0}));
	for (uint32_t at = 0; at < s->len; at += 50)
		give(s, at, at + 50 < s->len ? at + 50 : s->len);
	CU_ASSERT_STRING_EQUAL(s->log.text, "server TLSv1.2 e195432758194ce2d482396b82e0d48e\n"
					    "certificate 0 cut\nnew\ngroup x25519\n");
	stage_free(s);
}

/* After a client's ChangeCipherSpec only what is surely a second ClientHello is one. */
static void encrypted_handshakes_are_not_read(void)
{
	static const char *const rest[] = {"1603030004 01000001", "1603030004 02000000",
		"1603030003 010000", "1503030002 0228", "1703030001 00"};

	for (size_t i = 0; i < sizeof(rest) / sizeof(*rest); i++) {
		struct stage *s = stage_make(tls_v13_client);
		uint32_t hello = 5 + be16(s->bytes + 3) + 6;

		s->len = hello + (uint32_t)hex_read(rest[i], s->bytes + hello, 64);
		for (uint32_t at = hello; at <= s->len; at++) {
			stage_again(s);
			give(s, 0, at);
			give(s, at, s->len);
			CU_ASSERT_STRING_EQUAL(s->log.text,
				"client www.example.com 304734bb1c086c3453b387400cf83f11\n");
			CU_ASSERT_FALSE(s->goes_on);
		}
		stage_free(s);
	}
}

static void give_messages(struct stage *s, const char *const *messages)
{
	stage_again(s);
	for (unsigned i = 0; messages[i]; i++) {
		s->len = 5 + (uint32_t)hex_read(messages[i], s->bytes + 5, 1000);
		memcpy(s->bytes, "\x16\3\3", 3);
		s->bytes[3] = (uint8_t)((s->len - 5) >> 8);
		s->bytes[4] = (uint8_t)(s->len - 5);
		give(s, 0, s->len);
	}
}

/* A server may say small messages that cost much, as often as it likes. */
static void each_message_is_told_once(void)
{
#define RANDOM "0101010101010101010101010101010101010101010101010101010101010101"
#define RETRY "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
	static const char hello[] = "02000026 0303" RANDOM "00 c02f 00";
	static const char retry[] = "02000026 0303" RETRY "00 c02f 00";
	static const char chain[] = "0b000008 000005 000002 3000", curve[] = "0c000003 030017";
	static const char *const twice[] = {
		hello, chain, curve, hello, curve, chain, hello, NULL};
	static const char *const retries[] = {retry, hello, hello, retry, hello, NULL};
	static const char *const no_end[] = {retry, retry, hello, NULL};
	struct stage *s = stage_make("");

	give_messages(s, twice);
	CU_ASSERT_STRING_EQUAL(s->log.text,
		"server TLSv1.2 174e7e4992a63f6d419626d97363adb8\n"
		"certificate 0 f944dcd635f9801f7ac90a407fbc479964dec024\nnew\n"
		"group secp256r1\n");
	CU_ASSERT_TRUE(s->goes_on);
	give_messages(s, retries);
	CU_ASSERT_STRING_EQUAL(s->log.text,
		"server retry TLSv1.2 174e7e4992a63f6d419626d97363adb8\nserver TLSv1.2 174e7e4992a63f6d419626d97363adb8\n");
	CU_ASSERT_TRUE(s->goes_on);
	give_messages(s, no_end);
	CU_ASSERT_STRING_EQUAL(
		s->log.text, "server retry TLSv1.2 174e7e4992a63f6d419626d97363adb8\n");
	CU_ASSERT_FALSE(s->goes_on);
	stage_free(s);
}

static void first_bytes_tell_tls(void)
{
	static const struct {
		const char *bytes;
		uint32_t from; /* as many are enough to see that it is not */
	} rows[] = {{"16030100 05 01", 9}, {"160303 4800 02", 9}, {"1503010002 02", 9},
		{"17030300 10 00", 1}, {"1604", 2}, {"16030348 01 01", 5}, {"1603030005 0b", 6},
		{"1503010003 02", 5}, {"1503010002 03", 6}, {"474554", 1}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t bytes[16];
		uint32_t len = (uint32_t)hex_read(rows[i].bytes, bytes, sizeof(bytes));

		for (uint32_t n = 0; n <= len; n++)
			CU_ASSERT_EQUAL(tls_is_record(bytes, n), n < rows[i].from);
	}
}

/* ---- handshakes without records ---- */

static void count_message(
	void *ctx, uint8_t type, const uint8_t *body, uint32_t cap, uint32_t wire)
{
	struct stage *s = ctx;

	for (uint32_t i = 0; i < cap; i++)
		CU_ASSERT_EQUAL(body[i], (uint8_t)i);
	tls_log_add(&s->log, "%u %u/%u\n", type, cap, wire);
}

static void messages_need_no_records(void)
{
	static const char told[] = "1 5/5\n14 0/0\n2 3/3\n4 0/4\n11 0/0\n12 2/2\n";
	struct stage *s = stage_make("01000005 0001020304 0e000000 02000003 000102"
				     "04000004 ffffffff 0b000000 0c000002 0001");
	const struct tls_handshake_sink sink = {count_message, s};
	struct tls_handshake h = {.left = 0};

	for (uint32_t a = 0; a <= s->len; a++)
		for (uint32_t b = a; b <= s->len; b++) {
			const uint32_t ends[] = {0, a, b, s->len};

			s->log.len = 0;
			for (unsigned i = 0; i < 3; i++)
				tls_handshake_add(&h, &s->memory, &s->list,
					cursor_make(s->bytes + ends[i], ends[i + 1] - ends[i],
						ends[i + 1] - ends[i]),
					&sink);
			CU_ASSERT_STRING_EQUAL(s->log.text, told);
			CU_ASSERT_FALSE(h.lost);
			CU_ASSERT_EQUAL(s->memory.used, 0);
		}
	/* What is missing inside a message is stepped over, what is beyond it is the end. */
	s->log.len = 0;
	tls_handshake_add(&h, &s->memory, &s->list, cursor_make(s->bytes, 6, 6), &sink);
	tls_handshake_lose(&h, 2, &sink);
	tls_handshake_add(&h, &s->memory, &s->list, cursor_make(s->bytes + 8, 8, 8), &sink);
	CU_ASSERT_FALSE(h.lost);
	tls_handshake_lose(&h, 5, &sink);
	CU_ASSERT_TRUE(h.lost);
	tls_handshake_add(&h, &s->memory, &s->list, cursor_make(s->bytes, 9, 9), &sink);
	CU_ASSERT_STRING_EQUAL(s->log.text, "1 2/5\n14 0/0\n");
	tls_handshake_end(&h, &sink);
	CU_ASSERT_FALSE(h.lost);
	stage_free(s);
}

void suite_tls_stream(void);
void suite_tls_stream(void)
{
	CU_pSuite s = CU_add_suite("tls_stream", NULL, NULL);

	CU_ADD_TEST(s, handshakes_are_told);
	CU_ADD_TEST(s, segments_begin_and_end_anywhere);
	CU_ADD_TEST(s, what_arrived_is_told);
	CU_ADD_TEST(s, what_is_missing_is_stepped_over);
	CU_ADD_TEST(s, an_endless_hello_is_bounded);
	CU_ADD_TEST(s, memory_may_be_refused);
	CU_ADD_TEST(s, encrypted_handshakes_are_not_read);
	CU_ADD_TEST(s, each_message_is_told_once);
	CU_ADD_TEST(s, first_bytes_tell_tls);
	CU_ADD_TEST(s, messages_need_no_records);
}
