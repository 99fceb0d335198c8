#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "inspect/output/event_sink.h"

int sink_connect(int fd, const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int cause;

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	cause = errno;
	close(fd);
	errno = cause;
	return -1;
}
