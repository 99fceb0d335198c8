/* The indicator lists of the settings: which files, and what their values mean. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"
#include "config/parse/value.h"
#include "config/settings/settings_place.h"

enum { NAME_MAX_LEN = 63 };

/* A scalar of 1 to `max` characters; NULL: refused. */
static const char *text_of(
	const struct place *p, const struct node *node, const char *noun, size_t max)
{
	if (node->kind == NODE_SCALAR && *node->text != '\0' && strlen(node->text) <= max)
		return node->text;
	place_refuse(p, node, "an indicator list needs a %s of 1 to %zu characters", noun, max);
	return NULL;
}

/* The file's own name, without folders and the last extension. */
static char *name_of_file(const char *file)
{
	const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
	const char *dot = strrchr(base, '.');
	size_t len = dot && dot > base ? (size_t)(dot - base) : strlen(base);
	char *name;

	len = len < NAME_MAX_LEN ? len : NAME_MAX_LEN;
	name = place_room(len + 1, 1);
	memcpy(name, base, len);
	return name;
}

static bool file_read(const struct place *p, const struct node *map, struct settings_list *list)
{
	const struct node *node = node_member(map, "file"), *named = node_member(map, "name");
	const char *file, *name;

	if (!node)
		return place_refuse(p, map, "an indicator list needs a file");
	file = text_of(p, node, "file", PATH_MAX - 1);
	if (!file)
		return false;
	list->file = place_text(file);
	if (!named) {
		list->name = name_of_file(file);
		return true;
	}
	name = text_of(p, named, "name", NAME_MAX_LEN);
	if (!name)
		return false;
	list->name = place_text(name);
	return true;
}

static bool severity_read(
	const struct place *p, const struct node *map, struct settings_list *list)
{
	struct settings_row row = *p->row;
	const struct place number = {p->settings, &row, p->fault};
	const struct node *node = node_member(map, "severity");

	row.min = 1;
	row.max = LIST_SEVERITY_MAX;
	return !node || place_number(&number, node, &list->severity);
}

/* Its name names it in alerts. */
static bool is_named_twice(const struct settings_lists *lists, const struct settings_list *list)
{
	for (const struct settings_list *l = lists->list; l < list; l++) {
		if (strcmp(l->name, list->name) == 0)
			return true;
	}
	return false;
}

static bool list_read(const struct place *p, const struct node *map, struct settings_list *list)
{
	unsigned type = LIST_AUTO, action = LIST_ALERT;

	if (map->kind != NODE_MAP)
		return place_refuse(p, map,
			"holds %s where {file, name, type, severity, action} belongs",
			node_kind_name(map));
	node_each(n, map)
	{
		if (value_name("file|name|type|severity|action", n->key) < 0)
			return place_refuse(
				p, n, "an indicator list has no key '%.64s'", n->key);
	}
	list->severity = LIST_SEVERITY;
	if (!file_read(p, map, list) || !severity_read(p, map, list) ||
		!place_choice(p, map, "type", LIST_TYPE_NAMES, &type) ||
		!place_choice(p, map, "action", LIST_ACTION_NAMES, &action))
		return false;
	list->type = (enum list_type)type;
	list->action = (enum list_action)action;
	if (is_named_twice(&p->settings->detect.lists, list))
		return place_refuse(p, map,
			"two indicator lists are called '%s'; give one another name",
			list->name);
	return true;
}

bool place_lists(const struct place *p, const struct node *list)
{
	struct settings_lists *lists = &p->settings->detect.lists;

	settings_clear(p->settings, p->row);
	if (list->count > LISTS_MAX)
		return place_refuse(p, list, "holds more than %d indicator lists", LISTS_MAX);
	if (list->count > 0)
		lists->list = place_room(list->count, sizeof(*lists->list));
	node_each(n, list)
	{
		if (!list_read(p, n, &lists->list[lists->count++]))
			return false;
	}
	return true;
}

int settings_add_list(struct settings *settings, const char *file, struct error *error)
{
	struct settings_lists *lists = &settings->detect.lists;
	struct settings_list *list;

	if (lists->count == LISTS_MAX) {
		error_set(error, "%s: there are %d indicator lists already", file, LISTS_MAX);
		return -1;
	}
	list = place_room(lists->count + 1, sizeof(*list));
	if (lists->count > 0)
		memcpy(list, lists->list, lists->count * sizeof(*list));
	free(lists->list);
	lists->list = list;
	list += lists->count;
	*list = (struct settings_list){.file = place_text(file),
		.name = name_of_file(file),
		.severity = LIST_SEVERITY};
	lists->count++;
	if (!is_named_twice(lists, list))
		return 0;
	error_set(error, "%s: two indicator lists are called '%s'", file, list->name);
	return -1;
}
