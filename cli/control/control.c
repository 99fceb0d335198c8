#include "cli/control/control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/control/control_client.h"
#include "config/log/error.h"
#include "config/log/now.h"
#include "config/socket/unix_listener.h"
#include "config/thread/thread.h"

enum { CLIENTS = 16, BACKLOG = 16 };

struct control {
	struct control_service service;
	struct unix_listener listener;
	int wake; /* an eventfd: time to end; -1: none yet */
	struct thread thread;
	struct control_client clients[CLIENTS];
};

static struct control_client *free_slot(struct control *c)
{
	for (int i = 0; i < CLIENTS; i++)
		if (c->clients[i].fd < 0)
			return &c->clients[i];
	return NULL;
}

static void take_clients(struct control *c)
{
	struct control_client *slot;

	while ((slot = free_slot(c)) != NULL) {
		int fd = accept4(c->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		control_client_begin(slot, fd, now_monotonic());
	}
}

/* Fills `polls` with the wake-up, the listener unless all slots are taken, and the clients; returns
 * how long to wait, in ms. */
static int prepare(struct control *c, struct pollfd polls[CLIENTS + 2])
{
	uint64_t now_ns = now_monotonic(), next_ns = now_ns + 60000000000u;

	polls[0] = (struct pollfd){.fd = c->wake, .events = POLLIN};
	polls[1] = (struct pollfd){
		.fd = free_slot(c) == NULL ? -1 : c->listener.fd, .events = POLLIN};
	for (int i = 0; i < CLIENTS; i++) {
		const struct control_client *client = &c->clients[i];

		polls[i + 2] = (struct pollfd){
			.fd = client->fd, .events = client->answer == NULL ? POLLIN : POLLOUT};
		if (client->fd >= 0 && client->until_ns < next_ns)
			next_ns = client->until_ns;
	}
	return next_ns <= now_ns ? 0 : (int)((next_ns - now_ns) / NS_PER_MS + 1);
}

static void control_main(void *arg)
{
	struct control *c = arg;
	struct pollfd polls[CLIENTS + 2];

	for (;;) {
		poll(polls, CLIENTS + 2, prepare(c, polls));
		if (polls[0].revents != 0)
			return;
		for (int i = 0; i < CLIENTS; i++)
			if (c->clients[i].fd >= 0)
				control_client_step(
					&c->clients[i], polls[i + 2].revents != 0, &c->service);
		if (polls[1].revents != 0)
			take_clients(c);
	}
}

bool control_path(const struct settings *settings, const char *directory,
	char path[CONTROL_PATH_MAX], struct error *error)
{
	const char *name = settings->control.socket;
	int len;

	if (name[0] == '\0') {
		error_set(error, "control.socket is off");
		return false;
	}
	if (name[0] == '/')
		len = snprintf(path, CONTROL_PATH_MAX, "%s", name);
	else
		len = snprintf(path, CONTROL_PATH_MAX, "%s/%s", directory, name);
	if (len < CONTROL_PATH_MAX)
		return true;
	error_set(error,
		"control.socket: the path %s/%s is longer than a UNIX socket's %d characters",
		directory, name, CONTROL_PATH_MAX - 1);
	return false;
}

struct control *control_bind(const char *path, struct error *error)
{
	struct control *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		error_set(error, "control.socket: no memory");
		return NULL;
	}
	for (int i = 0; i < CLIENTS; i++)
		c->clients[i].fd = -1;
	c->wake = -1;
	if (unix_listen(&c->listener, path, BACKLOG, "control.socket", error))
		return c;
	free(c);
	return NULL;
}

bool control_start(struct control *c, struct health_check *health_check,
	const struct status_provider *provider, struct error *error)
{
	c->service =
		(struct control_service){.health_check = health_check, .provider = *provider};
	c->wake = eventfd(0, EFD_CLOEXEC);
	if (c->wake >= 0)
		return thread_start(&c->thread, "control.socket", control_main, c, error) == 0;
	error_set(error, "control.socket: no descriptor: %s", strerror(errno));
	return false;
}

void control_stop(struct control *c)
{
	if (c == NULL)
		return;
	if (c->thread.started && eventfd_write(c->wake, 1) == 0)
		thread_join(&c->thread);
	for (int i = 0; i < CLIENTS; i++)
		if (c->clients[i].fd >= 0)
			control_client_end(&c->clients[i]);
	unix_unlisten(&c->listener);
	if (c->wake >= 0)
		close(c->wake);
	free(c);
}
