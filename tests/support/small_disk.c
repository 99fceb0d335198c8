#include "support/small_disk.h"

#include <CUnit/Basic.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SKIPPED = 77 };

void small_disk(const char *path, bool (*test)(void *ctx), void *ctx)
{
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		if (unshare(CLONE_NEWNS) != 0 ||
			mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
			mount("none", path, "tmpfs", 0, "size=2m") != 0)
			_exit(SKIPPED);
		_exit(test(ctx) ? 0 : 1);
	}
	CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
		puts("skipped: may not mount");
	else
		CU_ASSERT_EQUAL(status, 0);
}
