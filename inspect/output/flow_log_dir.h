/* The flow log files of an output directory: S3 layout and names as VPC Flow Logs publish them
 * (docs.aws.amazon.com, VPC user guide, flow-logs-s3-path), one file for each owner account,
 * region and five minutes in which records end. A bounded number of periods is buffered; the one
 * unused longest gives way, is compressed as one gzip member without a time and appended to its
 * file. A period met again gets a further member, so late records are normal. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/record/encoder/flow_log.h"
#include "inspect/record/sink.h"

struct flow_log_dir;

/* `root` is the output directory, copied; `ledger` is borrowed. NULL: no memory. */
struct flow_log_dir *flow_log_dir_create(const char *root, struct output_ledger *ledger);
/* Drops what is buffered: flush first. NULL is allowed. */
void flow_log_dir_destroy(struct flow_log_dir *dir);

/* From now on keeps at most so many files and bytes (0: any), those of earlier runs included; the
 * oldest go first, by the time in their names, when a flush has begun a new one. */
void flow_log_dir_limit(struct flow_log_dir *dir, uint64_t max_files, uint64_t max_bytes);
/* What was removed so far; any thread. */
uint64_t flow_log_dir_removed(const struct flow_log_dir *dir, uint64_t *bytes);

/* See output_owner(). */
bool flow_log_dir_owner(
	struct flow_log_dir *dir, uint32_t owner, const char *account, const char *region);
void flow_log_dir_write(
	struct flow_log_dir *dir, uint64_t route, const char *bytes, size_t len);
/* false when anything was lost so far. */
bool flow_log_dir_flush(struct flow_log_dir *dir);
