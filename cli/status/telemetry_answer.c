#include "cli/status/telemetry_answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/status/answer.h"
#include "cli/status/watch.h"
#include "config/parse/json.h"
#include "dataplane/live/telemetry.h"

/* Rows of a list in one answer: they fit DPDK's 16 KiB. */
enum { ROWS = 16 };

/* A part of a request's JSON. */
struct part {
	const char *request, *member; /* NULL: single values at the top */
};

static bool answer_part(void *ctx, const struct telemetry_command *command,
	const char *argument, struct telemetry_object to);

/* Beside `commands`, row by row. */
static const struct part parts[] = {
#define COMMAND(name, request, member, help) {request, member},
#include "cli/status/telemetry_answer.def"
#undef COMMAND
};

static const struct telemetry_command commands[] = {
#define COMMAND(name, request, member, help) {"/periscope/" name, help, answer_part},
#include "cli/status/telemetry_answer.def"
#undef COMMAND
};

enum { COMMANDS = sizeof(commands) / sizeof(*commands) };

static void put_children(
	const struct node *parent, uint32_t from, uint32_t most, struct telemetry_object to);

/* Numbers that are no whole ones are texts there, too; what is unknown is left out. */
static void put_scalar(const struct node *node, const char *name, struct telemetry_object to)
{
	const char *text = node->text;
	bool is_truth = strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
	size_t digits = strspn(text, "0123456789");

	if (!node->quoted && is_truth)
		telemetry_u64(to, name, text[0] == 't');
	else if (!node->quoted && digits > 0 && text[digits] == '\0')
		telemetry_u64(to, name, strtoull(text, NULL, 10));
	else
		telemetry_text(to, name, text);
}

static void put_node(const struct node *node, struct telemetry_object to)
{
	char index[16];
	const char *name = node->key;

	if (name == NULL) {
		snprintf(index, sizeof(index), "%" PRIu32, node->index);
		name = index;
	}
	if (node->kind == NODE_SCALAR)
		put_scalar(node, name, to);
	else if (node->kind != NODE_NULL)
		put_children(node, 0, UINT32_MAX, telemetry_within(to, name));
}

/* As deep as the JSON of our own is. */
static void put_children( // NOLINT(misc-no-recursion)
	const struct node *parent, uint32_t from, uint32_t most, struct telemetry_object to)
{
	node_each(n, parent)
	{
		if (n->index < from || most == 0)
			continue;
		most--;
		put_node(n, to);
	}
}

static void put_part(const struct node *top, const char *member, const char *argument,
	struct telemetry_object to)
{
	const struct node *part = member != NULL ? node_member(top, member) : top;
	uint32_t from = (uint32_t)strtoul(argument, NULL, 10);

	if (member == NULL) {
		node_each(n, top) if (n->kind == NODE_SCALAR || strcmp(n->key, "wrong") == 0)
			put_node(n, to);
	} else if (part != NULL && part->kind == NODE_LIST) {
		telemetry_u64(to, "total", part->count);
		telemetry_u64(to, "from", from);
		put_children(part, from, ROWS, to);
	} else if (part != NULL) {
		put_children(part, 0, UINT32_MAX, to);
	}
}

/* The JSON that ctl would print; freed by the caller. NULL: there is none now. */
static char *json_of(struct watch *watch, const struct answer_kind *kind, size_t *size)
{
	struct status status;
	struct verdict verdict;
	char *text = NULL;
	FILE *out = open_memstream(&text, size);
	bool collected;

	if (out == NULL)
		return NULL;
	/* What drivers count stands under /ethdev/xstats. */
	status_init(&status, kind->parts & ~(unsigned)STATUS_XSTATS);
	collected = watch_collect(watch, &status);
	watch_verdict(watch, &verdict);
	if (collected)
		kind->json(&status, &verdict, out);
	status_fini(&status);
	if (fclose(out) == 0 && collected)
		return text;
	free(text);
	return NULL;
}

static bool answer_part(void *ctx, const struct telemetry_command *command,
	const char *argument, struct telemetry_object to)
{
	const struct part *part = &parts[command - commands];
	struct node_tree tree = {.root = NULL};
	struct node_error error;
	size_t size = 0;
	char *text = json_of(ctx, answer_find(part->request), &size);
	bool read = text != NULL && json_parse(&tree, text, size, &error) == 0;

	if (read)
		put_part(tree.root->first, part->member, argument, to);
	node_tree_free(&tree);
	free(text);
	return read;
}

bool telemetry_answer_start(struct watch *watch, char *error, size_t error_size)
{
	if (telemetry_begin(commands, COMMANDS, watch))
		return true;
	snprintf(error, error_size, "control.telemetry: DPDK did not take the commands");
	return false;
}

void telemetry_answer_stop(void)
{
	telemetry_end();
}
