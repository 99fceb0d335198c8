#include "cli/control/notify.h"

#include <inttypes.h>
#include <systemd/sd-daemon.h>

#include "config/log/now.h"
#include "config/parse/plural.h"

void notify_begin(struct notify *n)
{
	uint64_t usec = 0;

	*n = (struct notify){0};
	if (sd_watchdog_enabled(0, &usec) > 0)
		n->interval_ns = usec * 1000 / 2;
}

void notify_ready(uint32_t ports, uint32_t workers)
{
	sd_notifyf(0,
		"READY=1\nSTATUS=receiving on %" PRIu32 " port%s with %" PRIu32 " worker%s",
		ports, plural(ports), workers, plural(workers));
}

/* systemd 253 and later need the time to distinguish two reloads. */
void notify_reloading(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, now_monotonic() / 1000);
}

void notify_reloaded(void)
{
	sd_notify(0, "READY=1");
}

void notify_stopping(void)
{
	sd_notify(0, "STOPPING=1\nSTATUS=writing the records of the last flows");
}

static void tell_health(struct notify *n, const struct health_result *v)
{
	char text[HEALTH_WRONG * (HEALTH_TEXT + 2) + 32];

	if (v->n_wrong == n->n_wrong)
		return;
	n->n_wrong = v->n_wrong;
	if (v->n_wrong == 0)
		sd_notify(0, "STATUS=healthy again");
	else
		sd_notifyf(0, "STATUS=not healthy: %s",
			health_result_print(v, text, sizeof(text)));
}

void notify_look(struct notify *n, const struct health_result *v, uint64_t now_ns)
{
	tell_health(n, v);
	if (n->interval_ns == 0 || !v->workers_poll)
		return;
	if (n->pinged_ns != 0 && now_ns - n->pinged_ns < n->interval_ns)
		return;
	n->pinged_ns = now_ns;
	sd_notify(0, "WATCHDOG=1");
}
