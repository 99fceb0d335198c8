/* Whether an expression can be true of a packet of a row of an index: asked of rows that are found by other means. What a
 * row does not tell is taken for true, so no packet is missed. */
#pragma once

#include <stdbool.h>

#include "inspect/packets/expression/expression.h"
#include "inspect/packets/index/index_reader.h"
#include "inspect/packets/question/flow_answers.h"

/* All borrowed. */
struct row_judge {
	const struct expression *expression;
	const struct flow_answers *labels; /* answers to app, risk and alert; NULL: none */
	bool knows_time; /* packets out of the time that is asked may be left out */
};

/* `ctx`: a struct row_judge. As struct index_query has it. */
bool row_judge_wants(void *ctx, const struct index_row *row);
