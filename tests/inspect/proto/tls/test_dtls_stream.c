/* What is expected was printed by tshark 4.0 and by openssl x509; the JA4 was made by a script after its
 * description. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/proto/tls/dtls_stream.h"
#include "inspect/proto/tls/ja3.h"
#include "inspect/proto/tls/ja4.h"
#include "inspect/proto/tls/tls_names.h"
#include "inspect/support/tls_log.h"
#include "inspect/support/tls_talks.h"
#include "support/hex.h"

#define HELLO \
	"client dtls.example.com 248a2544f4221c0f02f877e42fe67853 " \
	"dd2d280700_d943125447b4_e7e480e5a997\n"
#define SERVER_HELLO \
	"server DTLSv1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 bc10d7f027e925d0b3a6309e29d8620b\n"
#define CERTIFICATE "certificate 0 bdfc77883ef008529e1b2fa8574d0b7adb65bdf6\n"

enum { DATAGRAM_MAX = 2048 };

/* A direction, and what was told of it, a line each. */
struct stage {
	struct memory memory;
	struct memory_list list;
	struct dtls_stream stream;
	struct tls_sink sink;
	bool goes_on;
	struct tls_log log;
};

static void note_client(void *ctx, const struct tls_client_hello *hello)
{
	char text[JA3_TEXT] = "cut", ja4[JA4_TEXT] = "cut";

	ja3_client(hello, text);
	ja4_client(hello, JA4_DTLS, ja4);
	tls_log_add(ctx, "client %.*s %s %s\n", (int)hello->sni.len,
		hello->sni.len ? (const char *)hello->sni.at : "", text, ja4);
}

static void note_server(void *ctx, const struct tls_server_hello *hello)
{
	char ja3s[JA3_TEXT] = "cut", version[TLS_NAME_TEXT], cipher[TLS_NAME_TEXT];

	ja3_server(hello, ja3s);
	tls_log_add(ctx, "server %s %s %s\n", tls_version_text(hello->version, version),
		tls_cipher_text(hello->cipher, cipher), ja3s);
}

static void stage_begin(struct stage *s)
{
	memset(s, 0, sizeof(*s));
	s->sink = tls_log_sink(&s->log, note_client, note_server);
	s->goes_on = true;
}

static void stage_end(struct stage *s)
{
	dtls_stream_end(&s->stream, &s->sink);
	CU_ASSERT_EQUAL(s->memory.used, 0);
	memory_sweep(&s->list);
	memory_trim(&s->memory);
}

/* A datagram of `n` bytes, of which `cap` arrived, in a buffer of just that size. */
static void give(struct stage *s, const uint8_t *bytes, uint32_t cap, uint32_t n)
{
	uint8_t *copy = malloc(cap ? cap : 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, bytes, cap);
	if (s->goes_on)
		s->goes_on = dtls_stream_add(
			&s->stream, &s->memory, &s->list, cursor_make(copy, cap, n), &s->sink);
	if (!s->goes_on)
		CU_ASSERT_EQUAL(s->memory.used, 0);
	free(copy);
}

static uint32_t datagram(const char *hex, uint8_t bytes[DATAGRAM_MAX])
{
	return (uint32_t)hex_read(hex, bytes, DATAGRAM_MAX);
}

static void give_hex(struct stage *s, const char *hex)
{
	uint8_t bytes[DATAGRAM_MAX];
	uint32_t n = datagram(hex, bytes);

	give(s, bytes, n, n);
}

static void what_is_in_clear_is_told(void)
{
	struct stage s;

	stage_begin(&s);
	for (unsigned i = 0; i < DTLS_CLIENT_N; i++)
		give_hex(&s, dtls_client[i]);
	CU_ASSERT_FALSE(s.goes_on);
	CU_ASSERT_STRING_EQUAL(s.log.text, HELLO HELLO);
	stage_end(&s);
	stage_begin(&s);
	for (unsigned i = 0; i < DTLS_SERVER_N; i++)
		give_hex(&s, dtls_server[i]);
	CU_ASSERT_FALSE(s.goes_on);
	CU_ASSERT_STRING_EQUAL(s.log.text, SERVER_HELLO CERTIFICATE "new\ngroup x25519\n");
	stage_end(&s);
}

/* What was told is not told again, and a message whose fragments came in another order is not. */
static void repeated_and_disordered_datagrams(void)
{
	static const unsigned order[] = {0, 1, 1, 3, 1, 2, 1, 2, 0, 3, 2, 1, 4};
	struct stage s;

	stage_begin(&s);
	for (unsigned i = 0; i < sizeof(order) / sizeof(*order); i++)
		give_hex(&s, dtls_server[order[i]]);
	/* The last datagram of the certificate, which came before the second, begins the next message. */
	CU_ASSERT_STRING_EQUAL(s.log.text, SERVER_HELLO "group x25519\nnew\n");
	CU_ASSERT_FALSE(s.goes_on);
	stage_end(&s);
	stage_begin(&s);
	give_hex(&s, dtls_server[1]);
	give_hex(&s, dtls_server[1]);
	give_hex(&s, dtls_server[2]);
	give_hex(&s, dtls_server[2]);
	give_hex(&s, dtls_server[3]);
	give_hex(&s, dtls_server[3]);
	CU_ASSERT_STRING_EQUAL(s.log.text, SERVER_HELLO CERTIFICATE "new\ngroup x25519\n");
	stage_end(&s);
}

