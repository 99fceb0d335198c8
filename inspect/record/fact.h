/* Facts: small typed records of what joins flows, for the one thread behind the workers that sees all of
 * them (dataplane/output/correlator.h). */
#pragma once

#include <stdint.h>

#include "inspect/record/observation_point.h"
#include "inspect/record/record.h"
#include "inspect/record/tables/conversations.h"
#include "inspect/record/tables/named.h"

/* What every fact begins with. */
struct fact {
	struct record record;
	uint64_t
		number; /* of the block, in replay: the same for all workers, and it never falls */
};

/* How TCP began. */
enum flow_begin {
	FLOW_BEGIN_OTHER,
	FLOW_BEGIN_UNANSWERED, /* nothing but SYN, and nothing came back */
	FLOW_BEGIN_REFUSED,    /* nothing but SYN, and RST came back */
};

/* A flow ended: what its ends sent. */
struct flow_fact {
	struct fact fact;
	struct conversation_key key;
	uint64_t first_ns, last_ns;
	uint64_t packets[2], bytes[2]; /* the client's, the server's */
	enum flow_begin begin;
};

/* Of a flow that has ended. */
struct flow_fact_of {
	const struct flow *flow;
	const struct observation_point *point;
	uint32_t tenant;
	enum encryption encryption;
};
void flow_fact_fill(struct flow_fact *fact, const struct flow_fact_of *of);

/* A name was used in a transaction, and whether it came to something. */
struct name_fact {
	struct fact fact;
	struct ip_addr client;
	uint16_t name_len;
	uint8_t by;       /* enum naming */
	uint8_t what_len; /* of what failed; 0: nothing did */
	bool is_address;  /* it had no name: this is its server */
	char text[];      /* what failed, and then the name */
};
