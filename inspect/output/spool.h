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

struct spool;

enum { SPOOL_RECORD_MAX = 272 * 1024, SPOOL_HEAD_MAX = 128 };

enum spool_order {
	SPOOL_ALONE, /* records stand alone, behind the head */
	SPOOL_SECTION, /* a batch needs those before it, back to the last that failed: in a file that
			  has lost them it fails, too */
};

/* Makes or empties the file; `path` is copied, `ledger` borrowed. `-` is standard output. `flags`
 * are more flags of open(2), such as O_NOFOLLOW. NULL: errno says why. */
struct spool *spool_open(
	const char *path, int flags, enum spool_order order, struct output_ledger *ledger);

/* What was added so far, at most SPOOL_HEAD_MAX bytes, is what every such file begins with. */
void spool_set_head(struct spool *spool);

/* Appends a part of a record, or a header; whole records are at most SPOOL_RECORD_MAX. */
void spool_add(struct spool *spool, const void *bytes, size_t len);
/* The parts since the last call make `records` (0 or 1) whole records. */
void spool_end(struct spool *spool, unsigned records);

/* Bytes of the file, those in the buffer included. */
uint64_t spool_size(const struct spool *spool);

/* Batches that failed. What is added after one stands behind a gap, or in a file begun again. */
uint64_t spool_failures(const struct spool *spool);

/* false when anything was lost since the file was opened. */
bool spool_flush(struct spool *spool);
/* Flushes, closes, frees. false when anything was lost. NULL is allowed. */
bool spool_close(struct spool *spool);
/* The same of a file that has nothing in it, which is removed. */
bool spool_discard(struct spool *spool);

/* Writes all of `bytes` to `fd`; 0 or the errno. */
int write_all(int fd, const void *bytes, size_t len);
