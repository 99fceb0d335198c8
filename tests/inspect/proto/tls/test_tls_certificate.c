/* Certificates out of DER. Expected values are `openssl x509`'s. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/proto/tls/tls_draft.h"
#include "inspect/support/tls_talks.h"
#include "support/hex.h"

enum { CHAIN_MAX = 4096, RECORD = 5, MESSAGE = 4 };

/* Version 1, with UTF-16, an attribute without a name, and an end after 2049. */
static const char odd[] =
	"308201a63082014b02020080300a06082a8648ce3d040302305d31173015060a09922689"
	"93f22c64011916076578616d706c6531123010060a0992268993f22c6401011302753131"
	"133011060355040a1e0a00c6007200f8002003a3310b300906042a03a357130178310c30"
	"0a060355040313036f64643020170d3236313133303039343832375a180f323036353033"
	"33303039343832375a305d31173015060a0992268993f22c64011916076578616d706c65"
	"31123010060a0992268993f22c6401011302753131133011060355040a1e0a00c6007200"
	"f8002003a3310b300906042a03a357130178310c300a060355040313036f646430593013"
	"06072a8648ce3d020106082a8648ce3d0301070342000408484e852ace02b50635034854"
	"2436b52b4aac7c9dcb58623d7cbe1538dbe2165a680e4b99f1549624e1bdecc1c8771a18"
	"c4b549444e63114349fc847a6dd44c300a06082a8648ce3d04030203490030460221008c"
	"47129d90a6ca8c5b9b6f119461d61ce0faa7774c6d311eda89fd0ca686894b022100f9ec"
	"91ad9e13ef21aae7003473094636a604c217de864f3baa27282b16d4845b";

/* The Certificate message of the server: the second record. */
static struct cursor chain_of(uint8_t bytes[CHAIN_MAX])
{
	const uint8_t *record = bytes;

	hex_read(tls_full_server, bytes, CHAIN_MAX);
	record += RECORD + be16(record + 3);
	return cursor_make(record + RECORD + MESSAGE, be24(record + RECORD + 1),
		be24(record + RECORD + 1));
}

static void expect(const struct details *d, enum detail detail, const char *text)
{
	size_t len = 0;
	const char *at = details_string(d, detail, &len);

	CU_ASSERT_TRUE(text ? at && len == strlen(text) && !memcmp(at, text, len) : !at);
}

static struct details *details_of(
	const struct tls_certificate *c, struct memory *memory, struct memory_list *list)
{
	struct draft *draft = malloc(sizeof(*draft));
	struct details *details;

	CU_ASSERT_PTR_NOT_NULL_FATAL(draft);
	draft_reset(draft);
	draft_tls_certificate(draft, c);
	details = draft_finish(draft, memory, list);
	free(draft);
	return details;
}

static void a_chain_is_read(void)
{
	uint8_t bytes[CHAIN_MAX];
	struct cursor chain = chain_of(bytes);
	struct memory memory = {0};
	struct memory_list list = {0};
	struct tls_certificate c;
	struct details *d;

	CU_ASSERT_TRUE(tls_chain_open(&chain));
	CU_ASSERT_TRUE(tls_chain_next(&chain, &c));
	CU_ASSERT_TRUE(c.is_whole);
	d = details_of(&c, &memory, &list);
	expect(d, DETAIL_tls_issuer, "C=US, O=Example, Inc., CN=Example CA");
	expect(d, DETAIL_tls_subject,
		"C=DE, ST=Bayern, L=M\xc3\xbcnchen, O=Beispiel, OU=a,b, CN=www.example.com, "
		"emailAddress=a@example.com");
	expect(d, DETAIL_tls_names, "www.example.com,*.example.net,192.0.2.7,2001:db8::7");
	expect(d, DETAIL_tls_not_before, "2026-11-30T09:41:01Z");
	expect(d, DETAIL_tls_not_after, "2026-12-30T09:41:01Z");
	expect(d, DETAIL_tls_serial, "f0e1d2c3b4a5968778695a4b3c2d1e0f");
	expect(d, DETAIL_tls_sha1, "ea86463b5deb86983a91eeb833ca2978e7a588ab");
	expect(d, DETAIL_tls_sha256,
		"cc852d5935b468da524563cd7775b5f2d7caced84ae6d9497bb4e65c12ae318f");
	memory_free(d);
	CU_ASSERT_TRUE(tls_chain_next(&chain, &c));
	d = details_of(&c, &memory, &list);
	expect(d, DETAIL_tls_subject, "C=US, O=Example, Inc., CN=Example CA");
	expect(d, DETAIL_tls_serial, "01");
	expect(d, DETAIL_tls_names, NULL);
	memory_free(d);
	CU_ASSERT_FALSE(tls_chain_next(&chain, &c));
	memory_trim(&memory);
}

