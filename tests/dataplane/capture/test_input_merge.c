#include <CUnit/Basic.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/support/captures.h"
#include "support/random.h"

/* One capture whose packets' first bytes are `name`, at these times (seconds). */
static const char *timed(char name, const uint32_t *times, unsigned n)
{
	char file[] = {name, '\0'};
	struct bytes b = {0};

	pcap_begin(&b, PCAP_NANO, 65535, ETHERNET);
	for (unsigned i = 0; i < n; i++)
		pcap_packet(&b, times[i], 0, &name, 1, 60);
	return file_make(file, &b);
}

static void merges_by_time_then_by_the_order_of_the_paths(void)
{
	static const uint32_t a[] = {10, 20, 20, 40}, b[] = {5, 20, 20, 41},
			      c[] = {20, 15, 16, 50};
	const char *paths[] = {
		timed('a', a, 4), timed('b', b, 4), timed('c', c, 4), timed('d', a, 0)};
	struct seen s = read_all(paths, 4, NULL);
	static const char wanted[] = "baaabbcccabc";
	static const uint64_t numbers[] = {1, 1, 2, 3, 2, 3, 1, 2, 3, 4, 4, 4};

	CU_ASSERT_EQUAL_FATAL(s.n, 12);
	for (unsigned i = 0; i < s.n; i++) {
		CU_ASSERT_EQUAL(s.first[i], wanted[i]);
		CU_ASSERT_EQUAL(s.packets[i].capture, (uint32_t)(wanted[i] - 'a'));
		CU_ASSERT_EQUAL(s.packets[i].number, numbers[i]);
	}
	CU_ASSERT_EQUAL(s.counters.time_backwards, 1);
	CU_ASSERT_EQUAL(s.counters.readable, 4);
	for (int i = 0; i < 4; i++)
		unlink(paths[i]);
}

/* Against the stupid way: look at every capture's next packet, take the oldest. */
static void merges_like_a_naive_merge(void)
{
	enum { FILES = 7, EACH = 9 };
	struct random random = random_seeded(12345);
	uint32_t times[FILES][EACH];
	const char *paths[FILES];
	unsigned at[FILES] = {0}, back = 0;
	struct seen s;

	for (unsigned f = 0; f < FILES; f++) {
		for (unsigned i = 0; i < EACH; i++) {
			times[f][i] = i + random_below(&random, 5);
			back += i > 0 && times[f][i] < times[f][i - 1];
		}
		paths[f] = timed((char)('a' + f), times[f], EACH);
	}
	s = read_all(paths, FILES, NULL);
	CU_ASSERT_EQUAL_FATAL(s.n, FILES * EACH);
	CU_ASSERT_EQUAL(s.counters.time_backwards, back);
	for (unsigned i = 0; i < s.n; i++) {
		unsigned oldest = FILES;

		for (unsigned f = 0; f < FILES; f++)
			if (at[f] < EACH &&
				(oldest == FILES ||
					times[f][at[f]] < times[oldest][at[oldest]]))
				oldest = f;
		CU_ASSERT_EQUAL(s.packets[i].capture, oldest);
		CU_ASSERT_EQUAL(s.packets[i].number, ++at[oldest]);
	}
	for (unsigned f = 0; f < FILES; f++)
		unlink(paths[f]);
}

/* What two captures give together: letters of the packets in their order. */
static void merged_are(const char *const *paths, const char *wanted)
{
	struct seen s = read_all(paths, 2, NULL);

	CU_ASSERT_EQUAL_FATAL(s.n, strlen(wanted));
	for (unsigned i = 0; i < s.n; i++)
		CU_ASSERT_EQUAL(s.first[i], wanted[i]);
	for (int i = 0; i < 2; i++)
		unlink(paths[i]);
}

/* A time that jumps for a moment keeps neither its packet nor those behind it; one that lasts, and a
 * pause, are as they are. */
static void a_wild_time_in_one_capture(void)
{
	static const uint32_t steady[] = {100, 110, 120, 130, 140, 200};
	static const struct {
		uint32_t times[6];
		const char *wanted;
	} rows[] = {
		{{101, 111, 9000, 121, 131, 201}, "sjsjjsjsjssj"},    /* ahead, once */
		{{101, 111, 9000, 9001, 121, 201}, "sjsjjjsjsssj"},   /* ahead, twice */
		{{101, 111, 1, 121, 131, 201}, "sjsjjsjsjssj"},       /* back, once */
		{{101, 111, 9000, 9001, 9002, 9003}, "sjsjssssjjjj"}, /* a step that lasts */
		{{101, 111, 150, 151, 199, 201}, "sjsjsssjjjsj"},     /* pauses */
		{{101, 111, 121, 131, 141, 9000}, "sjsjsjsjsjsj"},    /* at the end */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *paths[] = {timed('s', steady, 6), timed('j', rows[i].times, 6)};

		merged_are(paths, rows[i].wanted);
	}
}

/* More of them than are read ahead: they count as a step, and nothing is lost. */
static void many_wild_times_in_one_capture(void)
{
	enum { N = 200, WILD = 150 };
	uint32_t times[N] = {100};
	static const uint32_t steady[] = {100, 5000};
	const char *paths[2];
	struct seen s;

	for (uint32_t i = 1; i < N; i++)
		times[i] = i <= WILD ? 9000 : 101;
	paths[0] = timed('s', steady, 2);
	paths[1] = timed('j', times, N);
	s = read_all(paths, 2, NULL);
	CU_ASSERT_EQUAL_FATAL(s.n, N + 2);
	for (unsigned i = 0, at = 0; i < s.n; i++)
		if (s.first[i] == 'j')
			CU_ASSERT_EQUAL(s.packets[i].number, ++at);
	for (int i = 0; i < 2; i++)
		unlink(paths[i]);
}

static void a_broken_capture_does_not_stop_the_others(void)
{
	static const uint32_t a[] = {1, 2, 3}, b[] = {1, 2, 3, 4};
	const char *paths[] = {timed('a', a, 3), file_path("gone"), timed('b', b, 4)};
	struct seen s;

	CU_ASSERT_EQUAL_FATAL(truncate(paths[0], 24 + 17 + 17 + 3), 0);
	s = read_all(paths, 3, NULL);
	CU_ASSERT_EQUAL(s.n, 6);
	CU_ASSERT_EQUAL(s.counters.captures, 3);
	CU_ASSERT_EQUAL(s.counters.readable, 2);
	CU_ASSERT_EQUAL_FATAL(s.errors_n, 2);
	error_is(s.errors[0], "gone", "cannot open: No such file or directory");
	error_is(s.errors[1], "a",
		"breaks off at packet 3 (3 of the 16 bytes of its record header are there)");
	unlink(paths[0]);
	unlink(paths[2]);
}

void suite_input_merge(void);
void suite_input_merge(void)
{
	CU_pSuite s = CU_add_suite("input_merge", captures_begin, captures_end);

	CU_ADD_TEST(s, merges_by_time_then_by_the_order_of_the_paths);
	CU_ADD_TEST(s, merges_like_a_naive_merge);
	CU_ADD_TEST(s, a_wild_time_in_one_capture);
	CU_ADD_TEST(s, many_wild_times_in_one_capture);
	CU_ADD_TEST(s, a_broken_capture_does_not_stop_the_others);
}
