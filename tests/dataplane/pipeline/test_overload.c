/* The overload policy by rows: samples in time, and the step that each must give. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/pipeline/overload.h"

#define MS UINT64_C(1000000)

/* Queue 75/25, busy 98/80, memory 90/70; entered after 5 ms, the next step after 100, left after 2,000.
 * Nothing is recorded. */
static const struct overload_marks usual = {
	.queue = {75, 25},
	.busy = {98, 80},
	.memory = {90, 70},
	.enter_ns = 5 * MS,
	.next_ns = 100 * MS,
	.leave_ns = 2000 * MS,
	.dpi = true,
};

/* A script of samples apart by spaces: `N:` the time in ms, then qN bN mN (percent), L (a port lost
 * some), R (a ring refused some), and `>` with the step that must be in force: n, d, r, h. */
static const struct {
	const char *what, *script;
	unsigned entered_dpi, entered_handoff;
} rows[] = {
	{"idle", "0:>n 100:>n 5000:>n", 0, 0},
	{"busy, but below the marks", "0:q74b97m89>n 10:q74b97m89>n 1000:q74b97m89>n", 0, 0},
	{"a queue that stays full", "0:q75>n 4:q75>n 5:q75>d", 1, 0},
	{"a queue full for a moment", "0:q99>n 4:q99>n 5:q10>n 6:q99>n 10:q99>n", 0, 0},
	{"full again and again", "0:q99>n 4:q99>n 5:q74>n 6:q99>n 11:q99>d", 1, 0},
	{"busy", "0:b98>n 5:b98>d", 1, 0},
	{"one measure after the other", "0:b98>n 3:q80>n 5:m90>d", 1, 0},
	{"memory", "0:m90>n 5:m90>d", 1, 0},
	{"a port lost packets: at once", "0:L>d", 1, 0},
	{"left when all is low for two seconds",
		"0:L>d 10:q24b79m69>d 2009:q24b79m69>d 2010:q24b79m69>n", 1, 0},
	{"not while one is between its marks",
		"0:L>d 10:q25>d 3000:q25>d 3010:b80>d 6000:b80>d 6010:m70>d 9000:m70>d 9010:>d "
		"11009:>d 11010:>n",
		1, 0},
	{"low, with a break", "0:L>d 10:>d 1900:q25>d 1910:>d 3909:>d 3910:>n", 1, 0},
	{"lost in between", "0:L>d 10:>d 1900:L>d 1910:>d 3909:>d 3910:>n", 1, 0},
	{"a ring refuses: both steps, in order", "0:R>h", 1, 1},
	{"hand-off after dpi", "0:q75>n 5:q80>d 8:q100R>h 9:q100R>h", 1, 1},
	{"and back the same way, each with its own wait",
		"0:R>h 10:q50>h 1999:q50>h 2000:q50>d 4000:q50>d 4001:q1>d 6000:q1>d 6001:q1>n",
		1, 1},
	{"refused once more", "0:R>h 1999:R>h 3000:q50>h 3999:q50>d", 1, 1},
	{"entered twice", "0:L>d 10:>d 2010:>n 3000:R>h 3010:>h 5000:>d 5010:>n 5020:R>h", 3,
		2},
	{"the clock goes back", "10:q99>n 5:q99>n 9:q99>n 10:q99>d 3:q0>d 2003:q0>n", 1, 0},
};

static struct overload_sample sample_of(const char **at)
{
	struct overload_sample s = {0};

	while (**at != '>') {
		char what = *(*at)++, *end = (char *)(uintptr_t)*at;
		uint32_t n = (uint32_t)strtoul(*at, &end, 10);

		*at = end;
		if (what == 'q')
			s.queue = n;
		else if (what == 'b')
			s.busy = n;
		else if (what == 'm')
			s.memory = n;
		s.missed |= what == 'L';
		s.refused |= what == 'R';
	}
	(*at)++;
	return s;
}

static void play(const char *what, const char *script, const struct overload_marks *marks,
	struct overload *overload)
{
	const char *at = script;

	memset(overload, 0, sizeof(*overload));
	while (*at) {
		char *end;
		uint64_t ms = strtoul(at, &end, 10) + 1000;
		struct overload_sample s;
		enum overload_step step, want;

		at = end + 1;
		s = sample_of(&at);
		want = *at == 'd'   ? OVERLOAD_DPI
		       : *at == 'r' ? OVERLOAD_RECORDING
		       : *at == 'h' ? OVERLOAD_HANDOFF
				    : OVERLOAD_NONE;
		at++;
		at += *at == ' ';
		step = overload_judge(overload, marks, &s, ms * MS);
		if (step != want)
			fprintf(stderr, "\n%s: at %d ms step %s\n", what, (int)ms - 1000,
				overload_step_name(step));
		CU_ASSERT_EQUAL(step, want);
	}
}

