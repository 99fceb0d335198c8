#include "dataplane/port/netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags,
	const void *body, size_t len)
{
	memset(request, 0, sizeof(*request));
	request->header = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)NLMSG_LENGTH(len),
		.nlmsg_type = type,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags),
	};
	memcpy(request->room, body, len);
}

void netlink_attribute(
	struct netlink_request *request, uint16_t type, const void *data, size_t len)
{
	struct rtattr attribute = {(unsigned short)RTA_LENGTH(len), type};
	size_t at = NLMSG_ALIGN(request->header.nlmsg_len) - NLMSG_HDRLEN;

	if (at + RTA_SPACE(len) > sizeof(request->room))
		return;
	memcpy(request->room + at, &attribute, sizeof(attribute));
	memcpy(request->room + at + RTA_LENGTH(0), data, len);
	request->header.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + at + RTA_SPACE(len));
}

/* The acknowledgement's error, or -1: it is another message. */
static int acknowledged(const char *message, size_t len)
{
	struct nlmsghdr header;
	struct nlmsgerr error;

	if (len < NLMSG_LENGTH(sizeof(error)))
		return EIO;
	memcpy(&header, message, sizeof(header));
	if (header.nlmsg_type != NLMSG_ERROR)
		return -1;
	memcpy(&error, message + NLMSG_HDRLEN, sizeof(error));
	return -error.error;
}

int netlink_exchange(const struct netlink_request *request, char *answer, size_t *len)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), result;
	char message[NETLINK_ANSWER];
	ssize_t n;

	if (fd < 0)
		return errno;
	n = send(fd, request, request->header.nlmsg_len, 0);
	if (n >= 0)
		n = recv(fd, message, sizeof(message), 0);
	result = n < 0 ? errno : acknowledged(message, (size_t)n);
	close(fd);
	if (result >= 0)
		return result;
	if (answer) {
		memcpy(answer, message, (size_t)n);
		*len = (size_t)n;
	}
	return 0;
}
