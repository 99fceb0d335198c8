/* periscope: looks the subcommand up and calls it. */
#include "cli/command.h"

#include "config/settings.h"
#include "inspect/dpi/dpi.h"

#include <stdio.h>
#include <string.h>

struct command {
	const char *name, *summary;
	int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
#define COMMAND(name, summary) {#name, summary, command_##name},
#include "cli/commands.def"
#undef COMMAND
};

static void print_help(FILE *out)
{
	fprintf(out, "usage: periscope COMMAND ...\n\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fprintf(out, "\n  periscope help COMMAND     says more about one\n"
		     "  periscope -V               version\n"
		     "  periscope --dump-config    the default settings, as YAML\n");
}

static int dump_defaults(void)
{
	struct settings settings;

	settings_init(&settings);
	settings_dump(&settings, stdout);
	settings_fini(&settings);
	return EXIT_DONE;
}

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

static int refuse_command(const char *name)
{
	fprintf(stderr, "periscope: no such command: '%s'; see 'periscope --help'\n", name);
	return EXIT_USAGE;
}

/* `name` NULL: of all. */
static int help(char *name)
{
	static char option[] = "--help";
	const struct command *command = name ? command_find(name) : NULL;
	char *arguments[] = {name, option, NULL};

	if (command)
		return command->run(2, arguments);
	if (name)
		return refuse_command(name);
	print_help(stdout);
	return EXIT_DONE;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	const struct command *command = command_find(name);

	if (command)
		return command->run(argc - 1, argv + 1);
	if (strcmp(name, "--dump-config") == 0)
		return dump_defaults();
	if (strcmp(name, "-V") == 0 || strcmp(name, "--version") == 0) {
		printf("periscope %s, nDPI %s\n", PERISCOPE_VERSION, dpi_version());
		return EXIT_DONE;
	}
	if (strcmp(name, "-h") == 0 || strcmp(name, "--help") == 0)
		return help(NULL);
	if (strcmp(name, "help") == 0)
		return help(argv[2]);
	if (argc > 1)
		return refuse_command(name);
	print_help(stderr);
	return EXIT_USAGE;
}
