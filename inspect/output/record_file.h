/* A file that records are appended to: buffered, and counted as written only when write(2) took
 * the whole batch. A batch that fails is taken back (the file keeps its last good size), counted
 * as lost_disk, and said once on stderr with the path and the cause.
 *
 * After that the file is closed, so that deleting it frees its room, and each further batch tries it
 * anew by its name: it goes on where it ended. One that was deleted, at whatever time, or emptied while
 * it was closed, begins again. Another file of that name is left alone. What cannot be cut back (a
 * pipe, a device) takes nothing more. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/record/sink.h"

struct record_file;

enum { RECORD_FILE_RECORD_MAX = 272 * 1024, RECORD_FILE_HEAD_MAX = 128 };

enum record_file_order {
	RECORD_FILE_ALONE, /* records stand alone, behind the head */
	RECORD_FILE_SECTION, /* a batch needs those before it, back to the last that failed: in a file that
			  has lost them it fails, too */
};

/* Makes or empties the file; `path` is copied, `ledger` borrowed. `-` is standard output. `flags`
 * are more flags of open(2), such as O_NOFOLLOW. NULL: errno says why. */
struct record_file *record_file_open(const char *path, int flags, enum record_file_order order,
	struct output_ledger *ledger);

/* What was added so far, at most RECORD_FILE_HEAD_MAX bytes, is what every such file begins with. */
void record_file_set_head(struct record_file *record_file);

/* Appends a part of a record, or a header; whole records are at most RECORD_FILE_RECORD_MAX. */
void record_file_add(struct record_file *record_file, const void *bytes, size_t len);
/* The parts since the last call make `records` (0 or 1) whole records. */
void record_file_end(struct record_file *record_file, unsigned records);

/* Bytes of the file, those in the buffer included. */
uint64_t record_file_size(const struct record_file *record_file);

/* Batches that failed. What is added after one stands behind a gap, or in a file begun again. */
uint64_t record_file_failures(const struct record_file *record_file);

/* false when anything was lost since the file was opened. */
bool record_file_flush(struct record_file *record_file);
/* Flushes, closes, frees. false when anything was lost. NULL is allowed. */
bool record_file_close(struct record_file *record_file);
/* The same of a file that has nothing in it, which is removed. */
bool record_file_discard(struct record_file *record_file);

/* Writes all of `bytes` to `fd`; 0 or the errno. */
int write_all(int fd, const void *bytes, size_t len);
