/* A VPC Flow Log record as a line of text (docs.aws.amazon.com, VPC user guide, "Flow log records"): in the default format
 * of version 2, or in one that names its fields as AWS writes them, `${srcaddr} ${dstaddr} ...`. */
#pragma once

#include <stdbool.h>

#include "inspect/packets/expression/expression.h"
#include "inspect/packets/question/question_ends.h"

#define QUESTION_LOG_FORMAT \
	"${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} " \
	"${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}"

/* How far before its start and behind its end packets of a record are looked for: the clocks of AWS and of a mirror are
 * not one, and what a record calls its start may be that of its window. */
enum { QUESTION_LOG_AROUND_S = 60 };

/* `format` NULL: the default one. Where it says them, pkt-srcaddr and pkt-dstaddr are the ends: srcaddr and dstaddr are those of the
 * interface. The covered time is start to the end of the second `end`. false: `error` says what is wrong, and at which byte of the
 * line, or of the format when `*of_format` is set. */
bool question_log_read(const char *line, const char *format, struct question_ends *ends,
	struct expression_error *error, bool *of_format);
