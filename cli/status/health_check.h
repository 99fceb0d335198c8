/* The health check: collects a status every control.check_interval on a thread of its own,
 * judges it, and keeps the result. It also stands between the provider and all others that want
 * a status, so that collect() never runs twice at once. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cli/status/health.h"
#include "cli/status/status.h"
#include "config/log/error.h"

struct health_check;

/* The first status is judged before this returns. NULL: `error` says why. */
struct health_check *health_check_start(const struct settings *settings,
	const struct status_provider *provider, struct error *error);
/* Ends the thread; nobody may use the health check any more. NULL is legal. */
void health_check_stop(struct health_check *health_check);

/* Collects a status for the caller, who made it with status_init() and ends it with status_fini()
 * in any case. false: the provider failed, or was busy for two seconds. Any thread. */
bool health_check_collect(struct health_check *health_check, struct status *status);

/* The latest result. When there was none for three seconds, that is what is wrong, and nothing
 * is known of the workers. Any thread, never waits for the provider. */
void health_check_latest(struct health_check *health_check, struct health_result *result);
