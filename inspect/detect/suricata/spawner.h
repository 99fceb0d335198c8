/* Starts one program for a process that soon may not: once rights are given up and captures are read, the
 * kernel ends whoever tries execve() or fork() (cli/rights/syscalls.def). So a small process is forked before. It
 * gives up its own rights, makes a private directory, and then does what it is told over a socket: start the
 * program with a pipe as its standard input, pass on the lines that it says, stop it, and tell how it ended. When
 * its parent is gone, however that came, it kills the program and removes the directory with the files in it.
 *
 * Of the calls below only spawner_start() and spawner_run() need what a filter takes away later. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "config/log/error.h"

enum {
	SPAWNER_LINE_MAX = 1024,      /* bytes of a line, with its NUL; longer ones are cut */
	SPAWNER_ARGUMENTS = 16 << 10, /* bytes of all of them */
};

struct spawner;

struct spawner_params {
	/* Called in the small process: gives up its rights, for good. false: `error` says why not. NULL: it keeps
	 * them. */
	bool (*give_up)(void *ctx, struct error *error);
	void *ctx;
};

enum spawner_news {
	SPAWNER_NONE,  /* nothing came within the time */
	SPAWNER_SAID,  /* the program has said a line */
	SPAWNER_HEARD, /* nothing is left of what it had said before spawner_ask() */
	SPAWNER_ENDED, /* the program has ended */
	SPAWNER_GONE,  /* the small process has, and the program with it */
};

struct spawner_told {
	int status;                  /* of SPAWNER_ENDED, as of waitpid() */
	char line[SPAWNER_LINE_MAX]; /* of SPAWNER_SAID */
};

/* NULL: `error` says why. No thread may have been started, for the child of a process with threads may do
 * next to nothing. */
struct spawner *spawner_start(const struct spawner_params *params, struct error *error);
/* The private directory: of mode 0700, and of the user that the program runs as. */
const char *spawner_directory(const struct spawner *spawner);

/* Starts the program `argv[0]`, looked for as the shell does; one at a time. Returns the writing end of its
 * standard input, which is the caller's; -1: `error` says why. A program that cannot be executed is told as
 * one that ended at once. */
int spawner_run(struct spawner *spawner, const char *const argv[], struct error *error);
/* Has it end: SIGTERM, and SIGKILL when it is still there after `SPAWNER_GRACE_S` seconds, or at once. */
enum { SPAWNER_GRACE_S = 5 };
void spawner_end_program(struct spawner *spawner, bool at_once);

/* Waits at most `timeout_ms` for news. One thread at a time. Lines that nobody takes for long are lost. */
enum spawner_news spawner_news(
	struct spawner *spawner, int timeout_ms, struct spawner_told *told);
/* Asks for SPAWNER_HEARD. */
void spawner_ask(struct spawner *spawner);
/* Readable when there is news. */
int spawner_descriptor(const struct spawner *spawner);

/* Kills the program if it runs; the directory is gone afterwards. NULL is legal. */
void spawner_stop(struct spawner *spawner);

/* "was killed by signal 9 (Killed)", "ended with status 1"; returns `text`. */
enum { PROGRAM_END_TEXT = 128 };
const char *program_end_text(int status, char text[PROGRAM_END_TEXT]);
