#include "dataplane/replay/progress.h"

#include <inttypes.h>
#include <stdio.h>

#include "config/log/log.h"
#include "config/parse/plural.h"

static double seconds(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) +
	       (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

struct progress progress_begin(bool enabled)
{
	struct progress progress = {.enabled = enabled};

	clock_gettime(CLOCK_MONOTONIC, &progress.began);
	progress.last = progress.began;
	return progress;
}

void progress_show(struct progress *progress, uint64_t packets, uint64_t bytes, uint64_t total)
{
	struct timespec now;
	char part[16] = "";

	if (!progress->enabled)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (seconds(&progress->began, &now) < 1 || seconds(&progress->last, &now) < 0.25)
		return;
	progress->last = now;
	progress->shown = true;
	if (total > 0)
		snprintf(
			part, sizeof(part), ", %.0f %%", 100.0 * (double)bytes / (double)total);
	log_progress("%" PRIu64 " packet%s, %.0f packets/s%s   ", packets, plural(packets),
		(double)packets / seconds(&progress->began, &now), part);
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		log_progress_end();
	progress->shown = false;
}
