/* Reads the lists, and says of each what is wrong with it. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "config/model/model.h"
#include "config/parse/plural.h"
#include "decap/salt.h"
#include "inspect/detect/lists/list_reader.h"
#include "inspect/detect/lists/lists_build.h"

enum { BAD_SAID = 5, FIRST_CAPACITY = 1024, FIRST_KEYS = 1 << 16 };

/* Where one list is being read. */
struct loading {
	struct lists *lists;
	struct report *report;
	const struct settings_list *list;
	uint8_t number;
	char path[PATH_MAX];
	char key[32];
	struct list_counts counts;
};

/* Makes room for `more` elements behind `len`; false: no memory. */
static bool grow(void **memory, size_t *capacity, size_t len, size_t more, size_t size)
{
	size_t wanted = *capacity > 0 ? *capacity : FIRST_CAPACITY;
	void *grown;

	if (len + more <= *capacity)
		return true;
	while (wanted < len + more)
		wanted *= 2;
	grown = realloc(*memory, wanted * size);
	if (!grown)
		return false;
	*memory = grown;
	*capacity = wanted;
	return true;
}

static bool room_for(struct lists *lists, size_t key_len)
{
	void *indicators = lists->indicators, *keys = lists->keys;
	bool ok = lists->count < LISTS_VALUES_MAX && lists->keys_len + key_len <= UINT32_MAX &&
		  grow(&indicators, &lists->capacity, lists->count, 1,
			  sizeof(*lists->indicators)) &&
		  grow(&keys, &lists->keys_capacity, lists->keys_len, key_len, 1);

	lists->indicators = indicators;
	lists->keys = keys;
	return ok;
}

static bool take_value(void *ctx, uint32_t line, const struct list_key *key)
{
	const struct loading *l = ctx;
	struct lists *lists = l->lists;

	if (!room_for(lists, key->len))
		return false;
	lists->indicators[lists->count++] = (struct indicator){.line = line,
		.key = (uint32_t)lists->keys_len,
		.len = key->len,
		.list = l->number,
		.type = key->type};
	memcpy(lists->keys + lists->keys_len, key->bytes, key->len);
	lists->keys_len += key->len;
	return true;
}

static void say_bad(void *ctx, uint32_t line, const char *text, const char *why)
{
	const struct loading *l = ctx;

	if (l->counts.bad <= BAD_SAID)
		report_add(l->report, FINDING_list_line, l->path, line, NULL, "'%.64s' is %s",
			text, why);
}

static void say_counts(const struct loading *l)
{
	const struct list_counts *c = &l->counts;

	if (c->bad > BAD_SAID)
		report_add(l->report, FINDING_list_line, l->path, 0, NULL,
			"and %" PRIu64 " more like that", c->bad - BAD_SAID);
	if (c->values == 0 && c->bad > 0)
		report_add(l->report, FINDING_list_unusable, l->path, 0, l->key,
			"holds %" PRIu64 " line%s, of which none can be taken", c->lines,
			plural(c->lines));
	else if (c->values == 0)
		report_add(l->report, FINDING_list_empty, l->path, 0, l->key,
			"holds no value%s%s", c->others > 0 ? " that is looked for, but " : "",
			c->other);
	else if (c->others > 0)
		report_add(l->report, FINDING_list_other, l->path, 0, l->key,
			"%" PRIu64 " value%s left out, since nothing looks for %s", c->others,
			c->others == 1 ? " is" : "s are", c->other);
}

static void read_one(struct loading *l)
{
	const struct list_sink sink = {l, take_value, say_bad};
	FILE *in = fopen(l->path, "re");
	enum list_status status = LIST_UNREADABLE;

	if (!in) {
		report_add(l->report, FINDING_unreadable, l->path, 0, l->key, "cannot open: %s",
			strerror(errno));
		return;
	}
	errno = 0;
	status = list_read(in, l->list->type, &sink, &l->counts);
	if (status == LIST_UNREADABLE)
		report_add(l->report, FINDING_unreadable, l->path, 0, l->key, "cannot read: %s",
			strerror(errno));
	else if (status == LIST_TOO_LONG)
		report_add(l->report, FINDING_unreadable, l->path, 0, l->key,
			"cannot read: larger than 1 GiB");
	else if (status == LIST_FULL)
		report_add(l->report, FINDING_unreadable, l->path, 0, l->key,
			"not enough memory for its values and those of the lists before it");
	else
		say_counts(l);
	fclose(in);
}

/* false: no memory. */
static bool describe(struct list_about *about, const struct loading *l)
{
	*about = (struct list_about){.name = strdup(l->list->name),
		.file = strdup(l->path),
		.type = l->list->type,
		.action = l->list->action,
		.severity = (uint8_t)l->list->severity,
		.values = l->counts.values,
		.bad = l->counts.bad,
		.others = l->counts.others};
	return about->name && about->file;
}

static bool read_all(struct lists *lists, const struct settings_lists *settings,
	const char *settings_path, struct report *report)
{
	struct loading l = {.lists = lists, .report = report};

	for (; lists->n_about < settings->count; lists->n_about++) {
		l.list = &settings->list[lists->n_about];
		l.number = (uint8_t)lists->n_about;
		l.counts = (struct list_counts){0};
		snprintf(l.key, sizeof(l.key), "detect.lists[%u]", lists->n_about);
		model_import_path(settings_path, l.list->file, l.path, sizeof(l.path));
		read_one(&l);
		if (!describe(&lists->about[lists->n_about], &l))
			return false;
	}
	return true;
}

static void no_memory(struct report *report)
{
	report_add(report, FINDING_unreadable, "detect.lists", 0, NULL,
		"not enough memory for the indicator lists");
}

struct lists *lists_load(
	const struct settings *settings, const char *settings_path, struct report *report)
{
	const struct settings_lists *from = &settings->detect.lists;
	const uint32_t errors = report->n_errors;
	struct lists *lists = calloc(1, sizeof(*lists));

	if (lists) {
		salt_take(&lists->seed, 1);
		lists->about = calloc((size_t)from->count + 1, sizeof(*lists->about));
	}
	if (!lists || !lists->about || !read_all(lists, from, settings_path, report))
		no_memory(report);
	else if (report->n_errors == errors && !lists_build(lists))
		no_memory(report);
	if (report->n_errors == errors)
		return lists;
	lists_destroy(lists);
	return NULL;
}

void lists_destroy(struct lists *lists)
{
	if (!lists)
		return;
	for (uint32_t i = 0; lists->about && i <= lists->n_about; i++) {
		/* Owned here, const to all others. */
		free((void *)(uintptr_t)lists->about[i].name);
		free((void *)(uintptr_t)lists->about[i].file);
	}
	key_index_fini(&lists->set[LIST_ALERT].index);
	key_index_fini(&lists->set[LIST_ALLOW].index);
	free(lists->about);
	free(lists->indicators);
	free(lists->keys);
	free(lists);
}
