#include "dataplane/port/interface.h"

#include "dataplane/port/netlink.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool ask(const struct interface *interface, unsigned long request, struct ifreq *answer)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), result;

	memcpy(answer->ifr_name, interface->name, sizeof(answer->ifr_name));
	result = fd < 0 ? -1 : ioctl(fd, request, answer);
	if (fd >= 0)
		close(fd);
	return result == 0;
}

bool interface_find(struct interface *interface, const char *name)
{
	snprintf(interface->name, sizeof(interface->name), "%s", name);
	interface->index = if_nametoindex(name);
	return interface->index != 0;
}

uint32_t interface_mtu(const struct interface *interface)
{
	struct ifreq answer = {.ifr_mtu = 0};

	return ask(interface, SIOCGIFMTU, &answer) ? (uint32_t)answer.ifr_mtu : 0;
}

uint32_t interface_queues(const struct interface *interface)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
	struct ifreq request = {.ifr_data = (void *)&channels};

	if (!ask(interface, SIOCETHTOOL, &request) || channels.max_combined == 0)
		return 1;
	return channels.combined_count > 0 ? channels.combined_count : 1;
}

int interface_listen_to_all(const struct interface *interface)
{
	const struct packet_mreq all = {
		.mr_ifindex = (int)interface->index, .mr_type = PACKET_MR_PROMISC};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0); /* it receives nothing */

	if (fd >= 0 &&
		setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

enum { FLAGS = IFF_PROMISC | IFF_ALLMULTI };

unsigned interface_set_flags(const struct interface *interface)
{
	struct ifreq answer = {.ifr_flags = 0};

	return ask(interface, SIOCGIFFLAGS, &answer) ? (unsigned)answer.ifr_flags & FLAGS : 0;
}

bool interface_restore_flags(const struct interface *interface, unsigned flags)
{
	struct ifreq request = {.ifr_flags = 0};

	if (!ask(interface, SIOCGIFFLAGS, &request))
		return false;
	if (((unsigned)request.ifr_flags & FLAGS) == flags)
		return true;
	request.ifr_flags = (short)(((unsigned)request.ifr_flags & ~(unsigned)FLAGS) | flags);
	return ask(interface, SIOCSIFFLAGS, &request);
}

/* The attribute of a type among those of `len` bytes at `at`; NULL: it is not there. */
static const char *attribute_find(const char *at, size_t len, int type, size_t *found_len)
{
	struct rtattr attribute;

	while (len >= sizeof(attribute)) {
		memcpy(&attribute, at, sizeof(attribute));
		if (attribute.rta_len < sizeof(attribute) || attribute.rta_len > len)
			return NULL;
		if ((attribute.rta_type & NLA_TYPE_MASK) == type) {
			*found_len = attribute.rta_len - RTA_LENGTH(0);
			return at + RTA_LENGTH(0);
		}
		if (RTA_ALIGN(attribute.rta_len) >= len)
			return NULL;
		at += RTA_ALIGN(attribute.rta_len);
		len -= RTA_ALIGN(attribute.rta_len);
	}
	return NULL;
}

uint32_t interface_xdp(const struct interface *interface)
{
	const struct ifinfomsg body = {.ifi_index = (int)interface->index};
	char answer[NETLINK_ANSWER];
	struct netlink_request request;
	const char *at = NULL;
	size_t len = 0;
	uint32_t id = 0;

	netlink_begin(&request, RTM_GETLINK, 0, &body, sizeof(body));
	if (netlink_exchange(&request, answer, &len) == 0 && len > NLMSG_SPACE(sizeof(body)))
		at = attribute_find(answer + NLMSG_SPACE(sizeof(body)),
			len - NLMSG_SPACE(sizeof(body)), IFLA_XDP, &len);
	if (at)
		at = attribute_find(at, len, IFLA_XDP_PROG_ID, &len);
	if (at && len == sizeof(id))
		memcpy(&id, at, sizeof(id));
	return id;
}

static int ask_bpf(int command, union bpf_attr *about)
{
	return (int)syscall(SYS_bpf, command, about, sizeof(*about));
}

bool xdp_name(uint32_t number, char *name, size_t size)
{
	struct bpf_prog_info info = {.type = 0};
	union bpf_attr by_number = {.prog_id = number},
		       about = {.info = {.info_len = sizeof(info)}};
	int fd = ask_bpf(BPF_PROG_GET_FD_BY_ID, &by_number), result;

	if (fd < 0)
		return false;
	about.info.bpf_fd = (uint32_t)fd;
	about.info.info = (uint64_t)(uintptr_t)&info;
	result = ask_bpf(BPF_OBJ_GET_INFO_BY_FD, &about);
	close(fd);
	snprintf(name, size, "%.*s", (int)sizeof(info.name), info.name);
	return result == 0;
}

bool interface_xdp_off(const struct interface *interface)
{
	const struct ifinfomsg body = {.ifi_index = (int)interface->index};
	const int32_t none = -1;
	struct {
		struct rtattr head;
		int32_t fd;
	} xdp = {{RTA_LENGTH(sizeof(none)), IFLA_XDP_FD}, none};
	struct netlink_request request;

	netlink_begin(&request, RTM_SETLINK, 0, &body, sizeof(body));
	netlink_attribute(&request, IFLA_XDP | NLA_F_NESTED, &xdp, sizeof(xdp));
	return netlink_exchange(&request, NULL, NULL) == 0;
}

enum interface_link interface_link(const struct interface *interface)
{
	struct interface now = {.index = interface->index};
	struct ifreq answer = {.ifr_flags = 0};

	/* Its name may be another by now. */
	if (!if_indextoname(now.index, now.name))
		return errno == ENXIO ? INTERFACE_GONE : INTERFACE_UNKNOWN;
	if (!ask(&now, SIOCGIFFLAGS, &answer))
		return INTERFACE_UNKNOWN;
	return answer.ifr_flags & IFF_UP && answer.ifr_flags & IFF_RUNNING ? INTERFACE_UP
									   : INTERFACE_DOWN;
}

bool device_argument(const char *device, const char *name, char *value, size_t size)
{
	size_t len = strlen(name);

	for (const char *at = strchr(device, ','); at; at = strchr(at + 1, ','))
		if (strncmp(at + 1, name, len) == 0 && at[1 + len] == '=') {
			const char *from = at + 2 + len;

			snprintf(value, size, "%.*s", (int)strcspn(from, ","), from);
			return true;
		}
	return false;
}

uint32_t device_argument_default(char *device, size_t size, const char *name, uint32_t value)
{
	size_t used = strlen(device);
	char given[24];

	if (device_argument(device, name, given, sizeof(given)))
		return (uint32_t)strtoul(given, NULL, 10);
	snprintf(device + used, size - used, ",%s=%u", name, value);
	return value;
}
