#include "config/socket/unix_listener.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MODE = 0660 };

static bool address_of(const char *path, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address->sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(address->sun_path, path, strlen(path) + 1);
	return true;
}

int unix_connect(const char *path, int flags)
{
	struct sockaddr_un address;
	int fd, failed;

	if (!address_of(path, &address))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	failed = errno;
	close(fd);
	errno = failed;
	return -1;
}

/* Removes a socket that nobody answers. false: `error` says what is there. */
static bool clear_the_way(const char *path, const char *setting, struct error *error)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) != 0)
		return true;
	if (!S_ISSOCK(st.st_mode)) {
		error_set(error, "%s: %s is there and is no socket", setting, path);
		return false;
	}
	fd = unix_connect(path, SOCK_NONBLOCK);
	if (fd < 0 && errno == ECONNREFUSED) {
		unlink(path);
		return true;
	}
	if (fd >= 0)
		close(fd);
	/* EAGAIN: it is so busy that its backlog is full. */
	error_set(error, "%s: %s: %s", setting, path,
		fd >= 0 || errno == EAGAIN ? "another process answers there" : strerror(errno));
	return false;
}

bool unix_listen(struct unix_listener *l, const char *path, int backlog, const char *setting,
	struct error *error)
{
	struct sockaddr_un address;
	struct stat st;

	l->fd = -1;
	if (!clear_the_way(path, setting, error))
		return false;
	snprintf(l->path, sizeof(l->path), "%s", path);
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* The mode of the descriptor is that of the file to come: it is never open to all. What
	 * the umask takes away is given back. */
	if (l->fd >= 0 && address_of(path, &address) && fchmod(l->fd, MODE) == 0 &&
		bind(l->fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
		chmod(path, MODE) == 0 && stat(path, &st) == 0 && listen(l->fd, backlog) == 0) {
		l->device = st.st_dev;
		l->inode = st.st_ino;
		return true;
	}
	error_set(error, "%s: cannot listen at %s: %s", setting, path, strerror(errno));
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	return false;
}

void unix_unlisten(struct unix_listener *l)
{
	struct stat st;

	if (lstat(l->path, &st) == 0 && st.st_dev == l->device && st.st_ino == l->inode)
		unlink(l->path);
	close(l->fd);
}
