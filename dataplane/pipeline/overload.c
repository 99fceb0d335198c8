#include "dataplane/pipeline/overload.h"

const char *overload_step_name(enum overload_step step)
{
	static const char *const names[] = {
		[OVERLOAD_NONE] = "none",
		[OVERLOAD_DPI] = "dpi",
		[OVERLOAD_RECORDING] = "recording",
		[OVERLOAD_HANDOFF] = "handoff",
	};

	return names[step];
}

static bool is_high(const struct overload_marks *marks, const struct overload_sample *s)
{
	return s->queue >= marks->queue.high || s->busy >= marks->busy.high ||
	       s->memory >= marks->memory.high;
}

static bool is_low(const struct overload_marks *marks, const struct overload_sample *s)
{
	return s->queue < marks->queue.low && s->busy < marks->busy.low &&
	       s->memory < marks->memory.low && !s->missed && !s->refused;
}

/* Since when something is so, without a break; 0: it is not. */
static uint64_t since(uint64_t before_ns, bool is_so, uint64_t now_ns)
{
	if (!is_so)
		return 0;
	return before_ns && before_ns <= now_ns ? before_ns : now_ns;
}

static bool has_lasted(uint64_t since_ns, uint64_t now_ns, uint64_t wanted_ns)
{
	return since_ns && now_ns >= since_ns && now_ns - since_ns >= wanted_ns;
}

static bool is_there(const struct overload_marks *marks, enum overload_step step)
{
	return step == OVERLOAD_DPI ? marks->dpi
				    : step != OVERLOAD_RECORDING || marks->recording;
}

/* The step after that one; OVERLOAD_HANDOFF is always there. */
static enum overload_step after(const struct overload_marks *marks, enum overload_step step)
{
	do
		step++;
	while (!is_there(marks, step));
	return step;
}

static enum overload_step before(const struct overload_marks *marks, enum overload_step step)
{
	do
		step--;
	while (!is_there(marks, step));
	return step;
}

/* By way of all steps before it. */
static void enter(struct overload *overload, const struct overload_marks *marks,
	enum overload_step step, uint64_t now_ns)
{
	while (overload->step < step) {
		overload->step = after(marks, overload->step);
		overload->entered[overload->step]++;
	}
	overload->step_ns = now_ns;
}

static void leave(
	struct overload *overload, const struct overload_marks *marks, uint64_t now_ns)
{
	overload->step = before(marks, overload->step);
	overload->step_ns = now_ns;
}

static void spend(
	struct overload *overload, const struct overload_marks *marks, uint64_t now_ns)
{
	uint64_t passed =
		overload->at_ns && now_ns > overload->at_ns ? now_ns - overload->at_ns : 0;

	for (enum overload_step step = OVERLOAD_DPI; step <= overload->step; step++)
		if (is_there(marks, step))
			overload->spent_ns[step] += passed;
	overload->at_ns = now_ns;
}

/* Whether it is time for the step after the one in force. */
static bool goes_on(const struct overload *overload, const struct overload_marks *marks,
	const struct overload_sample *sample, uint64_t now_ns)
{
	if (overload->step != OVERLOAD_NONE &&
		!has_lasted(overload->step_ns, now_ns, marks->next_ns))
		return false;
	return sample->missed || has_lasted(overload->high_since_ns, now_ns, marks->enter_ns);
}

/* Between no step and the last but one. */
static void judge_load(struct overload *overload, const struct overload_marks *marks,
	const struct overload_sample *sample, uint64_t now_ns)
{
	enum overload_step next = after(marks, overload->step);

	if (next != OVERLOAD_HANDOFF && goes_on(overload, marks, sample, now_ns)) {
		enter(overload, marks, next, now_ns);
	} else if (overload->step != OVERLOAD_NONE &&
		   has_lasted(overload->low_since_ns, now_ns, marks->leave_ns)) {
		leave(overload, marks, now_ns);
		/* Taking up this much may already be too much: the next one waits as long. */
		overload->low_since_ns = 0;
	}
}

enum overload_step overload_judge(struct overload *overload, const struct overload_marks *marks,
	const struct overload_sample *sample, uint64_t now_ns)
{
	spend(overload, marks, now_ns);
	overload->high_since_ns =
		since(overload->high_since_ns, is_high(marks, sample), now_ns);
	overload->low_since_ns = since(overload->low_since_ns, is_low(marks, sample), now_ns);
	if (sample->refused) {
		overload->refused_ns = now_ns;
		enter(overload, marks, OVERLOAD_HANDOFF, now_ns);
	} else if (overload->step != OVERLOAD_HANDOFF) {
		judge_load(overload, marks, sample, now_ns);
	} else if (has_lasted(overload->refused_ns, now_ns, marks->leave_ns)) {
		leave(overload, marks, now_ns);
	}
	return overload->step;
}
