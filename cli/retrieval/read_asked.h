/* What `periscope read` was asked, as an expression; and what an event asks beyond that. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cli/retrieval/read_arguments.h"
#include "inspect/packets/question/question_ends.h"

struct read_question {
	char *expression; /* owned */
	bool covering; /* of its flows those that cover from_ns to to_ns, give or take a second */
	struct question_ends ends; /* of an event */
};

/* false: what is wrong was said. In any case read_question_fini() follows. */
bool read_question_make(struct read_question *q, const struct read_arguments *a);
void read_question_fini(struct read_question *q);
