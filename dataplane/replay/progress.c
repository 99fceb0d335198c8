#include "dataplane/replay/progress.h"
#include "config/parse/plural.h"

#include <inttypes.h>
#include <stdio.h>

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

	if (!progress->enabled)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (seconds(&progress->began, &now) < 1 || seconds(&progress->last, &now) < 0.25)
		return;
	progress->last = now;
	progress->shown = true;
	fprintf(stderr, "\r%" PRIu64 " packet%s, %.0f packets/s", packets, plural(packets),
		(double)packets / seconds(&progress->began, &now));
	if (total > 0)
		fprintf(stderr, ", %.0f %%", 100.0 * (double)bytes / (double)total);
	fprintf(stderr, "   ");
	fflush(stderr);
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fprintf(stderr, "\r%60s\r", "");
	progress->shown = false;
}
