#include "dataplane/port/driver_sockets.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static bool is_ours(int fd, int family)
{
	socklen_t len = sizeof(int);
	int domain;

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == family;
}

/* Calls `each` for every file descriptor that is a socket of the family. */
static void each_socket(
	struct driver_sockets *watch, void (*each)(struct driver_sockets *watch, int fd))
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) { // NOLINT(concurrency-mt-unsafe): own stream
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (entry->d_name[0] != '.' && fd < SOCKETS_SEEN && is_ours(fd, watch->family))
			each(watch, fd);
	}
	if (dir)
		closedir(dir);
}

static void note_open(struct driver_sockets *watch, int fd)
{
	watch->was_open[fd] = true;
}

static void note_new(struct driver_sockets *watch, int fd)
{
	if (!watch->was_open[fd] && watch->n < SOCKETS_MAX)
		watch->fd[watch->n++] = fd;
}

/* The kernel gives out the lowest number that is free: the order of numbers is that of opening. */
static int by_number(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return *x - *y;
}

void driver_sockets_begin(struct driver_sockets *watch, int family)
{
	memset(watch, 0, sizeof(*watch));
	watch->family = family;
	each_socket(watch, note_open);
}

void driver_sockets_end(struct driver_sockets *watch)
{
	each_socket(watch, note_new);
	qsort(watch->fd, watch->n, sizeof(watch->fd[0]), by_number);
}
