/* From loose objects to a model: sorted by id, references resolved, what may stand once checked to
 * stand once. The model's arrays are copies in its arena. */
#include <stdlib.h>
#include <string.h>

#include "config/model/model_build.h"
#include "config/model/model_storage.h"

/* Every object begins with its id. */
static int by_id(const void *a, const void *b)
{
	const char *x, *y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return strcmp(x, y);
}

static const void *find(const char *id, const struct model_list *list)
{
	return list->count ? bsearch(&id, list->items, list->count, list->size, by_id) : NULL;
}

static void ids_sort(struct model_builder *b, struct model_list *list, size_t place_offset)
{
	if (list->count < 2)
		return;
	qsort(list->items, list->count, list->size, by_id);
	for (uint32_t i = 1; i < list->count; i++) {
		const char *item = (const char *)list->items + i * list->size;
		const char *before = item - list->size, *id;
		struct finding_place here, first;

		if (by_id(item, before) != 0)
			continue;
		memcpy(&id, item, sizeof(id));
		if (*id == '\0')
			continue; /* said already */
		memcpy(&here, item + place_offset, sizeof(here));
		memcpy(&first, before + place_offset, sizeof(first));
		model_fail_at(b, FINDING_duplicate, &here,
			"the id %s is given twice (also at %s:%u)", id, first.file, first.line);
	}
}

static void *list_copy(struct model_builder *b, const struct model_list *list)
{
	void *copy = arena_alloc(&b->arena, list->count * list->size + 1);

	if (list->count > 0)
		memcpy(copy, list->items, list->count * list->size);
	return copy;
}

/* ---- rules into their filters ---- */

static int by_filter_and_number(const void *a, const void *b)
{
	const struct model_loose_rule *x = a, *y = b;
	int order = strcmp(x->filter_id, y->filter_id);

	if (order == 0)
		order = (x->direction > y->direction) - (x->direction < y->direction);
	if (order == 0)
		order = (x->rule.number > y->rule.number) - (x->rule.number < y->rule.number);
	return order;
}

static void numbers_unique(struct model_builder *b)
{
	const struct model_loose_rule *rules = b->rules.items;

	for (uint32_t i = 1; i < b->rules.count; i++) {
		const struct model_loose_rule *before = &rules[i - 1];

		if (by_filter_and_number(before, &rules[i]) != 0)
			continue;
		model_fail_at(b, FINDING_duplicate, &rules[i].rule.place,
			"the %s rule number %u of %s is given twice (also at %s:%u)",
			rules[i].direction == MODEL_INGRESS ? "ingress" : "egress",
			rules[i].rule.number, rules[i].filter_id, before->rule.place.file,
			before->rule.place.line);
	}
}

/* A rule of no filter that is given. */
static void rule_lost(struct model_builder *b, const struct model_loose_rule *loose)
{
	if (loose->imported && b->filters.count > 0)
		model_warn_at(b, FINDING_left_out, &loose->rule.place,
			"the rule %s is left out: its filter %s is not among those given",
			loose->rule.id, loose->filter_id);
	else
		model_fail_at(b, FINDING_unknown_id, &loose->rule.place,
			"the filter %s is not known", loose->filter_id);
}

static void rules_place(struct model_builder *b)
{
	const struct model_loose_rule *loose = b->rules.items;
	struct model_rule *rules;

	model_rules_unique(b);
	if (b->rules.count > 1)
		qsort(b->rules.items, b->rules.count, b->rules.size, by_filter_and_number);
	numbers_unique(b);
	rules = arena_alloc(&b->arena, b->rules.count * sizeof(*rules) + 1);
	for (uint32_t i = 0; i < b->rules.count; i++) {
		const void *found = find(loose[i].filter_id, &b->filters);
		struct model_filter *filter;

		rules[i] = loose[i].rule;
		if (!found) {
			rule_lost(b, &loose[i]);
			continue;
		}
		filter = (struct model_filter *)b->filters.items +
			 ((const struct model_filter *)found -
				 (const struct model_filter *)b->filters.items);
		filter->says_record |= rules[i].record != MODEL_RECORD_UNSAID;
		if (filter->rules[loose[i].direction].count++ == 0)
			filter->rules[loose[i].direction].rule = &rules[i];
	}
}

