/* Which packets a retrieval is asked for: an expression with all its words, or of a conversation the flows that cover a
 * time. One thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/log/error.h"
#include "dataplane/pipeline/choice.h"
#include "dataplane/retrieval/retrieval.h"
#include "inspect/packets/question/flow_answers.h"
#include "inspect/packets/question/flow_labels.h"

struct question;

struct question_params {
	const struct settings *settings; /* both borrowed */
	const struct model *model;       /* the sessions that names are of */
	const char *
		dir; /* the output directory whose events answer app, risk and alert; NULL: there is none */
	uint32_t flows_max; /* of which those are answered; 0: FLOW_ANSWERS_MAX */
	uint64_t now_ns;
};

/* NULL: `error` says what is wrong, and where. */
struct question *question_create(
	const char *text, const struct question_params *params, struct expression_error *error);
void question_destroy(struct question *question); /* NULL is legal */

/* Reads the events that answer app, risk and alert, where they are asked. `labels` says what
 * was found. false: `error` says why not. */
bool question_ask_events(
	struct question *question, struct flow_labels *labels, struct error *error);

struct expression *question_expression(struct question *question);

/* From now on only packets of these flows are meant (borrowed), and of those without a flow the ones of that time, inclusive. */
void question_limit(struct question *question, const struct flow_answers *flows,
	uint64_t from_ns, uint64_t to_ns);

/* What all packets that it means must have: to ask an index. */
struct needs;
void question_needs(const struct question *question, struct needs *needs);

bool question_takes(const struct question *question, const struct retrieved *packet);
