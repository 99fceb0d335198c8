/* The decision that explain prints: of the session that is named, or of an interface's sessions
 * in their order. */
#include "cli/command/explain.h"

#include "decap/session/direction.h"

#include <stdlib.h>

static void find_direction(struct explained *e)
{
	enum direction_by by = DIRECTION_BY_NOTHING;

	if (e->packet.direction != DIRECTION_UNKNOWN) {
		e->direction_by = "given";
	} else if (e->reason == REASON_inspected) {
		e->packet.direction = direction_of(&e->packet, e->interface, &by);
		e->direction_by = direction_by_name(by);
	}
}

/* At an interface: the sessions, as AWS asks them. */
static void ask_in_order(struct explained *e)
{
	const enum settings_on_reject on_reject = e->settings->mirroring.on_reject;
	uint32_t n = e->interface->n_sessions;

	while (e->n_answers < n) {
		struct mirroring_answer *answer = &e->answers[e->n_answers];

		*answer = mirroring_ask(
			e->snapshot, e->interface->sessions[e->n_answers++], &e->packet);
		if (mirroring_is_last(answer, on_reject))
			break;
	}
}

/* Whether AWS would have come to the named session: else which one came before it. */
static void ask_before(struct explained *e, const struct model_session *named)
{
	const enum settings_on_reject on_reject = e->settings->mirroring.on_reject;

	for (uint32_t i = 0; i < e->interface->n_sessions; i++) {
		const struct model_session *session = e->interface->sessions[i];
		struct packet p = e->packet;

		if (session->number >= named->number)
			return;
		e->before = mirroring_ask(e->snapshot, session, &p);
		if (mirroring_is_last(&e->before, on_reject))
			return;
		e->before.session = NULL;
	}
}

/* By the session that the packet names, or that is named for it. As in the pipeline: the session
 * first, then what the packet holds. */
static void ask_named(struct explained *e)
{
	const struct model_session *named = model_session_of(e->model, &e->packet.key);
	struct mirroring_answer *answer = &e->answers[e->n_answers++];

	e->interface = named ? named->interface : NULL;
	if (!named && !e->snapshot->learn)
		e->reason = REASON_session_unknown;
	find_direction(e);
	*answer = (struct mirroring_answer){.session = named, .reason = e->reason};
	if (e->reason != REASON_inspected || explained_is_refused(e))
		return;
	*answer = mirroring_ask(e->snapshot, named, &e->packet);
	if (named)
		ask_before(e, named);
}

bool explained_judge(struct explained *e)
{
	bool has_ip = e->reason == REASON_inspected;
	uint32_t n = e->interface ? e->interface->n_sessions : 1;

	e->answers = calloc(n, sizeof(*e->answers));
	if (!e->answers)
		return false;
	e->never = mirroring_never(e->settings, &e->packet, has_ip);
	if (!e->interface) {
		ask_named(e);
	} else {
		find_direction(e);
		if (has_ip && !explained_is_refused(e))
			ask_in_order(e);
	}
	if (e->n_answers > 0) {
		e->reason = e->answers[e->n_answers - 1].reason;
		e->packet.rule_number = e->answers[e->n_answers - 1].rule_number;
	}
	return true;
}

/* The second opinion on one session's answer. */
static bool evaluator_agrees(const struct explained *e, const struct mirroring_answer *answer)
{
	const struct filter_job *job = &answer->job;
	struct evaluate_packet view = mirroring_view(&e->packet, job->has_ports);
	struct evaluate_verdict naive;

	if (!answer->judged)
		return true;
	naive = evaluate(job->filter, job->vpc, explained_direction(e), &view);
	if (naive.accept != job->accept)
		return false;
	return naive.by != EVALUATE_BY_RULE ||
	       (job->by == FILTER_BY_RULE &&
		       filter_rule(e->snapshot->filter, job->rule) == naive.rule);
}

bool explained_agrees(const struct explained *e)
{
	for (uint32_t i = 0; i < e->n_answers; i++) {
		if (!evaluator_agrees(e, &e->answers[i]))
			return false;
	}
	return true;
}
