/* The subcommands: one file each, and their rows in commands.def. */
#pragma once

/* What a command returns is the exit status of the program. */
enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1, /* could not read, write or finish; what was done is kept and said */
	EXIT_USAGE = 2,  /* wrong usage or settings */
};

/* argv[0] is the command's name. What could not be printed on standard output is found and said by
 * main(). */
#define COMMAND(command, text) int command_##command(int argc, char **argv);
#include "cli/command/commands.def"
