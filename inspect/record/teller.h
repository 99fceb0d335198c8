/* What a worker's exporter tells the correlator: a fact of each flow that ends, and of each transaction
 * that names something. Names of TLS and QUIC are those of flows, which have one handshake each; those of
 * DNS and HTTP are those of transactions, where these are told, else those of the flow's first one. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/proto/transaction.h"
#include "inspect/record/fact.h"
#include "inspect/record/sink.h"

struct teller {
	struct sink sink; /* without `take`: nothing is told */
	uint64_t number;  /* of the block: see struct fact */
	uint32_t kinds;   /* bit n: transactions of kind n are told */
	bool names, failures;
	/* What the full outbox refused. */
	uint64_t unheard_flows, unheard_bytes, unheard_names;
};

/* The flow has ended, and its label is final. */
void tell_flow(struct teller *teller, const struct flow_fact_of *of);
/* `details` NULL: there is nothing to tell. */
void tell_transaction(struct teller *teller, const struct flow *flow, enum transaction kind,
	const struct details *details);
