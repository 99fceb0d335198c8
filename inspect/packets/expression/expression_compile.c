/* The tree becomes a list of questions in the order of the text, each with the question to go on with when it is true,
 * and when it is not. */
#include <stdlib.h>
#include <string.h>

#include "config/parse/value.h"
#include "inspect/packets/expression/expression_inside.h"

/* What a node is to the one above it. */
struct place_of {
	uint32_t parent; /* the root: its own number */
	uint16_t first;  /* the first question under it */
};

static bool is_question(const struct expression_node *n)
{
	return n->kind > EXPRESSION_NOT;
}

/* Where a question's answer leads: up, until a node is met that it does not decide. */
static uint16_t leads_to(
	const struct expression *e, const struct place_of *places, uint32_t node, bool answer)
{
	while (places[node].parent != node) {
		uint32_t child = node;
		const struct expression_node *n = &e->nodes[places[node].parent];

		node = places[node].parent;
		if (n->kind == EXPRESSION_NOT)
			answer = !answer;
		else if (n->left == child && answer == (n->kind == EXPRESSION_AND))
			return places[n->right].first;
	}
	return answer ? QUESTION_TRUE : QUESTION_FALSE;
}

static void prepare_address(struct question *q, const struct cidr *block)
{
	uint32_t bits = block->bits + (block->ip_version == 4 ? 96U : 0U);
	uint8_t mask[16] = {0};

	memset(mask, 0xff, bits / 8);
	if (bits % 8 != 0)
		mask[bits / 8] = (uint8_t)(0xff00 >> bits % 8);
	memcpy(q->mask, mask, sizeof(mask));
	memcpy(q->want, block->addr.byte, sizeof(q->want));
	q->want[0] &= q->mask[0];
	q->want[1] &= q->mask[1];
}

/* As tenant_text() calls those without a name. */
static void prepare_tenant(struct question *q, const char *text)
{
	static const char network[] = "network-";
	uint64_t number;

	q->is_plain = strcmp(text, "plain") == 0;
	if (value_number(text, &number) && number <= UINT32_MAX) {
		q->has_number = true;
		q->number = (uint32_t)number;
	}
	if (strncmp(text, network, sizeof(network) - 1) == 0 &&
		value_number(text + sizeof(network) - 1, &number) && number <= NETWORK_ID_MAX)
		q->network_id = NETWORK_NAMED + (uint32_t)number;
}

static void prepare(struct question *q, const struct expression_node *n)
{
	q->node = n;
	if (n->kind == EXPRESSION_ADDRESS)
		prepare_address(q, &n->address.block);
	else if (n->kind == EXPRESSION_TENANT)
		prepare_tenant(q, n->name.text);
}

/* Nodes stand behind those under them: the text's order is that of questions. */
static void number_questions(struct expression *e, struct place_of *places)
{
	for (uint32_t i = 0; i < e->n_nodes; i++) {
		const struct expression_node *n = &e->nodes[i];

		places[i].parent = i;
		if (is_question(n)) {
			places[i].first = (uint16_t)e->n_questions;
			prepare(&e->questions[e->n_questions++], n);
			continue;
		}
		places[i].first = places[n->left].first;
		places[n->left].parent = i;
		if (n->kind != EXPRESSION_NOT)
			places[n->right].parent = i;
	}
}

bool expression_compile(struct expression *expression)
{
	struct expression *e = expression;
	struct place_of *places = calloc(e->n_nodes, sizeof(*places));

	e->questions = calloc(e->n_nodes, sizeof(*e->questions));
	if (places && e->questions) {
		number_questions(e, places);
		for (uint32_t i = 0; i < e->n_nodes; i++) {
			struct question *q = &e->questions[places[i].first];

			if (!is_question(&e->nodes[i]))
				continue;
			q->yes = leads_to(e, places, i, true);
			q->no = leads_to(e, places, i, false);
		}
	}
	free(places);
	return places && e->questions;
}
