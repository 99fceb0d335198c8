/* What every packet that a question means must have, so far as an index can tell: one of these hosts, one of these flows, one
 * of these community ids, a time between these. Says too little rather than too much: whatever is found by it is judged again. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/retrieval/row_judge.h"
#include "inspect/packets/expression/expression.h"
#include "inspect/packets/index/index_reader.h"
#include "inspect/packets/question/flow_answers.h"

enum {
	NEEDS_HOSTS = 64,
	NEEDS_FLOWS = 1024,
	NEEDS_COMMUNITIES = EXPRESSION_QUESTIONS_MAX,
};

/* Of each kind 0: it is not asked, or by too many. */
struct needs {
	struct index_prefix hosts[NEEDS_HOSTS];
	uint64_t flows[NEEDS_FLOWS];
	uint8_t communities[NEEDS_COMMUNITIES][COMMUNITY_ID_DIGEST];
	uint32_t n_hosts, n_flows, n_communities;
	bool no_flow;            /* the flows need not be: also packets that reached none */
	uint64_t from_ns, to_ns; /* inclusive; both 0: any time */
	bool nothing;            /* no packet can have it all */
	bool asks_flows;         /* the question speaks of flows, in whatever way */
	struct row_judge judge;  /* for rows that have it */
};

/* `labels`: the answers to app, risk and alert (NULL: none). `flows` (NULL: any): those that are meant beside the
 * expression, or packets without a flow. */
void needs_find(struct needs *needs, const struct expression *expression,
	const struct flow_answers *labels, const struct flow_answers *flows);
