#include "cli/rights/each_thread.h"

#include <dirent.h>
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "config/log/error.h"

enum { PATIENCE_S = 2 };

/* What the handler is to do: a handler is given no argument of ours when it comes by tgkill(). */
static struct {
	void (*call)(const void *arg);
	const void *arg;
	sem_t done;
} errand;

static void on_signal(int signal)
{
	int before = errno;

	(void)signal;
	errand.call(errand.arg);
	sem_post(&errand.done);
	errno = before;
}

static bool answered(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	while (sem_timedwait(&errand.done, &until) != 0)
		if (errno != EINTR)
			return false;
	return true;
}

/* As its library called it. */
static void name_of(pid_t thread, char *name, size_t size)
{
	char path[64];
	FILE *file;

	snprintf(name, size, "%d", (int)thread);
	snprintf(path, sizeof(path), "/proc/self/task/%d/comm", (int)thread);
	file = fopen(path, "re");
	if (file && fgets(name, (int)size, file))
		name[strcspn(name, "\n")] = '\0';
	if (file)
		fclose(file);
}

static bool tell(pid_t thread, struct error *error)
{
	char name[32];

	if (syscall(SYS_tgkill, getpid(), thread, SIGRTMIN) != 0)
		return errno == ESRCH; /* it has ended since */
	if (answered())
		return true;
	name_of(thread, name, sizeof(name));
	error_set(error, "thread %s does not give up its rights: it takes no signal, or hangs",
		name);
	return false;
}

static bool tell_others(struct error *error)
{
	DIR *dir = opendir("/proc/self/task");
	pid_t self = (pid_t)syscall(SYS_gettid);
	struct dirent *entry;
	bool ok = dir != NULL;

	if (!dir)
		error_set(error, "/proc/self/task: cannot list the threads: %m");
	while (ok && (entry = readdir(dir))) { // NOLINT(concurrency-mt-unsafe): own stream
		pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);

		if (thread > 0 && thread != self)
			ok = tell(thread, error);
	}
	if (dir)
		closedir(dir);
	return ok;
}

bool each_thread(void (*call)(const void *arg), const void *arg, struct error *error)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, before;
	bool ok;

	errand.call = call;
	errand.arg = arg;
	call(arg);
	sem_init(&errand.done, 0, 0);
	sigaction(SIGRTMIN, &action, &before);
	ok = tell_others(error);
	/* One that answers too late must still find the handler. */
	if (ok) {
		sigaction(SIGRTMIN, &before, NULL);
		sem_destroy(&errand.done);
	}
	return ok;
}
