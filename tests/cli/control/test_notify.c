/* What a service manager is told: a datagram socket of this test's plays systemd. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "cli/control/notify.h"
#include "cli/status/health_check.h"
#include "cli/support/puppet.h"
#include "config/log/error.h"
#include "config/log/now.h"
#include "support/folder.h"

static const uint64_t second = 1000000000;

struct manager {
	struct folder folder;
	int fd;
	char text[1024]; /* the latest message */
};

static void manager_begin(struct manager *m, const char *watchdog_usec)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	m->folder = folder_make();
	folder_path(&m->folder, "notify", address.sun_path, sizeof(address.sun_path));
	m->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	CU_ASSERT_EQUAL_FATAL(
		bind(m->fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	if (watchdog_usec)
		setenv("WATCHDOG_USEC", watchdog_usec, 1);
	else
		unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

static void manager_end(struct manager *m)
{
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	close(m->fd);
	folder_remove(&m->folder);
}

/* The next message; "" when there is none. */
static const char *heard(struct manager *m)
{
	ssize_t n = recv(m->fd, m->text, sizeof(m->text) - 1, 0);

	m->text[n > 0 ? n : 0] = '\0';
	return m->text;
}

static void states_are_told(void)
{
	uint64_t before = now_monotonic() / 1000;
	unsigned long long at = 0;
	struct manager m;

	manager_begin(&m, NULL);
	notify_ready(2, 3);
	CU_ASSERT_STRING_EQUAL(
		heard(&m), "READY=1\nSTATUS=receiving on 2 ports with 3 workers");
	notify_reloading();
	CU_ASSERT_EQUAL(sscanf(heard(&m), "RELOADING=1\nMONOTONIC_USEC=%llu", &at), 1);
	CU_ASSERT_TRUE(at >= before && at <= now_monotonic() / 1000);
	notify_reloaded();
	CU_ASSERT_STRING_EQUAL(heard(&m), "READY=1");
	notify_stopping();
	CU_ASSERT_PTR_NOT_NULL(strstr(heard(&m), "STOPPING=1\n"));
	CU_ASSERT_STRING_EQUAL(heard(&m), "");
	manager_end(&m);
}

/* Twice in the watchdog's time, and no oftener. */
static void the_watchdog_is_pinged_in_time(void)
{
	const struct health_result fine = {.workers_poll = true};
	struct notify n;
	struct manager m;
	unsigned pings = 0;

	manager_begin(&m, "10000000");
	notify_begin(&n);
	for (uint64_t t = 0; t <= 60 * 4; t++) { /* a minute, four looks a second */
		notify_look(&n, &fine, second + t * second / 4);
		pings += strcmp(heard(&m), "WATCHDOG=1") == 0;
		CU_ASSERT_STRING_EQUAL(heard(&m), "");
	}
	CU_ASSERT_EQUAL(pings, 13);
	manager_end(&m);
}

static void nobody_asked_for_pings(void)
{
	const struct health_result fine = {.workers_poll = true};
	struct notify n;
	struct manager m;

	manager_begin(&m, NULL);
	notify_begin(&n);
	notify_look(&n, &fine, second);
	CU_ASSERT_STRING_EQUAL(heard(&m), "");
	/* A watchdog of another process. */
	setenv("WATCHDOG_USEC", "10000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	notify_begin(&n);
	notify_look(&n, &fine, second);
	CU_ASSERT_STRING_EQUAL(heard(&m), "");
	unsetenv("WATCHDOG_PID");
	manager_end(&m);
}

/* Only workers that stand still are worth a new start. */
static void unhealthy_is_not_stalled(void)
{
	struct health_result v = {.workers_poll = true};
	struct notify n;
	struct manager m;

	manager_begin(&m, "1000000");
	notify_begin(&n);
	health_result_add(&v, "link of port %s is down", "eth1");
	notify_look(&n, &v, second);
	CU_ASSERT_STRING_EQUAL(heard(&m), "STATUS=not healthy: link of port eth1 is down");
	CU_ASSERT_STRING_EQUAL(heard(&m), "WATCHDOG=1");
	v.n_wrong = 0;
	notify_look(&n, &v, 2 * second);
	CU_ASSERT_STRING_EQUAL(heard(&m), "STATUS=healthy again");
	CU_ASSERT_STRING_EQUAL(heard(&m), "WATCHDOG=1");
	manager_end(&m);
}

/* With a health check that looks every 20 ms: pings while it and the workers go on; returns how many. */
static unsigned pings_in(
	struct manager *m, struct notify *n, struct health_check *w, unsigned ms)
{
	uint64_t until = now_monotonic() + (uint64_t)ms * 1000000;
	struct health_result v;
	unsigned pings = 0;

	while (now_monotonic() < until) {
		health_check_latest(w, &v);
		notify_look(n, &v, now_monotonic());
		while (heard(m)[0] != '\0')
			pings += strcmp(m->text, "WATCHDOG=1") == 0;
		nanosleep(&(struct timespec){0, 5000000}, NULL);
	}
	return pings;
}

/* Until the health check has seen it; at most ten seconds. */
static void wait_until_workers(struct health_check *w, bool poll)
{
	uint64_t until = now_monotonic() + 10 * second;
	struct health_result v;

	do {
		nanosleep(&(struct timespec){0, 5000000}, NULL);
		health_check_latest(w, &v);
	} while (v.workers_poll != poll && now_monotonic() < until);
	CU_ASSERT_EQUAL(v.workers_poll, poll);
}

static void a_stalled_worker_lets_it_bite(void)
{
	struct status_provider provider;
	struct settings settings;
	struct puppet puppet;
	struct manager m;
	struct health_check *w;
	struct notify n;
	struct error error;

	manager_begin(&m, "100000");
	puppet_begin(&puppet);
	puppet_settings(&settings);
	provider = puppet_provider(&puppet);
	w = health_check_start(&settings, &provider, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	notify_begin(&n);
	CU_ASSERT_TRUE(pings_in(&m, &n, w, 400) >= 2);
	PUPPET_SET(&puppet, since_poll_ns, settings.control.worker_stall + second);
	wait_until_workers(w, false);
	CU_ASSERT_EQUAL(pings_in(&m, &n, w, 400), 0);
	PUPPET_SET(&puppet, since_poll_ns, 0);
	wait_until_workers(w, true);
	CU_ASSERT_TRUE(pings_in(&m, &n, w, 600) >= 1);
	/* Nor when nobody knows: the state cannot be collected. */
	PUPPET_SET(&puppet, collect_fails, true);
	wait_until_workers(w, false);
	CU_ASSERT_EQUAL(pings_in(&m, &n, w, 400), 0);
	health_check_stop(w);
	settings_fini(&settings);
	puppet_end(&puppet);
	manager_end(&m);
}

void suite_notify(void);

void suite_notify(void)
{
	CU_pSuite suite = CU_add_suite("notify", NULL, NULL);

	CU_ADD_TEST(suite, states_are_told);
	CU_ADD_TEST(suite, the_watchdog_is_pinged_in_time);
	CU_ADD_TEST(suite, nobody_asked_for_pings);
	CU_ADD_TEST(suite, unhealthy_is_not_stalled);
	CU_ADD_TEST(suite, a_stalled_worker_lets_it_bite);
}
