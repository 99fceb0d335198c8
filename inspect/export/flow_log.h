/* VPC Flow Log records in the default format of version 2 (docs.aws.amazon.com, VPC user guide,
 * flow-log-records): one line for each side of a flow that sent packets in the closed window. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/export/text.h"
#include "inspect/export/vantage.h"
#include "inspect/flow/flow.h"

enum { FLOW_LOG_SIZE = 512 }; /* room for any record */

/* What the first line of every file says. */
#define FLOW_LOG_HEADER \
	"version account-id interface-id srcaddr dstaddr srcport dstport protocol packets " \
	"bytes start end action log-status\n"

/* Appends the record of what side 0 (the client) or 1 sent. */
void flow_log_record(struct text *t, const struct flow *flow, unsigned side,
	const struct flow_window *sent, const struct vantage *vantage);
