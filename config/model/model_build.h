/* A model while it is being read: objects in the order of the files, references still as ids.
 * Private to config/model_*.c and aws_json.c. */
#pragma once

#include "config/model/model.h"
#include "config/parse/node.h"

/* Grows by doubling; elements move. */
struct model_list {
	void *items;
	size_t size;
	uint32_t count, room;
};

struct model_loose_rule {
	struct model_rule rule;
	enum model_direction direction;
	const char *filter_id;
	uint32_t order; /* in which it was read */
	bool imported;
};

struct model_loose_session {
	struct model_session session;
	const char *interface_id, *filter_id, *target_id;
	bool imported;
};

/* The kinds of lists that AWS commands print: said when one of them is incomplete. */
enum model_kind {
	KIND_FILTER,
	KIND_RULE,
	KIND_SESSION,
	KIND_TARGET,
	KIND_INTERFACE,
	KIND_VPC,
	KIND_COUNT
};

/* An imported object that is not taken: see model_left_out.c. */
struct model_left_out {
	const char *id; /* first, as in every object */
	enum model_kind kind;
	const char *why;
	struct finding_place place;
};

struct model_builder {
	struct arena arena; /* becomes the model's */
	struct report *report;
	const char *file; /* in the arena: what is read now */
	bool is_aws;      /* JSON, in AWS's names; else YAML */
	struct model_list filters, rules, sessions, targets, interfaces, vpcs;
	struct model_list left_out;
	/* Of the imported object that is read now: its first value that is not known. */
	const char *unknown; /* NULL: there is none */
	struct finding_place unknown_place;
	struct finding_place next_token[KIND_COUNT]; /* file NULL: the list is complete */
	uint32_t errors_before;
	/* A file or a list was not read, or errors were not said: references are not looked at. */
	bool incomplete;
};

enum { MODEL_ERRORS_MAX = 100 }; /* the first hundred say enough */

/* A zeroed element at the end. */
void *model_list_add(struct model_list *list);

/* An error at the node; the key is the way to it, and then `member` (may be NULL). */
void model_fail(struct model_builder *b, enum finding_code code, const struct node *node,
	const char *member, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* An error at an object read before. */
void model_fail_at(struct model_builder *b, enum finding_code code,
	const struct finding_place *place, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* A value that AWS may have added since: an error in YAML; in an import it is noted, so that the
 * object is left out. */
void model_unknown(struct model_builder *b, const struct node *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Leaves the object out if it had such a value. */
void model_leave_out_unknown(struct model_builder *b, enum model_kind kind, const char *id);
/* Takes out what is left out, and the sessions that cannot be without it, and says so. */
void model_left_out_apply(struct model_builder *b);
/* One rule of each id. */
void model_rules_unique(struct model_builder *b);
/* An imported object that refers to what is not there: a warning instead of an error. */
void model_warn_at(struct model_builder *b, enum finding_code code,
	const struct finding_place *place, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* True once this load has met an error. */
bool model_failed(const struct model_builder *b);
struct finding_place model_place_of(struct model_builder *b, const struct node *node);
/* A copy in the arena. */
const char *model_text(struct model_builder *b, const char *text);

/* Reads one object, a mapping or else an error, and adds it; rules and sessions with errors are
 * not added. */
void model_object_read(struct model_builder *b, enum model_kind kind, const struct node *node);

/* The same for one kind; the node is a mapping. */
void model_filter_read(struct model_builder *b, const struct node *node); /* with its rules */
void model_rule_read(struct model_builder *b, const struct node *node);   /* names its filter */
void model_session_read(struct model_builder *b, const struct node *node);
void model_target_read(struct model_builder *b, const struct node *node);
void model_interface_read(struct model_builder *b, const struct node *node);
void model_vpc_read(struct model_builder *b, const struct node *node);

/* Reads an imported file: every document in it. */
void model_aws_read(struct model_builder *b, const struct node *documents);

/* Sorts, resolves ids, finds duplicates; what the builder held becomes the model's. NULL: errors. */
struct model *model_link(struct model_builder *b);
