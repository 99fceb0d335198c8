/* JSON (RFC 8259) into a tree of nodes, one or several documents after each other, as the pages
 * of a paginated AWS command stand in one file. Ours, because a sentence about a value must name
 * its line, and the common libraries keep no places. */
#pragma once

#include "config/parse/node.h"

/* The root is a list of the documents. 0, or -1 with the reason in `error`; the tree is legal to
 * free either way. Duplicate keys are errors. */
int json_parse(struct node_tree *tree, const char *text, size_t len, struct node_error *error);
