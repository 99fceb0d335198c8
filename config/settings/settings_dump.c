/* The settings as YAML, and the rows as a table. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/parse/session_key.h"
#include "config/parse/value.h"
#include "config/settings/settings_row.h"

static void quoted_print(const char *text, FILE *out)
{
	putc('"', out);
	for (const char *c = text; *c; c++) {
		if (*c == '"' || *c == '\\')
			fprintf(out, "\\%c", *c);
		else if ((unsigned char)*c < ' ' || *c == 0x7f)
			fprintf(out, "\\x%02x", (unsigned)(unsigned char)*c);
		else
			putc(*c, out);
	}
	putc('"', out);
}

static void ports_print(const struct settings_ports *ports, FILE *out)
{
	putc('[', out);
	for (uint32_t i = 0; i < ports->count; i++)
		fprintf(out, "%s%u", i ? ", " : "", ports->port[i]);
	putc(']', out);
}

static void strings_print(const struct settings_strings *strings, FILE *out)
{
	putc('[', out);
	for (uint32_t i = 0; i < strings->count; i++) {
		fputs(i ? ", " : "", out);
		quoted_print(strings->text[i], out);
	}
	putc(']', out);
}

/* Those whose kind is `named`. */
static void members_print(
	const struct settings_tenant *t, uint32_t named, const char *key, FILE *out)
{
	uint32_t count = 0;

	for (uint32_t k = 0; k < t->n_own; k++) {
		if ((t->own[k] & NETWORK_NAMED) != named)
			continue;
		if (count++ == 0)
			fprintf(out, ", %s: [", key);
		else
			fputs(", ", out);
		fprintf(out, "%u", t->own[k] - named);
	}
	if (count > 0)
		putc(']', out);
}

static void tenants_print(const struct settings *settings, FILE *out)
{
	if (settings->n_tenants == 0)
		fputs(" []", out);
	for (uint32_t i = 0; i < settings->n_tenants; i++) {
		const struct settings_tenant *t = &settings->tenants[i];

		fputs("\n  - {name: ", out);
		quoted_print(t->name, out);
		members_print(t, NETWORK_NONE, "virtual_network_ids", out);
		members_print(t, NETWORK_NAMED, "network_ids", out);
		putc('}', out);
	}
}

static void name_print(const char *names, uint32_t index, FILE *out)
{
	char name[VALUE_TEXT];

	value_name_print(names, index, name, sizeof(name));
	/* Quoted, since other readers of YAML take a bare off for a boolean. */
	quoted_print(name, out);
}

static void lists_print(const struct settings_lists *lists, FILE *out)
{
	if (lists->count == 0)
		fputs(" []", out);
	for (uint32_t i = 0; i < lists->count; i++) {
		const struct settings_list *l = &lists->list[i];

		fputs("\n    - {file: ", out);
		quoted_print(l->file, out);
		fputs(", name: ", out);
		quoted_print(l->name, out);
		fputs(", type: ", out);
		name_print(LIST_TYPE_NAMES, l->type, out);
		fprintf(out, ", severity: %" PRIu32 ", action: ", l->severity);
		name_print(LIST_ACTION_NAMES, l->action, out);
		putc('}', out);
	}
}

/* ", key: "text"", without the comma where it is the first; nothing for NULL. */
static void member_print(const char **before, const char *key, const char *text, FILE *out)
{
	if (!text)
		return;
	fprintf(out, "%s%s: ", *before, key);
	quoted_print(text, out);
	*before = ", ";
}

static void suppressions_print(const struct settings_suppressions *suppressions, FILE *out)
{
	char address[CIDR_TEXT], until[VALUE_TEXT];

	if (suppressions->count == 0)
		fputs(" []", out);
	for (uint32_t i = 0; i < suppressions->count; i++) {
		const struct settings_suppression *s = &suppressions->suppression[i];
		const char *before = "";

		cidr_print(&s->address, address);
		value_time_print(s->until_ns, until);
		fputs("\n    - {", out);
		member_print(&before, "engine", s->engine, out);
		member_print(&before, "rule", s->rule, out);
		member_print(&before, "title", s->title, out);
		member_print(&before, "address", s->has_address ? address : NULL, out);
		member_print(&before, "session", s->session, out);
		member_print(&before, "tenant", s->tenant, out);
		member_print(&before, "until", s->until_ns ? until : NULL, out);
		putc('}', out);
	}
}

