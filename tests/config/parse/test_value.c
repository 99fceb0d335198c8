#include <CUnit/Basic.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "config/parse/value.h"

/* The bytes are those that the C library makes of the same text. */
static void is_address(
	const char *text, int family, const char *address, unsigned bits, const char *device)
{
	struct value_address got;
	uint8_t want[16] = {0};

	CU_ASSERT_EQUAL(inet_pton(family, address, want), 1);
	CU_ASSERT_TRUE(value_address(text, &got));
	CU_ASSERT_EQUAL(memcmp(got.byte, want, sizeof(want)), 0);
	CU_ASSERT_EQUAL(got.ip_version, family == AF_INET ? 4 : 6);
	CU_ASSERT_EQUAL(got.bits, bits);
	CU_ASSERT_STRING_EQUAL(got.device, device);
}

static void addresses_are_read(void)
{
	is_address("10.0.1.10/24", AF_INET, "10.0.1.10", 24, "");
	is_address("0.0.0.0/0", AF_INET, "0.0.0.0", 0, "");
	is_address("255.255.255.255/32 dev eth0", AF_INET, "255.255.255.255", 32, "eth0");
	is_address("fd00:1::10/64", AF_INET6, "fd00:1::10", 64, "");
	is_address("2001:db8::1/128 dev pscope12", AF_INET6, "2001:db8::1", 128, "pscope12");
	is_address("::ffff:1.2.3.4/96 dev abcdefghijklmno", AF_INET6, "::ffff:1.2.3.4", 96,
		"abcdefghijklmno");
}

static void other_texts_are_no_addresses(void)
{
	static const char *const texts[] = {"", "/", "10.0.1.10", "10.0.1.10/", "10.0.1.10/33",
		"10.0.1/24", "10.0.1.10/24x", "10.0.1.10/-1", "10.0.1.10/+24", "10.0.1.10 /24",
		"10.0.1.10/24 ", "10.0.1.10/24 dev", "10.0.1.10/24 dev ", "10.0.1.10/24 eth0",
		"10.0.1.10/24  dev eth0", "10.0.1.10/24 dev eth0 ", "10.0.1.10/24 dev a/b",
		"10.0.1.10/24 dev pscope%d", "10.0.1.10/24 dev abcdefghijklmnop", "fd00::1",
		"fd00::1/129", "fd00:::1/64", "fd00::1%eth0/64", "10.0.1.10/24/24",
		"10.0.1.10/99999999999999999999"};
	struct value_address address;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (value_address(texts[i], &address))
			CU_FAIL_FATAL("a text that is none was taken for an address");
}

