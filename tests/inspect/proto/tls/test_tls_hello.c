/* ClientHello, ServerHello, their fingerprints and TLS's names. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/proto/tls/ja3.h"
#include "inspect/proto/tls/ja4.h"
#include "inspect/proto/tls/tls_draft.h"
#include "inspect/proto/tls/tls_names.h"
#include "inspect/support/tls_talks.h"
#include "support/hex.h"

enum { HELLO_MAX = 4096, RECORD = 5, MESSAGE = 4 };

/* The body of the first message of a direction. */
static struct cursor body_of(const char *hex, uint8_t bytes[HELLO_MAX])
{
	hex_read(hex, bytes, HELLO_MAX);
	return cursor_make(
		bytes + RECORD + MESSAGE, be24(bytes + RECORD + 1), be24(bytes + RECORD + 1));
}

static struct cursor hex_cursor(const char *hex, uint8_t bytes[HELLO_MAX])
{
	uint32_t len = (uint32_t)hex_read(hex, bytes, HELLO_MAX);

	return cursor_make(bytes, len, len);
}

static bool is(struct tls_bytes bytes, const char *text)
{
	return bytes.len == strlen(text) && (!bytes.len || !memcmp(bytes.at, text, bytes.len));
}

struct string {
	char text[2048];
	size_t len;
};

static void append(void *ctx, const char *text, size_t len)
{
	struct string *s = ctx;

	CU_ASSERT_TRUE_FATAL(s->len + len < sizeof(s->text));
	memcpy(s->text + s->len, text, len);
	s->len += len;
	s->text[s->len] = '\0';
}

/* Expected by tshark 4.0; JA4 by sha256sum of its lists, as the description has it. */
static void a_client_hello_is_read(void)
{
	uint8_t bytes[HELLO_MAX];
	struct tls_client_hello h;
	struct tls_bytes name;
	struct string ja3 = {.len = 0};
	char text[JA4_TEXT];
	uint16_t number;

	CU_ASSERT_TRUE(tls_client_hello_read(body_of(tls_full_client, bytes), &h));
	CU_ASSERT_TRUE(h.is_whole);
	CU_ASSERT_EQUAL(h.legacy_version, 0x0303);
	CU_ASSERT_EQUAL(h.version, 0x0304);
	CU_ASSERT_TRUE(is(h.sni, "www.example.com"));
	CU_ASSERT_EQUAL(h.session_id.len, 32);
	CU_ASSERT_EQUAL(h.ciphers.len, 36);
	CU_ASSERT_EQUAL(h.compressions.len, 1);
	CU_ASSERT_FALSE(h.has_psk || h.has_ech || h.has_ticket);
	CU_ASSERT_TRUE(tls_alpn_next(&h.alpn, &name) && is(name, "h2"));
	CU_ASSERT_TRUE(tls_alpn_next(&h.alpn, &name) && is(name, "http/1.1"));
	CU_ASSERT_FALSE(tls_alpn_next(&h.alpn, &name));
	CU_ASSERT_TRUE(tls_key_share_next(&h.key_shares, &number));
	CU_ASSERT_EQUAL(number, 29);
	CU_ASSERT_FALSE(tls_key_share_next(&h.key_shares, &number));
	ja3_client_string(&h, &(struct ja3_sink){append, &ja3});
	CU_ASSERT_STRING_EQUAL(ja3.text,
		"771,4866-4867-4865-49196-49200-49195-49199-52393-52392-49188-49192-49187-49191-"
		"159-158-107-103-255,0-11-10-35-16-22-23-13-43-45-51-21,"
		"29-23-30-25-24-256-257-258-259-260,0-1-2");
	CU_ASSERT_TRUE(ja3_client(&h, text));
	CU_ASSERT_STRING_EQUAL(text, "304734bb1c086c3453b387400cf83f11");

	CU_ASSERT_TRUE(tls_client_hello_read(body_of(tls_full_client, bytes), &h));
	CU_ASSERT_TRUE(ja4_client(&h, JA4_TCP, text));
	CU_ASSERT_STRING_EQUAL(text, "t13d1812h2_85036bcba153_d41ae481755e");
	CU_ASSERT_TRUE(ja4_client(&h, JA4_QUIC, text));
	CU_ASSERT_STRING_EQUAL(text, "q13d1812h2_85036bcba153_d41ae481755e");

	CU_ASSERT_TRUE(tls_client_hello_read(body_of(tls_again_client, bytes), &h));
	CU_ASSERT_TRUE(h.has_ticket && !h.has_psk);
	CU_ASSERT_TRUE(tls_client_hello_read(body_of(tls_v13again_client, bytes), &h));
	CU_ASSERT_TRUE(h.has_psk);
	CU_ASSERT_TRUE(ja4_client(&h, JA4_TCP, text));
	CU_ASSERT_STRING_EQUAL(text, "t13d1812h2_85036bcba153_dbd39dd1d406");
}

