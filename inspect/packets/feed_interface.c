#include "inspect/packets/feed_interface.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "config/log/now.h"

#define LOOK_AGAIN_NS NS_PER_S

struct feed_interface {
	int fd;
	bool is_there;
	uint64_t look_ns;
	struct sockaddr_ll to;
	struct ifreq name; /* as it was given */
};

/* false: errno. */
static bool find(struct feed_interface *f)
{
	struct ifreq index = f->name;

	f->is_there = ioctl(f->fd, SIOCGIFINDEX, &index) == 0;
	if (f->is_there)
		f->to.sll_ifindex = index.ifr_ifindex;
	return f->is_there;
}

static bool is_ethernet(const struct feed_interface *f)
{
	struct ifreq address = f->name;

	return ioctl(f->fd, SIOCGIFHWADDR, &address) == 0 &&
	       address.ifr_hwaddr.sa_family == ARPHRD_ETHER;
}

struct feed_interface *feed_interface_open(
	const char *feed, const char *name, struct error *error)
{
	struct feed_interface *f = calloc(1, sizeof(*f));

	if (!f) {
		error_set(error, "feeds: %s: no memory", feed);
		return NULL;
	}
	snprintf(f->name.ifr_name, sizeof(f->name.ifr_name), "%s", name);
	f->to.sll_family = AF_PACKET;
	/* Protocol 0: it receives nothing. */
	f->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (f->fd < 0)
		error_set(error, "feeds: %s: cannot send by interface %s: %s%s", feed, name,
			strerror(errno), errno == EPERM ? " (it needs CAP_NET_RAW)" : "");
	else if (!find(f))
		error_set(error, "feeds: %s: interface %s: %s", feed, name, strerror(errno));
	else if (!is_ethernet(f))
		error_set(error, "feeds: %s: interface %s: has no Ethernet frames", feed, name);
	else
		return f;
	feed_interface_close(f);
	return NULL;
}

void feed_interface_close(struct feed_interface *f)
{
	if (!f)
		return;
	if (f->fd >= 0)
		close(f->fd);
	free(f);
}

static enum feed_sent failed(struct feed_interface *f)
{
	if (errno == EAGAIN || errno == ENOBUFS)
		return FEED_SENT_LATER;
	if (errno == EMSGSIZE)
		return FEED_SENT_TOO_LONG;
	f->is_there = false;
	f->look_ns = now_monotonic() + LOOK_AGAIN_NS;
	return FEED_SENT_GONE;
}

static bool find_again(struct feed_interface *f)
{
	uint64_t now = now_monotonic();

	errno = ENODEV;
	if (now < f->look_ns)
		return false;
	f->look_ns = now + LOOK_AGAIN_NS;
	return find(f);
}

enum feed_sent feed_interface_send(struct feed_interface *f, const struct packet_bytes *bytes)
{
	struct iovec pieces[2] = {
		{(void *)(size_t)bytes->header, bytes->header_len},
		{(void *)(size_t)bytes->payload, bytes->cap},
	};
	const struct msghdr message = {
		.msg_name = &f->to,
		.msg_namelen = sizeof(f->to),
		.msg_iov = pieces,
		.msg_iovlen = 2,
	};

	if (!f->is_there && !find_again(f))
		return FEED_SENT_GONE;
	while (sendmsg(f->fd, &message, MSG_DONTWAIT) < 0)
		if (errno != EINTR)
			return failed(f);
	return FEED_SENT;
}
