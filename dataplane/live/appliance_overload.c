/* Says on stderr what workers give up and take up again, as the control thread notices it. */
#include "config/log/log.h"
#include "config/parse/plural.h"
#include "dataplane/live/appliance_inside.h"

#include <inttypes.h>
#include <stdio.h>

static uint64_t refused_to(const struct appliance *appliance, uint32_t worker)
{
	uint64_t sum = 0;

	for (uint32_t from = 0; appliance->handoff && from < appliance->n_workers; from++)
		if (from != worker)
			sum += handoff_pair(appliance->handoff, from, worker).full;
	return sum;
}

uint32_t appliance_steps(
	const struct appliance *appliance, enum overload_step steps[OVERLOAD_STEPS])
{
	const struct settings *settings = appliance->params.settings;
	uint32_t n = 0;

	if (settings->dpi.enabled && settings->overload.shed_dpi)
		steps[n++] = OVERLOAD_DPI;
	if (appliance_records(appliance) && settings->overload.shed_recording)
		steps[n++] = OVERLOAD_RECORDING;
	if (appliance->handoff)
		steps[n++] = OVERLOAD_HANDOFF;
	return n;
}

static const char *begin_words(enum overload_step step)
{
	switch (step) {
	case OVERLOAD_DPI:
		return "flows that begin are not inspected";
	case OVERLOAD_RECORDING:
		return "packets are not recorded, and go to no feed";
	case OVERLOAD_HANDOFF:
		return "packets that other workers received for it are lost";
	case OVERLOAD_NONE:
	case OVERLOAD_STEPS:
		break;
	}
	return "";
}

static void say_begin(struct log_limit *limit, uint32_t worker, enum overload_step step)
{
	log_limited(limit, LOG_LEVEL_WARNING, "worker %u is overloaded: %s", worker,
		begin_words(step));
}

static void say_end(const struct appliance *appliance, struct log_limit *limit, uint32_t worker,
	enum overload_step step)
{
	struct appliance_counts counts;
	uint64_t refused = refused_to(appliance, worker), shed;

	appliance_count(appliance, &counts);
	shed = counts.sum.sheds[step].count;
	if (step == OVERLOAD_DPI)
		log_limited(limit, LOG_LEVEL_INFO,
			"worker %u keeps up again; so far %" PRIu64 " flow%s %s not inspected",
			worker, shed, plural(shed), plural_were(shed));
	else if (step == OVERLOAD_RECORDING)
		log_limited(limit, LOG_LEVEL_INFO,
			"worker %u keeps up with recording again; so far %" PRIu64
			" packet%s %s not recorded",
			worker, shed, plural(shed), plural_were(shed));
	else
		log_limited(limit, LOG_LEVEL_INFO,
			"worker %u takes all packets from the others again; so far %" PRIu64
			" %s lost",
			worker, refused, plural_were(refused));
}

/* A step may have come and gone between two looks: then both are said. */
static void look_at(struct appliance *appliance, uint32_t worker)
{
	struct overload_reported *told = &appliance->told[worker];
	struct tally t;

	poll_read(appliance->pollers[worker], &t);
	for (int step = OVERLOAD_DPI; step < OVERLOAD_STEPS; step++) {
		if (t.sheds[step].entered == told->entered[step])
			continue;
		if (told->step < (uint64_t)step)
			say_begin(&told->limit, worker, (enum overload_step)step);
		told->step = (uint64_t)step;
	}
	for (; told->step > OVERLOAD_NONE && !t.sheds[told->step].active; told->step--)
		if (t.sheds[told->step].entered > 0)
			say_end(appliance, &told->limit, worker,
				(enum overload_step)told->step);
	for (int step = 0; step < OVERLOAD_STEPS; step++)
		told->entered[step] = t.sheds[step].entered;
}

void appliance_say_overload(struct appliance *appliance)
{
	for (uint32_t i = 0; i < appliance->n_pollers; i++)
		look_at(appliance, i);
}
