#include "config/parse/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct anchor {
	struct anchor *next;
	const char *name;
	const struct node *node; /* NULL while the node is being read */
};

struct reader {
	yaml_parser_t parser;
	const char *text; /* all of it, NUL-terminated */
	struct node_tree *tree;
	struct node_error *error;
	struct anchor *anchors;
	uint32_t depth;
	const char *keys[NODE_DEPTH_MAX + 1]; /* the way to here; NULL inside a list */
};

static bool fail(struct reader *r, size_t line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static bool fail(struct reader *r, size_t line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(r->error->text, sizeof(r->error->text), format, args);
	va_end(args);
	r->error->line = (uint32_t)line;
	return false;
}

static const char *line_start(const struct reader *r, size_t line)
{
	const char *at = r->text;

	for (size_t i = 0; i < line && at; i++) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return at;
}

/* A line whose indentation holds a tab, which YAML does not take. */
static bool has_tab(const struct reader *r, size_t line)
{
	const char *at = line_start(r, line);

	return at && at[strspn(at, " ")] == '\t';
}

/* Inside braces YAML takes the colons of an IPv6 address for its own: a trap worth a hint. */
static const char *hint(const struct reader *r, size_t line)
{
	const char *at = line_start(r, line), *colons;

	colons = at ? strstr(at, "::") : NULL;
	return colons && memchr(at, '\n', (size_t)(colons - at)) == NULL
		       ? "; an IPv6 address inside braces needs quotes"
		       : "";
}

static bool next_event(struct reader *r, yaml_event_t *event)
{
	const yaml_parser_t *p = &r->parser;

	if (yaml_parser_parse(&r->parser, event))
		return true;
	if (p->error == YAML_READER_ERROR)
		return fail(r, p->mark.line + 1, "not valid YAML: %s",
			p->problem ? p->problem : "bad encoding");
	if (has_tab(r, p->problem_mark.line))
		return fail(r, p->problem_mark.line + 1,
			"the line begins with a tab; YAML indents with spaces");
	return fail(r, p->problem_mark.line + 1, "not valid YAML: %s%s%s%s",
		p->problem ? p->problem : "no memory", p->context ? ", " : "",
		p->context ? p->context : "", hint(r, p->problem_mark.line));
}

static struct anchor *anchor_add(struct reader *r, const yaml_char_t *name)
{
	struct anchor *a;

	if (!name)
		return NULL;
	a = arena_alloc(&r->tree->arena, sizeof(*a));
	a->name = arena_text(&r->tree->arena, (const char *)name, strlen((const char *)name));
	a->next = r->anchors;
	r->anchors = a;
	return a;
}

static struct node *alias_read(struct reader *r, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	const struct anchor *a = r->anchors;
	struct node *copy;

	while (a && strcmp(a->name, name) != 0)
		a = a->next;
	if (!a || !a->node) {
		fail(r, event->start_mark.line + 1, "the alias *%.64s has no anchor before it",
			name);
		return NULL;
	}
	/* The children are shared, so the size of the tree stays that of the file. */
	copy = node_new(r->tree, a->node->kind, (uint32_t)event->start_mark.line + 1);
	*copy = *a->node;
	copy->key = NULL;
	copy->next = NULL;
	copy->parent = NULL;
	return copy;
}

static bool scalar_is_null(const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;

	return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (*text == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
}

static struct node *scalar_read(struct reader *r, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	uint32_t line = (uint32_t)event->start_mark.line + 1;
	struct node *node;

	if (strlen(text) != len) {
		fail(r, line, "a value holds a NUL character");
		return NULL;
	}
	node = node_new(r->tree, scalar_is_null(event) ? NODE_NULL : NODE_SCALAR, line);
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	node->text = arena_text(&r->tree->arena, text, len);
	return node;
}

static struct node *node_read(struct reader *r, const yaml_event_t *event);

static bool list_read(struct reader *r, struct node *list)
{
	struct node *last = NULL;

	for (;;) {
		yaml_event_t event;
		struct node *child;

		if (!next_event(r, &event))
			return false;
		if (event.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&event);
			return true;
		}
		child = node_read(r, &event);
		yaml_event_delete(&event);
		if (!child)
			return false;
		node_append(list, &last, child);
	}
}

/* The value of the member whose key was just read. */
static struct node *value_read(struct reader *r, const struct node *key)
{
	yaml_event_t event;
	struct node *value;

	if (!next_event(r, &event))
		return NULL;
	value = node_read(r, &event);
	yaml_event_delete(&event);
	if (value) {
		value->key = key->text;
		value->line = key->line;
	}
	return value;
}

static void path_print(const struct reader *r)
{
	char *text = r->error->key;
	size_t used = 0, size = sizeof(r->error->key);

	for (uint32_t i = 1; i <= r->depth && used < size; i++) {
		if (r->keys[i])
			used += (size_t)snprintf(text + used, size - used, "%s%.64s",
				used ? "." : "", r->keys[i]);
	}
}

static bool member_refused(struct reader *r, const struct node *map, const struct node *key)
{
	const struct node *twin = node_member(map, key->text);

	r->error->is_duplicate = twin;
	if (twin)
		fail(r, key->line, "is given twice (first in line %u)", twin->line);
	else if (map->count == NODE_MEMBERS_MAX)
		fail(r, key->line, "is one key too many (%d fit)", NODE_MEMBERS_MAX);
	else
		return false;
	path_print(r);
	return true;
}

static struct node *member_read(struct reader *r, struct node *map, const yaml_event_t *event)
{
	struct node *key;

	if (event->type != YAML_SCALAR_EVENT) {
		fail(r, event->start_mark.line + 1, "a key must be a plain word");
		return NULL;
	}
	key = scalar_read(r, event);
	if (!key)
		return NULL;
	r->keys[r->depth] = key->text;
	if (member_refused(r, map, key))
		return NULL;
	return value_read(r, key);
}

static bool map_read(struct reader *r, struct node *map)
{
	struct node *last = NULL;

	for (;;) {
		yaml_event_t event;
		struct node *child;

		if (!next_event(r, &event))
			return false;
		if (event.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&event);
			return true;
		}
		child = member_read(r, map, &event);
		yaml_event_delete(&event);
		if (!child)
			return false;
		node_append(map, &last, child);
	}
}