/* Each datagram cut at each length: nothing is told that was not told of the whole one, and hellos are
 * "cut" where they are. */
static void every_truncation(void)
{
	uint8_t bytes[DATAGRAM_MAX];
	struct stage s;

	for (unsigned i = 0; i < DTLS_CLIENT_N + DTLS_SERVER_N; i++) {
		uint32_t n = datagram(
			i < DTLS_CLIENT_N ? dtls_client[i] : dtls_server[i - DTLS_CLIENT_N],
			bytes);

		for (uint32_t cap = 0; cap < n; cap++) {
			stage_begin(&s);
			give(&s, bytes, cap, n);
			if (i < 2)
				CU_ASSERT_PTR_NULL(strstr(s.log.text, "248a25"));
			stage_end(&s);
			stage_begin(&s);
			give(&s, bytes, cap, cap);
			CU_ASSERT_PTR_NULL(strstr(s.log.text, "certificate 0 b"));
			stage_end(&s);
		}
	}
}

/* RFC 7983: STUN and media are among them; endless media ends it. */
static void other_datagrams_are_stepped_over(void)
{
	static const uint8_t stun[20] = {0, 1}, media[40] = {0x80, 96};
	struct stage s;

	stage_begin(&s);
	give(&s, stun, sizeof(stun), sizeof(stun));
	give_hex(&s, dtls_client[1]);
	CU_ASSERT_STRING_EQUAL(s.log.text, HELLO);
	for (unsigned i = 1; i < DTLS_OTHERS_MAX - 1; i++)
		give(&s, media, sizeof(media), sizeof(media));
	CU_ASSERT_TRUE(s.goes_on);
	give(&s, media, sizeof(media), sizeof(media));
	CU_ASSERT_FALSE(s.goes_on);
	stage_end(&s);
}

static void what_begins_a_direction(void)
{
	uint8_t bytes[DATAGRAM_MAX];
	uint32_t n = datagram(dtls_client[0], bytes);

	CU_ASSERT_TRUE(dtls_is_hello(cursor_make(bytes, n, n)));
	CU_ASSERT_TRUE(dtls_is_hello(cursor_make(bytes, 25, n)));
	CU_ASSERT_FALSE(dtls_is_hello(cursor_make(bytes, 24, n)));
	bytes[1] = 3;
	CU_ASSERT_FALSE(dtls_is_hello(cursor_make(bytes, n, n)));
	n = datagram(dtls_server[0], bytes);
	CU_ASSERT_TRUE(dtls_is_hello(cursor_make(bytes, n, n)));
	n = datagram(dtls_client[2], bytes);
	CU_ASSERT_FALSE(dtls_is_hello(cursor_make(bytes, n, n)));
}

/* A message that claims 16 MB, a byte at a time, and fragments that reach beyond their message. */
static void no_length_is_believed(void)
{
	uint8_t record[13 + 12 + 1000] = {22, 0xfe, 0xfd, [11] = (12 + 1000) >> 8,
		(uint8_t)(12 + 1000), TLS_CERTIFICATE, 0xff, 0xff, 0xff, [13 + 10] = 1000 >> 8,
		(uint8_t)1000};
	struct stage s;

	stage_begin(&s);
	for (uint32_t offset = 0; offset < 20000; offset += 1000) {
		record[13 + 6] = (uint8_t)(offset >> 16);
		record[13 + 7] = (uint8_t)(offset >> 8);
		record[13 + 8] = (uint8_t)offset;
		give(&s, record, sizeof(record), sizeof(record));
		CU_ASSERT_TRUE(s.memory.used <= 3 * TLS_MESSAGE_MAX);
	}
	stage_end(&s);
	stage_begin(&s);
	record[13 + 1] = record[13 + 2] = 0;
	record[13 + 3] = 10;
	record[13 + 6] = record[13 + 7] = record[13 + 8] = 0;
	give(&s, record, sizeof(record), sizeof(record));
	CU_ASSERT_STRING_EQUAL(s.log.text, "");
	CU_ASSERT_EQUAL(s.memory.used, 0);
	stage_end(&s);
}

static void alerts_are_told(void)
{
	static const uint8_t alert[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 2, 40};
	struct stage s;

	stage_begin(&s);
	give(&s, alert, sizeof(alert), sizeof(alert));
	CU_ASSERT_STRING_EQUAL(s.log.text, "alert 2 handshake_failure\n");
	stage_end(&s);
}

void suite_dtls_stream(void);
void suite_dtls_stream(void)
{
	CU_pSuite s = CU_add_suite("dtls_stream", NULL, NULL);

	CU_ADD_TEST(s, what_is_in_clear_is_told);
	CU_ADD_TEST(s, repeated_and_disordered_datagrams);
	CU_ADD_TEST(s, every_truncation);
	CU_ADD_TEST(s, other_datagrams_are_stepped_over);
	CU_ADD_TEST(s, what_begins_a_direction);
	CU_ADD_TEST(s, no_length_is_believed);
	CU_ADD_TEST(s, alerts_are_told);
}
