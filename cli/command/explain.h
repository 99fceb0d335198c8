/* What explain found out about one packet, and its output. Private to cli/command/explain*.c. */
#pragma once

#include <stdbool.h>

#include "cli/command/mirroring.h"
#include "config/log/error.h"
#include "config/model/evaluate.h"
#include "config/model/model.h"
#include "config/settings/settings.h"
#include "dataplane/capture/input.h"

/* All that is known about the packet, and the decision. A packet that comes out of a mirror, or
 * whose session is named, is judged as the appliance does it: by that session alone. One at an
 * interface is judged as AWS does it there: by its sessions, one after the other. */
struct explained {
	const struct settings *settings;
	const struct model *model;
	const struct snapshot *snapshot;
	struct packet packet;
	enum reason reason; /* what decap says, then what the last session asked says */
	const struct model_interface *interface; /* or NULL: not known */
	bool is_mirrored;                        /* came out of a mirror */
	const char *direction_by; /* "given" in words, else as direction_by_name() */
	enum unmirrored never;
	struct mirroring_answer *answers; /* of the sessions asked; owned */
	uint32_t n_answers;
	/* Where a session is named: the session before it whose answer keeps the packet from it. */
	struct mirroring_answer before; /* session NULL: there is none */
};

/* Never mirrored, and so refused: but a packet that came out of a mirror is taken as it is. */
static inline bool explained_is_refused(const struct explained *e)
{
	return e->never != UNMIRRORED_NONE && !e->is_mirrored;
}

/* Reads on to packet `number` of the capture, and past the fragments before it, whose ports later
 * ones take. Mirror traffic is decapsulated; with `plain` an ordinary packet is taken as the inner
 * one. What decap refuses is explained by its reason. The packet's bytes belong to `input`. An
 * exit status; unless it is EXIT_DONE, `error` says why. */
int explained_read(struct explained *e, struct input *input, const char *number, bool plain,
	struct error *error);

/* Asks the sessions: those of `interface`, or the one that the packet's outer source and VNI name.
 * false: no memory. */
bool explained_judge(struct explained *e);
/* False when the naive evaluator differs on one of the answers. */
bool explained_agrees(const struct explained *e);

enum model_direction explained_direction(const struct explained *e);

/* On standard output. */
void explained_json(const struct explained *e);
void explained_text(const struct explained *e);