static void a_server_hello_is_read(void)
{
	static const struct {
		const char *bytes;
		uint16_t version, cipher, group;
		bool is_retry, has_psk;
		const char *alpn, *ja3s;
	} rows[] = {
		{tls_full_server, 0x0303, 49196, 0, false, false, "h2",
			"771,49196,65281-11-35-16-23"},
		{tls_again_server, 0x0303, 49196, 0, false, false, "h2",
			"771,49196,65281-16-23"},
		{tls_v13_server, 0x0304, 4866, 29, false, false, "", "771,4866,43-51"},
		{tls_v13again_server, 0x0304, 4866, 29, false, true, "", "771,4866,43-51-41"},
		{tls_retry_server, 0x0304, 4866, 24, true, false, "", "771,4866,43-51"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t bytes[HELLO_MAX];
		struct string ja3s = {.len = 0};
		struct tls_server_hello h;

		CU_ASSERT_TRUE(tls_server_hello_read(body_of(rows[i].bytes, bytes), &h));
		CU_ASSERT_TRUE(h.is_whole && h.has_cipher && h.legacy_version == 0x0303);
		CU_ASSERT_EQUAL(h.version, rows[i].version);
		CU_ASSERT_EQUAL(h.cipher, rows[i].cipher);
		CU_ASSERT_EQUAL(h.group, rows[i].group);
		CU_ASSERT_EQUAL(h.is_retry, rows[i].is_retry);
		CU_ASSERT_EQUAL(h.has_psk, rows[i].has_psk);
		CU_ASSERT_TRUE(is(h.alpn, rows[i].alpn));
		ja3_server_string(&h, &(struct ja3_sink){append, &ja3s});
		CU_ASSERT_STRING_EQUAL(ja3s.text, rows[i].ja3s);
	}
}

#define RANDOM "0000000000000000000000000000000000000000000000000000000000000000"

static void odd_hellos_are_read_as_far_as_they_go(void)
{
	static const struct {
		const char *bytes;
		bool is_hello, is_whole;
	} clients[] = {
		{"0303" RANDOM "00 0002 002f 01 00", true, true},      /* no extensions */
		{"0300" RANDOM "00 0002 002f 01 00 0000", true, true}, /* none of them */
		{"0303" RANDOM "00 0002 002f 01 00 0004 0017 0000", true, true},
		{"0303" RANDOM "00 0002 002f 01 00 0004 0017 0001", true, false},
		{"0303" RANDOM "00 0002 002f 01 00 0005 0017 0000 00", true, false},
		{"0303" RANDOM "00 0002 002f 01 00 0004 0017 0000 ff", true, false},
		{"0303" RANDOM "00 0002 002f 01 00 0008 0017 0000", true, false},
		{"0303" RANDOM "00 ffff 002f 01 00", true, false},
		{"0303" RANDOM "21" RANDOM "00 0002 002f 01 00", true, false},
		{"0303" RANDOM, true, false},
		{"0303", true, false},
		{"03", false, false},
		{"", false, false},
		{"0203" RANDOM, false, false},
	};
	static const struct {
		const char *bytes;
		bool is_whole, has_cipher;
		uint16_t version;
	} servers[] = {
		{"0301" RANDOM "00 002f 00", true, true, 0x0301},
		{"0300" RANDOM "00 002f 00", true, true, 0x0300},
		{"0303" RANDOM "00 1301 00 0006 002b 0002 0304", true, true, 0x0304},
		{"0303" RANDOM "00 1301 00 0006 002b 0002 7f1c", true, true, 0x7f1c},
		{"7f12" RANDOM "1301 0004 0017 0000", true, true, 0x7f12},
		{"0303" RANDOM "00 1301 00 0006 002b 0003 0304", false, true, 0x0303},
		{"0303" RANDOM "00 13", false, false, 0x0303},
	};

	for (size_t i = 0; i < sizeof(clients) / sizeof(*clients); i++) {
		uint8_t bytes[HELLO_MAX];
		struct tls_client_hello h;
		char text[JA4_TEXT];
		struct cursor c = hex_cursor(clients[i].bytes, bytes);

		CU_ASSERT_EQUAL(tls_client_hello_read(c, &h), clients[i].is_hello);
		CU_ASSERT_EQUAL(h.is_whole, clients[i].is_whole);
		CU_ASSERT_EQUAL(ja3_client(&h, text), clients[i].is_whole);
		CU_ASSERT_EQUAL(ja4_client(&h, JA4_TCP, text), clients[i].is_whole);
	}
	for (size_t i = 0; i < sizeof(servers) / sizeof(*servers); i++) {
		uint8_t bytes[HELLO_MAX];
		struct tls_server_hello h;

		CU_ASSERT_TRUE(tls_server_hello_read(hex_cursor(servers[i].bytes, bytes), &h));
		CU_ASSERT_EQUAL(h.is_whole, servers[i].is_whole);
		CU_ASSERT_EQUAL(h.has_cipher, servers[i].has_cipher);
		CU_ASSERT_EQUAL(h.version, servers[i].version);
	}
}

/* In buffers of just the size that arrived: what is found is what the whole one has. */
static void hellos_are_cut_anywhere(void)
{
	uint8_t bytes[HELLO_MAX];
	struct cursor whole = body_of(tls_full_client, bytes);

	for (uint32_t cap = 0; cap <= whole.wire; cap++) {
		uint8_t *copy = malloc(cap ? cap : 1);
		struct tls_client_hello h;
		struct tls_server_hello s;
		char text[JA4_TEXT];

		CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
		memcpy(copy, whole.at, cap);
		CU_ASSERT_EQUAL(
			tls_client_hello_read(cursor_make(copy, cap, whole.wire), &h), cap > 1);
		CU_ASSERT_EQUAL(h.is_whole, cap == whole.wire);
		CU_ASSERT_EQUAL(ja4_client(&h, JA4_TCP, text), cap == whole.wire);
		CU_ASSERT_TRUE(!h.sni.len || is(h.sni, "www.example.com"));
		CU_ASSERT_EQUAL(h.sni.len > 0, cap >= 2 + 32 + 33 + 38 + 2 + 2 + 24);
		tls_server_hello_read(cursor_make(copy, cap, whole.wire), &s);
		free(copy);
	}
}

/* A ClientHello with these cipher suites, extensions in all, as hex. */
#define HELLO(ciphers, extensions) "0303" RANDOM "00" ciphers "0100" extensions
/* ALPN alone, with one name. */
#define NAMED(extension, list, name) HELLO("0002 1301", extension "0010" list name)

/* By the description; hashes by sha256sum. */
static void ja4_follows_its_description(void)
{
	static const struct {
		const char *bytes, *ja4;
	} rows[] = {
		{HELLO("0000", ""), "t12i000000_000000000000_000000000000"},
		{HELLO("0002 0a0a", "0004 1a1a 0000"), "t12i000000_000000000000_000000000000"},
		/* echo -n 1301 | sha256sum; only the server's name: no list of extensions. */
		{HELLO("0002 1301", "0004 0000 0000"), "t12d010100_0f2cb44170f4_000000000000"},
		{NAMED("0007", "0003 0001", "00"), "t12i010100_0f2cb44170f4_000000000000"},
		{NAMED("0008", "0004 0002", "01 ab"), "t12i0101ab_0f2cb44170f4_000000000000"},
		{NAMED("0008", "0004 0002", "01 20"), "t12i010120_0f2cb44170f4_000000000000"},
		{NAMED("0009", "0005 0003", "02 abcd"), "t12i0101ad_0f2cb44170f4_000000000000"},
		{NAMED("0009", "0005 0003", "02 2061"), "t12i010121_0f2cb44170f4_000000000000"},
		{NAMED("0009", "0005 0003", "02 30ab"), "t12i01013b_0f2cb44170f4_000000000000"},
		{NAMED("0009", "0005 0003", "02 6120"), "t12i010160_0f2cb44170f4_000000000000"},
		{NAMED("000b", "0007 0005", "04 3031abcd"),
			"t12i01013d_0f2cb44170f4_000000000000"},
		{NAMED("000b", "0007 0005", "04 30abcd31"),
			"t12i010101_0f2cb44170f4_000000000000"},
		{NAMED("0008", "0004 0002", "01 61"), "t12i0101aa_0f2cb44170f4_000000000000"},
		/* The description's own example of a list without signature algorithms, and with them. */
		{HELLO("001e 1301 1302 1303 c02b c02f c02c c030 cca9 cca8 c013 c014 009c 009d 002f 0035",
			 "003c 001b0000 00330000 44690000 00170000 002d0000 000d0000 00050000 00230000"
			 "00120000 002b0000 ff010000 000b0000 000a0000 00150000 0a0a0000"),
			"t12i151400_8daaf6152771_6d807ffa2a79"},
		{HELLO("0020 8a8a 1301 1302 1303 c02b c02f c02c c030 cca9 cca8 c013 c014 009c 009d 002f 0035",
			 "006c 6a6a0000 001b0000 0000000a 0008 00 0005 6578616d70 00330000"
			 "00100005 0003 02 6832 44690000 00170000 002d0000"
			 "000d0012 0010 0403 0804 0401 0503 0805 0501 0806 0601"
			 "00050000 00230000 00120000 002b0007 06 9a9a 0304 0303"
			 "ff010000 000b0000 000a0000 00150000"),
			"t13d1516h2_8daaf6152771_e5627efa2ab1"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t bytes[HELLO_MAX];
		struct tls_client_hello h;
		char text[JA4_TEXT] = "";

		CU_ASSERT_TRUE(tls_client_hello_read(hex_cursor(rows[i].bytes, bytes), &h));
		CU_ASSERT_TRUE(ja4_client(&h, JA4_TCP, text));
		CU_ASSERT_STRING_EQUAL(text, rows[i].ja4);
	}
}

static void ja4_counts_and_bounds(void)
{
	enum { CIPHERS = 16000 };
	uint8_t *bytes = calloc(1, 2 * CIPHERS + 64);
	uint32_t head = 2 + 32 + 1, len;
	struct tls_client_hello h;
	char text[JA4_TEXT], first[JA4_TEXT];

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	bytes[0] = bytes[1] = 3;
	for (unsigned n = 99; n < CIPHERS; n = n < 101 ? n + 1 : n * 9) {
		bytes[head] = (uint8_t)(2 * n >> 8);
		bytes[head + 1] = (uint8_t)(2 * n);
		len = head + 2 + 2 * n + 2;
		bytes[len - 2] = 1;
		/* The same in any order: falling, then rising. */
		for (unsigned order = 0; order < 2; order++) {
			for (unsigned i = 0; i < n; i++) {
				unsigned value = order ? i : n - 1 - i;

				bytes[head + 2 + 2 * i] = (uint8_t)(value >> 7 & 0xf0);
				bytes[head + 3 + 2 * i] = (uint8_t)(value & 0x7f);
			}
			CU_ASSERT_TRUE(tls_client_hello_read(cursor_make(bytes, len, len), &h));
			CU_ASSERT_TRUE(h.is_whole);
			CU_ASSERT_EQUAL(ja4_client(&h, JA4_TCP, order ? text : first),
				n <= JA4_LIST_MAX);
		}
		if (n <= JA4_LIST_MAX) {
			CU_ASSERT_STRING_EQUAL(text, first);
			CU_ASSERT_EQUAL(memcmp(text, "t12i9900", 8), 0);
		}
	}
	free(bytes);
}

static void grease_is_left_out_of_ja3(void)
{
	uint8_t bytes[HELLO_MAX];
	struct tls_client_hello h;
	struct string ja3 = {.len = 0};

	CU_ASSERT_TRUE(tls_client_hello_read(
		hex_cursor("0301" RANDOM "00 0006 2a2a 002f fafa 01 00"
			   "0018 0a0a 0000 000a 0006 0004 3a3a 001d 000b 0002 01 00 ffff 0000",
			bytes),
		&h));
	ja3_client_string(&h, &(struct ja3_sink){append, &ja3});
	CU_ASSERT_STRING_EQUAL(ja3.text, "769,47,10-11-65535,29,0");
}

static void numbers_have_names(void)
{
	char text[TLS_NAME_TEXT];
	const char *before = "";

	CU_ASSERT_STRING_EQUAL(tls_cipher_text(0x1301, text), "TLS_AES_128_GCM_SHA256");
	CU_ASSERT_STRING_EQUAL(tls_cipher_text(0x0000, text), "TLS_NULL_WITH_NULL_NULL");
	CU_ASSERT_STRING_EQUAL(
		tls_cipher_text(0xfeff, text), "SSL_RSA_FIPS_WITH_3DES_EDE_CBC_SHA");
	CU_ASSERT_STRING_EQUAL(tls_cipher_text(0xc0aa, text), "TLS_PSK_DHE_WITH_AES_128_CCM_8");
	CU_ASSERT_STRING_EQUAL(tls_cipher_text(0xabcd, text), "0xabcd");
	CU_ASSERT_PTR_NULL(tls_cipher_name(0xffff));
	CU_ASSERT_STRING_EQUAL(tls_group_text(0x11ec, text), "X25519MLKEM768");
	CU_ASSERT_STRING_EQUAL(tls_group_text(0x11eb, text), "SecP256r1MLKEM768");
	CU_ASSERT_STRING_EQUAL(tls_group_text(0x11ed, text), "SecP384r1MLKEM1024");
	CU_ASSERT_STRING_EQUAL(tls_group_text(0x6399, text), "X25519Kyber768Draft00");
	CU_ASSERT_STRING_EQUAL(tls_group_text(0x2a2b, text), "0x2a2b");
	CU_ASSERT_STRING_EQUAL(tls_version_text(0x0300, text), "SSLv3");
	CU_ASSERT_STRING_EQUAL(tls_version_text(0x0301, text), "TLSv1");
	CU_ASSERT_STRING_EQUAL(tls_version_text(0x7f1c, text), "TLSv1.3 (draft)");
	CU_ASSERT_STRING_EQUAL(tls_version_text(0x0305, text), "Unknown (0305)");
	CU_ASSERT_STRING_EQUAL(tls_alert_text(48, text), "unknown_ca");
	CU_ASSERT_STRING_EQUAL(tls_alert_text(250, text), "alert_250");
	/* A row out of order would not be found. */
#define CIPHER(number, name) \
	CU_ASSERT_STRING_EQUAL(tls_cipher_text(number, text), name); \
	CU_ASSERT_TRUE(strlen(name) < 64 && strcmp(name, before) != 0); \
	before = name;
#include "inspect/proto/tls/tls_ciphers.def"
#define GROUP(number, name) CU_ASSERT_STRING_EQUAL(tls_group_text(number, text), name);
#include "inspect/proto/tls/tls_groups.def"
#define ALERT(number, name) CU_ASSERT_STRING_EQUAL(tls_alert_text(number, text), name);
#include "inspect/proto/tls/tls_alerts.def"
}

static void a_curve_stands_in_the_key_exchange(void)
{
	static const struct {
		const char *bytes;
		uint16_t cipher, group;
	} rows[] = {
		{"03 001d 20", 0xc02f, 0x001d},
		{"03 0017", 0xc018, 0x0017},
		{"03 00", 0xc02f, 0},
		{"01 001d", 0xc02f, 0},
		{"", 0xc02f, 0},
		{"0300 001d", 0x009e, 0}, /* DHE: the length of a prime of 768 bytes */
		{"03 001d", 0x002f, 0},
		{"03 001d", 0xabcd, 0},
		{"0002 6869 03 0018", 0xc035, 0x0018}, /* ECDHE_PSK: an identity hint before */
		{"ffff 6869 03 0018", 0xc035, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t bytes[HELLO_MAX];

		CU_ASSERT_EQUAL(tls_key_exchange_group(
					hex_cursor(rows[i].bytes, bytes), rows[i].cipher),
			rows[i].group);
	}
}

static void expect(const struct details *d, enum detail detail, const char *text)
{
	size_t len = 0;
	const char *at = details_string(d, detail, &len);

	CU_ASSERT_TRUE(text ? at && len == strlen(text) && !memcmp(at, text, len) : !at);
}

static void a_draft_says_what_hellos_say(void)
{
	uint8_t bytes[HELLO_MAX];
	struct memory memory = {0};
	struct memory_list list = {0};
	struct draft *draft = malloc(sizeof(*draft));
	struct tls_client_hello client;
	struct tls_server_hello server;
	struct details *d;

	CU_ASSERT_PTR_NOT_NULL_FATAL(draft);
	draft_reset(draft);
	tls_client_hello_read(body_of(tls_v13_client, bytes), &client);
	draft_tls_client_hello(draft, &client, JA4_TCP);
	/* What the first of two ServerHellos says counts only in the second. */
	tls_server_hello_read(body_of(tls_retry_server, bytes), &server);
	draft_tls_server_hello(draft, &server);
	tls_server_hello_read(body_of(tls_v13_server, bytes), &server);
	draft_tls_server_hello(draft, &server);
	draft_tls_resumed(draft, true);
	draft_tls_alert(draft, 40);
	draft_tls_alert(draft, 0);
	d = draft_finish(draft, &memory, &list);
	expect(d, DETAIL_tls_sni, "www.example.com");
	expect(d, DETAIL_tls_version, "TLSv1.3");
	expect(d, DETAIL_tls_cipher, "TLS_AES_256_GCM_SHA384");
	expect(d, DETAIL_tls_ja3, "304734bb1c086c3453b387400cf83f11");
	expect(d, DETAIL_tls_ja3s, "15af977ce25de452b96affa2addb1036");
	expect(d, DETAIL_tls_ja4, "t13d1812h2_85036bcba153_d41ae481755e");
	expect(d, DETAIL_tls_alpn, "h2,http/1.1");
	expect(d, DETAIL_tls_chosen_alpn, NULL);
	expect(d, DETAIL_tls_group, "x25519");
	expect(d, DETAIL_tls_alert, "handshake_failure");
	CU_ASSERT_EQUAL(details_number(d, DETAIL_tls_resumed), 1);
	CU_ASSERT_EQUAL(details_number(d, DETAIL_tls_ech), 0);
	memory_free(d);
	free(draft);
	memory_trim(&memory);
}

void suite_tls_hello(void);
void suite_tls_hello(void)
{
	CU_pSuite s = CU_add_suite("tls_hello", NULL, NULL);

	CU_ADD_TEST(s, a_client_hello_is_read);
	CU_ADD_TEST(s, a_server_hello_is_read);
	CU_ADD_TEST(s, odd_hellos_are_read_as_far_as_they_go);
	CU_ADD_TEST(s, hellos_are_cut_anywhere);
	CU_ADD_TEST(s, ja4_follows_its_description);
	CU_ADD_TEST(s, ja4_counts_and_bounds);
	CU_ADD_TEST(s, grease_is_left_out_of_ja3);
	CU_ADD_TEST(s, numbers_have_names);
	CU_ADD_TEST(s, a_curve_stands_in_the_key_exchange);
	CU_ADD_TEST(s, a_draft_says_what_hellos_say);
}
