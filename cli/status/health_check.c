/* Two locks: `busy` is held by one collect() at a time, for as long as the provider takes; `lock`
 * guards the fields under it and is held for moments only. */
#include "cli/status/health_check.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/status/busy_share.h"
#include "config/log/error.h"
#include "config/log/log.h"
#include "config/log/now.h"
#include "config/thread/thread.h"

static const uint64_t collect_wait_ns = 2000000000, result_age_ns = 3000000000;

struct health_check {
	struct status_provider provider;
	struct health *health;  /* the thread's */
	struct log_limit limit; /* the thread's */
	uint64_t interval_ns;
	struct thread thread;
	pthread_mutex_t lock;
	pthread_cond_t freed, stopped;
	/* With `lock`. The thread writes `result` and `judged_ns`, who collects writes `shares`; any
	 * thread reads. */
	bool busy, stop;
	struct health_result result;
	struct shares shares;
	uint64_t judged_ns;
};

static struct timespec timespec_at(uint64_t ns)
{
	return (struct timespec){
		.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
}

/* Takes `busy`; false: someone else kept it. */
static bool take(struct health_check *w)
{
	struct timespec until = timespec_at(now_monotonic() + collect_wait_ns);
	bool taken;

	pthread_mutex_lock(&w->lock);
	while (w->busy && pthread_cond_timedwait(&w->freed, &w->lock, &until) != ETIMEDOUT)
		;
	taken = !w->busy;
	w->busy = true;
	pthread_mutex_unlock(&w->lock);
	return taken;
}

static void give_back(struct health_check *w)
{
	pthread_mutex_lock(&w->lock);
	w->busy = false;
	pthread_cond_signal(&w->freed);
	pthread_mutex_unlock(&w->lock);
}

bool health_check_collect(struct health_check *w, struct status *status)
{
	bool done;

	if (!take(w))
		return false;
	done = w->provider.collect(w->provider.ctx, status);
	give_back(w);
	if (done) {
		pthread_mutex_lock(&w->lock);
		shares_see(&w->shares, status, now_monotonic());
		shares_put(&w->shares, status);
		pthread_mutex_unlock(&w->lock);
	}
	return done;
}

void health_check_latest(struct health_check *w, struct health_result *result)
{
	uint64_t age_ns;

	pthread_mutex_lock(&w->lock);
	*result = w->result;
	age_ns = now_monotonic() - w->judged_ns;
	pthread_mutex_unlock(&w->lock);
	if (age_ns <= result_age_ns + w->interval_ns)
		return;
	result->workers_poll = false;
	health_result_add(
		result, "health could not be judged for %.1f s", (double)age_ns / 1e9);
}

/* Changes are for the operator's journal. */
static void tell(struct log_limit *limit, const struct health_result *before,
	const struct health_result *after)
{
	char text[HEALTH_WRONG * (HEALTH_TEXT + 2) + 32];

	if (before->n_wrong == 0 && after->n_wrong > 0)
		log_limited(limit, LOG_LEVEL_WARNING, "not healthy: %s",
			health_result_print(after, text, sizeof(text)));
	else if (before->n_wrong > 0 && after->n_wrong == 0)
		log_limited(limit, LOG_LEVEL_INFO, "healthy again");
}

static void judge(struct health_check *w)
{
	struct health_result before, after = {0};
	struct status status;

	status_init(&status, 0);
	if (health_check_collect(w, &status))
		health_judge(w->health, &status, now_monotonic(), &after);
	else
		health_result_add(&after, "the state of the appliance could not be collected");
	status_fini(&status);
	pthread_mutex_lock(&w->lock);
	before = w->result;
	w->result = after;
	w->judged_ns = now_monotonic();
	pthread_mutex_unlock(&w->lock);
	tell(&w->limit, &before, &after);
}

static void watch_main(void *arg)
{
	struct health_check *w = arg;
	bool stop = false;

	while (!stop) {
		struct timespec until = timespec_at(now_monotonic() + w->interval_ns);

		pthread_mutex_lock(&w->lock);
		while (!w->stop &&
			pthread_cond_timedwait(&w->stopped, &w->lock, &until) != ETIMEDOUT)
			;
		stop = w->stop;
		pthread_mutex_unlock(&w->lock);
		if (!stop)
			judge(w);
	}
}

static void destroy(struct health_check *w)
{
	pthread_cond_destroy(&w->freed);
	pthread_cond_destroy(&w->stopped);
	pthread_mutex_destroy(&w->lock);
	health_destroy(w->health);
	shares_fini(&w->shares);
	free(w);
}

/* Waits go by the clock that never goes back. */
static void make_locks(struct health_check *w)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->freed, &attr);
	pthread_cond_init(&w->stopped, &attr);
	pthread_condattr_destroy(&attr);
}

struct health_check *health_check_start(const struct settings *settings,
	const struct status_provider *provider, struct error *error)
{
	struct health_check *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		error_set(error, "no memory for the health check");
		return NULL;
	}
	w->provider = *provider;
	w->interval_ns = settings->control.check_interval;
	make_locks(w);
	w->health = health_create(settings);
	if (w->health == NULL) {
		error_set(error, "no memory for the health check");
		destroy(w);
		return NULL;
	}
	judge(w);
	if (thread_start(&w->thread, "health check", watch_main, w, error) == 0)
		return w;
	destroy(w);
	return NULL;
}

void health_check_stop(struct health_check *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->stopped);
	pthread_mutex_unlock(&w->lock);
	thread_join(&w->thread);
	destroy(w);
}
