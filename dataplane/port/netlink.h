/* One request to the kernel's rtnetlink(7), and its answer. */
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

enum { NETLINK_ROOM = 128, NETLINK_ANSWER = 8192 };

struct netlink_request {
	struct nlmsghdr header;
	_Alignas(NLMSG_ALIGNTO) char room[NETLINK_ROOM]; /* body, then attributes */
};

/* `flags` beside NLM_F_REQUEST and NLM_F_ACK. */
void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags,
	const void *body, size_t len);
/* What does not fit is left out. Within nested attributes of their own, add before. */
void netlink_attribute(
	struct netlink_request *request, uint16_t type, const void *data, size_t len);

/* Sends it. 0 or the kernel's error as errno has it. A first message that is no acknowledgement is put
 * into `answer` (of NETLINK_ANSWER bytes) and its length into `*len`; `answer` may be NULL. */
int netlink_exchange(const struct netlink_request *request, char *answer, size_t *len);
