#include "cli/command/usage.h"
#include "cli/command/command.h"
#include "config/log/log.h"
#include "config/parse/value.h"

#include <stdbool.h>
#include <string.h>

static const struct usage_row rows[] = {
#define COMMAND(command, text) {USAGE_COMMAND, #command, 0, NULL, NULL, text},
#define LINE(command, text) {USAGE_LINE, #command, 0, NULL, NULL, text},
#define ABOUT(command, text) {USAGE_ABOUT, #command, 0, NULL, NULL, text},
#define OPERAND(command, name, text) {USAGE_OPERAND, #command, 0, name, NULL, text},
#define OPTION(command, key, name, value, text) \
	{USAGE_OPTION, #command, key, name, value, text},
#define EXIT(command, status, text) {USAGE_EXIT, #command, status, NULL, NULL, text},
#include "cli/command/commands.def"
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

const struct usage_row *usage_next(
	const char *command, enum usage_kind kind, const struct usage_row *before)
{
	for (const struct usage_row *row = before ? before + 1 : rows; row < rows + ROWS; row++)
		if (row->kind == kind && (!command || strcmp(row->command, command) == 0))
			return row;
	return NULL;
}

static bool is_letter(int key)
{
	return key > 0 && key < OPT_DUMP;
}

/* ---- the text of --help ---- */

enum { TEXT_AT = 22, WIDTH = 80 };

/* Breaks lines between words. `at`: where the line is; later ones begin at `indent`. */
static void print_flowing(const char *text, int at, int indent, FILE *out)
{
	while (*text) {
		int len = (int)strcspn(text, " ");

		if (at > indent && at + 1 + len > WIDTH) {
			fprintf(out, "\n%*s", indent, "");
			at = indent;
		} else if (at > indent) {
			putc(' ', out);
			at++;
		}
		fprintf(out, "%.*s", len, text);
		at += len;
		text += len;
		text += strspn(text, " ");
	}
	putc('\n', out);
}

const char *usage_label(const struct usage_row *option, char label[USAGE_LABEL])
{
	char letter[] = {'-', '\0', '\0'};

	if (is_letter(option->key))
		letter[1] = (char)option->key;
	snprintf(label, USAGE_LABEL, "%s%s%s%s%s%s", letter[1] ? letter : "",
		letter[1] && option->name ? ", " : "", option->name ? "--" : "",
		option->name ? option->name : "", option->value ? " " : "",
		option->value ? option->value : "");
	return label;
}

static void print_entry(const char *label, const char *text, FILE *out)
{
	int at = fprintf(out, "  %s", label);

	if (at + 2 > TEXT_AT) {
		putc('\n', out);
		at = 0;
	}
	fprintf(out, "%*s", TEXT_AT - at, "");
	print_flowing(text, TEXT_AT, TEXT_AT, out);
}

static void print_exit(const char *command, FILE *out)
{
	const struct usage_row *row = NULL;
	char text[512] = "exit status:";
	size_t len = strlen(text);

	while ((row = usage_next(command, USAGE_EXIT, row)) && len < sizeof(text))
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %d %s",
			row->key ? ";" : "", row->key, row->text);
	putc('\n', out);
	print_flowing(text, 0, 0, out);
}

static void print_commands(FILE *out)
{
	putc('\n', out);
	for (const struct usage_row *row = NULL; (row = usage_next(NULL, USAGE_COMMAND, row));)
		fprintf(out, "  %-10s %s\n", row->command, row->text);
}

void usage_print(const char *command, FILE *out)
{
	bool is_program = strcmp(command, "periscope") == 0;
	const struct usage_row *row = NULL;
	const char *before = "usage:";
	char label[USAGE_LABEL];

	for (; (row = usage_next(command, USAGE_LINE, row)); before = "      ")
		fprintf(out, "%s periscope%s%s %s\n", before, is_program ? "" : " ",
			is_program ? "" : command, row->text);
	while ((row = usage_next(command, USAGE_ABOUT, row))) {
		putc('\n', out);
		print_flowing(row->text, 0, 0, out);
	}
	if (is_program)
		print_commands(out);
	if (usage_next(command, USAGE_OPERAND, NULL))
		putc('\n', out);
	while ((row = usage_next(command, USAGE_OPERAND, row)))
		print_entry(row->name, row->text, out);
	putc('\n', out);
	while ((row = usage_next(command, USAGE_OPTION, row)))
		print_entry(usage_label(row, label), row->text, out);
	if (usage_next(command, USAGE_EXIT, NULL))
		print_exit(command, out);
}

int usage_help(const char *command)
{
	usage_print(command, stdout);
	return EXIT_DONE;
}

int usage_instead(const char *command, int option)
{
	if (option == 'h')
		return usage_help(command);
	if (option == 0)
		usage_print(command, stderr);
	return EXIT_USAGE;
}

/* ---- options of a command line ---- */

void options_begin(struct options *o, const char *command, int argc, char **argv)
{
	const struct usage_row *row = NULL;
	size_t letters = 0, longs = 0;

	*o = (struct options){.command = command, .argc = argc, .argv = argv};
	o->letters[letters++] =
		':'; /* a value that is missing is told from an option that is none */
	while ((row = usage_next(command, USAGE_OPTION, row)) && longs < OPTIONS_MAX) {
		if (is_letter(row->key)) {
			o->letters[letters++] = (char)row->key;
			if (row->value)
				o->letters[letters++] = ':';
		}
		if (row->name)
			o->longs[longs++] = (struct option){row->name,
				row->value ? required_argument : no_argument, NULL, row->key};
	}
	optind = 0; /* glibc: forget all of an earlier argv */
}

/* optopt: a letter, the key of a long option, or 0 where that is unknown. */
static void refuse(const struct options *o, bool lacks_value)
{
	const char *text = o->argv[optind - 1], *why = "no such option";
	const char letter[] = {'-', (char)optopt, '\0'};
	/* A letter's argument may be the next one: it is long when it is so for sure. */
	bool is_long = strncmp(text, "--", 2) == 0 && (!is_letter(optopt) || strchr(text, '='));
	bool is_program = strcmp(o->command, "periscope") == 0;

	if (lacks_value)
		why = "no value for option";
	else if (is_long && optopt != 0)
		why = "no value belongs to option";
	log_error("%s%s%s '%s'; see 'periscope %s%s--help'", is_program ? "" : o->command,
		is_program ? "" : ": ", why, is_letter(optopt) && !is_long ? letter : text,
		is_program ? "" : o->command, is_program ? "" : " ");
}

int options_next(struct options *o)
{
	int key = getopt_long(o->argc, o->argv, o->letters, o->longs, NULL);

	if (key == -1)
		return 0;
	if (key != '?' && key != ':')
		return key;
	refuse(o, key == ':');
	return -1;
}

bool options_workers(const char *text, uint32_t *workers)
{
	uint64_t n;

	if (!value_number(text, &n) || n < 1 || n > OPTIONS_WORKERS_MAX) {
		log_error("--workers: '%s' is not a number from 1 to %d", text,
			OPTIONS_WORKERS_MAX);
		return false;
	}
	*workers = (uint32_t)n;
	return true;
}

bool options_input(const char *text, enum decap_mode *mode)
{
	static const enum decap_mode modes[] = {DECAP_AUTO, DECAP_MIRROR, DECAP_PLAIN};
	int at = value_name("auto|mirror|plain", text);

	if (at < 0) {
		log_error("--input: '%s' is none of auto, mirror, plain", text);
		return false;
	}
	*mode = modes[at];
	return true;
}
