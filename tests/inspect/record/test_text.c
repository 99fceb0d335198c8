#include <CUnit/Basic.h>
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "inspect/flow/addr_text.h"
#include "support/python.h"
#include "support/random.h"

enum { ROUNDS = 20000 };

static struct random draws = {0x243f6a8885a308d3};

static void numbers_are_as_printf_prints_them(void)
{
	static const uint64_t edges[] = {0, 9, 10, 99, 100, 101, 999, 1000, 9999, 10000,
		UINT32_MAX, UINT64_MAX - 1, UINT64_MAX};
	const size_t n_edges = sizeof(edges) / sizeof(edges[0]);

	for (size_t i = 0; i < n_edges + ROUNDS; i++) {
		uint64_t n = i < n_edges ? edges[i]
					 : random_next(&draws) >> (random_next(&draws) & 63);
		char room[32] = "", want[32];
		struct text t = text_make(room, sizeof(room) - 1);

		snprintf(want, sizeof(want), "%" PRIu64, n);
		text_u64(&t, n);
		CU_ASSERT_STRING_EQUAL(room, want);
		memset(room, 0, sizeof(room));
		t = text_make(room, sizeof(room) - 1);
		snprintf(want, sizeof(want), "%016" PRIx64, n);
		text_hex(&t, n, 16);
		CU_ASSERT_STRING_EQUAL(room, want);
	}
}

/* Few of the groups are set, so that runs of zeros of all lengths and places come up. */
static struct ip_addr random_addr(void)
{
	uint64_t bits = random_next(&draws);
	struct ip_addr a = {{0}};

	for (unsigned i = 0; i < 16; i++)
		if (bits >> (i / 2) & 1)
			a.byte[i] = (uint8_t)(random_next(&draws) & random_next(&draws) >> 8);
	if ((bits & 0x700) == 0)
		a = ip_addr_v4(a.byte + 12);
	return a;
}

static void addresses_are_as_inet_ntop_prints_them(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct ip_addr a = random_addr();
		char room[64] = "", want[64];
		struct text t = text_make(room, sizeof(room) - 1);

		inet_ntop(AF_INET6, a.byte, want, sizeof(want));
		text_addr(&t, &a, 6);
		CU_ASSERT_STRING_EQUAL(room, want);
		memset(room, 0, sizeof(room));
		t = text_make(room, sizeof(room) - 1);
		inet_ntop(AF_INET, a.byte + 12, want, sizeof(want));
		text_addr(&t, &a, 4);
		CU_ASSERT_STRING_EQUAL(room, want);
	}
}

static void addresses_of_rfc_5952(void)
{
	static const char *const rows[] = {"::", "::1", "1::", "2001:db8::1",
		"2001:db8:0:1:1:1:1:1", "2001:0:0:1::1", "2001:db8::1:0:0:1",
		"::ffff:192.0.2.33", "::192.0.2.33", "64:ff9b::c000:221", "::1:0:0:0:0:0:0",
		"fe80::", "0:1::"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ip_addr a;
		char room[64] = "", want[64];
		struct text t = text_make(room, sizeof(room) - 1);

		CU_ASSERT_EQUAL_FATAL(inet_pton(AF_INET6, rows[i], a.byte), 1);
		inet_ntop(AF_INET6, a.byte, want, sizeof(want));
		text_addr(&t, &a, 6);
		CU_ASSERT_STRING_EQUAL(room, want);
	}
}

static void time_row(uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	char room[64] = "", day[32], want[64];
	struct text t = text_make(room, sizeof(room) - 1);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(want, sizeof(want), "%s.%09" PRIu64 "Z", day, ns % 1000000000);
	text_time(&t, ns);
	CU_ASSERT_STRING_EQUAL(room, want);
}

static void times_are_as_strftime_prints_them(void)
{
	static const uint64_t seconds[] = {0, 86399, 86400, 951782399, 951782400, 951868799,
		951868800 /* around 2000-02-29 */, 4107542399, 4107542400 /* 2100-03-01 */,
		4294967295, 4294967296, 1709164800 /* 2024-02-29 */, 1735689599, 1735689600};

	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		time_row(seconds[i] * 1000000000);
		time_row(seconds[i] * 1000000000 + 999999999);
	}
	for (uint64_t day = 0; day < 213503; day++) /* until 2554 */
		time_row(day * 86400 * 1000000000 + day * 7919);
	time_row(UINT64_MAX);
	for (int i = 0; i < ROUNDS; i++)
		time_row(random_next(&draws));
}

