/* A thread with a name, which top -H shows and `ctl` can be held against. The signals that a process is
 * sent are the main thread's: a write to whoever has gone away says EPIPE. */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "config/log/error.h"

enum { THREAD_NAME = 16 }; /* with its end, as the kernel has it */

/* All zero is one that was not started. It may not be moved while it runs. */
struct thread {
	pthread_t id;
	bool started;
	char name[THREAD_NAME];
	void (*main)(void *ctx);
	void *ctx;
};

/* A longer name is cut. 0, or -1 and `error`. */
int thread_start(struct thread *thread, const char *name, void (*main)(void *ctx), void *ctx,
	struct error *error);
/* Waits for its end. Legal for one that was not started. */
void thread_join(struct thread *thread);