static void rows_hold(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct overload o;

		play(rows[i].what, rows[i].script, &usual, &o);
		CU_ASSERT_EQUAL(o.entered[OVERLOAD_DPI], rows[i].entered_dpi);
		CU_ASSERT_EQUAL(o.entered[OVERLOAD_HANDOFF], rows[i].entered_handoff);
	}
}

/* As above, with packets that are recorded. */
static const struct {
	const char *what, *script;
	unsigned dpi, recording, handoff;
} recording_rows[] = {
	{"dpi alone helps", "0:L>d 1:q74>d 500:q74>d 1000:q10>d 3000:q10>n", 1, 0, 0},
	{"packets go on being lost, but it is too early to say", "0:L>d 50:L>d 99:L>d", 1, 0,
		0},
	{"and then it is not", "0:L>d 99:L>d 100:L>r", 1, 1, 0},
	{"a queue stays full", "0:q80>n 5:q80>d 104:q80>d 105:q80>r 106:q80>r", 1, 1, 0},
	{"full again, later", "0:q80>n 5:q80>d 50:q50>d 500:q80>d 504:q80>d 505:q80>r", 1, 1,
		0},
	{"no step after it but by refusal", "0:L>d 100:L>r 300:q99L>r 900:q99L>r", 1, 1, 0},
	{"all three, in order", "0:L>d 100:L>r 101:R>h", 1, 1, 1},
	{"a ring refuses: all at once", "0:R>h", 1, 1, 1},
	{"and back, one after the other, each with its own wait",
		"0:R>h 10:>h 1999:>h 2000:>r 2009:>r 2010:>d 2011:>d 4010:>d 4011:>n", 1, 1, 1},
	{"recording again is too much", "0:L>d 100:L>r 101:>r 2101:>d 2102:L>d 2201:L>r", 1, 2,
		0},
};

static void recording_comes_after_inspection(void)
{
	struct overload_marks marks = usual;

	marks.recording = true;
	for (size_t i = 0; i < sizeof(recording_rows) / sizeof(recording_rows[0]); i++) {
		struct overload o;

		play(recording_rows[i].what, recording_rows[i].script, &marks, &o);
		CU_ASSERT_EQUAL(o.entered[OVERLOAD_DPI], recording_rows[i].dpi);
		CU_ASSERT_EQUAL(o.entered[OVERLOAD_RECORDING], recording_rows[i].recording);
		CU_ASSERT_EQUAL(o.entered[OVERLOAD_HANDOFF], recording_rows[i].handoff);
	}
}

static void recording_alone_is_the_first_step(void)
{
	struct overload_marks marks = usual;
	struct overload o;

	marks.recording = true;
	marks.dpi = false;
	play("no dpi", "0:q99>n 5:q99>r 10:R>h 2009:>h 2010:>r 4008:>r 4009:>n", &marks, &o);
	CU_ASSERT_EQUAL(o.entered[OVERLOAD_DPI], 0);
	CU_ASSERT_EQUAL(o.entered[OVERLOAD_RECORDING], 1);
	CU_ASSERT_EQUAL(o.spent_ns[OVERLOAD_DPI], 0);
	CU_ASSERT_EQUAL(o.spent_ns[OVERLOAD_RECORDING], (4009 - 5) * MS);
	CU_ASSERT_EQUAL(o.spent_ns[OVERLOAD_HANDOFF], (2010 - 10) * MS);
}

static void time_is_counted(void)
{
	struct overload o;

	play("time", "0:>n 50:L>d 60:>d 70:R>h 80:>h 2069:>h 2070:>d 4080:>n 9000:>n", &usual,
		&o);
	/* In force from 50 to 4,080; low since 80 ms, but hand-off goes first. */
	CU_ASSERT_EQUAL(o.spent_ns[OVERLOAD_DPI], (4080 - 50) * MS);
	CU_ASSERT_EQUAL(o.spent_ns[OVERLOAD_HANDOFF], (2070 - 70) * MS);
}

static void without_inspection_there_is_one_step(void)
{
	struct overload_marks marks = usual;
	struct overload o;

	marks.dpi = false;
	play("no dpi", "0:q99b99m99L>n 100:q99>n 110:R>h 2109:q50>h 2110:q50>n", &marks, &o);
	CU_ASSERT_EQUAL(o.entered[OVERLOAD_DPI], 0);
	CU_ASSERT_EQUAL(o.spent_ns[OVERLOAD_DPI], 0);
	CU_ASSERT_EQUAL(o.entered[OVERLOAD_HANDOFF], 1);
}

void suite_overload(void);
void suite_overload(void)
{
	CU_pSuite suite = CU_add_suite("overload", NULL, NULL);

	CU_add_test(suite, "rows", rows_hold);
	CU_add_test(suite, "time is counted", time_is_counted);
	CU_add_test(suite, "without inspection", without_inspection_there_is_one_step);
	CU_add_test(suite, "recording", recording_comes_after_inspection);
	CU_add_test(suite, "recording alone", recording_alone_is_the_first_step);
}
