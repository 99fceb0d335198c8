/* Moments in all their forms. */
#include <CUnit/Basic.h>

#include "config/log/now.h"
#include "inspect/packets/question/question_time.h"

void suite_question_time(void);

static void moments(void)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} rows[] = {
		{"2026-11-22T03:08:16.285046618Z", UINT64_C(1795316896285046618)},
		{"2026-11-22T03:08:16.2850466189Z", UINT64_C(1795316896285046618)},
		{"2026-11-22T03:08:16z", UINT64_C(1795316896000000000)},
		{"2026-11-22 03:08:16", UINT64_C(1795316896000000000)},
		{"2026-11-22T03:08:16.5+0000", UINT64_C(1795316896500000000)},
		{"2026-11-22T01:38:16-01:30", UINT64_C(1795316896000000000)},
		{"1970-01-01T00:30:00+01:00", 0}, /* before 1970: its beginning */
		{"2285-12-05T00:00:00Z", UINT64_C(9969696000000000000)},
		{"1795316896", UINT64_C(1795316896000000000)},
		{"1795316896.28", UINT64_C(1795316896280000000)},
		{"1795316896285", UINT64_C(1795316896285000000)},
		{"0", 0},
	};
	static const char *const bad[] = {"", "soon", "2026-11-22", "2026-11-22T03:08Z",
		"2026-02-30T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T03:08:16.Z",
		"2026-11-22T03:08:16Zx", "2026-11-22T03:08:16+1", "2026-11-22T03:08:16+2500",
		"1969-12-31T23:59:59Z", "2286-01-01T00:00:00Z", "9970000001", "-1", "1.", "1e9",
		"12345678901", "17953168962850", "0x10", "1 "};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t ns = 1;

		CU_ASSERT_TRUE(question_time(rows[i].text, &ns));
		CU_ASSERT_EQUAL(ns, rows[i].ns);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t ns;

		CU_ASSERT_FALSE(question_time(bad[i], &ns));
	}
}

void suite_question_time(void)
{
	CU_pSuite suite = CU_add_suite("question_time", NULL, NULL);

	CU_add_test(suite, "moments", moments);
}
