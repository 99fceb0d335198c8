/* The wanted numbers are those of `date -u +%s -d TEXT`. */
#include <CUnit/Basic.h>

#include "config/log/now.h"
#include "config/parse/moment.h"

static void moments_and_what_they_say(void)
{
	static const struct {
		const char *text;
		uint64_t s;
		uint64_t ns;
		enum moment_part finest;
	} rows[] = {
		{"1970-01-01", 0, 0, MOMENT_DAY},
		{"2026-11-22", 1795305600, 0, MOMENT_DAY},
		{"2026-11-22T03:08", 1795316880, 0, MOMENT_MINUTE},
		{"2026-11-22 03:08Z", 1795316880, 0, MOMENT_MINUTE},
		{"2026-11-22T03:08:20", 1795316900, 0, MOMENT_SECOND},
		{"2026-11-22T03:08:20.194516+0000", 1795316900, 194516000, MOMENT_SECOND},
		{"2026-11-22T03:08:20.1z", 1795316900, 100000000, MOMENT_SECOND},
		{"2026-11-22T03:08:20.1234567899Z", 1795316900, 123456789, MOMENT_SECOND},
		{"2026-11-22 01:38:20-01:30", 1795316900, 0, MOMENT_SECOND},
		{"2026-11-22T04:08:20+0100", 1795316900, 0, MOMENT_SECOND},
		{"2028-02-29T00:00:00Z", 1835395200, 0, MOMENT_SECOND},
		{"1970-01-01T00:30:00+01:00", 0, 0, MOMENT_SECOND},
		{"2553-12-31T23:59:59Z", 18429292799, 0, MOMENT_SECOND},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		enum moment_part finest = MOMENT_DAY;
		uint64_t ns = 1;

		CU_ASSERT_TRUE(moment_read(rows[i].text, &ns, &finest));
		CU_ASSERT_EQUAL(ns, rows[i].s * NS_PER_S + rows[i].ns);
		CU_ASSERT_EQUAL(finest, rows[i].finest);
	}
}

static void other_texts_are_no_moments(void)
{
	static const char *const texts[] = {"", "2026", "2026-1-22", "26-11-22", "2026-11-22T",
		"2026-11-22 ", "2026-11-22Z", "2026-11-22x03:08", "2026-11-22T03",
		"2026-11-22T3:08", "2026-11-22T03:08:", "2026-11-22T03:08:2",
		"2026-11-22T03:08:20.", "2026-11-22T03:08:20.Z", "2026-11-22T03:08:20,5",
		"2026-11-22T03:08:20Zx", "2026-11-22T03:08:20+1",
		"2026-11-22T03:08:20+01:", "2026-11-22T03:08:20+24:00",
		"2026-11-22T03:08:20+00:60", "2026-11-22T03:08:20+0000x",
		"2026-11-22T24:00:00Z", "2026-11-22T03:60:00Z", "2026-11-22T03:08:60Z",
		"2026-00-10", "2026-13-10", "2026-11-00", "2026-11-31", "2026-02-29",
		"1969-12-31", "2554-01-01", "-2026-11-22", " 2026-11-22"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		enum moment_part finest;
		uint64_t ns;

		if (moment_read(texts[i], &ns, &finest))
			CU_FAIL("a text that is none was taken for a moment");
	}
}

static void seconds_since_1970(void)
{
	static const char *const bad[] = {
		"", "-", "-1", "1.", ".5", "1s", "1e9", "0x10", "1 ", "12345678901"};
	uint64_t ns = 1;

	CU_ASSERT_TRUE(moment_seconds("0", &ns));
	CU_ASSERT_EQUAL(ns, 0);
	CU_ASSERT_TRUE(moment_seconds("1.440401", &ns));
	CU_ASSERT_EQUAL(ns, 1440401000);
	CU_ASSERT_TRUE(moment_seconds("9999999999.9999999999", &ns));
	CU_ASSERT_EQUAL(ns, UINT64_C(9999999999999999999));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (moment_seconds(bad[i], &ns))
			CU_FAIL("a text that is none was taken for seconds");
}

void suite_moment(void);
void suite_moment(void)
{
	CU_pSuite suite = CU_add_suite("moment", NULL, NULL);

	CU_ADD_TEST(suite, moments_and_what_they_say);
	CU_ADD_TEST(suite, other_texts_are_no_moments);
	CU_ADD_TEST(suite, seconds_since_1970);
}
