#include "config/parse/node.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct node *node_member(const struct node *map, const char *key)
{
	node_each(n, map)
	{
		if (n->key && strcmp(n->key, key) == 0)
			return n;
	}
	return NULL;
}

enum finding_code node_error_finding(const struct node_error *error)
{
	if (error->is_unreadable)
		return FINDING_unreadable;
	return error->is_duplicate ? FINDING_duplicate : FINDING_syntax;
}

const char *node_kind_name(const struct node *node)
{
	switch (node->kind) {
	case NODE_NULL:
		return "nothing";
	case NODE_SCALAR:
		return "a single value";
	case NODE_LIST:
		return "a list";
	case NODE_MAP:
		return "a mapping";
	}
	return "nothing";
}

struct node *node_new(struct node_tree *tree, enum node_kind kind, uint32_t line)
{
	struct node *node = arena_alloc(&tree->arena, sizeof(*node));

	node->kind = kind;
	node->line = line;
	return node;
}

void node_append(struct node *parent, struct node **last, struct node *child)
{
	if (*last)
		(*last)->next = child;
	else
		parent->first = child;
	*last = child;
	child->parent = parent;
	child->index = parent->count++;
}

void node_tree_free(struct node_tree *tree)
{
	arena_free(&tree->arena);
	tree->root = NULL;
}

const char *node_path(const struct node *node, char text[NODE_PATH])
{
	char path[2 * NODE_PATH] = "";

	/* From the leaf upwards, each step before the last. */
	for (const struct node *n = node; n && n->parent; n = n->parent) {
		char tail[2 * NODE_PATH];

		memcpy(tail, path, sizeof(tail));
		if (n->key)
			snprintf(path, sizeof(path), "%.64s%s%.200s", n->key,
				*tail && *tail != '[' ? "." : "", tail);
		else if (n->parent->parent || n->parent->key)
			snprintf(path, sizeof(path), "[%u]%s%.200s", n->index,
				*tail && *tail != '[' ? "." : "", tail);
	}
	snprintf(text, NODE_PATH, "%.*s", NODE_PATH - 1, path);
	return text;
}

static char *stream_read(FILE *in, size_t *len)
{
	size_t room = 1 << 16;
	char *text = malloc(room + 1);

	*len = 0;
	while (text && *len <= NODE_FILE_MAX) {
		size_t n = fread(text + *len, 1, room - *len, in);
		char *more;

		*len += n;
		if (n == 0)
			break;
		if (*len < room)
			continue;
		more = realloc(text, 2 * room + 1);
		if (!more)
			break;
		text = more;
		room *= 2;
	}
	return text;
}

char *node_file(const char *path, size_t *len, struct node_error *error)
{
	FILE *in = fopen(path, "re");
	char *text = NULL;

	*error = (struct node_error){.is_unreadable = true};
	if (!in) {
		snprintf(error->text, sizeof(error->text), "cannot open: %s", strerror(errno));
		return NULL;
	}
	errno = 0;
	text = stream_read(in, len);
	if (text && !ferror(in) && feof(in)) {
		text[*len] = '\0';
		fclose(in);
		return text;
	}
	snprintf(error->text, sizeof(error->text), "cannot read: %s",
		*len > NODE_FILE_MAX ? "larger than 256 MiB"
		: errno              ? strerror(errno)
				     : "no memory");
	fclose(in);
	free(text);
	return NULL;
}
