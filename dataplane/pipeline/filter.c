#include "dataplane/pipeline/filter_inside.h"

#include <rte_acl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"

static void gather_rules(struct filter *filter, const struct model *model)
{
	struct owned_rule *at = filter->rules;

	for (uint32_t f = 0; f < model->n_filters; f++) {
		for (int d = 0; d < MODEL_DIRECTIONS; d++) {
			const struct model_rules *rules = &model->filters[f].rules[d];

			for (uint32_t r = 0; r < rules->count; r++)
				*at++ = (struct owned_rule){&rules->rule[r], &model->filters[f],
					(enum model_direction)d};
		}
	}
}

static void gather_verdicts(struct filter *filter)
{
	struct filter_verdict *none = &filter->verdicts[filter->n_rules + 1];

	filter->verdicts[0].scope = UINT32_MAX;
	for (uint32_t i = 0; i < filter->n_rules; i++)
		filter->verdicts[i + 1] = (struct filter_verdict){filter->rules[i].rule->number,
			filter->rules[i].rule->accept, scope_of_rule(&filter->rules[i])};
	for (uint32_t scope = 0; none + scope < filter->verdicts + filter->n_verdicts; scope++)
		none[scope] = (struct filter_verdict){0, false, scope};
}

struct filter *filter_create(const struct model *model, struct error *error)
{
	struct filter *filter = calloc(1, sizeof(*filter));
	int result;

	error_set(error, "not enough memory for the filter rules");
	if (!filter)
		return NULL;
	for (uint32_t f = 0; f < model->n_filters; f++)
		for (int d = 0; d < MODEL_DIRECTIONS; d++)
			filter->n_rules += model->filters[f].rules[d].count;
	filter->rules = calloc(filter->n_rules + (size_t)1, sizeof(*filter->rules));
	filter->n_verdicts = 1 + filter->n_rules + model->n_filters * MODEL_DIRECTIONS;
	filter->verdicts = calloc(filter->n_verdicts, sizeof(*filter->verdicts));
	if (!filter->rules || !filter->verdicts) {
		filter_destroy(filter);
		return NULL;
	}
	gather_rules(filter, model);
	gather_verdicts(filter);
	result = filter_compile(filter, 4, &filter->acl4);
	if (result == 0)
		result = filter_compile(filter, 6, &filter->acl6);
	if (result == 0)
		return filter;
	error_set(error, "the filter rules could not be compiled: %s", strerror(-result));
	filter_destroy(filter);
	return NULL;
}

void filter_destroy(struct filter *filter)
{
	if (!filter)
		return;
	rte_acl_free(filter->acl4);
	rte_acl_free(filter->acl6);
	free(filter->verdicts);
	free(filter->rules);
	free(filter);
}

const struct filter_verdict *filter_verdicts(const struct filter *filter, uint32_t *count)
{
	*count = filter->n_verdicts;
	return filter->verdicts;
}

uint32_t filter_rule_count(const struct filter *filter)
{
	return filter->n_rules;
}

const struct model_rule *filter_rule(const struct filter *filter, uint32_t index)
{
	return filter->rules[index].rule;
}

const struct model_filter *filter_rule_owner(
	const struct filter *filter, uint32_t index, enum model_direction *direction)
{
	*direction = filter->rules[index].direction;
	return filter->rules[index].filter;
}