static void suricata_print(const struct settings_suricata *s, FILE *out)
{
	char text[VALUE_TEXT];

	if (!settings_suricata_is_on(s)) {
		fputs(" {}", out);
		return;
	}
	value_duration_print(s->timeout, text);
	fprintf(out, " {timeout: %s", text);
	if (s->command) {
		fputs(", command: ", out);
		quoted_print(s->command, out);
	}
	if (s->config) {
		fputs(", config: ", out);
		quoted_print(s->config, out);
	}
	if (s->attach) {
		fputs(", attach: ", out);
		quoted_print(s->attach, out);
	}
	fputs(", rules: [", out);
	for (uint32_t i = 0; i < s->rules.count; i++) {
		fputs(i > 0 ? ", " : "", out);
		quoted_print(s->rules.text[i], out);
	}
	fputs("]}", out);
}

static void feed_print(const struct settings_feed *f, FILE *out)
{
	fputs("\n  - {name: ", out);
	quoted_print(f->name, out);
	fputs(", kind: ", out);
	name_print(FEED_KIND_NAMES, f->kind, out);
	if (f->kind == FEED_PIPE) {
		fputs(", path: ", out);
		quoted_print(f->path, out);
	} else if (f->kind == FEED_PCAP_OVER_IP) {
		fprintf(out, ", address: \"%s:%s\"", f->listens ? "listen" : "connect",
			f->address);
	} else {
		fputs(", iface: ", out);
		quoted_print(f->iface, out);
	}
	fputs(", what: ", out);
	if (f->expression)
		quoted_print(f->expression, out);
	else
		fputs(f->what == RECORD_ALL ? "\"all\"" : "\"accepted\"", out);
	fputs(", tag: ", out);
	name_print(FEED_TAG_NAMES, f->tag, out);
	if (f->kind != FEED_INTERFACE) {
		fputs(", times: ", out);
		name_print(FEED_TIMES_NAMES, f->times, out);
	}
	fprintf(out, ", cut: %" PRIu32 "}", f->cut);
}

static void feeds_print(const struct settings_feeds *feeds, FILE *out)
{
	if (feeds->count == 0)
		fputs(" []", out);
	for (uint32_t i = 0; i < feeds->count; i++)
		feed_print(&feeds->feed[i], out);
}

static void number_print(const struct settings_row *row, uint32_t n, FILE *out)
{
	if (row->type == SETTING_AUTO && n == 0)
		fputs("auto", out);
	else if (row->type == SETTING_ENUM)
		name_print(row->names, n, out);
	else
		fprintf(out, "%" PRIu32, n);
}

static void quantity_print(const struct settings_row *row, uint64_t n, FILE *out)
{
	char text[VALUE_TEXT];

	if (row->type == SETTING_SIZE)
		value_size_print(n, text);
	else if (row->type == SETTING_DURATION)
		value_duration_print(n, text);
	else
		snprintf(text, sizeof(text), "%" PRIu64, n);
	fputs(text, out);
}

static void value_print(
	const struct settings *settings, const struct settings_row *row, FILE *out)
{
	const void *field = (const char *)settings + row->offset;

	switch (row->type) {
	case SETTING_U32:
	case SETTING_AUTO:
	case SETTING_CHOICE:
	case SETTING_ENUM:
		number_print(row, *(const uint32_t *)field, out);
		break;
	case SETTING_BOOL:
		fputs(*(const bool *)field ? "true" : "false", out);
		break;
	case SETTING_DURATION:
	case SETTING_SIZE:
		quantity_print(row, *(const uint64_t *)field, out);
		break;
	case SETTING_FORMAT:
	case SETTING_PATH:
	case SETTING_ENDPOINT:
	case SETTING_INTERFACE:
		quoted_print(field, out);
		break;
	case SETTING_PORTS:
		ports_print(field, out);
		break;
	case SETTING_STRINGS:
	case SETTING_ADDRESSES:
		strings_print(field, out);
		break;
	case SETTING_TENANTS:
		tenants_print(settings, out);
		break;
	case SETTING_LISTS:
		lists_print(field, out);
		break;
	case SETTING_SUPPRESSIONS:
		suppressions_print(field, out);
		break;
	case SETTING_FEEDS:
		feeds_print(field, out);
		break;
	case SETTING_SURICATA:
		suricata_print(field, out);
		break;
	case SETTING_MODEL:
		break;
	}
}

