#include "config/model/model.h"

#include <stdlib.h>
#include <string.h>

#include "config/model/model_storage.h"

void model_destroy(struct model *model)
{
	struct arena arena;

	if (!model)
		return;
	arena = ((struct model_storage *)model)->arena;
	arena_free(&arena);
}

static int id_compare(const void *id, const void *object)
{
	const struct model_interface *interface = object;

	return strcmp(id, interface->id);
}

const struct model_interface *model_interface_find(const struct model *model, const char *id)
{
	return model->n_interfaces ? bsearch(id, model->interfaces, model->n_interfaces,
					     sizeof(*model->interfaces), id_compare)
				   : NULL;
}

static int source_compare(const void *key, const void *element)
{
	const struct model_session *const *session = element;

	return session_key_compare(key, &(*session)->key);
}

const struct model_session *model_session_of(
	const struct model *model, const struct session_key *key)
{
	const struct model_storage *owner = (const struct model_storage *)model;
	const struct model_session *const *found = NULL;

	if (owner->n_by_source > 0)
		found = bsearch(key, owner->by_source, owner->n_by_source, sizeof(void *),
			source_compare);
	return found ? *found : NULL;
}

static int by_number(const void *key, const void *rule)
{
	uint32_t number = *(const uint32_t *)key,
		 other = ((const struct model_rule *)rule)->number;

	return (number > other) - (number < other);
}

enum model_record model_rule_record(
	const struct model_filter *filter, enum model_direction direction, uint32_t number)
{
	const struct model_rules *rules = &filter->rules[direction];
	const struct model_rule *rule;

	if (!filter->says_record)
		return MODEL_RECORD_UNSAID;
	rule = bsearch(&number, rules->rule, rules->count, sizeof(*rule), by_number);
	return rule ? (enum model_record)rule->record : MODEL_RECORD_UNSAID;
}
