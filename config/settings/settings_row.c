#include "config/settings/settings_row.h"

#include <stdlib.h>
#include <string.h>

#include "config/parse/value.h"

/* NOLINTBEGIN(bugprone-macro-parentheses): names of members. */
#define SETTING(section, name, kind, text, low, high, list, measure, sentence) \
	{#section "." #name, SETTING_##kind, offsetof(struct settings, section.name), text, \
		low, high, list, measure, sentence},
/* NOLINTEND(bugprone-macro-parentheses) */
/* The model's keys have no field: their offset is not used. */
#define FIELD_OF_TENANTS(name) offsetof(struct settings, name)
#define FIELD_OF_FEEDS(name) offsetof(struct settings, name)
#define FIELD_OF_STRINGS(name) offsetof(struct settings, name)
#define FIELD_OF_MODEL(name) 0
#define TOP(name, kind, text, low, high, list, measure, sentence) \
	{#name, SETTING_##kind, FIELD_OF_##kind(name), text, low, high, list, measure, \
		sentence},

static const struct settings_row rows[] = {
#include "config/settings/settings.def"
};

uint32_t settings_row_count(void)
{
	return sizeof(rows) / sizeof(*rows);
}

const struct settings_row *settings_row_get(uint32_t index)
{
	return &rows[index];
}

const struct settings_row *settings_row_find(const char *key)
{
	for (uint32_t i = 0; i < settings_row_count(); i++) {
		if (strcmp(rows[i].key, key) == 0)
			return &rows[i];
	}
	return NULL;
}

static uint32_t min3(uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t m = a < b ? a : b;

	return m < c ? m : c;
}

enum { KEY_MAX = 63 };

/* Levenshtein's distance, one row at a time. */
static uint32_t distance(const char *a, const char *b)
{
	uint32_t line[KEY_MAX + 1];
	size_t len = strlen(b);

	if (len > KEY_MAX || strlen(a) > KEY_MAX)
		return UINT32_MAX;
	for (uint32_t k = 0; k <= len; k++)
		line[k] = k;
	for (uint32_t i = 0; a[i]; i++) {
		uint32_t diagonal = line[0];

		line[0] = i + 1;
		for (size_t k = 0; k < len; k++) {
			uint32_t above = line[k + 1];

			line[k + 1] = min3(above + 1, line[k] + 1, diagonal + (a[i] != b[k]));
			diagonal = above;
		}
	}
	return line[len];
}

const struct settings_row *settings_row_near(const char *key)
{
	const struct settings_row *near = NULL;
	uint32_t best = 4; /* farther is another word, not a slip */

	for (uint32_t i = 0; i < settings_row_count(); i++) {
		uint32_t d = distance(key, rows[i].key);

		if (d < best) {
			best = d;
			near = &rows[i];
		}
	}
	return near;
}

static void tenants_clear(struct settings *settings)
{
	for (uint32_t i = 0; i < settings->n_tenants; i++) {
		free(settings->tenants[i].name);
		free(settings->tenants[i].own);
	}
	free(settings->tenants);
	settings->tenants = NULL;
	settings->n_tenants = 0;
}

static void lists_clear(struct settings_lists *lists)
{
	for (uint32_t i = 0; i < lists->count; i++) {
		free(lists->list[i].file);
		free(lists->list[i].name);
	}
	free(lists->list);
	*lists = (struct settings_lists){0};
}

static void suppressions_clear(struct settings_suppressions *s)
{
	for (uint32_t i = 0; i < s->count; i++) {
		free(s->suppression[i].engine);
		free(s->suppression[i].rule);
		free(s->suppression[i].title);
		free(s->suppression[i].session);
		free(s->suppression[i].tenant);
	}
	free(s->suppression);
	*s = (struct settings_suppressions){0};
}

static void feeds_clear(struct settings_feeds *feeds)
{
	for (uint32_t i = 0; i < feeds->count; i++) {
		free(feeds->feed[i].path);
		free(feeds->feed[i].expression);
	}
	free(feeds->feed);
	*feeds = (struct settings_feeds){0};
}

static void strings_clear(struct settings_strings *strings)
{
	for (uint32_t i = 0; i < strings->count; i++)
		free(strings->text[i]);
	free(strings->text);
	*strings = (struct settings_strings){0};
}

static void suricata_clear(struct settings_suricata *suricata)
{
	free(suricata->command);
	free(suricata->config);
	free(suricata->attach);
	strings_clear(&suricata->rules);
	*suricata = (struct settings_suricata){.timeout = SECONDS(60)};
}

void settings_clear(struct settings *settings, const struct settings_row *row)
{
	void *field = (char *)settings + row->offset;

	if (row->type == SETTING_TENANTS)
		tenants_clear(settings);
	else if (row->type == SETTING_STRINGS || row->type == SETTING_ADDRESSES)
		strings_clear(field);
	else if (row->type == SETTING_LISTS)
		lists_clear(field);
	else if (row->type == SETTING_SUPPRESSIONS)
		suppressions_clear(field);
	else if (row->type == SETTING_FEEDS)
		feeds_clear(field);
	else if (row->type == SETTING_SURICATA)
		suricata_clear(field);
}
