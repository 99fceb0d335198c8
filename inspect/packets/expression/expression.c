#include <stdlib.h>

#include "inspect/packets/expression/expression_inside.h"

void expression_destroy(struct expression *expression)
{
	if (!expression)
		return;
	free(expression->questions);
	free(expression->steps);
	free(expression->nodes);
	free(expression->names);
	free(expression->text);
	free(expression);
}

const char *expression_text(const struct expression *expression)
{
	return expression->text;
}

uint32_t expression_count(const struct expression *expression)
{
	return expression->n_nodes;
}

const struct expression_node *expression_node(
	const struct expression *expression, uint32_t number)
{
	return &expression->nodes[number];
}

/* --- times --- */

bool expression_asks_newest(const struct expression *expression)
{
	return expression->asks_newest;
}

void expression_set_newest(struct expression *expression, uint64_t newest_ns)
{
	for (uint32_t i = 0; i < expression->n_nodes; i++) {
		struct expression_node *n = &expression->nodes[i];

		if (n->kind == EXPRESSION_TIME && n->time.last_ns > 0)
			n->time.from_ns =
				newest_ns > n->time.last_ns ? newest_ns - n->time.last_ns : 0;
	}
}

struct range {
	uint64_t from, to; /* from > to: none */
};

static bool is_empty(const struct range *r)
{
	return r->from > r->to;
}

static struct range both_of(const struct range *a, const struct range *b)
{
	return (struct range){
		a->from > b->from ? a->from : b->from, a->to < b->to ? a->to : b->to};
}

static struct range either_of(const struct range *a, const struct range *b)
{
	if (is_empty(a) || is_empty(b))
		return is_empty(a) ? *b : *a;
	return (struct range){
		a->from < b->from ? a->from : b->from, a->to > b->to ? a->to : b->to};
}

bool expression_times(const struct expression *expression, uint64_t *from_ns, uint64_t *to_ns)
{
	struct range ranges[EXPRESSION_NODES_MAX], all = {0, UINT64_MAX}, last = all;

	for (uint32_t i = 0; i < expression->n_nodes; i++) {
		const struct expression_node *n = &expression->nodes[i];

		if (n->kind == EXPRESSION_TIME)
			last = (struct range){n->time.from_ns, n->time.to_ns};
		else if (n->kind == EXPRESSION_AND)
			last = both_of(&ranges[n->left], &ranges[n->right]);
		else if (n->kind == EXPRESSION_OR)
			last = either_of(&ranges[n->left], &ranges[n->right]);
		else
			last = all;
		ranges[i] = last;
	}
	*from_ns = last.from;
	*to_ns = last.to;
	return !is_empty(&last);
}
