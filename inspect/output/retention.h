/* Keeps our own files in a folder within bounds: the oldest are removed first, those of earlier
 * runs included. Files whose names are not ours, and what is not a plain file, are never
 * touched. The folder is read anew each time, so files that somebody moved away are not counted. */
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

/* Removes files until so many more files and bytes would be within the bounds. `keep` is a name
 * that stays; so does the newest file when no further one comes. Without bounds the folder is
 * not read. The first file removed, and the first that cannot be, are said once on stderr. */
struct retention_left retention_apply(
	struct retention *retention, uint64_t files, uint64_t bytes, const char *keep);
