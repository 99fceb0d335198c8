/* A transaction: one question with its answer, one request with its response, one handshake, as a flow
 * shows it. Who reads flows tells each once, when it is complete or given up; what of it was seen are
 * the details of that object (inspect/proto/details.def). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/flow/flow.h"
#include "inspect/proto/details.h"

enum transaction {
	TRANSACTION_DNS,
	TRANSACTION_HTTP,
	TRANSACTION_TLS,
	TRANSACTION_QUIC,
	TRANSACTION_SSH,
	TRANSACTIONS
};

/* Who wants to hear of them. */
struct transaction_sink {
	void *ctx;
	/* `time_ns`: when the transaction was complete or was given up, in packet time. `details`:
	 * the rows of the kind's own object; those of other objects are not looked at. The flow and
	 * the details are borrowed until the call returns. */
	void (*transaction)(void *ctx, const struct flow *flow, enum transaction kind,
		uint64_t time_ns, const struct details *details);
};
