#include "dataplane/pipeline/snapshot.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/log/error.h"
#include "inspect/detect/lists/lists.h"
#include "inspect/detect/suppress.h"
#include "inspect/geo/geo.h"

void policy_destroy(struct policy *policy)
{
	model_destroy(policy->model);
	lists_destroy(policy->lists);
	geo_destroy(policy->geo);
	*policy = (struct policy){.model = NULL};
}

struct snapshot *snapshot_create(const struct model *model, const struct lists *lists,
	const struct settings *settings, uint64_t generation, uint32_t n_lanes,
	struct error *error)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	uint32_t n_rules;

	error_set(error, "not enough memory for a configuration");
	if (!snapshot)
		return NULL;
	snapshot->generation = generation;
	snapshot->model = model;
	snapshot->lists = lists;
	snapshot->learn = settings->sessions.unknown == UNKNOWN_INSPECT;
	snapshot->accept_unknown = settings->sessions.unknown_direction == DIRECTION_ACCEPT;
	snapshot->n_lanes = n_lanes;
	snapshot->filter = filter_create(model, error);
	if (!snapshot->filter) {
		free(snapshot);
		return NULL;
	}
	snapshot->suppress = suppress_create(settings);
	n_rules = filter_rule_count(snapshot->filter);
	snapshot->hits =
		calloc((size_t)n_lanes * (n_rules ? n_rules : 1), sizeof(*snapshot->hits));
	if (snapshot->hits && snapshot->suppress)
		return snapshot;
	snapshot_destroy(snapshot);
	return NULL;
}

void snapshot_destroy(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	filter_destroy(snapshot->filter);
	suppress_destroy(snapshot->suppress);
	free(snapshot->hits);
	free(snapshot);
}

struct rule_hits *snapshot_hits(const struct snapshot *snapshot, uint32_t lane)
{
	return snapshot->hits + (size_t)lane * filter_rule_count(snapshot->filter);
}

struct rule_hits snapshot_rule_hits(const struct snapshot *snapshot, uint32_t rule)
{
	struct rule_hits sum = {0, 0};

	for (uint32_t lane = 0; lane < snapshot->n_lanes; lane++) {
		const struct rule_hits *one = &snapshot_hits(snapshot, lane)[rule];

		sum.packets += __atomic_load_n(&one->packets, __ATOMIC_RELAXED);
		sum.bytes += __atomic_load_n(&one->bytes, __ATOMIC_RELAXED);
	}
	return sum;
}

struct snapshot *snapshot_publish(struct snapshot_slot *slot, struct snapshot *next)
{
	return atomic_exchange_explicit(&slot->current, next, memory_order_acq_rel);
}

bool snapshot_is_past(const struct snapshot_reader *reader, uint64_t generation)
{
	return atomic_load_explicit(&reader->generation, memory_order_acquire) >= generation;
}