/* ---- interfaces ---- */

static void interfaces_resolve(struct model_builder *b, const struct model_vpc *vpcs)
{
	struct model_interface *interfaces = b->interfaces.items;

	for (uint32_t i = 0; i < b->interfaces.count; i++) {
		const struct model_vpc *vpc = find(interfaces[i].vpc_id, &b->vpcs);

		if (vpc)
			interfaces[i].vpc =
				vpcs + (vpc - (const struct model_vpc *)b->vpcs.items);
	}
}

/* ---- sessions ---- */

/* Size of an element in an array of pointers. */
enum { POINTER = sizeof(void *) };

struct links {
	struct model_filter *filters;
	struct model_interface *interfaces;
	const struct model_target *targets;
};

/* AWS keeps at most this much of a packet for a Network Load Balancer (ModifyTrafficMirrorSession). */
enum { NLB_PACKET_LENGTH = 8500 };

/* What a session refers to is not there. */
static void session_lost(struct model_builder *b, const struct model_loose_session *loose,
	const struct model_list *list, const char *what, const char *id)
{
	const struct model_session *session = &loose->session;

	if (*id == '\0')
		return; /* said already */
	if (loose->imported && list->count > 0)
		model_warn_at(b, FINDING_left_out, &session->place,
			"the session %s is left out: its %s %s is not among those given, so it "
			"is gone or of another account; the session's packets are of an "
			"unknown session",
			session->id, what, id);
	else
		model_fail_at(b, FINDING_unknown_id, &session->place, "the %s %s is not known",
			what, id);
}

/* false: it is none to go on with, and that was said. */
static bool session_resolve(struct model_builder *b, const struct links *to,
	const struct model_loose_session *loose, struct model_session *session)
{
	const struct model_interface *interface = find(loose->interface_id, &b->interfaces);
	const struct model_filter *filter = find(loose->filter_id, &b->filters);
	const struct model_target *target = find(loose->target_id, &b->targets);

	*session = loose->session;
	if (interface && !session->has_source && interface->has_primary) {
		session->has_source = true;
		session->outer_src = interface->primary;
	}
	if (interface)
		session->interface =
			to->interfaces +
			(interface - (const struct model_interface *)b->interfaces.items);
	else
		session_lost(
			b, loose, &b->interfaces, "network interface", loose->interface_id);
	if (filter)
		session->filter =
			to->filters + (filter - (const struct model_filter *)b->filters.items);
	else if (interface)
		session_lost(b, loose, &b->filters, "filter", loose->filter_id);
	if (target)
		session->target =
			to->targets + (target - (const struct model_target *)b->targets.items);
	if (target && target->type == MODEL_TARGET_NLB && session->packet_length == 0)
		session->packet_length = NLB_PACKET_LENGTH;
	return interface && (filter || *loose->filter_id == '\0');
}

static int by_interface_and_number(const void *a, const void *b)
{
	const struct model_session *const *x = a, *const *y = b;

	if ((*x)->interface != (*y)->interface)
		return (*x)->interface < (*y)->interface ? -1 : 1;
	return ((*x)->number > (*y)->number) - ((*x)->number < (*y)->number);
}

static int by_key(const void *a, const void *b)
{
	const struct model_session *const *x = a, *const *y = b;

	return session_key_compare(&(*x)->key, &(*y)->key);
}

/* The sessions of each interface, in the order in which AWS asks them. */
static void sessions_order(struct model_builder *b, const struct links *to,
	const struct model_session **sorted, uint32_t count)
{
	if (count > 1)
		qsort(sorted, count, POINTER, by_interface_and_number);
	for (uint32_t i = 0; i < count; i++) {
		struct model_interface *interface =
			&to->interfaces[sorted[i]->interface - to->interfaces];

		if (interface->n_sessions++ == 0)
			interface->sessions = &sorted[i];
		else if (sorted[i]->number == sorted[i - 1]->number)
			model_fail_at(b, FINDING_duplicate, &sorted[i]->place,
				"the session number %u of %s is given twice (also at %s:%u)",
				sorted[i]->number, interface->id, sorted[i - 1]->place.file,
				sorted[i - 1]->place.line);
	}
}

