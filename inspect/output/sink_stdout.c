/* Events on standard output. What stands behind it is somebody else's too, so its flags are left
 * alone: a pipe or terminal is opened anew where that is allowed. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/settings/settings.h"
#include "inspect/output/event_sink.h"

static bool stdout_target(const struct settings *settings, struct sink_target *target)
{
	*target = (struct sink_target){.address = "standard output"};
	return settings->events.stdout;
}

static int stdout_open(const struct sink_target *target)
{
	struct stat st;
	int fd = -1;

	(void)target;
	if (fstat(STDOUT_FILENO, &st) != 0)
		return -1;
	if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))
		fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd >= 0 ? fd : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
}

static bool has_room(int fd)
{
	struct pollfd waiting = {fd, POLLOUT, 0};

	return poll(&waiting, 1, 0) != 0;
}

/* Where a write may block it is asked first, and no more is written than has room for certain. */
static ssize_t stdout_send(
	int fd, const struct sink_target *target, const struct iovec *piece, int n)
{
	int flags = fcntl(fd, F_GETFL);
	struct iovec one = piece[0];

	(void)target;
	if (flags >= 0 && (flags & O_NONBLOCK) != 0)
		return writev(fd, piece, n);
	if (!has_room(fd)) {
		errno = EAGAIN;
		return -1;
	}
	if (one.iov_len == 0 && n > 1)
		one = piece[1];
	return write(fd, one.iov_base, one.iov_len < PIPE_BUF ? one.iov_len : PIPE_BUF);
}

static bool stdout_is_over(int cause)
{
	(void)cause;
	return true;
}

const struct event_sink sink_stdout = {
	.name = "events_stdout",
	.setting = "events.stdout",
	.target = stdout_target,
	.open = stdout_open,
	.send = stdout_send,
	.is_over = stdout_is_over,
};
