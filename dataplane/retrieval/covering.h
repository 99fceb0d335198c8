/* Of the flows that a question means those that were there at a time. The first of two ways through the captures. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/retrieval/retrieval.h"
#include "inspect/packets/question/flow_answers.h"

enum { COVERING_MAX = 1 << 20 }; /* flows between two ends, at all times */

struct covering;

/* NULL: no memory. */
struct covering *covering_create(void);
void covering_destroy(struct covering *covering); /* NULL is legal */
/* A packet that the question means. false: there are too many flows, or no memory is left. */
bool covering_add(struct covering *covering, const struct retrieved *packet);
/* The flows with a packet in that time, inclusive, or packets before and behind it; if `flow_id` is one of them, that one alone.
 * NULL: no memory. The caller's to destroy. */
struct flow_answers *covering_flows(
	const struct covering *covering, uint64_t from_ns, uint64_t to_ns, uint64_t flow_id);
