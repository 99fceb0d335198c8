#include "dataplane/output/service.h"

#include "config/log/now.h"
#include "dataplane/output/ring.h"

#include <stdio.h>
#include <string.h>

#include "config/log/error.h"

/* A call for the thread, on the stack of the thread that waits for it. */
struct errand {
	void (*call)(void *ctx);
	void *ctx;
	atomic_bool done; /* written by the thread, read by who gave the errand */
};

static void run_errand(struct service *service)
{
	struct errand *errand =
		atomic_exchange_explicit(&service->errand, NULL, memory_order_acquire);

	if (!errand)
		return;
	errand->call(errand->ctx);
	atomic_store_explicit(&errand->done, true, memory_order_release);
}

static void *service_main(void *arg)
{
	struct service *service = arg;
	struct backoff backoff = {0};

	for (;;) {
		/* Read before the round: what was sent before the stop is still taken. */
		bool stop = atomic_load_explicit(&service->stop, memory_order_acquire);

		run_errand(service);
		if (service->round(service->ctx)) {
			backoff_reset(&backoff);
			continue;
		}
		if (stop)
			return NULL;
		backoff_wait(&backoff);
	}
}

int service_start(struct service *service, const char *what, bool (*round)(void *ctx),
	void *ctx, struct error *error)
{
	int failed;

	service->round = round;
	service->ctx = ctx;
	failed = pthread_create(&service->thread, NULL, service_main, service);
	service->started = failed == 0;
	if (failed)
		error_set(error, "no thread for the %s: %s", what, strerror(failed));
	return failed ? -1 : 0;
}

/* Takes an errand back; false: the thread has it in hand. */
static bool take_back(struct service *service, struct errand *errand)
{
	struct errand *left = errand;

	return atomic_compare_exchange_strong(&service->errand, &left, NULL);
}

bool service_do(struct service *service, void (*call)(void *ctx), void *ctx, uint64_t wait_ns)
{
	struct errand errand = {.call = call, .ctx = ctx};
	uint64_t until = now_monotonic() + wait_ns;
	struct backoff backoff = {0};

	atomic_store_explicit(&service->errand, &errand, memory_order_release);
	while (!atomic_load_explicit(&errand.done, memory_order_acquire)) {
		if (now_monotonic() >= until && take_back(service, &errand))
			return false;
		backoff_wait(&backoff);
	}
	return true;
}

void service_stop(struct service *service)
{
	if (!service->started)
		return;
	atomic_store_explicit(&service->stop, true, memory_order_release);
	pthread_join(service->thread, NULL);
	service->started = false;
}
