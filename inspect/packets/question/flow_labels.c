#include "inspect/packets/question/flow_labels.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/parse/json.h"
#include "config/parse/value.h"
#include "inspect/packets/question/alert_reach.h"

enum { LINE_MAX_BYTES = 4 << 20 }; /* no event is longer by far */

struct reading {
	const struct expression *expression;
	struct flow_answers *answers;
	uint32_t flows_max;
	struct flow_labels *labels;
	struct error *error;
	bool learns; /* what alerts reach over, which flows are asked for afterwards */
	struct alert_reaches reaches;
};

static bool is_label(enum expression_kind kind)
{
	return kind == EXPRESSION_APP || kind == EXPRESSION_RISK || kind == EXPRESSION_ALERT;
}

bool flow_labels_asked(const struct expression *expression)
{
	for (uint32_t i = 0; i < expression_count(expression); i++)
		if (is_label(expression_node(expression, i)->kind))
			return true;
	return false;
}

/* ---- one event ---- */

static bool says(const struct node *map, const char *key, const char *text)
{
	const struct node *node = node_member(map, key);

	return node && node->kind == NODE_SCALAR && strcasecmp(node->text, text) == 0;
}

static bool has_risk(const struct node *event, const char *text)
{
	const struct node *risks = node_member(event, "risks");

	if (!risks || risks->kind != NODE_LIST)
		return false;
	node_each(risk, risks)
	{
		if (risk->kind == NODE_MAP &&
			(says(risk, "id", text) || says(risk, "name", text)))
			return true;
	}
	return false;
}

static bool is_alert(const struct node *map, const char *text)
{
	return says(map, "alert_id", text) || says(map, "rule", text);
}

/* An alert itself, or a flow event that names those the flow has raised. */
static bool has_alert(const struct node *event, const char *text)
{
	const struct node *alerts = node_member(event, "alerts");

	if (says(event, "event", "alert"))
		return is_alert(event, text);
	if (!alerts || alerts->kind != NODE_LIST)
		return false;
	node_each(alert, alerts)
	{
		if (alert->kind == NODE_MAP && is_alert(alert, text))
			return true;
	}
	return false;
}

static bool is_true(const struct node *event, const struct expression_node *asked)
{
	const char *text = asked->name.text;

	switch ((int)asked->kind) {
	case EXPRESSION_APP:
		return says(event, "app", text) || says(event, "app_protocol", text) ||
		       says(event, "app_name", text);
	case EXPRESSION_RISK:
		return has_risk(event, text);
	default:
		return has_alert(event, text);
	}
}

static uint64_t flow_of(const struct node *event)
{
	const struct node *id = node_member(event, "flow_id");
	uint64_t n;
	char *end;

	if (!id || id->kind != NODE_SCALAR || !id->quoted)
		return 0;
	n = strtoull(id->text, &end, 16);
	return *end == '\0' ? n : 0;
}

/* Alerts that are asked for by their ids: who asks for a rule means the flows that its alerts name. */
static void learn(struct reading *r, const struct node *event)
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < expression_count(r->expression); i++) {
		const struct expression_node *n = expression_node(r->expression, i);

		if (n->kind == EXPRESSION_ALERT && says(event, "alert_id", n->name.text))
			bits |= UINT64_C(1) << n->name.question;
	}
	alert_reaches_add(&r->reaches, event, bits);
}

static bool event_take(struct reading *r, const struct node *event)
{
	uint64_t id = flow_of(event), bits = id ? alert_reaches_bits(&r->reaches, event) : 0;

	for (uint32_t i = 0; id && i < expression_count(r->expression); i++) {
		const struct expression_node *n = expression_node(r->expression, i);

		if (is_label(n->kind) && is_true(event, n))
			bits |= UINT64_C(1) << n->name.question;
	}
	if (bits == 0)
		return true;
	if (r->flows_max && flow_answers_count(r->answers) >= r->flows_max &&
		flow_answers_get(r->answers, id) == 0) {
		r->labels->more = true;
		return true;
	}
	if (flow_answers_add(r->answers, id, bits))
		return true;
	error_set(r->error, "more than %d flows have what is asked for: ask for less",
		FLOW_ANSWERS_MAX);
	return false;
}

