#include "dataplane/retrieval/question.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/retrieval/needs.h"
#include "inspect/flow/community_id.h"
#include "inspect/packets/question/flow_labels.h"

/* A word that asks for one flow, or for those of one community id. */
struct identity {
	uint64_t bit; /* of the answers */
	bool is_community;
	uint64_t flow_id;
	uint8_t digest[COMMUNITY_ID_DIGEST];
};

struct question {
	struct question_params params;
	struct choice *choice;
	struct identity identities[EXPRESSION_QUESTIONS_MAX];
	uint32_t n_identities;
	bool asks_communities;
	struct flow_answers *labels; /* NULL: no events were asked */
	/* See question_limit(). */
	const struct flow_answers *flows;
	uint64_t from_ns, to_ns;
};

static bool refuse(
	struct expression_error *error, const struct expression_node *node, const char *what)
{
	error->at = node->at;
	snprintf(error->text, sizeof(error->text), "'%.64s' %s", node->name.text, what);
	return false;
}

static bool flow_id_read(const char *text, uint64_t *id)
{
	char *end;

	if (strlen(text) != 16 || strspn(text, "0123456789abcdefABCDEF") != 16)
		return false;
	*id = strtoull(text, &end, 16);
	return true;
}

static bool identity_add(
	struct question *q, const struct expression_node *node, struct expression_error *error)
{
	struct identity *identity = &q->identities[q->n_identities++];

	identity->bit = UINT64_C(1) << node->name.question;
	identity->is_community = node->kind == EXPRESSION_COMMUNITY;
	if (!identity->is_community)
		return flow_id_read(node->name.text, &identity->flow_id) ||
		       refuse(error, node,
			       "is no flow id: 16 hex digits, as flow events have it");
	q->asks_communities = true;
	return community_id_parse(node->name.text, identity->digest) ||
	       refuse(error, node,
		       "is no community id, such as "
		       "1:wCb3OG7yAFWelaUydu0D+125CLM=");
}

/* Names of sessions and interfaces are the model's. */
static bool node_check(
	struct question *q, const struct expression_node *node, struct expression_error *error)
{
	switch ((int)node->kind) {
	case EXPRESSION_FLOW:
	case EXPRESSION_COMMUNITY:
		return identity_add(q, node, error);
	case EXPRESSION_SESSION:
	case EXPRESSION_INTERFACE:
		return q->params.model->n_sessions > 0 ||
		       refuse(error, node,
			       "is looked for among the sessions of the settings: name them with "
			       "-c FILE");
	default:
		return true;
	}
}

static bool nodes_check(struct question *q, struct expression_error *error)
{
	const struct expression *expression = choice_expression(q->choice);

	for (uint32_t i = 0; i < expression_count(expression); i++)
		if (!node_check(q, expression_node(expression, i), error))
			return false;
	return true;
}

struct question *question_create(
	const char *text, const struct question_params *params, struct expression_error *error)
{
	unsigned labels = params->dir ? EXPRESSION_WORDS_LABEL : 0;
	const struct choice_params choice = {
		.words = {.words = EXPRESSION_WORDS_PACKET | EXPRESSION_WORDS_TIME |
				   EXPRESSION_WORDS_FLOW | labels,
			.user = "captures",
			.elsewhere = "needs the events of a run: see 'periscope replay'",
			.now_ns = params->now_ns},
		.settings = params->settings,
		.model = params->model};
	struct question *q = calloc(1, sizeof(*q));

	*error = (struct expression_error){.text = "not enough memory"};
	if (!q)
		return NULL;
	q->params = *params;
	q->choice = choice_create(text, &choice, error);
	if (q->choice && nodes_check(q, error))
		return q;
	question_destroy(q);
	return NULL;
}

void question_destroy(struct question *q)
{
	if (!q)
		return;
	choice_destroy(q->choice);
	flow_answers_destroy(q->labels);
	free(q);
}

bool question_ask_events(struct question *q, struct flow_labels *labels, struct error *error)
{
	const struct expression *expression = choice_expression(q->choice);

	*labels = (struct flow_labels){.events = 0};
	if (!q->params.dir || !flow_labels_asked(expression))
		return true;
	q->labels = flow_answers_create();
	if (q->labels)
		return flow_labels_read(q->params.dir, expression, q->labels,
			q->params.flows_max, labels, error);
	error_set(error, "not enough memory");
	return false;
}

struct expression *question_expression(struct question *q)
{
	return choice_expression(q->choice);
}

void question_limit(
	struct question *q, const struct flow_answers *flows, uint64_t from_ns, uint64_t to_ns)
{
	q->flows = flows;
	q->from_ns = from_ns;
	q->to_ns = to_ns;
}

void question_needs(const struct question *q, struct needs *needs)
{
	needs_find(needs, choice_expression(q->choice), q->labels, q->flows);
}

static uint64_t answers_of(const struct question *q, const struct retrieved *r)
{
	uint64_t answers = q->labels ? flow_answers_get(q->labels, r->record->flow_id) : 0;
	uint8_t digest[COMMUNITY_ID_DIGEST];
	bool has_digest = q->asks_communities && r->flow->key.ip_version != 0;

	if (has_digest)
		community_id_digest(&r->flow->key, 0, digest);
	for (uint32_t i = 0; i < q->n_identities; i++) {
		const struct identity *identity = &q->identities[i];

		if (identity->is_community ? has_digest && memcmp(identity->digest, digest,
								   sizeof(digest)) == 0
					   : r->record->flow_id == identity->flow_id)
			answers |= identity->bit;
	}
	return answers;
}

static bool is_within(const struct question *q, const struct packet_record *record)
{
	if (record->flow_id != 0)
		return flow_answers_get(q->flows, record->flow_id) != 0;
	return record->time_ns >= q->from_ns && record->time_ns <= q->to_ns;
}

bool question_takes(const struct question *q, const struct retrieved *r)
{
	if (q->flows && !is_within(q, r->record))
		return false;
	return choice_takes(q->choice, r->packet, answers_of(q, r));
}
