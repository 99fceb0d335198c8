#include "config/settings/settings.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"
#include "config/log/log.h"
#include "config/parse/report.h"
#include "config/parse/yaml.h"
#include "config/settings/settings_row.h"

struct source {
	const char *file;
	struct report *report;
	bool has_lines; /* --set has none */
};

static int fail(const struct source *s, enum finding_code code, uint32_t line, const char *key,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

static int fail(const struct source *s, enum finding_code code, uint32_t line, const char *key,
	const char *format, ...)
{
	const struct finding_place place = {s->file, s->has_lines ? line : 0, key};
	va_list args;

	va_start(args, format);
	report_addv(s->report, code, &place, format, args);
	va_end(args);
	return -1;
}

static int fail_syntax(const struct source *s, const struct node_error *why, const char *key)
{
	return fail(s, node_error_finding(why), why->line, *why->key ? why->key : key, "%s",
		why->text);
}

static int value_read(const struct source *s, struct settings *settings,
	const struct settings_row *row, const struct node *value)
{
	struct settings_fault fault = {.node = value};

	if (settings_read(settings, row, value, &fault))
		return 0;
	settings_clear(settings, row); /* a list is whole or empty */
	return fail(s, FINDING_wrong_value, fault.node->line, row->key, "%s", fault.text);
}

static bool section_is_known(const char *key)
{
	size_t len = strlen(key);

	for (uint32_t i = 0; i < settings_row_count(); i++) {
		const char *name = settings_row_get(i)->key;

		if (strncmp(name, key, len) == 0 && name[len] == '.')
			return true;
	}
	return false;
}

static int key_unknown(const struct source *s, uint32_t line, const char *key)
{
	const struct settings_row *near = settings_row_near(key);

	return fail(s, FINDING_unknown_key, line, key, "no such setting%s%s%s",
		near ? ", did you mean " : "", near ? near->key : "", near ? "?" : "");
}

static int section_read(
	const struct source *s, struct settings *settings, const struct node *section)
{
	int status = 0;

	if (section->kind == NODE_NULL)
		return 0;
	if (section->kind != NODE_MAP)
		return fail(s, FINDING_wrong_value, section->line, section->key,
			"is %s where a mapping of settings belongs", node_kind_name(section));
	node_each(n, section)
	{
		const struct settings_row *row;
		char key[128];

		snprintf(key, sizeof(key), "%s.%.80s", section->key, n->key);
		row = settings_row_find(key);
		if (row ? value_read(s, settings, row, n) : key_unknown(s, n->line, key))
			status = -1;
	}
	return status;
}

/* All that is wrong in it, not only the first. */
static enum settings_status root_read(
	const struct source *s, struct settings *settings, const struct node *root)
{
	int status = 0;

	if (!root || root->kind == NODE_NULL)
		return SETTINGS_READ;
	if (root->kind != NODE_MAP) {
		fail(s, FINDING_wrong_value, root->line, NULL,
			"the file is %s where a mapping of settings belongs",
			node_kind_name(root));
		return SETTINGS_UNREADABLE;
	}
	node_each(n, root)
	{
		const struct settings_row *row = settings_row_find(n->key);

		if (row && strchr(row->key, '.') == NULL)
			status |= value_read(s, settings, row, n);
		else if (section_is_known(n->key))
			status |= section_read(s, settings, n);
		else
			status |= key_unknown(s, n->line, n->key);
	}
	return status < 0 ? SETTINGS_WRONG : SETTINGS_READ;
}

void settings_init(struct settings *settings)
{
	memset(settings, 0, sizeof(*settings));
	for (uint32_t i = 0; i < settings_row_count(); i++) {
		const struct settings_row *row = settings_row_get(i);
		char assignment[128];
		struct error error;

		if (row->type == SETTING_MODEL)
			continue;
		snprintf(assignment, sizeof(assignment), "%s=%s", row->key, row->preset);
		if (settings_set(settings, assignment, &error) < 0)
			log_abort("settings.def: %s", error.text); /* ours, and tested */
	}
}

void settings_fini(struct settings *settings)
{
	for (uint32_t i = 0; i < settings_row_count(); i++)
		settings_clear(settings, settings_row_get(i));
}

enum settings_status settings_load_report(
	struct settings *settings, const char *path, struct report *report)
{
	const struct source s = {path, report, true};
	enum settings_status status = SETTINGS_UNREADABLE;
	struct node_error why;
	struct node_tree tree = {.root = NULL};
	size_t len;
	char *text = node_file(path, &len, &why);

	if (!text || yaml_parse(&tree, text, len, &why) < 0)
		fail_syntax(&s, &why, NULL);
	else
		status = root_read(&s, settings, tree.root);
	node_tree_free(&tree);
	free(text);
	return status;
}

/* The first sentence of a report. */
static int sentence(struct report *report, struct error *error)
{
	int status = report->n_errors > 0 ? -1 : 0;

	if (report->errors)
		finding_print(report->errors, error->text, sizeof(error->text));
	report_fini(report);
	return status;
}

int settings_load(struct settings *settings, const char *path, struct error *error)
{
	struct report report = {0};

	settings_load_report(settings, path, &report);
	return sentence(&report, error);
}

/* A list given with --set: YAML; the brackets of ports may be missing, and one text alone is a
 * list of one (a device's description holds commas of its own). */
static int list_set(const struct source *s, struct settings *settings,
	const struct settings_row *row, const char *value)
{
	struct node_tree tree = {.root = NULL};
	struct node one = {.kind = NODE_SCALAR, .text = value};
	struct node list = {.kind = NODE_LIST, .first = &one, .count = 1};
	struct node_error why;
	char bracketed[256];
	int status;

	if ((row->type == SETTING_STRINGS || row->type == SETTING_ADDRESSES) && *value != '[')
		return value_read(s, settings, row, &list);
	if (row->type == SETTING_PORTS && *value != '[') {
		snprintf(bracketed, sizeof(bracketed), "[%.250s]", value);
		value = bracketed;
	}
	if (yaml_parse(&tree, value, strlen(value), &why) < 0)
		status = fail_syntax(s, &why, row->key);
	else if (!tree.root)
		status = fail(s, FINDING_wrong_value, 0, row->key, "has no value");
	else
		status = value_read(s, settings, row, tree.root);
	node_tree_free(&tree);
	return status;
}

static int assignment_read(
	const struct source *s, struct settings *settings, const char *assignment)
{
	struct node value = {.kind = NODE_SCALAR};
	const char *equals = strchr(assignment, '=');
	const struct settings_row *row;
	char key[128];

	if (!equals)
		return fail(
			s, FINDING_syntax, 0, NULL, "'%.100s' is not key=value", assignment);
	snprintf(key, sizeof(key), "%.*s", (int)(equals - assignment), assignment);
	row = settings_row_find(key);
	if (!row && section_is_known(key))
		return fail(s, FINDING_unknown_key, 0, key,
			"is a group of settings: name one, as in %s.KEY=VALUE", key);
	if (!row)
		return key_unknown(s, 0, key);
	if (row->type == SETTING_MODEL)
		return fail(s, FINDING_unknown_key, 0, key, "stands in the settings file only");
	if (row->type >= SETTING_PORTS)
		return list_set(s, settings, row, equals + 1);
	value.text = equals + 1;
	return value_read(s, settings, row, &value);
}

int settings_set_report(
	struct settings *settings, const char *assignment, struct report *report)
{
	const struct source s = {"--set", report, false};

	return assignment_read(&s, settings, assignment);
}

int settings_set(struct settings *settings, const char *assignment, struct error *error)
{
	struct report report = {0};

	settings_set_report(settings, assignment, &report);
	return sentence(&report, error);
}