/* ---- lines ---- */

/* Whether it may say what is asked: reading JSON costs much more than looking for the words. */
static bool may_say(const struct reading *r, const char *line)
{
	for (uint32_t i = 0; i < expression_count(r->expression); i++) {
		const struct expression_node *n = expression_node(r->expression, i);

		if (is_label(n->kind) &&
			(strpbrk(n->name.text, "\"\\") || strcasestr(line, n->name.text)))
			return true; /* a quote is written otherwise in JSON */
	}
	return alert_reaches_may(&r->reaches, line);
}

static bool line_take(struct reading *r, const char *line, size_t len)
{
	struct node_tree tree = {.root = NULL};
	struct node_error wrong = {.text = ""};
	bool good = true;

	r->labels->events++;
	if (!may_say(r, line))
		return true;
	if (json_parse(&tree, line, len, &wrong) == 0 && tree.root && tree.root->count == 1 &&
		tree.root->first->kind == NODE_MAP) {
		if (r->learns)
			learn(r, tree.root->first);
		else
			good = event_take(r, tree.root->first);
	} else
		r->labels->unreadable++;
	node_tree_free(&tree);
	return good;
}

static bool lines_take(struct reading *r, FILE *in)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	bool good = true;

	while (good && (len = getline(&line, &room, in)) > 0) {
		if (line[len - 1] != '\n' || len > LINE_MAX_BYTES)
			r->labels->unreadable++; /* it is being written, or was cut */
		else
			good = line_take(r, line, (size_t)len);
	}
	free(line);
	return good;
}

static bool file_take(struct reading *r, const char *path)
{
	FILE *in = fopen(path, "re");
	bool good;

	if (!in && errno == ENOENT)
		return true; /* retention was faster */
	if (!in) {
		error_set(r->error, "%s: cannot open: %s", path, strerror(errno));
		return false;
	}
	good = lines_take(r, in);
	if (good && ferror(in)) {
		error_set(r->error, "%s: cannot read: %s", path, strerror(errno));
		good = false;
	}
	fclose(in);
	return good;
}

/* ---- files ---- */

static int is_lines(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 6 && strcmp(entry->d_name + len - 6, ".jsonl") == 0;
}

/* In the order of their names, which is that of writing. A folder that is not there has none. */
static bool folder_take(struct reading *r, const char *dir, const char *folder)
{
	char path[PATH_MAX];
	struct dirent **entries = NULL;
	bool good = true;
	int n;

	snprintf(path, sizeof(path), "%s/%s", dir, folder);
	n = scandir(path, &entries, is_lines, alphasort);
	if (n < 0 && errno != ENOENT) {
		error_set(r->error, "%s: cannot be read: %s", path, strerror(errno));
		return false;
	}
	for (int i = 0; i < n; i++) {
		char file[PATH_MAX];
		int len = snprintf(
			file, sizeof(file), "%s/%s/%s", dir, folder, entries[i]->d_name);

		good = good && len > 0 && len < (int)sizeof(file) && file_take(r, file);
		free(entries[i]);
	}
	free(entries);
	return good;
}

/* What an alert reaches over has to be known before the flows come. */
static bool alerts_learn(struct reading *r, const char *dir)
{
	bool asked = false, good;

	for (uint32_t i = 0; i < expression_count(r->expression); i++)
		asked |= expression_node(r->expression, i)->kind == EXPRESSION_ALERT;
	if (!asked)
		return true;
	r->learns = true;
	good = folder_take(r, dir, "alerts");
	r->learns = false;
	*r->labels = (struct flow_labels){.events = 0};
	return good;
}

bool flow_labels_read(const char *dir, const struct expression *expression,
	struct flow_answers *answers, uint32_t flows_max, struct flow_labels *labels,
	struct error *error)
{
	struct reading r = {.expression = expression,
		.answers = answers,
		.flows_max = flows_max,
		.labels = labels,
		.error = error};

	error_set(error, "%s: too long a name", dir);
	*labels = (struct flow_labels){.events = 0};
	if (!alerts_learn(&r, dir) || !folder_take(&r, dir, "events") ||
		!folder_take(&r, dir, "alerts"))
		return false;
	labels->flows = flow_answers_count(answers);
	return true;
}
