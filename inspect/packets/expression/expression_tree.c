#include <stdlib.h>

#include "inspect/packets/expression/expression_parse.h"

static bool grow(struct parser *p)
{
	uint32_t room = p->room_nodes ? 2 * p->room_nodes : 16;
	struct expression_node *nodes = realloc(p->e->nodes, room * sizeof(*nodes));

	if (!nodes)
		return parse_fail(p, p->at, "not enough memory");
	p->e->nodes = nodes;
	p->room_nodes = room;
	return true;
}

bool parse_add(struct parser *p, const struct expression_node *node, uint32_t *number)
{
	if (p->e->n_nodes == EXPRESSION_NODES_MAX)
		return parse_fail(p, node->at,
			"the expression asks too much: more than %d parts",
			EXPRESSION_NODES_MAX);
	if (p->e->n_nodes == p->room_nodes && !grow(p))
		return false;
	*number = p->e->n_nodes++;
	p->e->nodes[*number] = *node;
	return true;
}

bool parse_deeper(struct parser *p)
{
	if (p->depth++ < EXPRESSION_DEPTH_MAX)
		return true;
	return parse_fail(p, p->at,
		"more than %d of parentheses, 'not' and brackets are within "
		"each other",
		EXPRESSION_DEPTH_MAX);
}