/* NULL: no memory. */
static char *value_text(const struct settings *settings, const struct settings_row *row)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	value_print(settings, row, out);
	fclose(out);
	return text;
}

void settings_differences(const struct settings *a, const struct settings *b,
	void (*each)(void *ctx, const char *key), void *ctx)
{
	for (uint32_t i = 0; i < settings_row_count(); i++) {
		const struct settings_row *row = settings_row_get(i);
		char *one = value_text(a, row), *other = value_text(b, row);

		if (!one || !other || strcmp(one, other) != 0)
			each(ctx, row->key);
		free(one);
		free(other);
	}
}

/* Length of the section in front of the dot; 0 at the top level. */
static size_t section_len(const char *key)
{
	const char *dot = strchr(key, '.');

	return dot ? (size_t)(dot - key) : 0;
}

void settings_dump(const struct settings *settings, FILE *out)
{
	const char *before = "";

	for (uint32_t i = 0; i < settings_row_count(); i++) {
		const struct settings_row *row = settings_row_get(i);
		size_t len = section_len(row->key);

		if (row->type == SETTING_MODEL)
			continue;
		if (len > 0 && strncmp(before, row->key, len + 1) != 0)
			fprintf(out, "%.*s:\n", (int)len, row->key);
		fprintf(out, "%s%s:%s", len ? "  " : "", row->key + (len ? len + 1 : 0),
			row->type >= SETTING_TENANTS ? "" : " ");
		value_print(settings, row, out);
		putc('\n', out);
		before = row->key;
	}
}

/* A bar inside a table cell would end it. */
static void cell_print(const char *text, FILE *out)
{
	for (; *text; text++)
		fputs(*text == '|' ? " \\| " : (char[]){*text, '\0'}, out);
}

static void range_print(const struct settings_row *row, FILE *out)
{
	switch (row->type) {
	case SETTING_U32:
	case SETTING_AUTO:
	case SETTING_PORTS:
	case SETTING_DURATION:
	case SETTING_SIZE:
		if (row->type == SETTING_AUTO)
			fputs("auto, ", out);
		quantity_print(row, row->min, out);
		fputs(" to ", out);
		quantity_print(row, row->max, out);
		break;
	case SETTING_CHOICE:
	case SETTING_ENUM:
		cell_print(row->names, out);
		break;
	case SETTING_BOOL:
		fputs("true \\| false", out);
		break;
	case SETTING_STRINGS:
	case SETTING_FORMAT:
	case SETTING_PATH:
	case SETTING_ENDPOINT:
	case SETTING_INTERFACE:
	case SETTING_ADDRESSES:
	case SETTING_TENANTS:
	case SETTING_LISTS:
	case SETTING_SUPPRESSIONS:
	case SETTING_FEEDS:
	case SETTING_SURICATA:
	case SETTING_MODEL:
		break;
	}
}

void settings_reference(FILE *out)
{
	fputs("| key | default | range | unit | meaning |\n| --- | --- | --- | --- | --- |\n",
		out);
	for (uint32_t i = 0; i < settings_row_count(); i++) {
		const struct settings_row *row = settings_row_get(i);

		fprintf(out, "| `%s` | `%s` | ", row->key, row->preset);
		range_print(row, out);
		fputs(" | ", out);
		cell_print(row->unit, out);
		fputs(" | ", out);
		cell_print(row->help, out);
		fputs(" |\n", out);
	}
}
