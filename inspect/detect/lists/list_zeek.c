/* Files of Zeek's intelligence framework. */
#include <string.h>

#include "inspect/detect/lists/list_line.h"

/* Zeek's own types, and those that packages for it add. */
static const struct {
	const char *name;
	enum list_type type;
} zeek_types[] = {
	{"Intel::ADDR", LIST_IP},
	{"Intel::SUBNET", LIST_IP},
	{"Intel::DOMAIN", LIST_DOMAIN},
	{"Intel::URL", LIST_URL},
	{"Intel::CERT_HASH", LIST_CERTIFICATE},
	{"Intel::JA3", LIST_JA3},
	{"Intel::JA4", LIST_JA4},
	{"Intel::HASSH", LIST_HASSH},
};

static enum list_type zeek_type(const char *name)
{
	for (size_t i = 0; i < sizeof(zeek_types) / sizeof(*zeek_types); i++) {
		if (strcmp(zeek_types[i].name, name) == 0)
			return zeek_types[i].type;
	}
	return LIST_AUTO;
}

/* The text of column `n`, or NULL; cuts it off there. */
static char *column(char *line, unsigned n)
{
	for (; n > 0; n--) {
		line = strchr(line, '\t');
		if (!line)
			return NULL;
		line++;
	}
	return line;
}

static char *column_end(char *text)
{
	if (text)
		text[strcspn(text, "\t")] = '\0';
	return text ? list_trim(text) : NULL;
}

void list_zeek_fields(struct list_file *file, char *line)
{
	bool has_value = false, has_type = false;
	unsigned n = 0;
	char *rest, *name = strtok_r(line, "\t ", &rest);

	while ((name = strtok_r(NULL, "\t ", &rest)) != NULL) {
		name = list_trim(name);
		if (strcmp(name, "indicator") == 0) {
			file->value_column = n;
			has_value = true;
		} else if (strcmp(name, "indicator_type") == 0) {
			file->type_column = n;
			has_type = true;
		}
		n++;
	}
	file->is_zeek = has_value && has_type;
}

void list_zeek_line(struct list_file *file, char *line)
{
	char *value, *name;
	enum list_type type;

	if (*line == '#' || line[strspn(line, " \t\r")] == '\0')
		return;
	file->counts->lines++;
	value = column(line, file->value_column);
	name = column(line, file->type_column);
	if (!value || !name) {
		list_bad(file, line, "a line with fewer columns than #fields names");
		return;
	}
	value = column_end(value);
	name = column_end(name);
	type = zeek_type(name);
	if (type == LIST_AUTO || (file->type != LIST_AUTO && file->type != type))
		list_other(file, name);
	else
		list_value(file, type, value);
}
