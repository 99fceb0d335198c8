#include "dataplane/overload.h"

const char *overload_step_name(enum overload_step step)
{
	static const char *const names[] = {
		[OVERLOAD_NONE] = "none",
		[OVERLOAD_DPI] = "dpi",
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
	return since_ns && now_ns - since_ns >= wanted_ns;
}

/* By way of all steps before it. */
static void enter(
	struct overload *overload, const struct overload_marks *marks, enum overload_step step)
{
	if (overload->step < OVERLOAD_DPI && marks->dpi)
		overload->entered[OVERLOAD_DPI]++;
	if (overload->step < OVERLOAD_HANDOFF && step == OVERLOAD_HANDOFF)
		overload->entered[OVERLOAD_HANDOFF]++;
	overload->step = step;
}

static void spend(
	struct overload *overload, const struct overload_marks *marks, uint64_t now_ns)
{
	uint64_t passed =
		overload->at_ns && now_ns > overload->at_ns ? now_ns - overload->at_ns : 0;

	if (overload->step >= OVERLOAD_DPI && marks->dpi)
		overload->spent_ns[OVERLOAD_DPI] += passed;
	if (overload->step == OVERLOAD_HANDOFF)
		overload->spent_ns[OVERLOAD_HANDOFF] += passed;
	overload->at_ns = now_ns;
}

enum overload_step overload_judge(struct overload *overload, const struct overload_marks *marks,
	const struct overload_sample *sample, uint64_t now_ns)
{
	bool dpi = marks->dpi;

	spend(overload, marks, now_ns);
	overload->high_since_ns =
		since(overload->high_since_ns, is_high(marks, sample), now_ns);
	overload->low_since_ns = since(overload->low_since_ns, is_low(marks, sample), now_ns);
	if (sample->refused)
		overload->refused_ns = now_ns;
	if (sample->refused && overload->step != OVERLOAD_HANDOFF)
		enter(overload, marks, OVERLOAD_HANDOFF);
	else if (overload->step == OVERLOAD_HANDOFF &&
		 has_lasted(overload->refused_ns, now_ns, marks->leave_ns))
		overload->step = dpi ? OVERLOAD_DPI : OVERLOAD_NONE;
	if (overload->step == OVERLOAD_NONE && dpi &&
		(sample->missed ||
			has_lasted(overload->high_since_ns, now_ns, marks->enter_ns)))
		enter(overload, marks, OVERLOAD_DPI);
	else if (overload->step == OVERLOAD_DPI &&
		 has_lasted(overload->low_since_ns, now_ns, marks->leave_ns))
		overload->step = OVERLOAD_NONE;
	return overload->step;
}
