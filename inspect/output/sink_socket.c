/* Events to the UNIX stream socket of a collector: JSON lines, as Vector (source `socket`, mode
 * unix_stream), Fluent Bit (input `syslog`, mode unix_tcp, with a JSON parser) and socat take them. */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/settings/settings.h"
#include "inspect/output/event_sink.h"

static bool socket_target(const struct settings *settings, struct sink_target *target)
{
	*target = (struct sink_target){.option = 0};
	snprintf(target->address, sizeof(target->address), "%s", settings->events.socket);
	return settings->events.socket[0] != '\0';
}

static int socket_open(const struct sink_target *target)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	return sink_connect(fd, target->address);
}

static ssize_t socket_send(
	int fd, const struct sink_target *target, const struct iovec *piece, int n)
{
	struct msghdr message = {
		.msg_iov = (struct iovec *)(size_t)piece,
		.msg_iovlen = (size_t)n,
	};

	(void)target;
	return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

const struct event_sink sink_socket = {
	.name = "events_socket",
	.setting = "events.socket",
	.target = socket_target,
	.open = socket_open,
	.send = socket_send,
};
