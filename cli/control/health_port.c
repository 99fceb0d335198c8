#include "cli/control/health_port.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/log/error.h"
#include "config/log/log.h"
#include "config/thread/thread.h"

enum { LOOK_MS = 100, BACKLOG = 64, ACCEPTS = 64 };

struct health_port {
	struct health_check *health_check;
	uint16_t port;
	int fd;   /* -1: closed */
	int wake; /* an eventfd: time to end; -1: none yet */
	bool complained;
	struct thread thread;
};

static int bound(int family, const struct sockaddr *address, socklen_t len)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, off = 0;
	int failed;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, address, len) == 0)
		return fd;
	failed = errno;
	close(fd);
	errno = failed;
	return -1;
}

/* A host may have IPv6 switched off. */
static int bound_to(uint16_t port)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = bound(AF_INET6, (const struct sockaddr *)&six, sizeof(six));

	if (fd < 0 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
		fd = bound(AF_INET, (const struct sockaddr *)&four, sizeof(four));
	return fd;
}

/* -1: errno. */
static int listening(uint16_t port)
{
	int fd = bound_to(port), failed;

	if (fd < 0 || listen(fd, BACKLOG) == 0)
		return fd;
	failed = errno;
	close(fd);
	errno = failed;
	return -1;
}

static void close_port(struct health_port *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

static void open_port(struct health_port *p)
{
	p->fd = listening(p->port);
	if (p->fd < 0 && !p->complained)
		log_error("health checks: TCP port %u cannot be opened again: %s", p->port,
			strerror(errno));
	p->complained = p->fd < 0;
}

/* Bounded, so that a flood of connections does not put off the next look at the result. */
static void answer(int fd)
{
	for (int i = 0; i < ACCEPTS; i++) {
		int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (client < 0)
			return;
		close(client);
	}
}

static void follow_health(struct health_port *p)
{
	struct health_result result;

	health_check_latest(p->health_check, &result);
	if (result.n_wrong > 0)
		close_port(p);
	else if (p->fd < 0)
		open_port(p);
}

static void health_port_main(void *arg)
{
	struct health_port *p = arg;
	struct pollfd polls[2] = {{.fd = p->wake, .events = POLLIN}, {.events = POLLIN}};

	for (;;) {
		follow_health(p);
		polls[1].fd = p->fd; /* poll() passes over -1 */
		polls[1].revents = 0;
		poll(polls, 2, LOOK_MS);
		if (polls[0].revents != 0)
			return;
		if (polls[1].revents != 0)
			answer(p->fd);
	}
}

struct health_port *health_port_bind(uint16_t port, struct error *error)
{
	struct health_port *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		error_set(error, "control.health_tcp: no memory");
		return NULL;
	}
	p->port = port;
	p->wake = -1;
	p->fd = bound_to(port);
	if (p->fd >= 0)
		return p;
	error_set(error, "control.health_tcp: cannot listen on TCP port %u: %s", port,
		strerror(errno));
	free(p);
	return NULL;
}

bool health_port_start(
	struct health_port *p, struct health_check *health_check, struct error *error)
{
	p->health_check = health_check;
	p->wake = eventfd(0, EFD_CLOEXEC);
	/* Sick or not: a port that another has taken meanwhile is said now. */
	if (p->wake < 0 || listen(p->fd, BACKLOG) != 0) {
		error_set(error, "control.health_tcp: cannot listen on TCP port %u: %s",
			p->port, strerror(errno));
		return false;
	}
	follow_health(p);
	return thread_start(&p->thread, "health port", health_port_main, p, error) == 0;
}

void health_port_stop(struct health_port *p)
{
	if (p == NULL)
		return;
	if (p->thread.started && eventfd_write(p->wake, 1) == 0)
		thread_join(&p->thread);
	close_port(p);
	if (p->wake >= 0)
		close(p->wake);
	free(p);
}
