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
	fprintf(out, "\n  periscope COMMAND --help   says more about one\n"
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

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (strcmp(name, "--dump-config") == 0)
		return dump_defaults();
	if (strcmp(name, "-V") == 0 || strcmp(name, "--version") == 0) {
		printf("periscope %s, nDPI %s\n", PERISCOPE_VERSION, dpi_version());
		return EXIT_DONE;
	}
	if (strcmp(name, "-h") == 0 || strcmp(name, "--help") == 0) {
		print_help(stdout);
		return EXIT_DONE;
	}
	if (argc > 1)
		fprintf(stderr, "periscope: no such command: '%s'; see 'periscope --help'\n",
			name);
	else
		print_help(stderr);
	return EXIT_USAGE;
}
