/* describe TEMPLATE: the man page and the completion of bash, at build time. Prints the template; lines
 * that are a name between two @ are replaced by what the rows of cli/command/commands.def and
 * config/settings/settings.def make of it. */
#include "cli/command/usage.h"
#include "config/settings/settings_row.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- the man page ---- */

/* For troff, which has meanings of its own for some characters. */
static void print_char(char c)
{
	if (c == '-')
		fputs("\\-", stdout);
	else if (c == '\'')
		fputs("\\(aq", stdout);
	else if (c == '\\')
		fputs("\\e", stdout);
	else
		putchar(c);
}

static void print_in_font(char font, const char *text, size_t len)
{
	printf("\\f%c", font);
	for (size_t i = 0; i < len; i++)
		print_char(text[i]);
	fputs("\\fR", stdout);
}

static size_t word_len(const char *text)
{
	size_t len = 0;

	while (isalnum((unsigned char)text[len]) || text[len] == '-')
		len++;
	return len;
}

static bool is_option(const char *word, size_t len)
{
	return len > 1 && word[0] == '-' && isalpha((unsigned char)word[len - 1]);
}

static bool is_placeholder(const char *word, size_t len)
{
	size_t upper = 0;

	while (upper < len && isupper((unsigned char)word[upper]))
		upper++;
	return len > 0 && upper == len;
}

/* A line of text: options in bold and, if asked, what stands for something in italics. */
static void print_marked(const char *text, bool placeholders)
{
	fputs("\\&", stdout); /* a line may begin with what would be a request */
	while (*text) {
		size_t len = word_len(text);

		if (is_option(text, len)) {
			print_in_font('B', text, len);
		} else if (placeholders && is_placeholder(text, len)) {
			print_in_font('I', text, len);
		} else {
			len = len ? len : 1;
			for (size_t i = 0; i < len; i++)
				print_char(text[i]);
		}
		text += len;
	}
	putchar('\n');
}

static void print_synopsis(void)
{
	for (const struct usage_row *row = NULL; (row = usage_next(NULL, USAGE_LINE, row));) {
		if (strcmp(row->command, "periscope") == 0)
			continue;
		printf(".B periscope %s\n", row->command);
		print_marked(row->text, true);
		puts(".br");
	}
}

static void print_options(const char *command)
{
	const struct usage_row *row = NULL;
	char label[USAGE_LABEL];

	while ((row = usage_next(command, USAGE_OPERAND, row))) {
		puts(".TP");
		print_in_font(islower((unsigned char)row->name[0]) ? 'B' : 'I', row->name,
			strlen(row->name));
		putchar('\n');
		print_marked(row->text, false);
	}
	while ((row = usage_next(command, USAGE_OPTION, row))) {
		puts(".TP");
		print_marked(usage_label(row, label), true);
		print_marked(row->text, false);
	}
}

static void print_command(const struct usage_row *command)
{
	const struct usage_row *row = NULL;

	printf(".SS periscope %s\n", command->command);
	while ((row = usage_next(command->command, USAGE_ABOUT, row))) {
		print_marked(row->text, false);
		puts(".PP");
	}
	print_options(command->command);
	puts(".PP\nExit status:");
	while ((row = usage_next(command->command, USAGE_EXIT, row)))
		printf("%s%d %s", row->key ? ";\n" : "", row->key, row->text);
	puts(".");
}

static void print_commands(void)
{
	for (const struct usage_row *row = NULL; (row = usage_next(NULL, USAGE_COMMAND, row));)
		print_command(row);
}

static void print_program(void)
{
	print_options("periscope");
}

/* ---- the completion ---- */

/* Quotes are for the reader of --help. */
static void print_plain(const char *text)
{
	for (; *text; text++)
		if (*text != '\'')
			putchar(*text);
}

static void print_row(const char *dashes, const char *name, const char *value)
{
	printf(" '%s%s%s", dashes, name, value ? " " : "");
	print_plain(value ? value : "");
	putchar('\'');
}

static void print_rows_of(const char *command)
{
	const struct usage_row *row = NULL;

	printf("    %s) rows=(", command);
	while ((row = usage_next(command, USAGE_OPTION, row))) {
		if (row->key < OPT_DUMP)
			print_row("-", (char[]){(char)row->key, '\0'}, row->value);
		if (row->name)
			print_row("--", row->name, row->value);
	}
	while ((row = usage_next(command, USAGE_OPERAND, row))) {
		fputs(" '", stdout);
		print_plain(row->name);
		putchar('\'');
	}
	puts(") ;;");
}

static void print_rows(void)
{
	for (const struct usage_row *row = NULL; (row = usage_next(NULL, USAGE_COMMAND, row));)
		print_rows_of(row->command);
	print_rows_of("periscope");
}

static void print_names(void)
{
	fputs("    names='", stdout);
	for (const struct usage_row *row = NULL; (row = usage_next(NULL, USAGE_COMMAND, row));)
		printf("%s ", row->command);
	puts("'");
}

static void print_settings(void)
{
	puts("    settings=(");
	for (uint32_t i = 0; i < settings_row_count(); i++) {
		const struct settings_row *row = settings_row_get(i);
		const char *values = row->type == SETTING_BOOL ? "true|false" : row->names;

		if (row->type != SETTING_MODEL)
			printf("        '%s%s%s'\n", row->key, values ? " " : "",
				values ? values : "");
	}
	puts("    )");
}

/* ---- the template ---- */

static const struct {
	const char *line;
	void (*print)(void);
} parts[] = {
	{"@SYNOPSIS@\n", print_synopsis},
	{"@COMMANDS@\n", print_commands},
	{"@PROGRAM@\n", print_program},
	{"@ROWS@\n", print_rows},
	{"@NAMES@\n", print_names},
	{"@SETTINGS@\n", print_settings},
};

static bool print_part(const char *line)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(line, parts[i].line) != 0)
			continue;
		parts[i].print();
		return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	FILE *in = argc == 2 ? fopen(argv[1], "r") : NULL;
	char *line = NULL;
	size_t size = 0;

	if (!in) {
		fprintf(stderr, "describe: %s\n",
			argc == 2 ? strerror(errno) : "usage: describe TEMPLATE");
		return 2;
	}
	while (getline(&line, &size, in) > 0)
		if (!print_part(line))
			fputs(line, stdout);
	free(line);
	if (ferror(in) || fclose(in) != 0 || fflush(stdout) != 0) {
		fprintf(stderr, "describe: could not read or write all of it\n");
		return 1;
	}
	return 0;
}
