/* What explain found out about one packet, and how it is told. Private to cli/explain*.c. */
#pragma once

#include <stdbool.h>

#include "config/evaluate.h"
#include "config/model.h"
#include "config/settings.h"
#include "dataplane/input.h"
#include "dataplane/judge.h"

/* All that is known about the packet, and the verdict. */
struct explained {
	const struct settings *settings;
	const struct model *model;
	const struct snapshot *snapshot;
	struct packet packet;
	enum reason reason; /* what decap says, then what the filter says */
	const struct model_session *session;
	const char *direction_by; /* "given" in words, else as direction_by_name() */
	bool judged;              /* a filter was asked */
	struct filter_job job;
};

/* Reads on to packet `number` of the capture, and past the fragments before it, whose ports later
 * ones take. Mirror traffic is decapsulated; with `plain` an ordinary packet is taken as the inner
 * one. What decap refuses is explained by its reason. The packet's bytes belong to `input`. An
 * exit status; unless it is EXIT_DONE, `error` says why. */
int explained_read(struct explained *e, struct input *input, const char *number, bool plain,
	char *error, size_t error_size);

/* The packet as the naive evaluator takes it. */
struct evaluate_packet explained_view(const struct explained *e);
enum model_direction explained_direction(const struct explained *e);

/* On standard output. */
void explained_json(const struct explained *e);
void explained_text(const struct explained *e);