/* The sessions of each filter. */
static void sessions_by_filter(struct model_builder *b, const struct links *to,
	const struct model_session *sessions, uint32_t count)
{
	const struct model_session **sorted = arena_alloc(&b->arena, count * POINTER + 1);
	uint32_t *next = arena_alloc(&b->arena, (b->filters.count + 1) * sizeof(*next));
	uint32_t at = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (sessions[i].filter)
			to->filters[sessions[i].filter - to->filters].n_sessions++;
	}
	for (uint32_t i = 0; i < b->filters.count; i++) {
		to->filters[i].sessions = &sorted[at];
		next[i] = at;
		at += to->filters[i].n_sessions;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (sessions[i].filter)
			sorted[next[sessions[i].filter - to->filters]++] = &sessions[i];
	}
}

/* Keeps the sessions that packets can be found to belong to, sorted for the search. */
static uint32_t sources_check(
	struct model_builder *b, const struct model_session **sorted, uint32_t count)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (sorted[i]->has_source)
			sorted[kept++] = sorted[i];
	}
	if (kept > 1)
		qsort(sorted, kept, POINTER, by_key);
	for (uint32_t i = 1; i < kept; i++) {
		if (by_key(&sorted[i], &sorted[i - 1]) == 0)
			model_fail_at(b, FINDING_same_source, &sorted[i]->place,
				"sessions %s and %s (%s:%u) have the same source address and "
				"virtual_network_id %u%s: their packets cannot be told apart",
				sorted[i]->id, sorted[i - 1]->id, sorted[i - 1]->place.file,
				sorted[i - 1]->place.line, sorted[i]->vni,
				sorted[i]->network ? ", and the same network_id" : "");
	}
	return kept;
}

static void sessions_link(
	struct model_builder *b, const struct links *to, struct model_storage *owner)
{
	const struct model_loose_session *loose = b->sessions.items;
	uint32_t room = b->sessions.count, count = 0;
	struct model_session *sessions = arena_alloc(&b->arena, room * sizeof(*sessions) + 1);
	const struct model_session **by_number = arena_alloc(&b->arena, room * POINTER + 1);

	owner->by_source = arena_alloc(&b->arena, room * POINTER + 1);
	for (uint32_t i = 0; i < b->sessions.count; i++) {
		if (!session_resolve(b, to, &loose[i], &sessions[count]))
			continue;
		sessions[count].index = count;
		by_number[count] = owner->by_source[count] = &sessions[count];
		count++;
	}
	sessions_order(b, to, by_number, count);
	sessions_by_filter(b, to, sessions, count);
	owner->n_by_source = sources_check(b, owner->by_source, count);
	owner->model.sessions = sessions;
	owner->model.n_sessions = count;
}

static void all_sort(struct model_builder *b)
{
	ids_sort(b, &b->filters, offsetof(struct model_filter, place));
	ids_sort(b, &b->sessions, offsetof(struct model_loose_session, session.place));
	ids_sort(b, &b->targets, offsetof(struct model_target, place));
	ids_sort(b, &b->interfaces, offsetof(struct model_interface, place));
	ids_sort(b, &b->vpcs, offsetof(struct model_vpc, place));
}

struct model *model_link(struct model_builder *b)
{
	struct model_storage *owner = arena_alloc(&b->arena, sizeof(*owner));
	struct model *m = &owner->model;
	struct links to;

	model_left_out_apply(b);
	all_sort(b);
	rules_place(b);
	m->vpcs = list_copy(b, &b->vpcs);
	interfaces_resolve(b, m->vpcs);
	m->interfaces = to.interfaces = list_copy(b, &b->interfaces);
	m->filters = to.filters = list_copy(b, &b->filters);
	m->targets = to.targets = list_copy(b, &b->targets);
	for (uint32_t i = 0; i < b->filters.count; i++)
		to.filters[i].index = i;
	sessions_link(b, &to, owner);
	m->n_filters = b->filters.count;
	m->n_targets = b->targets.count;
	m->n_interfaces = b->interfaces.count;
	m->n_vpcs = b->vpcs.count;
	if (model_failed(b))
		return NULL;
	owner->arena = b->arena;
	b->arena = (struct arena){.blocks = NULL};
	return m;
}
