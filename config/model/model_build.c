#include "config/model/model_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/log.h"

void *model_list_add(struct model_list *list)
{
	void *item;

	if (list->count == list->room) {
		uint32_t room = list->room ? 2 * list->room : 64;
		void *items = realloc(list->items, room * list->size);

		if (!items)
			log_abort("no memory for the mirror model");
		list->items = items;
		list->room = room;
	}
	item = (char *)list->items + list->count++ * list->size;
	return memset(item, 0, list->size);
}

bool model_failed(const struct model_builder *b)
{
	return b->report->n_errors > b->errors_before;
}

/* The objects whose errors are not said any more must not be looked at further. */
static bool is_enough(struct model_builder *b)
{
	bool enough = b->report->n_errors - b->errors_before >= MODEL_ERRORS_MAX;

	b->incomplete |= enough;
	return enough;
}

void model_fail(struct model_builder *b, enum finding_code code, const struct node *node,
	const char *member, const char *format, ...)
{
	char path[NODE_PATH], key[NODE_PATH + 64];
	const struct finding_place place = {b->file, node->line, key};
	va_list args;

	if (is_enough(b))
		return;
	node_path(node, path);
	snprintf(key, sizeof(key), "%s%s%.60s", path, member && *path ? "." : "",
		member ? member : "");
	va_start(args, format);
	report_addv(b->report, code, &place, format, args);
	va_end(args);
}

void model_fail_at(struct model_builder *b, enum finding_code code,
	const struct finding_place *place, const char *format, ...)
{
	va_list args;

	if (is_enough(b))
		return;
	va_start(args, format);
	report_addv(b->report, code, place, format, args);
	va_end(args);
}

void model_warn_at(struct model_builder *b, enum finding_code code,
	const struct finding_place *place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report_addv(b->report, code, place, format, args);
	va_end(args);
}

void model_unknown(struct model_builder *b, const struct node *node, const char *format, ...)
{
	char text[160];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!b->is_aws) {
		model_fail(b, FINDING_wrong_value, node, NULL, "%s", text);
	} else if (!b->unknown) {
		b->unknown = model_text(b, text);
		b->unknown_place = model_place_of(b, node);
	}
}

struct finding_place model_place_of(struct model_builder *b, const struct node *node)
{
	char path[NODE_PATH];

	return (struct finding_place){
		b->file, node->line, model_text(b, node_path(node, path))};
}

const char *model_text(struct model_builder *b, const char *text)
{
	return arena_text(&b->arena, text, strlen(text));
}