/* Hostile strings: one row a JSON text and what it was made from. */
static const struct row {
	const char *bytes;
	size_t len;
} json_rows[] = {
#define ROW(s) \
	{ \
		s, sizeof(s) - 1 \
	}
	ROW(""), ROW("plain"), ROW("\"quoted\" and \\ and /"), ROW("\b\f\n\r\t"),
	ROW("\x00\x01\x1f\x20\x7f"), ROW("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"),
	ROW("\x80"), ROW("\xbf\xbf"), ROW("\xc0\x80"), ROW("\xc1\xbf"), ROW("\xc2"),
	ROW("\xc2\x41"), ROW("\xc2\xc2\x80"), ROW("\xe0\x80\x80"), ROW("\xe0\x9f\xbf"),
	ROW("\xe0\xa0\x80"), ROW("\xe1\x80"), ROW("\xe1\x80\x41"), ROW("\xed\x9f\xbf"),
	ROW("\xed\xa0\x80"), ROW("\xed\xbf\xbf"), ROW("\xee\x80\x80"), ROW("\xef\xbf\xbf"),
	ROW("\xf0\x80\x80\x80"), ROW("\xf0\x8f\xbf\xbf"), ROW("\xf0\x90\x80\x80"),
	ROW("\xf4\x8f\xbf\xbf"), ROW("\xf4\x90\x80\x80"), ROW("\xf5\x80\x80\x80"),
	ROW("\xf8\x88\x80\x80\x80"), ROW("\xfe\xff"), ROW("\xf1\x80\x80\xe1\x80\xc2\x62\x80"),
	ROW("a\xf0\x9f\x98"), ROW("\xf0\x9f\x98\"")
#undef ROW
};

static void put_json_row(FILE *out, const char *bytes, size_t len)
{
	char room[2 + TEXT_JSON_GROWTH * 64];
	struct text t = text_make(room, sizeof(room));

	text_json(&t, bytes, len);
	CU_ASSERT_FALSE(t.full);
	for (size_t i = 0; i < len; i++)
		fprintf(out, "%02x", (uint8_t)bytes[i]);
	fprintf(out, " %.*s\n", (int)(t.at - room), room);
}

/* Python's decoder is the judge: JSON of every string, and U+FFFD where it puts it. */
static void json_strings_are_valid_and_faithful(void)
{
	char path[] = "/tmp/periscope-test-XXXXXX";
	FILE *out = fdopen(mkstemp(path), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	for (size_t i = 0; i < sizeof(json_rows) / sizeof(json_rows[0]); i++)
		put_json_row(out, json_rows[i].bytes, json_rows[i].len);
	/* Each byte at each place of a long plain string. */
	for (int byte = 0; byte < 256; byte++)
		for (size_t at = 0; at < 24; at++) {
			char bytes[25] = "abcdefghijklmnopqrstuvwx";

			bytes[at] = (char)byte;
			put_json_row(out, bytes, 24);
		}
	for (int i = 0; i < ROUNDS; i++) {
		/* Mostly bytes that begin or go on with something. */
		static const char pool[] =
			"\x80\x9f\xa0\xbf\xc2\xe0\xe1\xed\xf0\xf1\xf4\"\\a\n";
		char bytes[64];
		size_t len = random_next(&draws) % sizeof(bytes);

		for (size_t j = 0; j < len; j++)
			if (random_next(&draws) & 1)
				bytes[j] = pool[random_next(&draws) % (sizeof(pool) - 1)];
			else
				bytes[j] = (char)random_next(&draws);
		put_json_row(out, bytes, len);
	}
	fclose(out);
	CU_ASSERT_TRUE(python_agrees("import json, sys\n"
				     "n = 0\n"
				     "for line in open(sys.argv[1], 'rb'):\n"
				     "    raw, text = line[:-1].split(b' ', 1)\n"
				     "    want = bytes.fromhex(raw.decode()).decode('utf-8', "
				     "'replace')\n"
				     "    assert json.loads(text.decode()) == want, line\n"
				     "    n += 1\n"
				     "assert n > 20000\n",
		path));
	remove(path);
}

/* Writes the same text into ever smaller buffers. */
static void nothing_is_written_past_the_end(void)
{
	const struct ip_addr addr = {{0x20, 1, [15] = 1}};
	static const char want[] = "12345678"
				   "2001::1"
				   "2009-02-13T23:31:30.123456789Z"
				   "\"a\\\"b\xef\xbf\xbd\\n\""
				   "end";
	const size_t want_len = sizeof(want) - 1;
	struct text t;
	size_t len;

	for (size_t size = 0; size <= 2 * want_len; size++) {
		char *room = malloc(size + 1); /* the sanitizer guards its end */

		CU_ASSERT_PTR_NOT_NULL_FATAL(room);
		t = text_make(room, size);
		text_u64(&t, 12345678);
		text_addr(&t, &addr, 6);
		text_time(&t, 1234567890123456789);
		text_json(&t, "a\"b\x80\n", 5);
		text_cstr(&t, "end");
		len = (size_t)(t.at - room);
		CU_ASSERT_TRUE(len <= size);
		CU_ASSERT_TRUE(t.full == (size < want_len));
		/* After the first thing that did not fit comes nothing, however small. */
		CU_ASSERT_TRUE(!t.full || (text_char(&t, 'x'), t.at == room + len));
		CU_ASSERT_TRUE(t.full || (len == want_len && memcmp(room, want, len) == 0));
		free(room);
	}
}

void suite_text(void);
void suite_text(void)
{
	CU_pSuite s = CU_add_suite("text", NULL, NULL);

	CU_ADD_TEST(s, numbers_are_as_printf_prints_them);
	CU_ADD_TEST(s, addresses_are_as_inet_ntop_prints_them);
	CU_ADD_TEST(s, addresses_of_rfc_5952);
	CU_ADD_TEST(s, times_are_as_strftime_prints_them);
	CU_ADD_TEST(s, json_strings_are_valid_and_faithful);
	CU_ADD_TEST(s, nothing_is_written_past_the_end);
}
