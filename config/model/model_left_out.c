/* Imported objects that are not taken. What AWS prints holds what is gone or of another account,
 * and may hold values that are newer than this program: such an object is left out with a warning,
 * which names what goes with it, and all the rest is taken. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/model/model_build.h"

static int by_kind_and_id(const void *a, const void *b)
{
	const struct model_left_out *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return strcmp(x->id, y->id);
}

void model_leave_out_unknown(struct model_builder *b, enum model_kind kind, const char *id)
{
	struct model_left_out *out;

	if (!b->unknown)
		return;
	out = model_list_add(&b->left_out);
	*out = (struct model_left_out){id, kind, b->unknown, b->unknown_place};
	b->unknown = NULL;
}

static bool is_left_out(const struct model_builder *b, enum model_kind kind, const char *id)
{
	const struct model_left_out key = {.id = id, .kind = kind};

	return b->left_out.count > 0 && bsearch(&key, b->left_out.items, b->left_out.count,
						b->left_out.size, by_kind_and_id);
}

/* Takes the objects out whose id, `offset` bytes into each, names one that is left out. */
static void list_sift(
	struct model_builder *b, struct model_list *list, size_t offset, enum model_kind kind)
{
	char *items = list->items;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < list->count; i++) {
		const char *id;

		memcpy(&id, items + i * list->size + offset, sizeof(id));
		if (is_left_out(b, kind, id))
			continue;
		if (kept != i)
			memcpy(items + kept * list->size, items + i * list->size, list->size);
		kept++;
	}
	list->count = kept;
}

static bool refers_to(
	const struct model_loose_session *session, enum model_kind kind, const char *id)
{
	return strcmp(kind == KIND_FILTER ? session->filter_id : session->target_id, id) == 0;
}

/* "tms-1, tms-2 and 3 more"; "" when no session refers to it. */
static const char *sessions_print(const struct model_builder *b,
	const struct model_left_out *out, char *text, size_t size)
{
	enum { SHOWN = 3 };
	const struct model_loose_session *sessions = b->sessions.items;
	uint32_t count = 0;
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < b->sessions.count; i++) {
		if (!refers_to(&sessions[i], out->kind, out->id) || count++ >= SHOWN)
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s%.40s",
			count > 1 ? ", " : "", sessions[i].session.id);
	}
	if (count > SHOWN)
		snprintf(text + used, size - used, " and %u more", count - SHOWN);
	return text;
}

static void left_out_say(struct model_builder *b, const struct model_left_out *out)
{
	char sessions[192];
	bool is_filter = out->kind == KIND_FILTER;

	sessions_print(b, out, sessions, sizeof(sessions));
	model_warn_at(b, FINDING_left_out, &out->place, "the %s %.40s is left out: %s%s%s%s",
		is_filter ? "filter" : "target", out->id, out->why,
		*sessions == '\0' ? ""
		: is_filter       ? "; with it go its sessions "
				  : "; without a target are then ",
		sessions,
		*sessions && is_filter ? ", whose packets are of unknown sessions" : "");
}

void model_left_out_apply(struct model_builder *b)
{
	const struct model_left_out *out = b->left_out.items;

	if (b->left_out.count == 0)
		return;
	qsort(b->left_out.items, b->left_out.count, b->left_out.size, by_kind_and_id);
	for (uint32_t i = 0; i < b->left_out.count; i++) {
		/* An object may have several such values: one is enough. */
		if (i == 0 || by_kind_and_id(&out[i - 1], &out[i]) != 0)
			left_out_say(b, &out[i]);
	}
	list_sift(b, &b->filters, offsetof(struct model_filter, id), KIND_FILTER);
	list_sift(b, &b->targets, offsetof(struct model_target, id), KIND_TARGET);
	list_sift(b, &b->rules, offsetof(struct model_loose_rule, filter_id), KIND_FILTER);
	list_sift(
		b, &b->sessions, offsetof(struct model_loose_session, filter_id), KIND_FILTER);
}
