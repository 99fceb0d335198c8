#include "config/thread/service.h"

#include "config/log/now.h"
#include "config/thread/backoff.h"

/* A call for the thread, on the stack of whoever waits for it. */
struct errand {
	void (*call)(void *ctx);
	void *ctx;
	atomic_bool done;
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

static void flush_in_time(struct service *service)
{
	uint64_t now_s = now_monotonic() / NS_PER_S;

	if (now_s == service->flushed_s)
		return;
	service->flushed_s = now_s;
	service->work.flush(service->ctx);
}

/* Asked before the round: what was sent before the stop is still taken. */
static enum service_phase phase_of(const struct service *service)
{
	uint64_t ends_ns = atomic_load_explicit(&service->ends_ns, memory_order_acquire);

	if (ends_ns == 0)
		return SERVICE_RUNS;
	return now_monotonic() < ends_ns ? SERVICE_ENDS : SERVICE_LATE;
}

static void service_main(void *arg)
{
	struct service *service = arg;
	struct backoff backoff = {0};

	for (;;) {
		service->phase = phase_of(service);
		run_errand(service);
		if (service->work.flush)
			flush_in_time(service);
		if (service->work.round(service->ctx))
			backoff_reset(&backoff);
		else if (service->phase != SERVICE_RUNS)
			return;
		else if (service->work.rest)
			service->work.rest(service->ctx);
		else
			backoff_wait(&backoff);
	}
}

int service_start(struct service *service, const struct service_work *work, void *ctx,
	struct error *error)
{
	service->work = *work;
	service->ctx = ctx;
	return thread_start(&service->thread, work->name, service_main, service, error);
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

void service_stop(struct service *service, uint64_t ns)
{
	uint64_t now = now_monotonic();

	atomic_store_explicit(&service->ends_ns, ns < UINT64_MAX - now ? now + ns : UINT64_MAX,
		memory_order_release);
	thread_join(&service->thread);
}
