/* How the program is called, as rows of commands.def: parsing of options and the text of --help. The
 * man page and the completion of bash are made from the same rows (packaging/describe.c). */
#pragma once

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "decap/decap.h"

/* Keys of options without a letter. */
enum option_key {
	OPT_DUMP = 256,
	OPT_ALERT,
	OPT_COMMUNITY,
	OPT_EVENT,
	OPT_FLOW,
	OPT_FORCE,
	OPT_GWLB,
	OPT_INNER,
	OPT_INPUT,
	OPT_INTERFACE,
	OPT_LIST,
	OPT_LOG,
	OPT_LOG_FORMAT,
	OPT_MTU,
	OPT_NETWORK,
	OPT_ON_REJECT,
	OPT_PACKET,
	OPT_PACKET_LENGTH,
	OPT_RULES,
	OPT_SEND,
	OPT_SET,
	OPT_SOCKET,
	OPT_SOURCE,
	OPT_TARGET,
	OPT_VNI,
	OPT_WORKERS,
};

enum usage_kind {
	USAGE_COMMAND,
	USAGE_LINE,
	USAGE_ABOUT,
	USAGE_OPERAND,
	USAGE_OPTION,
	USAGE_EXIT,
};

/* A row of commands.def; what its kind has no use for is 0 or NULL. All static. */
struct usage_row {
	enum usage_kind kind;
	const char *command; /* "periscope": the program itself */
	int key;             /* of an option: its letter or an option_key; an exit status */
	const char *name, *value, *text;
};

/* The next row of this kind and command (NULL: any) behind `before` (NULL: the first); NULL: there is
 * none. */
const struct usage_row *usage_next(
	const char *command, enum usage_kind kind, const struct usage_row *before);

enum { USAGE_LABEL = 64 };

/* An option as it is written, such as "-h, --help" or "--set KEY=VALUE"; returns `label`. */
const char *usage_label(const struct usage_row *option, char label[USAGE_LABEL]);

/* The text of --help. */
void usage_print(const char *command, FILE *out);
/* The same on standard output, whose errors main() finds; EXIT_DONE. */
int usage_help(const char *command);
/* After options_next(): help that was asked for (its 'h'); usage on standard error where no option was
 * wrong (0), so that operands or what must be given was; nothing more where one was (-1). The exit
 * status. */
int usage_instead(const char *command, int option);

/* ---- options of a command line ---- */

enum { OPTIONS_MAX = 32 };

struct options {
	const char *command;
	int argc;
	char **argv;
	char letters[2 * OPTIONS_MAX + 2];
	struct option longs[OPTIONS_MAX + 1];
};

/* argv[0] is no option. */
void options_begin(struct options *options, const char *command, int argc, char **argv);
/* The key of the next option, its value in optarg; 0: there is no more, and operands begin at optind;
 * -1: a wrong one, which was said. */
int options_next(struct options *options);

enum { OPTIONS_WORKERS_MAX = 64 };

/* Values that several commands take: of --workers and of --input. false: it is none, which was said. */
bool options_workers(const char *text, uint32_t *workers);
bool options_input(const char *text, enum decap_mode *mode);
