/* periscope: looks the subcommand up and calls it. */
#include "cli/command/command.h"
#include "cli/command/usage.h"

#include "config/settings/settings.h"
#include "inspect/dpi/dpi.h"

#include <stdio.h>
#include <string.h>

#include "config/log/log.h"

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
#define COMMAND(command, text) {#command, command_##command},
#include "cli/command/commands.def"
};

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

int command_help(int argc, char **argv)
{
	struct options options;
	int option;

	options_begin(&options, "help", argc, argv);
	option = options_next(&options);
	if (option != 0 || argc - optind > 1)
		return usage_instead("help", option);
	if (optind == argc)
		return usage_help("periscope");
	if (command_find(argv[optind]))
		return usage_help(argv[optind]);
	log_error("no such command: '%s'; see 'periscope --help'", argv[optind]);
	return EXIT_USAGE;
}

/* What the program does without a command. */
static int act(int argc, char **argv)
{
	struct options options;
	int option;

	options_begin(&options, "periscope", argc, argv);
	option = options_next(&options);
	if (option == OPT_DUMP)
		return dump_defaults();
	if (option == 'V') {
		printf("periscope %s, nDPI %s\n", PERISCOPE_VERSION, dpi_version());
		return EXIT_DONE;
	}
	return usage_instead("periscope", option);
}

static int obey(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "-";
	const struct command *command = command_find(name);

	if (command)
		return command->run(argc - 1, argv + 1);
	if (name[0] == '-')
		return act(argc, argv);
	log_error("no such command: '%s'; see 'periscope --help'", name);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	int status = obey(argc, argv);

	/* The error may have come with an earlier write: it sticks. */
	if (status == EXIT_DONE && (fflush(stdout) != 0 || ferror(stdout))) {
		log_error("standard output: could not write all of it");
		status = EXIT_FAILED;
	}
	return status;
}
