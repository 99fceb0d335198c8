/* The files of the model: the settings file, and those that it imports. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/model/aws_form.h"
#include "config/model/model_build.h"
#include "config/parse/json.h"
#include "config/parse/yaml.h"
#include "config/settings/settings.h"

static const struct {
	const char *key;
	enum model_kind kind;
} keys[] = {
	{"traffic_mirror_filters", KIND_FILTER},
	{"traffic_mirror_sessions", KIND_SESSION},
	{"traffic_mirror_targets", KIND_TARGET},
	{"network_interfaces", KIND_INTERFACE},
	{"vpcs", KIND_VPC},
};

static void root_read(struct model_builder *b, const struct node *root)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const struct node *list = node_member(root, keys[i].key);

		if (!list || list->kind == NODE_NULL)
			continue;
		if (list->kind != NODE_LIST) {
			model_fail(b, FINDING_wrong_value, list, NULL,
				"is %s where a list belongs", node_kind_name(list));
			b->incomplete = true;
			continue;
		}
		node_each(n, list) model_object_read(b, keys[i].kind, n);
	}
}

static void syntax_report(struct model_builder *b, const struct node_error *why)
{
	b->incomplete = true;
	report_add(b->report, node_error_finding(why), b->file, why->line, why->key, "%s",
		why->text);
}

/* The tree stays, since the lines of aws_import are asked for later. */
static void settings_read_model(
	struct model_builder *b, const char *path, struct node_tree *tree)
{
	struct node_error why;
	size_t len;
	char *text = node_file(path, &len, &why);

	b->file = model_text(b, path);
	if (!text || yaml_parse(tree, text, len, &why) < 0)
		syntax_report(b, &why);
	else if (tree->root && tree->root->kind == NODE_MAP)
		root_read(b, tree->root);
	free(text);
}

/* An imported file that cannot be opened is the fault of the line that names it. */
static void import_unreadable(struct model_builder *b, const struct node_tree *tree,
	const char *settings_path, const char *name, const struct node_error *why)
{
	const struct node *list = tree->root && tree->root->kind == NODE_MAP
					  ? node_member(tree->root, "aws_import")
					  : NULL;
	uint32_t line = 0;

	for (const struct node *n = list ? list->first : NULL; n && line == 0; n = n->next) {
		if (n->kind == NODE_SCALAR && strcmp(n->text, name) == 0)
			line = n->line;
	}
	b->incomplete = true;
	report_add(b->report, FINDING_unreadable, line > 0 ? settings_path : "--set", line,
		"aws_import", "%s: %s", name, why->text);
}

/* What is no JSON may be another form of the same output. */
static void form_report(
	struct model_builder *b, const char *text, size_t len, const struct node_error *why)
{
	const char *form = aws_form(text, len);

	b->incomplete = true;
	if (form)
		report_add(b->report, FINDING_not_aws, b->file, 1, NULL,
			"%s; ask aws for --output json", form);
	else
		syntax_report(b, why);
}

const char *model_import_path(
	const char *settings_path, const char *name, char *path, size_t size)
{
	const char *slash = settings_path ? strrchr(settings_path, '/') : NULL;

	snprintf(path, size, "%.*s%s",
		name[0] == '/' || !slash ? 0 : (int)(slash - settings_path + 1),
		slash ? settings_path : "", name);
	return path;
}

static void import_read(struct model_builder *b, const struct node_tree *settings_tree,
	const char *settings_path, const char *name)
{
	char path[PATH_MAX];
	struct node_tree tree = {.root = NULL};
	struct node_error why;
	size_t len;
	char *text = node_file(
		model_import_path(settings_path, name, path, sizeof(path)), &len, &why);

	b->file = model_text(b, path);
	if (!text)
		import_unreadable(b, settings_tree, settings_path, name, &why);
	else if (json_parse(&tree, text, len, &why) < 0)
		form_report(b, text, len, &why);
	else if (tree.root->count == 0)
		form_report(b, text, len, NULL);
	else
		model_aws_read(b, tree.root);
	node_tree_free(&tree);
	free(text);
}

static void tokens_report(const struct model_builder *b)
{
	for (int i = 0; i < KIND_COUNT; i++) {
		const struct finding_place *place = &b->next_token[i];

		if (place->file)
			report_add(b->report, FINDING_import_incomplete, place->file,
				place->line, place->key,
				"more pages follow this one, and are not imported");
	}
}

static void builder_free(struct model_builder *b)
{
	free(b->filters.items);
	free(b->rules.items);
	free(b->sessions.items);
	free(b->targets.items);
	free(b->interfaces.items);
	free(b->vpcs.items);
	free(b->left_out.items);
	arena_free(&b->arena);
}

/* Every session of the settings has its place in the tables of the dataplane. */
static struct model *with_room(struct model *model, const char *path,
	const struct settings *settings, struct report *report)
{
	uint32_t n = 0;

	for (uint32_t i = 0; model && i < model->n_sessions; i++)
		n += model->sessions[i].has_source;
	if (n <= settings->sessions.capacity)
		return model;
	report_add(report, FINDING_wrong_value, path ? path : "--set", 0, "sessions.capacity",
		"%" PRIu32 " is less than the %" PRIu32 " mirror sessions of the settings",
		settings->sessions.capacity, n);
	model_destroy(model);
	return NULL;
}

struct model *model_load(
	const char *path, const struct settings *settings, struct report *report)
{
	struct model_builder b = {
		.report = report,
		.errors_before = report->n_errors,
		.filters = {.size = sizeof(struct model_filter)},
		.rules = {.size = sizeof(struct model_loose_rule)},
		.sessions = {.size = sizeof(struct model_loose_session)},
		.targets = {.size = sizeof(struct model_target)},
		.interfaces = {.size = sizeof(struct model_interface)},
		.vpcs = {.size = sizeof(struct model_vpc)},
		.left_out = {.size = sizeof(struct model_left_out)},
	};
	struct node_tree tree = {.root = NULL};
	struct model *model;

	if (path)
		settings_read_model(&b, path, &tree);
	b.is_aws = true;
	for (uint32_t i = 0; i < settings->aws_import.count; i++)
		import_read(&b, &tree, path, settings->aws_import.text[i]);
	tokens_report(&b);
	model = b.incomplete ? NULL : model_link(&b);
	node_tree_free(&tree);
	builder_free(&b);
	return with_room(model, path, settings, report);
}
