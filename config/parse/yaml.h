/* YAML 1.1 into a tree of nodes. One document; no duplicate keys; keys are scalars; anchors and
 * aliases work, merge keys do not. */
#pragma once

#include "config/parse/node.h"

/* `text` has a NUL at text[len]. 0, or -1 with the reason in `error`; the tree is legal to free either way. */
int yaml_parse(struct node_tree *tree, const char *text, size_t len, struct node_error *error);
