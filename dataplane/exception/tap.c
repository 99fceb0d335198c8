#include "dataplane/exception/tap.h"

#include "dataplane/port/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/log/error.h"

static const char tun[] = "/dev/net/tun";

struct tap {
	char name[IFNAMSIZ];
	int fd;
};

static const char *advice(int error)
{
	switch (error) {
	case EPERM:
	case EACCES:
		return "; it needs CAP_NET_ADMIN";
	case ENOENT:
	case ENODEV:
		return "; it needs the kernel's module tun";
	case EBUSY:
	case EINVAL:
		return "; is there one of this name, of another appliance? See "
		       "exception.interface";
	default:
		return "";
	}
}

static int fail(const struct tap *tap, const char *call, struct error *error)
{
	int why = errno;

	error_set(error, "interface %s: %s: %s%s", tap->name, call, strerror(why), advice(why));
	return -1;
}

static int make(struct tap *tap, struct error *error)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};

	tap->fd = open(tun, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tap->fd < 0)
		return fail(tap, tun, error);
	memcpy(request.ifr_name, tap->name, sizeof(request.ifr_name));
	return ioctl(tap->fd, TUNSETIFF, &request) == 0 ? 0 : fail(tap, "TUNSETIFF", error);
}

/* The kernel, by socket `fd`. false: errno says why not. */
static bool ask(const struct tap *tap, int fd, unsigned long call, struct ifreq *request)
{
	memcpy(request->ifr_name, tap->name, sizeof(request->ifr_name));
	return ioctl(fd, call, request) == 0;
}

/* The address first: it may not change while the interface is up. */
static int set_up(
	const struct tap *tap, int fd, const struct tap_params *params, struct error *error)
{
	static const uint8_t none[sizeof(params->mac)];
	struct ifreq hardware = {.ifr_hwaddr.sa_family = ARPHRD_ETHER};
	struct ifreq mtu = {.ifr_mtu = (int)params->mtu};
	struct ifreq flags = {.ifr_flags = 0};

	memcpy(hardware.ifr_hwaddr.sa_data, params->mac, sizeof(params->mac));
	if (memcmp(params->mac, none, sizeof(none)) != 0 &&
		!ask(tap, fd, SIOCSIFHWADDR, &hardware))
		return fail(tap, "SIOCSIFHWADDR", error);
	if (!ask(tap, fd, SIOCSIFMTU, &mtu))
		return fail(tap, "SIOCSIFMTU", error);
	if (!ask(tap, fd, SIOCGIFFLAGS, &flags))
		return fail(tap, "SIOCGIFFLAGS", error);
	flags.ifr_flags = (short)(flags.ifr_flags | IFF_UP);
	return ask(tap, fd, SIOCSIFFLAGS, &flags) ? 0 : fail(tap, "SIOCSIFFLAGS", error);
}

struct tap *tap_open(const struct tap_params *params, struct error *error)
{
	struct tap *tap = calloc(1, sizeof(*tap));
	int fd, result;

	if (!tap) {
		error_set(error, "interface %s: not enough memory", params->name);
		return NULL;
	}
	snprintf(tap->name, sizeof(tap->name), "%s", params->name);
	result = make(tap, error);
	fd = result ? -1 : socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (result == 0)
		result = fd < 0 ? fail(tap, "socket", error) : set_up(tap, fd, params, error);
	if (fd >= 0)
		close(fd);
	if (result == 0)
		return tap;
	tap_close(tap);
	return NULL;
}

void tap_close(struct tap *tap)
{
	if (!tap)
		return;
	if (tap->fd >= 0)
		close(tap->fd);
	free(tap);
}

int tap_address(struct tap *tap, const struct value_address *address, struct error *error)
{
	bool four = address->ip_version == 4;
	const struct ifaddrmsg body = {
		.ifa_family = four ? AF_INET : AF_INET6,
		.ifa_prefixlen = address->bits,
		.ifa_index = if_nametoindex(tap->name),
	};
	struct netlink_request request;

	netlink_begin(&request, RTM_NEWADDR, NLM_F_CREATE, &body, sizeof(body));
	netlink_attribute(&request, IFA_LOCAL, address->byte, four ? 4 : 16);
	netlink_attribute(&request, IFA_ADDRESS, address->byte, four ? 4 : 16);
	errno = netlink_exchange(&request, NULL, NULL);
	return errno == 0 || errno == EEXIST ? 0 : fail(tap, "RTM_NEWADDR", error);
}

int tap_fd(const struct tap *tap)
{
	return tap->fd;
}

bool tap_write(struct tap *tap, const void *frame, size_t len)
{
	return write(tap->fd, frame, len) == (ssize_t)len;
}

ssize_t tap_read(struct tap *tap, void *frame, size_t size)
{
	ssize_t n = read(tap->fd, frame, size);

	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR || errno == EWOULDBLOCK ? 0 : -1;
}