static void names_of_interfaces(void)
{
	static const char *const good[] = {
		"a", "pscope0", "pscope%d", "eth0.100", "abcdefghijklmno", "A-_.9"};
	static const char *const bad[] = {"", ".", "..", "abcdefghijklmnop", "a b", "a/b",
		"a:b", "%", "%d", "%s", "ps%dx", "ps%d%d", "ps%%d", "ps%", " a", "a\n",
		"\xc3\xa4"};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		CU_ASSERT_TRUE(value_interface(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CU_ASSERT_FALSE(value_interface(bad[i]));
}

/* 2^64 - 1 is the largest number there is; whatever is more is none, and wraps to nothing small. */
static void numbers_beyond_64_bits_are_none(void)
{
	static const char *const beyond[] = {"18446744073709551616", "18446744073709551640",
		"18446744073709551625", "20000000000000000000", "36893488147419103232",
		"99999999999999999999", "184467440737095516150", "100000000000000000000000024"};
	static const struct {
		const char *text;
		uint64_t ns;
	} durations[] = {{"18446744073709551615ns", UINT64_MAX},
		{"213503d", UINT64_C(213503) * 86400 * 1000000000}};
	char text[64];
	uint64_t n = 7;

	CU_ASSERT_TRUE(value_number("18446744073709551615", &n));
	CU_ASSERT_EQUAL(n, UINT64_MAX);
	CU_ASSERT_TRUE(value_number("00000000000000000000000000024", &n));
	CU_ASSERT_EQUAL(n, 24);
	for (size_t i = 0; i < sizeof(beyond) / sizeof(*beyond); i++) {
		struct value_address address;

		n = 7;
		CU_ASSERT_FALSE(value_number(beyond[i], &n));
		CU_ASSERT_FALSE(value_size(beyond[i], &n));
		snprintf(text, sizeof(text), "%sns", beyond[i]);
		CU_ASSERT_FALSE(value_duration(text, &n));
		snprintf(text, sizeof(text), "10.0.1.10/%s", beyond[i]);
		CU_ASSERT_FALSE(value_address(text, &address));
		CU_ASSERT_EQUAL(n, 7);
	}
	for (size_t i = 0; i < sizeof(durations) / sizeof(*durations); i++) {
		CU_ASSERT_TRUE(value_duration(durations[i].text, &n));
		CU_ASSERT_EQUAL(n, durations[i].ns);
	}
	CU_ASSERT_FALSE(value_duration("213504d", &n));
	CU_ASSERT_TRUE(value_size("16777215TiB", &n));
	CU_ASSERT_EQUAL(n, UINT64_C(16777215) << 40);
	CU_ASSERT_FALSE(value_size("16777216TiB", &n));
}

/* Seconds are those that date(1) prints for the same text: date -u -d TEXT +%s. */
static void moments_of_utc(void)
{
	static const struct {
		const char *text;
		uint64_t s;
		const char *printed;
	} rows[] = {
		{"1970-01-01", 0, "1970-01-01T00:00:00Z"},
		{"1970-01-01T00:00:01Z", 1, "1970-01-01T00:00:01Z"},
		{"2026-12-31", 1798675200, "2026-12-31T00:00:00Z"},
		{"2026-12-31T18:00:00Z", 1798740000, "2026-12-31T18:00:00Z"},
		{"2024-02-29T23:59:59Z", 1709251199, "2024-02-29T23:59:59Z"},
		{"2553-12-31T23:59:59Z", 18429292799, "2553-12-31T23:59:59Z"},
	};
	static const char *const bad[] = {"", "2026", "2026-12", "2026-12-31 ", "2026-12-31T",
		"2026-12-31T18:00:00", "2026-12-31T18:00Z", "2026-12-31t18:00:00z",
		"2026-12-31 18:00:00Z", "2026-12-31T18:00:00+01:00", "2026-13-01", "2026-00-01",
		"2026-02-29", "2026-02-30", "2026-01-32", "2026-01-00", "2026-12-31T24:00:00Z",
		"2026-12-31T18:60:00Z", "2026-12-31T18:00:60Z", "1969-12-31", "2554-01-01",
		"+026-12-31", "2026-12-31T18:00:00.5Z", "tomorrow"};
	char text[VALUE_TEXT];
	uint64_t ns = 7;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		CU_ASSERT_TRUE(value_time(rows[i].text, &ns));
		CU_ASSERT_EQUAL(ns, rows[i].s * NS_PER_S);
		value_time_print(ns, text);
		CU_ASSERT_STRING_EQUAL(text, rows[i].printed);
	}
	ns = 7;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (value_time(bad[i], &ns) || ns != 7)
			CU_FAIL_FATAL("a text that is none was taken for a moment");
}

void suite_value(void);
void suite_value(void)
{
	CU_pSuite suite = CU_add_suite("value", NULL, NULL);

	CU_ADD_TEST(suite, addresses_are_read);
	CU_ADD_TEST(suite, other_texts_are_no_addresses);
	CU_ADD_TEST(suite, names_of_interfaces);
	CU_ADD_TEST(suite, numbers_beyond_64_bits_are_none);
	CU_ADD_TEST(suite, moments_of_utc);
}
