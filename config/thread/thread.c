#include "config/thread/thread.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static void *run(void *arg)
{
	struct thread *thread = arg;

	pthread_setname_np(pthread_self(), thread->name);
	thread->main(thread->ctx);
	return NULL;
}

int thread_start(struct thread *thread, const char *name, void (*main)(void *ctx), void *ctx,
	struct error *error)
{
	sigset_t all, before;
	int failed;

	snprintf(thread->name, sizeof(thread->name), "%s", name);
	thread->main = main;
	thread->ctx = ctx;
	sigfillset(&all);
	/* By which every thread is told to give up its rights: cli/rights/each_thread.h. */
	sigdelset(&all, SIGRTMIN);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&thread->id, NULL, run, thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	thread->started = failed == 0;
	if (failed)
		error_set(error, "no thread for the %s: %s", name, strerror(failed));
	return failed ? -1 : 0;
}

void thread_join(struct thread *thread)
{
	if (thread->started)
		pthread_join(thread->id, NULL);
	thread->started = false;
}
