/* VPC Flow Log records in the default format of version 2 (docs.aws.amazon.com, VPC user guide,
 * flow-log-records): one line for what one side of an aggregate sent. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/record/aggregate.h"
#include "inspect/record/text.h"
#include "inspect/record/vantage.h"

enum { FLOW_LOG_SIZE = 512 }; /* room for any record */

enum { FLOW_LOG_PERIOD_S = 300 }; /* a file's */

/* What the first line of every file says. */
#define FLOW_LOG_HEADER \
	"version account-id interface-id srcaddr dstaddr srcport dstport protocol packets " \
	"bytes start end action log-status\n"

/* Appends the record of what side 0 (the aggregate's `lo`) or 1 sent. */
void flow_log_record(struct text *t, const struct aggregate *aggregate, unsigned side,
	uint32_t window_s, const struct vantage *vantage);
/* The second in which the side's last packet came. */
uint64_t flow_log_end(const struct aggregate *aggregate, unsigned side, uint32_t window_s);

/* A flow log record's file is chosen by owner account, region and the five-minute period its
 * `end` lies in; the route carries the period and an index of (account, region). */
uint64_t flow_log_route(uint64_t end_s, uint32_t owner);
