/* What a worker measures of itself. overload.h has tests of its own. */
#include <CUnit/Basic.h>
#include <string.h>

#include "dataplane/live/worker_load.h"

enum { HZ = 1000000, TICKS_A_MS = HZ / 1000 };
#define MS UINT64_C(1000000)

static struct settings settings;

static int start(void)
{
	settings_init(&settings);
	return 0;
}

static int stop(void)
{
	settings_fini(&settings);
	return 0;
}

static struct worker_load worker_load_of(uint32_t n_workers, bool receives)
{
	struct worker_load worker_load;

	worker_load_init(&worker_load, &settings, n_workers, receives, HZ);
	return worker_load;
}

static enum overload_step judge(
	struct worker_load *worker_load, struct worker_load_look look, uint64_t ms)
{
	enum overload_step step;

	look.ticks = (ms + 1) * TICKS_A_MS;
	worker_load_judge(worker_load, &look, (ms + 1) * MS, &step);
	return step;
}

/* For a second, in rounds of a millisecond of which `busy` are spent on packets. */
static enum overload_step work(uint64_t busy_percent, uint64_t empty_every, bool whole)
{
	struct worker_load worker_load = worker_load_of(1, true);
	enum overload_step step = OVERLOAD_NONE;
	struct worker_load_look look = {.whole = whole};

	for (uint64_t ms = 0; ms < 1000; ms++) {
		look.busy_ticks += TICKS_A_MS * busy_percent / 100;
		look.empty_polls += empty_every && ms % empty_every == 0;
		step = judge(&worker_load, look, ms);
	}
	return step;
}

static void busy_is_without_a_pause(void)
{
	CU_ASSERT_EQUAL(work(100, 0, true), OVERLOAD_DPI);
	CU_ASSERT_EQUAL(work(98, 0, true), OVERLOAD_DPI);
	CU_ASSERT_EQUAL(work(97, 0, true), OVERLOAD_NONE);
	CU_ASSERT_EQUAL(work(100, 100, true), OVERLOAD_NONE);
	CU_ASSERT_EQUAL(work(100, 1000, true), OVERLOAD_DPI);
	CU_ASSERT_EQUAL(work(100, 0, false), OVERLOAD_NONE); /* not known yet */
}

static void losses_are_told_once(void)
{
	struct worker_load worker_load = worker_load_of(2, true),
			   owner = worker_load_of(2, false);
	struct worker_load_look look = {.ticks = 1, .missed = 5};
	enum overload_step step;

	CU_ASSERT_TRUE(worker_load_judge(&worker_load, &look, MS, &step));
	CU_ASSERT_EQUAL(step, OVERLOAD_DPI);
	CU_ASSERT_FALSE(worker_load_judge(&worker_load, &look, 2 * MS, &step));
	/* Who reads no port is not overloaded by it, but packets of its flows may be missing. */
	CU_ASSERT_TRUE(worker_load_judge(&owner, &look, MS, &step));
	CU_ASSERT_EQUAL(step, OVERLOAD_NONE);
	look.refused = 1;
	CU_ASSERT_TRUE(worker_load_judge(&owner, &look, 2 * MS, &step));
	CU_ASSERT_EQUAL(step, OVERLOAD_HANDOFF);
	CU_ASSERT_FALSE(worker_load_judge(&owner, &look, 3 * MS, &step));
}

static void memory_is_shared(void)
{
	struct worker_load worker_load = worker_load_of(4, true);
	uint64_t share = settings.dpi.memory_limit / 4;
	struct worker_load_look look = {.memory = share * 89 / 100};

	judge(&worker_load, look, 0);
	CU_ASSERT_EQUAL(judge(&worker_load, look, 10), OVERLOAD_NONE);
	look.memory = share * 91 / 100;
	judge(&worker_load, look, 20);
	CU_ASSERT_EQUAL(judge(&worker_load, look, 30), OVERLOAD_DPI);
	worker_load.memory_limit = 0;
	judge(&worker_load, look, 40);
	CU_ASSERT_EQUAL(judge(&worker_load, look, 5000), OVERLOAD_NONE);
}

static void the_lower_mark_is_lower(void)
{
	uint32_t low = settings.overload.queue_low;
	struct worker_load worker_load;

	settings.overload.queue_low = 90;
	worker_load = worker_load_of(1, true);
	settings.overload.queue_low = low;
	CU_ASSERT_EQUAL(worker_load.marks.queue.high, 75);
	CU_ASSERT_EQUAL(worker_load.marks.queue.low, 75);
}

/* Packets are lost for 200 ms; a second step, where there is one, is due after 100. */
static enum overload_step lose_for_long(enum settings_record record, bool shed)
{
	struct worker_load_look look = {.missed = 0};
	enum overload_step step = OVERLOAD_NONE;
	struct worker_load worker_load;

	settings.packets.record = record;
	settings.overload.shed_recording = shed;
	worker_load = worker_load_of(1, true);
	settings.packets.record = RECORD_NONE;
	settings.overload.shed_recording = true;
	for (uint64_t ms = 0; ms < 200; ms++, look.missed++)
		step = judge(&worker_load, look, ms);
	return step;
}

static void recording_is_shed_where_there_is_some(void)
{
	CU_ASSERT_EQUAL(lose_for_long(RECORD_NONE, true), OVERLOAD_DPI);
	CU_ASSERT_EQUAL(lose_for_long(RECORD_ACCEPTED, true), OVERLOAD_RECORDING);
	CU_ASSERT_EQUAL(lose_for_long(RECORD_ALL, true), OVERLOAD_RECORDING);
	CU_ASSERT_EQUAL(lose_for_long(RECORD_ALL, false), OVERLOAD_DPI);
}

/* A limit of less than a byte a worker is still one, however far it is passed. */
static void the_smallest_limit_of_memory(void)
{
	const uint64_t limit = settings.dpi.memory_limit;
	struct worker_load worker_load;
	enum overload_step step = OVERLOAD_NONE;

	settings.dpi.memory_limit = 1;
	worker_load = worker_load_of(2, true);
	settings.dpi.memory_limit = limit;
	for (uint64_t ms = 0; ms < 10; ms++)
		/* 2^32 / 100: its share in percent is a little more than 32 bits hold. */
		step = judge(&worker_load, (struct worker_load_look){.memory = 42949673}, ms);
	CU_ASSERT_EQUAL(step, OVERLOAD_DPI);
}

void suite_worker_load(void);
void suite_worker_load(void)
{
	CU_pSuite suite = CU_add_suite("worker_load", start, stop);

	CU_add_test(suite, "busy is without a pause", busy_is_without_a_pause);
	CU_add_test(suite, "losses are told once", losses_are_told_once);
	CU_add_test(suite, "memory is shared", memory_is_shared);
	CU_add_test(suite, "the smallest limit of memory", the_smallest_limit_of_memory);
	CU_add_test(suite, "the lower mark is lower", the_lower_mark_is_lower);
	CU_ADD_TEST(suite, recording_is_shed_where_there_is_some);
}
