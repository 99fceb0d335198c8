/* Rules that are given twice: describe-traffic-mirror-filters and -filter-rules both print a rule,
 * and when they were not asked at one time, not the same. */
#include <stdlib.h>
#include <string.h>

#include "config/model/model_build.h"

static int by_id_and_order(const void *a, const void *b)
{
	const struct model_loose_rule *const *x = a, *const *y = b;
	int order = strcmp((*x)->rule.id, (*y)->rule.id);

	return order ? order : ((*x)->order > (*y)->order) - ((*x)->order < (*y)->order);
}

static bool is_same_cidr(const struct cidr *a, const struct cidr *b)
{
	return a->ip_version == b->ip_version && a->bits == b->bits &&
	       ip_addr_equal(&a->addr, &b->addr);
}

static bool is_same_range(const struct model_ports *a, const struct model_ports *b)
{
	return a->from == b->from && a->to == b->to;
}

/* In all that decides on packets. */
static bool is_same(const struct model_loose_rule *x, const struct model_loose_rule *y)
{
	const struct model_rule *a = &x->rule, *b = &y->rule;

	return strcmp(x->filter_id, y->filter_id) == 0 && x->direction == y->direction &&
	       a->number == b->number && a->protocol == b->protocol && a->accept == b->accept &&
	       a->record == b->record && is_same_cidr(&a->source, &b->source) &&
	       is_same_cidr(&a->destination, &b->destination) &&
	       is_same_range(&a->source_ports, &b->source_ports) &&
	       is_same_range(&a->destination_ports, &b->destination_ports);
}

static void differ(struct model_builder *b, const struct model_loose_rule *taken,
	const struct model_loose_rule *other)
{
	const struct finding_place *at = &taken->rule.place;

	if (taken->imported && other->imported)
		model_warn_at(b, FINDING_rule_differs, &other->rule.place,
			"the rule %s is another here than at %s:%u, which is the one taken; "
			"ask AWS for both again",
			other->rule.id, at->file, at->line);
	else
		model_fail_at(b, FINDING_duplicate, &other->rule.place,
			"the rule id %s is given twice (also at %s:%u)", other->rule.id,
			at->file, at->line);
}

void model_rules_unique(struct model_builder *b)
{
	struct model_loose_rule *rules = b->rules.items;
	struct model_loose_rule **sorted = arena_alloc(
		&b->arena, (b->rules.count + 1) * sizeof(struct model_loose_rule *));
	const struct model_loose_rule *taken = NULL;
	uint32_t count = 0, kept = 0;

	for (uint32_t i = 0; i < b->rules.count; i++) {
		if (*rules[i].rule.id != '\0')
			sorted[count++] = &rules[i];
	}
	if (count > 1)
		qsort(sorted, count, sizeof(*sorted), by_id_and_order);
	for (uint32_t i = 0; i < count; i++) {
		if (!taken || strcmp(taken->rule.id, sorted[i]->rule.id) != 0) {
			taken = sorted[i];
			continue;
		}
		if (!is_same(taken, sorted[i]))
			differ(b, taken, sorted[i]);
		sorted[i]->order = 0; /* those that were read begin with 1 */
	}
	for (uint32_t i = 0; i < b->rules.count; i++) {
		if (rules[i].order > 0)
			rules[kept++] = rules[i];
	}
	b->rules.count = kept;
}
