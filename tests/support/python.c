#include "support/python.h"

#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Up to three arguments after the program's name. */
static bool agrees(const char *const arguments[3])
{
	char name[] = "python3";
	/* posix_spawnp() takes strings it could write to, but does not. */
	union {
		const char *in;
		char *out;
	} a = {arguments[0]}, b = {arguments[1]}, c = {arguments[2]};
	char *const argv[] = {name, a.out, b.out, c.out, NULL};
	int status;
	pid_t pid;

	if (posix_spawnp(&pid, "python3", NULL, NULL, argv, environ) != 0)
		return false;
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool python_agrees(const char *script, const char *path)
{
	return agrees((const char *const[]){"-c", script, path});
}

bool python_script_agrees(const char *name, const char *first, const char *second)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", SOURCE_DIR, name);
	return agrees((const char *const[]){path, first, second});
}
