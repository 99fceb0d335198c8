/* A file that records are appended to: buffered, and counted as written only when write(2) took
 * the whole batch. A batch that fails is taken back (the file keeps its last good size), counted
 * as lost_disk, and said once on stderr with the path and the cause. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/export/sink.h"

struct writer;

/* What a lost batch means for the rest of the file. */
enum writer_after_loss {
	WRITER_GO_ON, /* lines stand alone: later ones are tried again */
	WRITER_STOP,  /* later records need earlier bytes: all are lost from here */
};

/* Makes or empties the file; `path` is copied, `ledger` borrowed. `-` is standard output.
 * NULL: errno says why. */
struct writer *writer_open(
	const char *path, enum writer_after_loss after_loss, struct output_ledger *ledger);

/* Appends a part of a record, or a header; whole records are at most RECORD_SIZE_MAX and 4 KB. */
void writer_add(struct writer *writer, const void *bytes, size_t len);
/* The parts since the last call make `records` (0 or 1) whole records. */
void writer_end(struct writer *writer, unsigned records);

/* false when anything was lost since the file was opened. */
bool writer_flush(struct writer *writer);
/* Flushes, closes, frees. false when anything was lost. NULL is allowed. */
bool writer_close(struct writer *writer);

/* Writes all of `bytes` to `fd`; 0 or the errno. */
int write_all(int fd, const void *bytes, size_t len);
