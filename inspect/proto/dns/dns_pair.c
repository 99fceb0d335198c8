#include "inspect/proto/dns/dns_pair.h"

#include <string.h>
#include <strings.h>

/* FNV-1a over the name in lower case (RFC 4343); never 0. */
static uint64_t name_hash(const char *name)
{
	uint64_t hash = 14695981039346656037u;

	for (; *name; name++) {
		bool is_upper = *name >= 'A' && *name <= 'Z';

		hash = (hash ^ (uint8_t)(is_upper ? *name | 0x20 : *name)) * 1099511628211u;
	}
	return hash | 1;
}

/* Whether `m` has the question; where one of them does not say, it is taken to have. */
static bool is_same(const struct dns_question *q, const struct dns_message *m)
{
	if (!m->has_question || !q->has_question)
		return true;
	return q->type == m->type && q->class == m->class && !strcasecmp(q->name, m->query);
}

/* The first open one with the message's id that `side` asked. `before`: the one before it, or NULL. */
static struct dns_question *question_find(const struct dns_pair *pair,
	const struct dns_message *m, bool side, struct dns_question **before)
{
	*before = NULL;
	if (!m->id && !m->has_question)
		return NULL;
	for (struct dns_question *q = pair->first; q; *before = q, q = q->next)
		if (q->id == m->id && q->side == side && is_same(q, m))
			return q;
	return NULL;
}

static void question_unlink(
	struct dns_pair *pair, struct dns_question *q, struct dns_question *before)
{
	if (before)
		before->next = q->next;
	else
		pair->first = q->next;
	if (pair->last == q)
		pair->last = before;
	pair->n_open--;
}

static void tell(const struct dns_pair_sink *sink, const struct dns_question *q,
	const struct dns_packet *answer)
{
	struct dns_transaction t = {.question = q, .answer = answer};

	if (q && answer && answer->time_ns > q->time_ns)
		t.rtt_ns = answer->time_ns - q->time_ns;
	sink->transaction(sink->ctx, &t);
}

static void give_up_first(struct dns_pair *pair, const struct dns_pair_sink *sink)
{
	struct dns_question *q = pair->first;

	question_unlink(pair, q, NULL);
	tell(sink, q, NULL);
	memory_free(q);
}

static struct dns_question *question_make(
	struct memory *memory, struct memory_list *list, const struct dns_packet *packet)
{
	const struct dns_message *m = packet->message;
	size_t len = strlen(m->query);
	struct dns_question *q = memory_alloc(memory, list, sizeof(*q) + len + 1);

	if (!q)
		return NULL;
	*q = (struct dns_question){.time_ns = packet->time_ns,
		.id = m->id,
		.type = m->type,
		.class = m->class,
		.question_count = m->question_count,
		.opcode = m->opcode,
		.side = packet->side,
		.recursion_desired = m->recursion_desired,
		.has_question = m->has_question};
	memcpy(q->name, m->query, len + 1);
	return q;
}

static void early_remove(struct dns_pair *pair, unsigned i)
{
	pair->n_early--;
	memmove(&pair->early[i], &pair->early[i + 1],
		(pair->n_early - i) * sizeof(pair->early[0]));
}

static bool is_answered_by(const struct dns_packet *packet, const struct dns_early *early)
{
	const struct dns_message *m = packet->message;

	return early->id == m->id && early->side != packet->side &&
	       packet->time_ns <= early->time_ns + DNS_EARLY_NS && m->has_question &&
	       early->type == m->type && early->name == name_hash(m->query);
}

/* Whether the answer to this question came before it; once for each answer. */
static bool was_answered(struct dns_pair *pair, const struct dns_packet *packet)
{
	for (unsigned i = 0; i < pair->n_early; i++)
		if (is_answered_by(packet, &pair->early[i])) {
			early_remove(pair, i);
			return true;
		}
	return false;
}

static void early_add(struct dns_pair *pair, const struct dns_packet *packet)
{
	const struct dns_message *m = packet->message;

	if (!m->id || !m->has_question)
		return;
	if (pair->n_early == DNS_EARLY_MAX)
		early_remove(pair, 0);
	pair->early[pair->n_early++] = (struct dns_early){
		name_hash(m->query), packet->time_ns, m->id, m->type, packet->side};
}

static void take_question(struct dns_pair *pair, struct memory *memory,
	struct memory_list *list, const struct dns_packet *packet,
	const struct dns_pair_sink *sink)
{
	struct dns_question *before;
	struct dns_question *q = question_find(pair, packet->message, packet->side, &before);

	if (q) {
		q->repeats++;
		return;
	}
	if (was_answered(pair, packet))
		return;
	if (pair->n_open == DNS_OPEN_MAX) {
		pair->given_up++;
		give_up_first(pair, sink);
	}
	q = question_make(memory, list, packet);
	if (!q) {
		pair->unheld++;
		return;
	}
	if (pair->last)
		pair->last->next = q;
	else
		pair->first = q;
	pair->last = q;
	pair->n_open++;
}

/* Whether the last answer was to the same question: one of several parts, or of several copies. */
static bool is_further(const struct dns_pair *pair, const struct dns_packet *packet)
{
	const struct dns_message *m = packet->message;

	if (!pair->has_last || !m->id || pair->last_id != m->id ||
		pair->last_side != packet->side)
		return false;
	return !m->has_question || pair->last_name == name_hash(m->query);
}

static void take_answer(struct dns_pair *pair, const struct dns_packet *packet,
	const struct dns_pair_sink *sink)
{
	const struct dns_message *m = packet->message;
	struct dns_question *before;
	struct dns_question *q = question_find(pair, m, !packet->side, &before);

	if (!q && is_further(pair, packet)) {
		pair->further++;
		return;
	}
	if (q)
		question_unlink(pair, q, before);
	else
		early_add(pair, packet);
	pair->has_last = true;
	pair->last_id = m->id;
	pair->last_side = packet->side;
	pair->last_name = m->has_question        ? name_hash(m->query)
			  : q && q->has_question ? name_hash(q->name)
						 : 0;
	tell(sink, q, packet);
	memory_free(q);
}

void dns_pair_add(struct dns_pair *pair, struct memory *memory, struct memory_list *list,
	const struct dns_packet *packet, const struct dns_pair_sink *sink)
{
	if (packet->message->is_response)
		take_answer(pair, packet, sink);
	else
		take_question(pair, memory, list, packet, sink);
}

void dns_pair_end(struct dns_pair *pair, const struct dns_pair_sink *sink)
{
	while (pair->first)
		give_up_first(pair, sink);
}
