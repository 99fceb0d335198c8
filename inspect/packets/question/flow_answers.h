/* What was found out of flows, by their ids: for each a mask of bits. Bounded; one thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { FLOW_ANSWERS_MAX = 1 << 22 }; /* flows: 64 MiB, and as much again while it grows */

struct flow_answers;

/* NULL: no memory. */
struct flow_answers *flow_answers_create(void);
void flow_answers_destroy(struct flow_answers *answers); /* NULL is legal */

/* Adds `bits` to those of the flow. false: there are FLOW_ANSWERS_MAX flows, or no memory is left. */
bool flow_answers_add(struct flow_answers *answers, uint64_t flow_id, uint64_t bits);
/* 0: nothing was said of the flow, or it has no id. */
uint64_t flow_answers_get(const struct flow_answers *answers, uint64_t flow_id);
uint32_t flow_answers_count(const struct flow_answers *answers);
/* One flow after the other, in no order: `*cursor` begins at 0. false: there are no more. */
bool flow_answers_next(const struct flow_answers *answers, uint32_t *cursor, uint64_t *flow_id,
	uint64_t *bits);