static struct node *collection_read(struct reader *r, const yaml_event_t *event)
{
	bool is_map = event->type == YAML_MAPPING_START_EVENT;
	uint32_t line = (uint32_t)event->start_mark.line + 1;
	struct anchor *anchor = anchor_add(r,
		is_map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor);
	struct node *node = node_new(r->tree, is_map ? NODE_MAP : NODE_LIST, line);
	bool ok;

	if (r->depth == NODE_DEPTH_MAX) {
		fail(r, line, "nested deeper than %d levels", NODE_DEPTH_MAX);
		return NULL;
	}
	r->keys[++r->depth] = NULL;
	ok = is_map ? map_read(r, node) : list_read(r, node);
	r->depth--;
	if (!ok)
		return NULL;
	if (anchor)
		anchor->node = node;
	return node;
}

static struct node *node_read(struct reader *r, const yaml_event_t *event)
{
	struct anchor *anchor;
	struct node *node;

	if (event->type == YAML_ALIAS_EVENT)
		return alias_read(r, event);
	if (event->type != YAML_SCALAR_EVENT)
		return collection_read(r, event);
	anchor = anchor_add(r, event->data.scalar.anchor);
	node = scalar_read(r, event);
	if (anchor)
		anchor->node = node;
	return node;
}

/* Events up to the end of the stream; the content of the first document becomes the root. */
static bool stream_read(struct reader *r)
{
	for (;;) {
		yaml_event_t event;
		yaml_event_type_t type;
		bool ok = true;

		if (!next_event(r, &event))
			return false;
		type = event.type;
		if (type == YAML_DOCUMENT_START_EVENT && r->tree->root)
			ok = fail(r, event.start_mark.line + 1,
				"a second YAML document starts here");
		else if (type >= YAML_ALIAS_EVENT)
			ok = (r->tree->root = node_read(r, &event)) != NULL;
		yaml_event_delete(&event);
		if (!ok || type == YAML_STREAM_END_EVENT)
			return ok;
	}
}

int yaml_parse(struct node_tree *tree, const char *text, size_t len, struct node_error *error)
{
	struct reader r = {.text = text, .tree = tree, .error = error};
	bool ok;

	*error = (struct node_error){.line = 0};
	*tree = (struct node_tree){0};
	if (!yaml_parser_initialize(&r.parser)) {
		fail(&r, 0, "no memory");
		return -1;
	}
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	ok = stream_read(&r);
	yaml_parser_delete(&r.parser);
	return ok ? 0 : -1;
}
