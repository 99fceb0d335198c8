/* A file of settings as a tree in which every value knows its line: what the readers of YAML
 * (yaml.h) and JSON (json.h) make, and what the settings and the mirror model are read from. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/parse/arena.h"
#include "config/parse/report.h"

enum node_kind { NODE_NULL, NODE_SCALAR, NODE_LIST, NODE_MAP };

enum { NODE_DEPTH_MAX = 64, NODE_FILE_MAX = 256 << 20, NODE_ERROR = 384, NODE_PATH = 160 };

enum { NODE_MEMBERS_MAX = 1000 }; /* of one mapping */

struct node {
	enum node_kind kind;
	bool quoted;        /* a scalar in quotes */
	uint32_t line;      /* of the value; for a member of a map, of its key */
	const char *key;    /* of a member of a map, else NULL */
	const char *text;   /* of a scalar; has no NUL inside */
	struct node *first; /* elements or members, in the file's order */
	struct node *next;
	const struct node *parent; /* NULL for the root */
	uint32_t count;            /* of elements or members */
	uint32_t index;            /* among its parent's */
};

struct node_tree {
	struct arena arena;
	struct node *root; /* NULL: the file says nothing */
};

/* A syntax error: one sentence, without its place. */
struct node_error {
	uint32_t line;       /* 0 = none */
	char key[NODE_PATH]; /* "" = none */
	bool is_duplicate;   /* a key given twice */
	bool is_unreadable;  /* the file, and not what it says */
	char text[NODE_ERROR];
};

/* What it is in a report. */
enum finding_code node_error_finding(const struct node_error *error);

/* NOLINTBEGIN(bugprone-macro-parentheses): `n` is declared here. */
#define node_each(n, parent) for (const struct node *n = (parent)->first; (n); (n) = (n)->next)
/* NOLINTEND(bugprone-macro-parentheses) */

/* The member of that name, or NULL. */
const struct node *node_member(const struct node *map, const char *key);
/* The way from the root: `traffic_mirror_filters[0].rules[3]`; the middle may be cut. Elements of
 * a root that is a list (the documents of a JSON file) are not shown. Returns `text`. */
const char *node_path(const struct node *node, char text[NODE_PATH]);
/* "a list", "a mapping", ... for messages. */
const char *node_kind_name(const struct node *node);

/* Builders, for the readers. */
struct node *node_new(struct node_tree *tree, enum node_kind kind, uint32_t line);
void node_append(struct node *parent, struct node **last, struct node *child);

void node_tree_free(struct node_tree *tree);

/* The whole file, NUL-terminated; the caller frees. NULL: `error` says why (line 0). */
char *node_file(const char *path, size_t *len, struct node_error *error);
