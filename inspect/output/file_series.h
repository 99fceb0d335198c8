/* Files of one folder that are written one after the other, each named by the time (UTC) at
 * which it was begun: PREFIX, `20261122T054801.123Z`, SUFFIX. Names sort in the order of
 * writing, also when the clock is set back, and no name changes. This decides when the next file
 * is due, its name, and which of the oldest are removed (retention.h); the owner writes the
 * contents. A file may have a companion, named with another suffix: the two count as one. One
 * thread calls it, but for file_series_removed(). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"

struct file_series;

struct file_series_params {
	const char *dir;    /* the output directory, copied */
	const char *folder; /* in it, and the section of the settings that has the bounds */
	const char *prefix, *suffix;
	const char *companion; /* another suffix, or NULL */
	const char *name;      /* one file of this name, whatever the bounds; NULL: as above */
	uint64_t max_file_size, max_file_age_ns, max_files, max_total_size; /* 0: no bound */
	/* Time since 1970; NULL: the system's. */
	uint64_t (*now_ns)(void *ctx);
	void *ctx;
	/* Opens the next file, the folders above it exist; `flags` are more flags of open(2).
	 * Ends the file before only when that worked. false: errno; EEXIST: another name is
	 * tried. */
	bool (*open)(void *owner, const char *path, int flags);
	void *owner;
};

/* Begins the first file. Nothing is removed for it before file_series_settle(). Texts are borrowed.
 * NULL: `error` says why. */
struct file_series *file_series_open(
	const struct file_series_params *params, struct error *error);
/* NULL is legal; the file is the owner's to close, before. A folder that was left empty goes. */
void file_series_close(struct file_series *series);

/* Before the first thing is written, for which older files may go; later calls do nothing. */
void file_series_settle(struct file_series *series);

/* Begins the next file. false: the one before is still the owner's, and goes on, which is said on
 * stderr the first time. */
bool file_series_next(struct file_series *series);

/* So many bytes more would make a file too long that has `size` (0: nothing is in it yet). Not
 * after the next file could not be begun, until file_series_retry(). */
bool file_series_is_full(const struct file_series *series, uint64_t size, uint64_t more);
bool file_series_is_old(struct file_series *series);
void file_series_retry(struct file_series *series);

/* What was removed so far; any thread. */
uint64_t file_series_removed(const struct file_series *series, uint64_t *bytes);
