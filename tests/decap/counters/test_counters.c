#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "decap/counters/counters.h"

static enum counter_set set_of(unsigned number)
{
	return (enum counter_set)number;
}

#define SETS_EACH(set) for (unsigned set = 0; (set) < COUNTER_SETS_N; (set)++)

/* The rows of a set are its struct's words, in their order. */
static void rows_are_the_words_of_their_structs(void)
{
	static const size_t sizes[] = {
#define SET(type, ...) [COUNTERS_##type] = sizeof(struct type),
		COUNTER_SETS(SET)
#undef SET
	};

	SETS_EACH(set)
	{
		size_t at = 0;

		counters_each (c, set_of(set)) {
			CU_ASSERT_EQUAL(c->offset, at);
			at += sizeof(uint64_t);
		}
		CU_ASSERT_EQUAL(at, sizes[set]);
	}
}

static size_t family_len(const struct counter *c)
{
	return strcspn(c->metric, "{");
}

static bool of_one_family(const struct counter *a, const struct counter *b)
{
	return family_len(a) == family_len(b) &&
	       memcmp(a->metric, b->metric, family_len(a)) == 0;
}

/* A family is begun by one row, and continued by rows of its set that differ in a label. */
static void families_are_begun_once(void)
{
	SETS_EACH(set)
	counters_each (c, set_of(set)) {
		unsigned begun = 0;

		if (c->metric[0] == '\0')
			continue;
		SETS_EACH(other)
		counters_each (d, set_of(other)) {
			if (!of_one_family(c, d))
				continue;
			begun += d->help[0] != '\0';
			CU_ASSERT_EQUAL(d->set, c->set);
			CU_ASSERT_TRUE(d == c || strcmp(c->metric, d->metric) != 0);
		}
		if (begun != 1)
			fprintf(stderr, "%s is begun %u times\n", c->metric, begun);
		CU_ASSERT_EQUAL(begun, 1);
	}
}

/* A row that nothing prints would be a count that nobody sees: what the recorder's rings took, and the
 * packets of a lane, stand in other sets; `cut` of an output is printed where there are any. */
static void every_row_is_printed_somewhere(void)
{
	SETS_EACH(set)
	counters_each (c, set_of(set)) {
		bool elsewhere =
			c->set == COUNTERS_recorder_counts ||
			(c->set == COUNTERS_lane_stats && strcmp(c->name, "packets") == 0) ||
			(c->set == COUNTERS_output_ledger && strcmp(c->name, "cut") == 0);
		bool printed = c->metric[0] != '\0' || (c->places & ~IS_LIMIT) != 0;

		CU_ASSERT_EQUAL(printed, !elsewhere);
		CU_ASSERT_TRUE(c->help[0] != '\0' || c->metric[0] != '\0');
	}
}

/* `deterministic` is false for each limit that was hit, and for nothing else. */
static void each_limit_and_nothing_else_limits(void)
{
	unsigned limits = 0;

	SETS_EACH(set)
	counters_each (c, set_of(set)) {
		struct counters counters = {.lane_stats = {0}};
		char *part = (char *)(uintptr_t)counters_part(&counters, c->set);

		CU_ASSERT_TRUE(part || !(c->places & IS_LIMIT));
		if (!part)
			continue;
		*(uint64_t *)(void *)(part + c->offset) = 1;
		CU_ASSERT_EQUAL(counters_limited(&counters), (c->places & IS_LIMIT) != 0);
		limits += (c->places & IS_LIMIT) != 0;
	}
	CU_ASSERT_TRUE(limits >= 10);
}

static const struct counter *find(enum counter_set set, const char *name)
{
	counters_each (c, set)
		if (strcmp(c->name, name) == 0)
			return c;
	CU_FAIL_FATAL("no such row");
	return NULL;
}

static void keys_have_the_unit_that_is_printed(void)
{
	char room[COUNTER_NAME];

	CU_ASSERT_STRING_EQUAL(
		counter_key(find(COUNTERS_worker_stats, "busy_ns"), room), "busy_s");
	CU_ASSERT_STRING_EQUAL(
		counter_key(find(COUNTERS_worker_stats, "bursts"), room), "bursts");
	CU_ASSERT_EQUAL(counter_form(find(COUNTERS_worker_stats, "busy_share")), COUNTER_RATIO);
	CU_ASSERT_EQUAL(counter_form(find(COUNTERS_disk_stats, "free_bytes")), COUNTER_BYTES);
	CU_ASSERT_EQUAL(counter_form(find(COUNTERS_shed_stats, "active")), COUNTER_TRUTH);
	CU_ASSERT_EQUAL(
		counter_form(find(COUNTERS_session_list_stats, "learned")), COUNTER_NUMBER);
	CU_ASSERT_EQUAL(counter_form(find(COUNTERS_session_time_stats, "last_ns")), COUNTER_NS);
}

static void a_sum_has_every_word(void)
{
	struct counters sum, one;
	uint64_t words[2][sizeof(sum) / sizeof(uint64_t)];
	uint64_t wrong = 0;
	enum { N = sizeof(words[0]) / sizeof(words[0][0]) };

	for (uint64_t i = 0; i < N; i++) {
		words[0][i] = i;
		words[1][i] = 1000 * i;
	}
	memcpy(&sum, words[0], sizeof(sum));
	memcpy(&one, words[1], sizeof(one));
	counters_add(&sum, &one, sizeof(sum));
	memcpy(words[0], &sum, sizeof(sum));
	for (uint64_t i = 0; i < N; i++)
		wrong += words[0][i] != 1001 * i;
	CU_ASSERT_EQUAL(wrong, 0);
}

void suite_counters(void);
void suite_counters(void)
{
	CU_pSuite s = CU_add_suite("counters", NULL, NULL);

	CU_ADD_TEST(s, rows_are_the_words_of_their_structs);
	CU_ADD_TEST(s, families_are_begun_once);
	CU_ADD_TEST(s, every_row_is_printed_somewhere);
	CU_ADD_TEST(s, each_limit_and_nothing_else_limits);
	CU_ADD_TEST(s, keys_have_the_unit_that_is_printed);
	CU_ADD_TEST(s, a_sum_has_every_word);
}
