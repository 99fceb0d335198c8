/* Keeps our own files in a folder within bounds: the oldest go first, those of earlier runs included.
 * What is not named as we name files is never touched, nor is what is no plain file. The folder is
 * looked through anew each time, so files that somebody else moved away are not counted. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct retention {
	/* Set by the owner. */
	const char *setting; /* such as "events", for sentences */
	const char *folder;
	unsigned depth; /* folders below it that are looked into */
	/* The part of a file's name that sorts by time; NULL: the file is not ours. */
	const char *(*sort_by)(const void *ctx, const char *name);
	const void *ctx;
	/* Files whose paths below the folder begin with so many equal bytes are one: they are kept
	 * or removed together, and counted once by `max_files`. 0: each stands alone. */
	size_t member_len;
	uint64_t max_files, max_bytes; /* 0: no bound */
	/* Counted since the start: written by the thread that calls retention_apply(), read by any. */
	_Atomic uint64_t removed_files, removed_bytes;
	bool said, failed;
};

/* What was left; files that are one are counted once. */
struct retention_left {
	uint64_t files, bytes;
};

/* Removes files until so many more files and bytes would be within the bounds; `keep` is a name that
 * stays, and so does the newest file when there is no further one to come. Nothing is looked at when there is no bound. What was removed first, and what could not
 * be, is said once on stderr. */
struct retention_left retention_apply(
	struct retention *retention, uint64_t files, uint64_t bytes, const char *keep);
