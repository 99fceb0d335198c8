/* VPC Flow Log records in the default format of version 2 (docs.aws.amazon.com, VPC user guide,
 * flow-log-records). */
#pragma once

#include "inspect/record/encoder/encoder.h"

enum { FLOW_LOG_SIZE = 512 }; /* room for any record */

enum { FLOW_LOG_PERIOD_S = 300 }; /* a file's */

/* What the first line of every file says. */
#define FLOW_LOG_HEADER \
	"version account-id interface-id srcaddr dstaddr srcport dstport protocol packets " \
	"bytes start end action log-status\n"

/* The encoder of a window_record. */
void flow_log_line(struct text *t, const struct record *record, const struct names *names);

/* A flow log record's file is chosen by owner account, region and the five-minute period its
 * `end` lies in; the route carries the period and an index of (account, region). */
uint64_t flow_log_route(uint64_t end_s, uint32_t owner);
