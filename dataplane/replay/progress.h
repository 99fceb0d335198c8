/* A progress line on stderr for replays that take longer than a second. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct progress {
	bool enabled, shown;
	struct timespec began, last;
};

struct progress progress_begin(bool enabled);
/* Shows the line at most a few times a second; `total` 0 = unknown. */
void progress_show(struct progress *progress, uint64_t packets, uint64_t bytes, uint64_t total);
/* Clears the line. */
void progress_end(struct progress *progress);
