/* A file that records are appended to: buffered, and counted as written only when write(2) took
 * the whole batch. A batch that fails is taken back (the file keeps its last good size), counted
 * as lost_disk, and said once on stderr with the path and the cause. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/export/sink.h"

struct spool;

enum { SPOOL_RECORD_MAX = 272 * 1024 };

/* What a lost batch means for the rest of the file. */
enum spool_after_loss {
	SPOOL_GO_ON, /* lines stand alone: later ones are tried again */
	SPOOL_STOP,  /* later records need earlier bytes: all are lost from here */
};

/* Makes or empties the file; `path` is copied, `ledger` borrowed. `-` is standard output. `flags`
 * are more flags of open(2), such as O_NOFOLLOW. NULL: errno says why. */
struct spool *spool_open(const char *path, int flags, enum spool_after_loss after_loss,
	struct output_ledger *ledger);

/* Appends a part of a record, or a header; whole records are at most SPOOL_RECORD_MAX. */
void spool_add(struct spool *spool, const void *bytes, size_t len);
/* The parts since the last call make `records` (0 or 1) whole records. */
void spool_end(struct spool *spool, unsigned records);

/* Bytes of the file, those in the buffer included. */
uint64_t spool_size(const struct spool *spool);

/* A write failed since the file was opened. */
bool spool_has_lost(const struct spool *spool);

/* false when anything was lost since the file was opened. */
bool spool_flush(struct spool *spool);
/* Flushes, closes, frees. false when anything was lost. NULL is allowed. */
bool spool_close(struct spool *spool);

/* Writes all of `bytes` to `fd`; 0 or the errno. */
int write_all(int fd, const void *bytes, size_t len);