static void odd_forms_are_read(void)
{
	static const char name[] =
		"DC=example, UID=u1, O=\xc3\x86r\xc3\xb8 \xce\xa3, 1.2.3.4567=x, CN=odd";
	uint8_t bytes[CHAIN_MAX];
	uint32_t len = (uint32_t)hex_read(odd, bytes + 3, sizeof(bytes) - 3);
	struct cursor list = cursor_make(bytes, len + 3, len + 3);
	struct tls_certificate c;
	char text[256], hex[TLS_SHA1_TEXT];

	bytes[0] = 0;
	bytes[1] = (uint8_t)(len >> 8);
	bytes[2] = (uint8_t)len;
	CU_ASSERT_TRUE(tls_chain_next(&list, &c));
	CU_ASSERT_EQUAL(tls_name_text(c.subject, text, sizeof(text)), strlen(name));
	CU_ASSERT_EQUAL(memcmp(text, name, strlen(name)), 0);
	CU_ASSERT_EQUAL(tls_name_text(c.issuer, text, 5), 5);
	CU_ASSERT_STRING_EQUAL(c.not_before, "2026-11-30T09:48:27Z");
	CU_ASSERT_STRING_EQUAL(c.not_after, "2065-03-30T09:48:27Z");
	CU_ASSERT_EQUAL(c.serial.len, 1);
	CU_ASSERT_EQUAL(c.serial.at[0], 0x80);
	CU_ASSERT_EQUAL(c.names.len, 0);
	tls_sha1_text(c.der, hex);
	CU_ASSERT_STRING_EQUAL(hex, "ae13840b9a22616c35d5c5a48763492ad5004243");
}

static void times_are_times(void)
{
	static const struct {
		const char *from, *to, *not_before;
	} rows[] = {
		{"3236", "3439", "2049-11-30T09:48:27Z"},
		{"3236", "3530", "1950-11-30T09:48:27Z"},
		{"3131333030", "3133333030", ""},
		{"3131333030", "3030333030", ""},
		{"3131333030", "3131333230", ""},
		{"3131333030", "3131303030", ""},
		{"30393438", "32343438", ""},
		{"3438 3237", "3630 3237", ""},
		{"3237 5a", "3237 30", ""},
		{"3236 3131", "2d36 3131", ""},
	};
	uint8_t bytes[CHAIN_MAX];
	uint32_t len = (uint32_t)hex_read(odd, bytes + 3, sizeof(bytes) - 3);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct cursor list;
		struct tls_certificate c;
		uint8_t from[8], to[8], *at;
		size_t n = hex_read(rows[i].from, from, sizeof(from));

		hex_read(odd, bytes + 3, sizeof(bytes) - 3);
		bytes[0] = 0;
		bytes[1] = (uint8_t)(len >> 8);
		bytes[2] = (uint8_t)len;
		hex_read(rows[i].to, to, sizeof(to));
		/* The first time is behind the first 0x17. */
		at = memchr(bytes + 100, 0x17, len - 100);
		CU_ASSERT_PTR_NOT_NULL_FATAL(at);
		at = memmem(at, 20, from, n);
		CU_ASSERT_PTR_NOT_NULL_FATAL(at);
		memcpy(at, to, n);
		list = cursor_make(bytes, len + 3, len + 3);
		CU_ASSERT_TRUE(tls_chain_next(&list, &c));
		CU_ASSERT_STRING_EQUAL(c.not_before, rows[i].not_before);
		CU_ASSERT_STRING_EQUAL(c.not_after, "2065-03-30T09:48:27Z");
	}
}

/* What there is of a chain that was cut is what the whole one has, in buffers of just that size. */
static void chains_are_cut_anywhere(void)
{
	uint8_t bytes[CHAIN_MAX];
	struct cursor all = chain_of(bytes);
	struct cursor chain = all;
	struct tls_certificate whole, c;

	CU_ASSERT_TRUE(tls_chain_open(&chain) && tls_chain_next(&chain, &whole));
	for (uint32_t cap = 0; cap < all.wire; cap++) {
		uint8_t *copy = malloc(cap ? cap : 1);
		struct cursor cut = cursor_make(copy, cap, all.wire);
		bool any;

		CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
		memcpy(copy, all.at, cap);
		any = tls_chain_open(&cut) && tls_chain_next(&cut, &c);
		CU_ASSERT_EQUAL(any, cap > 6);
		if (any) {
			CU_ASSERT_EQUAL(c.is_whole, cap >= 6 + whole.der.len);
			CU_ASSERT_TRUE(!c.serial.len || c.serial.len == whole.serial.len);
			CU_ASSERT_TRUE(!c.subject.len || c.subject.len == whole.subject.len);
			CU_ASSERT_TRUE(!*c.not_after || !strcmp(c.not_after, whole.not_after));
		}
		free(copy);
	}
}

/* A length that lies ends what is read; it never reads on. */
static void lengths_may_lie(void)
{
	uint8_t bytes[CHAIN_MAX];
	struct cursor all = chain_of(bytes);
	uint8_t *copy = malloc(all.wire);
	unsigned serials = 0, subjects = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	for (uint32_t at = 0; at < all.wire; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			struct cursor chain = cursor_make(copy, all.wire, all.wire);
			struct tls_certificate c;
			char text[64];

			memcpy(copy, all.at, all.wire);
			copy[at] ^= (uint8_t)(1u << bit);
			if (!tls_chain_open(&chain))
				continue;
			while (tls_chain_next(&chain, &c)) {
				serials += c.serial.len > 0;
				subjects += tls_name_text(c.subject, text, sizeof(text)) > 0;
			}
		}
	CU_ASSERT_TRUE(serials > subjects && subjects > all.wire);
	free(copy);
}

void suite_tls_certificate(void);
void suite_tls_certificate(void)
{
	CU_pSuite s = CU_add_suite("tls_certificate", NULL, NULL);

	CU_ADD_TEST(s, a_chain_is_read);
	CU_ADD_TEST(s, odd_forms_are_read);
	CU_ADD_TEST(s, times_are_times);
	CU_ADD_TEST(s, chains_are_cut_anywhere);
	CU_ADD_TEST(s, lengths_may_lie);
}
