/* Notifies the service manager that started the appliance: sd_notify(3). Without one, nothing
 * happens. One thread has the notifier; notify_reloading() and notify_reloaded() may be called
 * by any. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cli/status/health.h"

struct notify {
	uint64_t interval_ns; /* between two pings of the watchdog; 0: none are wanted */
	uint64_t pinged_ns;   /* 0: never */
	uint32_t n_wrong;     /* as the service manager was told last */
};

/* Looks whether a watchdog waits for this process: it is pinged twice in its time. */
void notify_begin(struct notify *notify);

/* Started: `ports` and `workers` are for the words beside it. */
void notify_ready(uint32_t ports, uint32_t workers);
void notify_reloading(void);
void notify_reloaded(void);
void notify_stopping(void);

/* To be called a few times a second, by the thread that the watchdog is to watch. Tells changes
 * of health, and pings the watchdog as long as every worker polls: an appliance that is
 * unhealthy for another reason (a link, a full disk) would not be better after a restart. */
void notify_look(struct notify *notify, const struct health_result *result, uint64_t now_ns);
