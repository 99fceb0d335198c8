/* What the events of an output directory say of flows: which application, risks and alerts they have. Answers the
 * words app, risk and alert of an expression for whoever has the ids of flows alone. Reads the lines in events/ and
 * alerts/ as they are, those of a run that goes on, too. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/log/error.h"
#include "inspect/packets/expression/expression.h"
#include "inspect/packets/question/flow_answers.h"

struct flow_labels {
	uint64_t events; /* lines that were read */
	uint64_t
		unreadable; /* lines that are no events, as the last one of a run that was killed */
	uint32_t flows;     /* of which something was found that is asked */
	bool more;          /* others were left out, for there are too many */
};

/* Adds to `answers`, for each flow, the bits of the questions about app, risk and alert in the expression that are true of it. At
 * most `flows_max` flows (0: FLOW_ANSWERS_MAX); more are left out. false: `error` says what could not be read. */
bool flow_labels_read(const char *dir, const struct expression *expression,
	struct flow_answers *answers, uint32_t flows_max, struct flow_labels *labels,
	struct error *error);

/* Whether the expression asks for any of them. */
bool flow_labels_asked(const struct expression *expression);
