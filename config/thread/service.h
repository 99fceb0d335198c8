/* A service thread: it takes what other threads leave for it in rings, so that they wait for nothing. It
 * calls its owner's round over and over, rests while there is nothing to do, flushes once a second,
 * runs errands of other threads between two rounds, and before it ends finds one more round empty. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/thread/thread.h"

/* What it does; each is called with the owner's `ctx` on the thread alone. */
struct service_work {
	const char *name; /* the thread's, and that of error sentences */
	/* true: there was something to do, and the next round comes at once. At the end, false is the last
	 * one: what was sent before the stop is there. */
	bool (*round)(void *ctx);
	/* Once a second, before a round; NULL: never. */
	void (*flush)(void *ctx);
	/* A short wait for something to do; NULL: naps that become longer. */
	void (*rest)(void *ctx);
};

enum service_phase {
	SERVICE_RUNS,
	SERVICE_ENDS, /* since service_stop() */
	SERVICE_LATE, /* its time is over */
};

struct errand;

/* All zero is one that was not started. */
struct service {
	struct thread thread;
	struct service_work work;
	void *ctx;
	enum service_phase phase;        /* the thread's: that of this round */
	uint64_t flushed_s;              /* the thread's */
	_Atomic(struct errand *) errand; /* written by who has one, taken by the thread */
	_Atomic uint64_t ends_ns; /* written by service_stop(): when it is late; 0: it runs */
};

/* Starts the thread. 0, or -1 and `error`. */
int service_start(struct service *service, const struct service_work *work, void *ctx,
	struct error *error);

/* Has the thread call `call` between two rounds, and waits until it has. false: it did not come to it
 * within `wait_ns`, and will not. One thread at a time calls this. */
bool service_do(struct service *service, void (*call)(void *ctx), void *ctx, uint64_t wait_ns);

/* Waits for the end, which is late after `ns` (SERVICE_NO_LIMIT: never). Legal for one that was not
 * started. */
#define SERVICE_NO_LIMIT UINT64_MAX
void service_stop(struct service *service, uint64_t ns);
