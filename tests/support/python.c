#include "support/python.h"

#include <spawn.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

bool python_agrees(const char *script, const char *path)
{
	char name[] = "python3", dash_c[] = "-c";
	/* posix_spawnp() takes strings it could write to, but does not. */
	union {
		const char *in;
		char *out;
	} code = {script}, argument = {path};
	char *const argv[] = {name, dash_c, code.out, argument.out, NULL};
	int status;
	pid_t pid;

	if (posix_spawnp(&pid, "python3", NULL, NULL, argv, environ) != 0)
		return false;
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
