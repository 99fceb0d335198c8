/* Targets that are interfaces: AWS bounds how many sources one may have, and none may be a source
 * itself (Traffic Mirroring, "Quotas" and "Sessions"). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/log.h"
#include "config/model/model_check.h"

enum { QUOTA_SOURCES = 10, QUOTA_SOURCES_LARGEST = 100 };

static int by_target_and_source(const void *a, const void *b)
{
	const struct model_session *const *x = a, *const *y = b;

	if ((*x)->target != (*y)->target)
		return (*x)->target < (*y)->target ? -1 : 1;
	return ((*x)->interface > (*y)->interface) - ((*x)->interface < (*y)->interface);
}

static int by_resource(const void *a, const void *b)
{
	const struct model_target *const *x = a, *const *y = b;

	return strcmp((*x)->resource, (*y)->resource);
}

static void *room(uint32_t count)
{
	void *memory = calloc((size_t)count + 1, sizeof(void *));

	if (!memory)
		log_abort("no memory to check the targets");
	return memory;
}

static bool is_interface(const struct model_target *target)
{
	return target && target->type == MODEL_TARGET_INTERFACE;
}

static void sources_say(
	const struct model_target *target, uint32_t sources, struct report *report)
{
	if (sources > QUOTA_SOURCES)
		report_add(report, FINDING_quota, target->place.file, target->place.line,
			target->place.key,
			"the target %s has %u sources; AWS's quota for an interface is %u%s",
			target->id, sources,
			sources > QUOTA_SOURCES_LARGEST ? QUOTA_SOURCES_LARGEST : QUOTA_SOURCES,
			sources > QUOTA_SOURCES_LARGEST ? ", of the largest instances"
							: ", 100 on the largest instances");
}

static void sources_check(const struct model *model, struct report *report)
{
	const struct model_session **sorted = room(model->n_sessions);
	uint32_t count = 0, sources = 0;

	for (uint32_t i = 0; i < model->n_sessions; i++) {
		if (is_interface(model->sessions[i].target))
			sorted[count++] = &model->sessions[i];
	}
	if (count > 1)
		qsort(sorted, count, sizeof(*sorted), by_target_and_source);
	for (uint32_t i = 0; i < count; i++) {
		bool is_first = i == 0 || sorted[i - 1]->target != sorted[i]->target;
		bool is_last = i + 1 == count || sorted[i + 1]->target != sorted[i]->target;

		sources = is_first ? 0 : sources;
		sources += is_first || sorted[i - 1]->interface != sorted[i]->interface;
		if (is_last)
			sources_say(sorted[i]->target, sources, report);
	}
	free(sorted);
}

static void own_targets_check(const struct model *model, struct report *report)
{
	const struct model_target **sorted = room(model->n_targets);
	uint32_t count = 0;

	for (uint32_t i = 0; i < model->n_targets; i++) {
		if (is_interface(&model->targets[i]))
			sorted[count++] = &model->targets[i];
	}
	if (count > 1)
		qsort(sorted, count, sizeof(*sorted), by_resource);
	for (uint32_t i = 0; count > 0 && i < model->n_sessions; i++) {
		const struct model_session *session = &model->sessions[i];
		const struct model_target key = {.resource = session->interface->id},
					  *at = &key;
		const struct model_target *const *found =
			bsearch(&at, sorted, count, sizeof(*sorted), by_resource);

		if (found)
			report_add(report, FINDING_source_is_target, session->place.file,
				session->place.line, session->place.key,
				"%s, the source of session %s, is the interface of the target "
				"%s: AWS mirrors no interface that is one",
				session->interface->id, session->id, (*found)->id);
	}
	free(sorted);
}

void model_check_targets(const struct model *model, struct report *report)
{
	sources_check(model, report);
	own_targets_check(model, report);
}
