#include "dataplane/retrieval/needs.h"

#include <stdlib.h>
#include <string.h>

#include "inspect/flow/community_id.h"

enum need { NEED_HOST, NEED_FLOW, NEED_COMMUNITY };

#define UNBOUND UINT32_MAX

/* One kind is looked for at a time. For each node how many values it has, if it is bound by some at all: then it
 * is true of packets alone that have one of them. */
struct finding {
	const struct expression *expression;
	const struct flow_answers *labels;
	enum need need;
	uint32_t values[EXPRESSION_NODES_MAX];
	struct needs *needs;
};

static uint64_t bit_of(const struct expression_node *node)
{
	return UINT64_C(1) << node->name.question;
}

static bool is_label(enum expression_kind kind)
{
	return kind == EXPRESSION_APP || kind == EXPRESSION_RISK || kind == EXPRESSION_ALERT;
}

static uint32_t labelled(const struct flow_answers *labels, uint64_t bit)
{
	uint32_t cursor = 0, n = 0;
	uint64_t id, bits;

	while (labels && flow_answers_next(labels, &cursor, &id, &bits))
		n += (bits & bit) != 0;
	return n;
}

static uint32_t values_of_leaf(const struct finding *f, const struct expression_node *node)
{
	switch (f->need) {
	case NEED_HOST:
		return node->kind == EXPRESSION_ADDRESS ? 1 : UNBOUND;
	case NEED_FLOW:
		if (is_label(node->kind))
			return labelled(f->labels, bit_of(node));
		return node->kind == EXPRESSION_FLOW ? 1 : UNBOUND;
	case NEED_COMMUNITY:
		return node->kind == EXPRESSION_COMMUNITY ? 1 : UNBOUND;
	}
	return UNBOUND;
}

static uint32_t values_of(const struct finding *f, const struct expression_node *node)
{
	uint32_t left, right;

	if (node->kind == EXPRESSION_NOT)
		return UNBOUND;
	if (node->kind > EXPRESSION_NOT)
		return values_of_leaf(f, node);
	left = f->values[node->left];
	right = f->values[node->right];
	if (node->kind == EXPRESSION_AND)
		return left < right ? left : right;
	return left == UNBOUND || right == UNBOUND ? UNBOUND : left + right;
}

static void take_labelled(struct needs *needs, const struct flow_answers *labels, uint64_t bit)
{
	uint32_t cursor = 0;
	uint64_t id, bits;

	while (labels && flow_answers_next(labels, &cursor, &id, &bits))
		if (bits & bit)
			needs->flows[needs->n_flows++] = id;
}

static void take_leaf(const struct finding *f, const struct expression_node *node)
{
	struct needs *needs = f->needs;

	switch (f->need) {
	case NEED_HOST:
		needs->hosts[needs->n_hosts++] = (struct index_prefix){node->address.block.addr,
			(uint8_t)(node->address.block.bits +
				  (node->address.block.ip_version == 4 ? 96 : 0))};
		break;
	case NEED_FLOW:
		if (is_label(node->kind))
			take_labelled(needs, f->labels, bit_of(node));
		else
			needs->flows[needs->n_flows++] = strtoull(node->name.text, NULL, 16);
		break;
	case NEED_COMMUNITY:
		(void)community_id_parse(
			node->name.text, needs->communities[needs->n_communities++]);
		break;
	}
}

/* Goes down to the leaves by which the root is bound: of `and` the side with fewer values. */
static void take(const struct finding *f, uint32_t root)
{
	uint32_t waiting[EXPRESSION_NODES_MAX], n = 0;

	waiting[n++] = root;
	while (n > 0) {
		const struct expression_node *node =
			expression_node(f->expression, waiting[--n]);

		if (node->kind > EXPRESSION_NOT) {
			take_leaf(f, node);
		} else if (node->kind == EXPRESSION_AND) {
			waiting[n++] = f->values[node->left] < f->values[node->right]
					       ? node->left
					       : node->right;
		} else {
			waiting[n++] = node->left;
			waiting[n++] = node->right;
		}
	}
}

/* false: nothing has it. */
static bool find(struct finding *f, enum need need, uint32_t most)
{
	uint32_t n = expression_count(f->expression);

	f->need = need;
	for (uint32_t i = 0; i < n; i++)
		f->values[i] = values_of(f, expression_node(f->expression, i));
	if (f->values[n - 1] <= most)
		take(f, n - 1);
	return f->values[n - 1] > 0;
}

/* Those of `flows`, and packets without one, where the expression itself names no flows. */
static void limit(struct needs *needs, const struct flow_answers *flows)
{
	uint32_t cursor = 0;
	uint64_t id, bits;

	if (needs->n_flows > 0 || flow_answers_count(flows) >= NEEDS_FLOWS)
		return;
	while (flow_answers_next(flows, &cursor, &id, &bits))
		needs->flows[needs->n_flows++] = id;
	needs->no_flow = true;
}

static bool speaks_of_flows(const struct expression *expression)
{
	for (uint32_t i = 0; i < expression_count(expression); i++) {
		enum expression_kind kind = expression_node(expression, i)->kind;

		if (kind == EXPRESSION_FLOW || is_label(kind))
			return true;
	}
	return false;
}

void needs_find(struct needs *needs, const struct expression *expression,
	const struct flow_answers *labels, const struct flow_answers *flows)
{
	struct finding f = {.expression = expression, .labels = labels, .needs = needs};

	memset(needs, 0, sizeof(*needs));
	needs->judge = (struct row_judge){.expression = expression, .labels = labels};
	needs->asks_flows = flows || speaks_of_flows(expression);
	needs->nothing = !expression_times(expression, &needs->from_ns, &needs->to_ns) ||
			 !find(&f, NEED_FLOW, NEEDS_FLOWS);
	(void)find(&f, NEED_HOST, NEEDS_HOSTS);
	(void)find(&f, NEED_COMMUNITY, NEEDS_COMMUNITIES);
	if (needs->from_ns == 0 && needs->to_ns == UINT64_MAX)
		needs->to_ns = 0;
	if (flows)
		limit(needs, flows);
}
