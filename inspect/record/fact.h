/* Facts: small typed records of what joins flows, for the one thread behind the workers that sees all of
 * them (dataplane/output/correlator.h). */
#pragma once

#include <stdint.h>

#include "inspect/record/record.h"

/* What every fact begins with. */
struct fact {
	struct record record;
	uint64_t
		number; /* of the block, in replay: the same for all workers, and it never falls */
};

/* A flow ended: what its ends sent. */
struct flow_fact {
	struct fact fact;
	struct ip_addr src, dst; /* the client's, the server's */
	uint64_t packets[2], bytes[2];
	uint32_t tenant;
};

/* Of a flow that has ended. */
void flow_fact_fill(struct flow_fact *fact, const struct flow *flow, uint32_t tenant);
