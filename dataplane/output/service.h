/* A service thread, so that workers wait for nothing. It calls its owner's round again and
 * again, sleeps longer and longer while a round finds nothing to do, runs errands of other
 * threads between two rounds, and ends after a round that found nothing. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"

struct errand;

/* All zero is one that was not started. */
struct service {
	bool (*round)(void *ctx); /* true: there was something to do */
	void *ctx;
	pthread_t thread;
	bool started;
	_Atomic(struct errand *) errand; /* written by who has one, taken by the thread */
	atomic_bool stop;                /* written by service_stop(), read by the thread */
};

/* Starts the thread of `what`. 0, or -1 and `error`. */
int service_start(struct service *service, const char *what, bool (*round)(void *ctx),
	void *ctx, struct error *error);

/* Has the thread call `call` between two rounds, and waits until it has. false: it did not come to it
 * within `wait_ns`, and will not. One thread at a time calls this. */
bool service_do(struct service *service, void (*call)(void *ctx), void *ctx, uint64_t wait_ns);

/* What was there before this call is still taken. Legal for one that was not started. */
void service_stop(struct service *service);
