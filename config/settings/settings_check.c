/* Settings that were changed, and have no effect as the others stand, or not any more. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/now.h"
#include "config/parse/report.h"
#include "config/parse/value.h"
#include "config/parse/yaml.h"
#include "config/settings/settings_row.h"

static bool never(const struct settings *s)
{
	(void)s;
	return false;
}

static bool has_dpi(const struct settings *s)
{
	return s->dpi.enabled;
}

static bool has_rate(const struct settings *s)
{
	return s->dpi.enabled || s->events.flow_start;
}

static bool has_exception(const struct settings *s)
{
	return s->exception.mode != EXCEPTION_OFF;
}

static bool has_event_files(const struct settings *s)
{
	return s->events.file;
}

static bool has_flow_logs(const struct settings *s)
{
	return s->flow_logs.enabled;
}

static bool has_recording(const struct settings *s)
{
	return s->packets.record != RECORD_NONE;
}

static bool has_queue(const struct settings *s)
{
	return settings_takes_packets(s);
}

static bool has_alerts(const struct settings *s)
{
	return s->detect.alerts;
}

struct effect {
	const char *key;                            /* one, or the beginning of several */
	bool (*is_there)(const struct settings *s); /* NULL: it always has */
	const char *because;
};

/* The first row that fits a key decides. */
static const struct effect effects[] = {
	{"dedup.mode", never, "yet: both copies of a packet are counted"},
	{"dpi.correlate", has_dpi, "while dpi.enabled is false"},
	{"dpi.fragment_limit", has_dpi, "while dpi.enabled is false"},
	{"dpi.reorder_limit", has_dpi, "while dpi.enabled is false"},
	{"flow.max_ndpi_", has_dpi, "while dpi.enabled is false"},
	{"exception.mode", NULL, NULL},
	{"exception.", has_exception, "while exception.mode is off"},
	{"summary.names", has_dpi, "while dpi.enabled is false"},
	{"summary.encryption", has_dpi, "while dpi.enabled is false"},
	{"detect.alerts", NULL, NULL},
	{"detect.", has_alerts, "while detect.alerts is false"},
	{"events.dns", has_dpi, "while dpi.enabled is false"},
	{"events.http", has_dpi, "while dpi.enabled is false"},
	{"events.tls", has_dpi, "while dpi.enabled is false"},
	{"events.quic", has_dpi, "while dpi.enabled is false"},
	{"events.ssh", has_dpi, "while dpi.enabled is false"},
	{"events.transactions_per_flow", has_dpi, "while dpi.enabled is false"},
	{"events.transactions_per_second", has_rate, "while dpi.enabled is false"},
	{"events.max_", has_event_files, "while events.file is false"},
	{"flow_logs.enabled", NULL, NULL},
	{"flow_logs.format", never, "yet: records have the default format"},
	{"flow_logs.", has_flow_logs, "while flow_logs.enabled is false"},
	{"packets.queue", has_queue,
		"while packets.record is none, and without feeds or Suricata"},
	{"packets.", has_recording, "while packets.record is none"},
	{"overload.shed_recording", has_queue,
		"while packets.record is none, and without feeds or Suricata"},
};

const char *settings_no_effect(const struct settings *settings, const char *key)
{
	for (size_t i = 0; i < sizeof(effects) / sizeof(*effects); i++) {
		const struct effect *e = &effects[i];

		if (strncmp(key, e->key, strlen(e->key)) == 0)
			return !e->is_there || e->is_there(settings) ? NULL : e->because;
	}
	return NULL;
}

struct check {
	const struct settings *settings;
	const char *path;
	const struct node *root; /* of the file, or NULL */
	struct report *report;
};

/* 0: the file does not set it, or to the default, over which it was then changed. */
static uint32_t line_of(const struct node *root, const char *key)
{
	const char *preset = settings_row_find(key)->preset;
	const char *dot = strchr(key, '.');
	const struct node *n = root;
	char section[64] = "";

	if (dot && (size_t)(dot - key) < sizeof(section)) {
		memcpy(section, key, (size_t)(dot - key));
		n = n && n->kind == NODE_MAP ? node_member(n, section) : NULL;
		key = dot + 1;
	}
	n = n && n->kind == NODE_MAP ? node_member(n, key) : NULL;
	if (!n || (n->kind == NODE_SCALAR && strcmp(n->text, preset) == 0))
		return 0;
	return n->line;
}

static void changed(void *ctx, const char *key)
{
	const struct check *c = ctx;
	const char *because = settings_no_effect(c->settings, key);
	uint32_t line = because ? line_of(c->root, key) : 0;

	if (because)
		report_add(c->report, FINDING_no_effect, line > 0 ? c->path : "--set", line,
			key, "has no effect %s", because);
}

/* Element `index` of the list, or 0. */
static uint32_t line_of_suppression(const struct node *root, uint32_t index)
{
	const struct node *n =
		root && root->kind == NODE_MAP ? node_member(root, "detect") : NULL;

	n = n && n->kind == NODE_MAP ? node_member(n, "suppress") : NULL;
	if (!n || n->kind != NODE_LIST)
		return 0;
	node_each(element, n)
	{
		if (index-- == 0)
			return element->line;
	}
	return 0;
}

static void check_suppressions(const struct check *c)
{
	const struct settings_suppressions *all = &c->settings->detect.suppress;
	uint64_t now = now_wall();
	char key[64], until[VALUE_TEXT];

	for (uint32_t i = 0; i < all->count; i++) {
		uint64_t until_ns = all->suppression[i].until_ns;
		uint32_t line = line_of_suppression(c->root, i);

		if (until_ns == 0 || until_ns > now)
			continue;
		snprintf(key, sizeof(key), "detect.suppress[%u]", i);
		value_time_print(until_ns, until);
		report_add(c->report, FINDING_suppress_ended, line > 0 ? c->path : "--set",
			line, key, "has ended at %s: it silences nothing that comes now",
			until);
	}
}

void settings_check(const struct settings *settings, const char *path, struct report *report)
{
	struct check c = {settings, path, NULL, report};
	struct node_tree tree = {.root = NULL};
	struct node_error why;
	struct settings defaults;
	size_t len;
	char *text = path ? node_file(path, &len, &why) : NULL;

	if (text && yaml_parse(&tree, text, len, &why) == 0)
		c.root = tree.root;
	settings_init(&defaults);
	settings_differences(settings, &defaults, changed, &c);
	check_suppressions(&c);
	settings_fini(&defaults);
	node_tree_free(&tree);
	free(text);
}
