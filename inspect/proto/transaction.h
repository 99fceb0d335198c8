/* A transaction: one question with its answer, one request with its response, one handshake, as a flow
 * shows it. Who reads flows tells each once, when it is complete or given up; what of it was seen are
 * the details of that object (inspect/proto/details.def). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/flow/flow.h"
#include "inspect/proto/details.h"
#include "inspect/proto/transaction_kind.h"

struct settings;

/* Bit n: the settings ask for transactions of kind n. */
uint32_t transactions_asked(const struct settings *settings);
/* Whether they ask for any event that goes where transactions go: those, and `flow_start`. */
bool transaction_events_asked(const struct settings *settings);

/* Who wants to hear of them. */
struct transaction_sink {
	void *ctx;
	/* `time_ns`: when the transaction was complete or was given up, in packet time. `before`: of
	 * how many transactions of the flow, of any kind, it was told before this one. `details`:
	 * the rows of the kind's own object; those of other objects are not looked at; NULL: nothing
	 * is known of it. The flow and the details are borrowed until the call returns. */
	void (*transaction)(void *ctx, const struct flow *flow, enum transaction kind,
		uint64_t time_ns, uint32_t before, const struct details *details);
	/* Bit n: it wants kind n. The others need not be told, and are not counted. */
	uint32_t kinds;
	/* A flow's transactions after so many are counted, but left out: their details need not be
	 * made. UINT32_MAX: any number. */
	uint32_t per_flow;
	/* The flow's label is known, or will not be: no more packets are looked at for it. Once a flow, and
	 * before its end; NULL: not wanted. */
	void (*start)(void *ctx, const struct flow *flow, uint64_t time_ns);
	/* The flow's details have risks that they did not have before, which are `fresh`. At the packet that
	 * shows them, where they cannot be taken back; NULL: not wanted. */
	void (*risks)(void *ctx, const struct flow *flow, const struct risk_set *fresh,
		uint64_t time_ns);
	/* What is seen of a transaction before it is told: bit n of `rows` says that detail n is new. A question of a flow's
	 * first transaction, each request of HTTP, hellos. Told again with the transaction; NULL: not wanted. */
	void (*seen)(void *ctx, const struct flow *flow, uint64_t rows, uint64_t time_ns,
		const struct details *details);
};

static inline bool transaction_is_wanted(
	const struct transaction_sink *sink, enum transaction kind)
{
	return sink->kinds >> kind & 1;
}
